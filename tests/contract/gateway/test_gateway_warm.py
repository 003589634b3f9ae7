"""What the first call would wait for, or be held up by in the middle of its answer, is loaded before it comes."""

from __future__ import annotations

import subprocess
import sys

import pytest

WARMED = """
import asyncio, sys, threading
from holdfast.gateway import Gateway, Provider

async def main():
    provider = Provider(name="main", base_url="http://127.0.0.1:9/v1", api_key="k", proxy=PROXY)
    gateway = Gateway({"main": provider})
    await gateway.warm(MODELS)
    print("genai_prices.data_snapshot" in sys.modules, "aiohttp" in sys.modules)
    before = threading.active_count()
    await gateway.warm(MODELS)
    gateway.prices.begin("main", "gpt-5-mini")
    print(threading.active_count() - before)
    await gateway.close()

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("models", "loaded"),
    [("('main:gpt-5-mini', 'extractive')", True), ("None", True), ("('extractive', 'nobody:x')", False), ("()", False)],
)
@pytest.mark.parametrize("proxy", ["", "http://127.0.0.1:9"])
def test_the_prices_and_the_way_through_a_proxy_are_loaded_where_a_providers_model_is_named(
    models, loaded, proxy
) -> None:
    run = subprocess.run(
        [sys.executable, "-c", WARMED.replace("MODELS", models).replace("PROXY", repr(proxy))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    modules, threads = run.stdout.splitlines()
    assert modules == f"{loaded} {loaded and bool(proxy)}"
    assert not loaded or threads == "0"  # what is there is not read again
