"""A real project served in a process of its own, asked over HTTP, stopped, killed and started again."""

from __future__ import annotations

import asyncio
import inspect
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.journeys.http_project import written

from holdfast.keys import new_key
from holdfast.store import open_store

STREAM = {"accept": "text/event-stream"}


@dataclass
class Running:
    process: Process
    http: httpx.AsyncClient

    async def ask(self, feature: str, body: str = "hello", **headers: str) -> httpx.Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.http.post(f"/v1/features/{feature}", json={"body": body}, headers=named)

    async def ended_by(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        async with asyncio.timeout(30):
            return await self.process.wait()


@asynccontextmanager
async def running(folder: Path, workers: int = 1) -> AsyncIterator[Running]:
    command = (sys.executable, "-m", "tests.journeys.http_project", str(folder), str(workers))
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(40):
            said = (await process.stdout.readline()).decode().strip()
        assert said.startswith("ready|"), said
        async with httpx.AsyncClient(base_url=said.removeprefix("ready|"), timeout=30, trust_env=False) as http:
            yield Running(process, http)
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(30):
                await process.wait()


async def until(holds: Callable[[], Any], within_s: float = 30) -> None:
    """Wait for something that another process does: no event of ours crosses from there."""
    async with asyncio.timeout(within_s):
        while True:
            held = holds()
            if await held if inspect.isawaitable(held) else held:
                return
            await asyncio.sleep(0.01)


async def outcomes(server: Running) -> list[str]:
    return [each["outcome"] for each in (await server.http.get("/v1/recordings")).json()["recordings"]]


async def test_an_answer_its_recording_its_replay_and_what_somebody_thought_of_it(tmp_path: Path) -> None:
    async with running(written(tmp_path)) as server:
        answer = (await server.ask("shout", holdfast_subject="ana")).json()
        assert answer["output"] == {"text": "HELLO"}
        recording = (await server.http.get(f"/v1/recordings/{answer['recording_id']}")).json()
        assert (recording["input"], recording["subject"], recording["outcome"]) == ({"body": "hello"}, "ana", "ok")
        paid = (await server.ask("pay", "17")).json()
        replay = (await server.http.post(f"/v1/recordings/{paid['recording_id']}/replay", json={"strict": True})).json()
        assert (replay["remembered"], replay["redone"], replay["code_changed"]) == (1, 0, False)
        assert replay["recording"]["replay_of"] == paid["recording_id"]
        assert (tmp_path / "refunds.txt").read_text() == "17\n"
        unknown = await server.http.post(f"/v1/recordings/{paid['recording_id']}/replay", json={"changes": {"a.b": 1}})
        assert (unknown.status_code, unknown.json()["code"]) == (404, "HF201")
        given = {"recording_id": answer["recording_id"], "score": 1, "comment": "loud"}
        assert (await server.http.post("/v1/feedback", json=given)).status_code == 201
        failed = await server.ask("fail")
        assert (failed.status_code, failed.json()["code"]) == (500, "HF309")
        assert sorted(await outcomes(server)) == ["failed", "ok", "ok", "ok"]
        assert await server.ended_by(signal.SIGTERM) == 0


async def test_what_was_answered_is_there_after_kill_9_and_a_key_still_gives_the_same_answer(tmp_path: Path) -> None:
    async with running(written(tmp_path)) as server:
        whole = (await server.ask("pay", "17", idempotency_key="order-17")).json()
        stream = await server.ask("shout", **STREAM)
        assert "event: done" in stream.text
        await server.ended_by(signal.SIGKILL)
    async with running(tmp_path) as server:
        assert await outcomes(server) == ["ok", "ok"]
        streamed = stream.headers["holdfast-recording"]
        assert (await server.http.get(f"/v1/recordings/{streamed}")).json()["output"] == {"text": "HELLO"}
        assert (await server.ask("pay", "17", idempotency_key="order-17")).json() == whole
        assert (await server.ask("pay", "18", idempotency_key="order-17")).status_code == 409
    assert (tmp_path / "refunds.txt").read_text() == "17\n"


async def test_a_client_that_hangs_up_and_a_server_that_stops_leave_recordings_that_say_so(tmp_path: Path) -> None:
    async with running(written(tmp_path, "shutdown_s = 0.2")) as server:
        leaving = asyncio.create_task(server.ask("wait"))
        await until((tmp_path / "waiting").exists)
        leaving.cancel()
        await asyncio.gather(leaving, return_exceptions=True)

        async def recorded() -> bool:
            return await outcomes(server) == ["cancelled"]

        await until(recorded)
        (tmp_path / "waiting").unlink()
        staying = asyncio.create_task(server.ask("wait", **STREAM))
        await until((tmp_path / "waiting").exists)
        assert await server.ended_by(signal.SIGTERM) == 0
        assert '"code":"HF706"' in (await staying).text
    async with running(tmp_path) as server:
        assert await outcomes(server) == ["cancelled", "cancelled"]


async def test_a_key_made_elsewhere_closes_the_server_within_a_second_or_two(tmp_path: Path) -> None:
    async with running(written(tmp_path)) as server:
        assert (await server.ask("shout")).status_code == 200
        store = await open_store("sqlite:///" + str(tmp_path / ".holdfast/holdfast.db"), tmp_path / ".holdfast/bodies")
        key, text = new_key("crm")
        await store.keys.add(key)

        async def closed() -> bool:
            return (await server.ask("shout")).status_code == 401

        await until(closed, within_s=3)
        assert (await server.ask("shout", x_api_key=text)).status_code == 200
        await store.close()


async def test_workers_share_the_address_and_one_that_dies_is_replaced(tmp_path: Path) -> None:
    async with running(written(tmp_path), workers=2) as server:
        first = children(server.process.pid)
        assert len(first) == 2
        answers = await asyncio.gather(*(server.ask("pay", "17", idempotency_key="order-17") for _ in range(20)))
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.content for answer in answers}) == 1
        assert (tmp_path / "refunds.txt").read_text() == "17\n"
        assert (await server.http.get("/metrics")).status_code == 404
        os.kill(first[0], signal.SIGKILL)
        await until(lambda: len(set(children(server.process.pid)) - set(first)) == 1)
        await until(lambda: first[0] not in children(server.process.pid))
        for _ in range(20):
            async with httpx.AsyncClient(base_url=server.http.base_url, trust_env=False) as fresh:
                assert (await fresh.post("/v1/features/shout", json={"body": "x"})).status_code == 200
        assert await server.ended_by(signal.SIGTERM) == 0


