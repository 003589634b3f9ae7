"""An App inside another program opens its project once, and closes it at the latest when the event loop ends."""

from __future__ import annotations

import asyncio
import logging
import runpy
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

import holdfast as hf

FEATURES = """
import holdfast as hf

app = hf.App()


@app.feature()
async def shout(ctx: hf.Context, body: str) -> str:
    return body.upper()
"""
LOCAL = ("127.0.0.1", 50000)


@pytest.fixture
def declared(tmp_path: Path) -> hf.App:
    (tmp_path / "holdfast.toml").write_text("[app]\n")
    file = tmp_path / "features.py"
    file.write_text(FEATURES)
    app = runpy.run_path(str(file))["app"]
    assert isinstance(app, hf.App)
    return app


@pytest.fixture
async def app(declared: hf.App) -> AsyncIterator[hf.App]:
    yield declared
    await declared.close()


def is_open(folder: Path) -> bool:
    """SQLite's write-ahead file goes when the last connection closes."""
    return (folder / ".holdfast" / "holdfast.db-wal").exists()


def test_an_event_loop_that_ends_closes_the_project_and_the_next_one_opens_it_again(
    declared: hf.App, tmp_path: Path
) -> None:
    async def asked() -> None:
        answers = await asyncio.gather(*(declared.run("shout", "hello") for _ in range(3)))
        assert (answers, is_open(tmp_path)) == (["HELLO"] * 3, True)

    for _ in range(2):
        asyncio.run(asked())
        assert not is_open(tmp_path)


async def test_it_opens_once_closes_once_and_opens_again_at_the_next_use(app: hf.App, tmp_path: Path) -> None:
    await app.close()
    first, second = await asyncio.gather(app.open(), app.open())
    assert first is second
    await app.close()
    await app.close()
    assert not is_open(tmp_path)
    assert await app.run("shout", "hello") == "HELLO"
    assert await app.open() is not first


async def test_the_application_opens_and_closes_with_the_lifespan_it_is_given(app: hf.App, tmp_path: Path) -> None:
    with TestClient(app.asgi(), "http://127.0.0.1", client=LOCAL) as client:
        assert is_open(tmp_path)
        assert client.post("/v1/features/shout", json="hello").json()["output"] == "HELLO"
    assert not is_open(tmp_path)


async def test_a_lifespan_that_cannot_open_the_project_fails_with_what_to_type(app: hf.App, tmp_path: Path) -> None:
    (tmp_path / "holdfast.toml").write_text("[app]\nnonsense = 1\n")
    said = []

    async def receive() -> dict[str, str]:
        return {"type": "lifespan.startup"}

    async def send(message: object) -> None:
        said.append(message)

    await app.asgi()({"type": "lifespan"}, receive, send)
    assert [(each["type"], "app.nonsense" in each["message"]) for each in said] == [("lifespan.startup.failed", True)]


@pytest.mark.parametrize("prefix", ["/ai", "/a/b", "/ai/v1/features"])
async def test_it_answers_below_any_prefix_and_describes_itself_there(app: hf.App, prefix: str) -> None:
    host = Starlette(routes=[Mount(prefix, app.asgi())])
    transport = httpx.ASGITransport(host, client=LOCAL)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        answer = await http.post(f"{prefix}/v1/features/shout", json="hello")
        assert answer.json()["output"] == "HELLO"
        assert (await http.get(f"{prefix}/openapi.json")).json()["servers"] == [{"url": prefix}]
        assert (await http.get(f"{prefix}/v1/releases/working")).json()["summary"]["live"] is True
        assert (await http.get("/v1/features")).status_code == (200 if prefix == "" else 404)


@pytest.mark.parametrize(
    ("base_url", "client"),
    [("http://10.0.0.5", LOCAL), ("http://127.0.0.1", ("203.0.113.7", 1)), ("http://testserver", LOCAL)],
)
async def test_without_a_key_only_this_machine_is_answered(app: hf.App, base_url: str, client: tuple[str, int]) -> None:
    transport = httpx.ASGITransport(app.asgi(), client=client)
    async with httpx.AsyncClient(transport=transport, base_url=base_url) as http:
        refused = await http.post("/v1/features/shout", json="hello")
        assert (refused.status_code, refused.json()["code"]) == (401, "HF703")
        assert (await http.get("/livez")).status_code == 200


async def test_the_programs_loop_logging_and_signals_stay_as_they_are(app: hf.App) -> None:
    def state() -> tuple[object, ...]:
        root = logging.getLogger()
        signals = tuple(signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))
        loop = asyncio.get_running_loop()
        return (root.level, tuple(root.handlers), signals, type(loop), loop.get_exception_handler(), loop.get_debug())

    before = state()
    transport = httpx.ASGITransport(app.asgi(), client=LOCAL)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as http:
        assert (await http.post("/v1/features/shout", json="hello")).status_code == 200
    assert state() == before
    await app.close()
    assert state() == before


def test_declaring_an_app_loads_no_server() -> None:
    code = "import sys, holdfast; holdfast.App(); print([m for m in ('fastapi', 'uvicorn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
