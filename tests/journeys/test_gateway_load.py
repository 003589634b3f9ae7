"""Mixed load over vendors with bad days, for as long as wanted: everybody gets an end, and nothing is left behind."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import random
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from tests.unit.server.serving import serving

from holdfast.app import open_project
from holdfast.testing.rules import bimodal, deterministic, late, sometimes
from holdfast.testing.vendor import Vendor

TEXT = "".join(f"Lamp {number} is green when pump {number} is ready. " for number in range(1, 7))
ODDS = {
    "cut": 0.04,
    "stall": 0.01,
    "server_error": 0.04,
    "rate_limited": 0.02,
    "reset_before_headers": 0.03,
    "malformed_line": 0.03,
    "html_502": 0.02,
    "blank": 0.02,
    "error_in_200": 0.02,
}
PROJECT = """
[app]
features = "features.py"
[providers.one]
base_url = "{one}"
api_key = ["first-key-of-one", "second-key-of-one"]
[providers.two]
dialect = "anthropic"
base_url = "{two}"
api_key = "the-key-of-two"
[slots.answer]
models = ["one:m", "two:m"]
deadline_ms = 8000
first_token_ms = 700
idle_ms = 300
"""
CLIENTS = 12
PAUSE_S = 0.02
LEAK_MB = 24.0
"""What may be gained after the warm-up: rates of growth that matter show well above it in half an hour."""


@dataclass
class Seen:
    """What the clients saw."""

    ends: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[tuple[str, Vendor, Vendor]]:
    rule = late(deterministic(TEXT), bimodal(5, 80, 0.03, seed=3))
    async with Vendor(sometimes(rule, ODDS, seed=1)) as one, Vendor(sometimes(rule, {"cut": 0.01}, seed=2)) as two:
        (folder / "features.py").write_text("import holdfast as hf\n\napp = hf.App()\n")
        (folder / "holdfast.toml").write_text(PROJECT.format(one=one.base_url, two=two.base_url))
        project = await open_project(folder)
        try:
            async with serving(project) as site:
                yield f"http://127.0.0.1:{site.port}", one, two
        finally:
            await project.close()


async def ask(http: httpx.AsyncClient, chance: random.Random, seen: Seen) -> None:
    """One request of one kind; what came is told as the end it had."""
    streaming, leaves = chance.random() < 0.6, chance.random() < 0.05
    body = {
        "model": chance.choice(["slot:answer", "slot:answer", "two:m"]),
        "messages": [{"role": "user", "content": f"Is it ready? {chance.random()}"}],
        "stream": streaming,
    }
    path = "/v1/chat/completions"
    if leaves:
        with suppress(httpx.TimeoutException):
            await http.post(path, json=body, timeout=chance.uniform(0.001, 0.05))
        seen.ends["left"] += 1
        return
    response = await http.post(path, json=body)
    if response.status_code != 200:
        seen.ends[str(response.status_code)] += 1
        if "error" not in response.json():
            seen.wrong.append(response.text[:300])
        return
    text, ended = spoken(response.text) if streaming else whole(response.json())
    seen.ends["streamed" if streaming else "whole"] += 1
    if ended and text != TEXT:
        seen.wrong.append(f"{text[:60]!r} ... {len(text)} of {len(TEXT)} characters")
    if not ended:
        seen.ends["ended with an error"] += 1


def whole(body: dict[str, list[dict[str, dict[str, str]]]]) -> tuple[str, bool]:
    return body["choices"][0]["message"]["content"], True


def spoken(events: str) -> tuple[str, bool]:
    """The text of a stream, and whether it says that it is whole. A marked restart voids what stood before it."""
    text, ended = "", False
    for line in events.splitlines():
        if line == "data: [DONE]":
            ended = True
        elif line.startswith("data: "):
            chunk = json.loads(line[6:])
            if "reset" in (chunk.get("holdfast") or {}):
                text = ""
                continue
            text += "".join(choice["delta"].get("content") or "" for choice in chunk.get("choices", []))
    return text, ended


def resident_mb() -> float:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def load(clients: list[httpx.AsyncClient], seconds: float, seen: Seen) -> None:
    until = asyncio.get_running_loop().time() + seconds

    async def client(number: int, http: httpx.AsyncClient) -> None:
        chance = random.Random(number)
        while asyncio.get_running_loop().time() < until:
            await ask(http, chance, seen)
            await asyncio.sleep(chance.expovariate(1 / PAUSE_S))

    await asyncio.gather(*(client(number, http) for number, http in enumerate(clients)))


def tasks() -> list[str]:
    """What runs besides the test itself and the vendors' own side of connections that are kept."""
    running = [str(task)[:200] for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    return [task for task in running if "testing/connection.py" not in task]


async def idle(vendors: list[Vendor]) -> None:
    """Wait until nobody asks the vendors anything any more."""
    async with asyncio.timeout(30):
        while under_way(vendors):  # noqa: ASYNC110  # a vendor says that an answer has ended, but wakes nobody
            await asyncio.sleep(0.05)


def under_way(vendors: list[Vendor]) -> bool:
    return any(received.ended_ms is None for vendor in vendors for received in vendor.requests)


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """A vendor that speaks on to who has left is warned of it by asyncio each time; pytest would keep every warning."""
    logger = logging.getLogger("asyncio")
    before = logger.level
    logger.setLevel(logging.ERROR)
    yield
    logger.setLevel(before)


async def loaded_for(folder: Path, seconds: float, capsys: pytest.CaptureFixture[str]) -> None:
    seen = Seen()
    async with AsyncExitStack() as stack:
        address, one, two = await stack.enter_async_context(served(folder))
        # Made once: what a client's TLS settings leave behind is not Holdfast's.
        clients = [httpx.AsyncClient(base_url=address, timeout=20) for _ in range(CLIENTS)]
        for client in clients:
            await stack.enter_async_context(client)
        await load(clients, min(seconds, 60), seen)
        await idle([one, two])
        before, memory = len(tasks()), resident_mb()
        one.requests.clear()
        two.requests.clear()
        for _ in range(max(1, round(seconds / 60))):
            await load(clients, min(seconds, 60), seen)
            one.requests.clear()  # the vendor remembers what it was asked; that is not what is weighed here
            two.requests.clear()
        await idle([one, two])
        grown = resident_mb() - memory
        with capsys.disabled():
            sys.stdout.write(f"\n{seen.ends.total()} requests: {dict(seen.ends)}; {grown:+.1f} MB\n")
        assert not seen.wrong, seen.wrong[:5]
        failed = sum(count for end, count in seen.ends.items() if re.match("5|ended", end))
        assert seen.ends["whole"] + seen.ends["streamed"] > 20 * failed
        assert len(tasks()) <= before + 1, tasks()
        assert grown < LEAK_MB
    assert not tasks(), tasks()


async def test_under_mixed_load_every_request_ends_and_no_task_is_left(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await loaded_for(tmp_path, 4, capsys)


@pytest.mark.soak
@pytest.mark.timeout(2400)
async def test_half_an_hour_of_mixed_load_leaves_memory_flat(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await loaded_for(tmp_path, 1800, capsys)
