"""The example of a service with an assistant in it, served by its own server: both answer, and both stop."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.journeys.test_http_journeys import until
from tests.unit.server.serving import events

EXAMPLE = Path(__file__).parents[2] / "examples" / "embedded"
PLAIN = """
from fastapi import FastAPI
from assistant import app as assistant

shop = FastAPI()
shop.mount("/deep/ai", assistant.asgi())
"""
"""A service that neither opens nor closes the assistant."""


async def started(folder: Path) -> tuple[Process, int]:
    """The service on uvicorn, in a process of its own, and its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = {**os.environ, "HOLDFAST_CACHE": str(folder / "no-encoder")}
    environ.pop("OPENAI_API_KEY", None)
    command = (sys.executable, "-m", "uvicorn", "shop:shop", "--app-dir", str(folder), "--port", str(port))
    return await asyncio.create_subprocess_exec(*command, stderr=PIPE, env=environ), port


@asynccontextmanager
async def serving(folder: Path) -> AsyncIterator[tuple[Process, httpx.AsyncClient]]:
    """The service, once it answers."""
    process, port = await started(folder)
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30, trust_env=False) as http:

            async def answers() -> bool:
                try:
                    return (await http.get("/openapi.json")).status_code == 200
                except httpx.ConnectError:
                    assert process.returncode is None
                    return False

            await until(answers)
            yield process, http
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def said_at_its_end(process: Process) -> str:
    """What the process printed, after it was asked to stop."""
    process.send_signal(signal.SIGINT)
    async with asyncio.timeout(30):
        _, err = await process.communicate()
    return err.decode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLE, tmp_path / "shop", ignore=shutil.ignore_patterns(".holdfast", "__pycache__")))


def closed(folder: Path) -> bool:
    """SQLite removes its write-ahead file when the last connection closes, and not before."""
    state = folder / ".holdfast"
    return (state / "holdfast.db").exists() and not (state / "holdfast.db-wal").exists()


async def test_a_route_of_the_service_and_the_mounted_api_answer_from_one_project(folder: Path) -> None:
    async with serving(folder) as (process, http):
        assert (await http.get("/orders/B-1042")).json() == {"number": "B-1042", "plant": "Boston fern"}
        advice = (await http.post("/orders/B-1042/advice", json={"body": "How often do I water it?"})).json()
        assert "every two to three days in summer" in advice["advice"]
        assert advice["guides"] == ["Boston fern"]

        asked = {"body": "My snake plant has soft yellow leaves. What is wrong?"}
        answer = await http.post("/ai/v1/features/plant_care", json=asked)
        assert "the roots are rotting" in answer.json()["output"]["text"]
        stream = await http.post("/ai/v1/features/plant_care", json=asked, headers={"accept": "text/event-stream"})
        assert [name for name, _ in events(stream.text)][-1] == "done"
        kept = (await http.get("/ai/v1/recordings")).json()["recordings"]
        assert [each["subject"] for each in kept] == [None, None, "B-1042"]
        replay = await http.post(f"/ai/v1/recordings/{answer.json()['recording_id']}/replay", json={})
        assert replay.json()["diff"]["same"] is True

        assert not closed(folder)
        said = await said_at_its_end(process)
        assert "Application shutdown complete" in said
        assert "Traceback" not in said
    assert closed(folder)


async def test_everything_below_the_prefix_is_holdfasts_and_everything_else_the_services(folder: Path) -> None:
    async with serving(folder) as (_, http):
        described = (await http.get("/ai/openapi.json")).json()
        assert described["servers"] == [{"url": "/ai"}]
        assert "/v1/features/plant_care" in described["paths"]
        assert set((await http.get("/openapi.json")).json()["paths"]) == {"/orders/{number}", "/orders/{number}/advice"}
        page = await http.get("/ai", follow_redirects=True)
        assert page.url.path == "/ai/"
        assert page.headers["content-type"].startswith("text/html")
        assert (await http.get("/ai/readyz")).text == "ok\n"
        problem = await http.get("/ai/v1/nothing")
        assert (problem.status_code, problem.json()["code"]) == (404, "HF708")
        assert (await http.get("/nothing")).json() == {"detail": "Not Found"}
        stranger = await http.get("/ai/v1/features", headers={"host": "evil.example"})
        assert (stranger.status_code, stranger.json()["code"]) == (403, "HF705")
        proxied = await http.get("/ai/v1/features", headers={"x-forwarded-for": "203.0.113.7"})
        assert (proxied.status_code, proxied.json()["code"]) == (401, "HF703")


async def test_a_service_that_only_mounts_it_opens_it_at_the_first_request_and_closes_it_when_it_ends(
    folder: Path,
) -> None:
    (folder / "shop.py").write_text(PLAIN)
    async with serving(folder) as (process, http):
        assert not (folder / ".holdfast").exists()
        assert (await http.get("/deep/ai/v1/features")).json()["features"][0]["name"] == "plant_care"
        assert not closed(folder)
        assert "Traceback" not in await said_at_its_end(process)
    assert closed(folder)


async def test_a_project_that_cannot_open_says_why_when_the_service_starts_or_else_at_each_request(
    folder: Path,
) -> None:
    (folder / "prompts" / "answer.md").unlink()
    process, _ = await started(folder)
    async with asyncio.timeout(30):
        _, err = await process.communicate()
    assert process.returncode == 3
    assert "HF103" in err.decode()
    (folder / "shop.py").write_text(PLAIN)
    async with serving(folder) as (process, http):
        assert (await http.get("/deep/ai/v1/features")).status_code == 500
        assert "HF103" in await said_at_its_end(process)