async def test_workers_end_with_their_parent_even_when_it_is_killed(tmp_path: Path) -> None:
    async with running(written(tmp_path), workers=2) as server:
        workers = children(server.process.pid)
        await server.ended_by(signal.SIGKILL)
        await until(lambda: not any(Path(f"/proc/{worker}").exists() for worker in workers))
    async with running(tmp_path) as server:
        assert (await server.ask("shout")).status_code == 200


async def test_open_requests_of_workers_finish_or_are_told(tmp_path: Path) -> None:
    async with running(written(tmp_path, "shutdown_s = 0.2"), workers=2) as server:
        asking = asyncio.create_task(server.ask("wait"))
        await until((tmp_path / "waiting").exists)
        assert await server.ended_by(signal.SIGTERM) == 0
        assert (await asking).json()["code"] == "HF706"


async def test_a_worker_that_cannot_start_stops_them_all_and_says_why(tmp_path: Path) -> None:
    folder = written(tmp_path)
    with (folder / "features.py").open("a") as file:
        file.write("import __main__\nif 'worker' in str(__main__.__spec__): raise RuntimeError('only in workers')\n")
    with pytest.raises(AssertionError, match=r"HF102.*only in workers"):
        async with running(folder, workers=2):
            pass


def children(pid: int) -> list[int]:
    """The processes started by a process."""
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
