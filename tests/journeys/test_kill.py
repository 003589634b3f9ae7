"""kill -9 at any moment, under load: if the caller got an answer, its recording is on disk, whole."""

from __future__ import annotations

import asyncio
import json
import random
import sqlite3
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import httpx
import pytest
from tests.journeys.http_project import written

from holdfast.identity import recording_from_json, to_json
from holdfast.store import open_store

CLIENTS = 8
STREAM = {"accept": "text/event-stream"}


async def one_round(folder: Path, chance: random.Random) -> dict[str, str]:
    """Serve, ask from several clients at once, kill; the answers that arrived whole, by recording."""
    command = (sys.executable, "-m", "tests.journeys.http_project", str(folder))
    process = await asyncio.create_subprocess_exec(*command, stdout=PIPE)
    assert process.stdout is not None
    said, address = (await process.stdout.readline()).decode().strip().split("|", 1)
    assert said == "ready"
    answers: dict[str, str] = {}
    async with httpx.AsyncClient(base_url=address, timeout=10) as http:
        clients = [asyncio.create_task(ask_on(http, chance, number, answers)) for number in range(CLIENTS)]
        await asyncio.sleep(chance.uniform(0.05, 0.4))
        process.kill()
        await asyncio.wait(clients)
        for client in clients:
            assert isinstance(client.exception(), httpx.TransportError), client
    await process.wait()
    return answers


async def ask_on(http: httpx.AsyncClient, chance: random.Random, number: int, answers: dict[str, str]) -> None:
    """Ask until the server is gone; only answers that ended as they should are noted."""
    while True:
        body = f"client {number} asks {chance.random()} " + "x" * chance.choice([0, 10, 5000, 300_000])
        streamed = chance.random() < 0.3
        headers = STREAM if streamed else {}
        response = await http.post("/v1/features/shout", json={"body": body}, headers=headers)
        if streamed:
            events = response.text.strip().split("\n\n")
            if not events[-1].startswith("event: done"):
                raise httpx.ReadError("the stream was cut")
            answer = json.loads(events[-1].split("data: ", 1)[1])
        else:
            answer = response.json()
        assert answer["output"]["text"] == body.upper()
        answers[answer["recording_id"]] = body


async def prove_kept(folder: Path, answers: dict[str, str]) -> None:
    store = await open_store(f"sqlite:///{folder}/.holdfast/holdfast.db", folder / ".holdfast" / "storage" / "bodies")
    try:
        for recording_id, body in answers.items():
            recording = await store.recordings.get(recording_id)
            assert (recording.input, recording.outcome) == ({"body": body}, "ok")
            assert recording.output == {"text": body.upper()}
            assert recording_from_json(to_json(recording)) == recording
    finally:
        await store.close()
    with sqlite3.connect(folder / ".holdfast" / "holdfast.db") as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)


async def kill_rounds(folder: Path, rounds: int, seed: int) -> None:
    written(folder)
    chance = random.Random(seed)
    answers: dict[str, str] = {}
    for _ in range(rounds):
        answers |= await one_round(folder, chance)
        await prove_kept(folder, answers)
    assert len(answers) > rounds


@pytest.mark.timeout(180)
async def test_ten_kills_under_load_lose_no_recording_of_an_answer(tmp_path: Path) -> None:
    await kill_rounds(tmp_path / "project", 10, seed=10)


@pytest.mark.soak
@pytest.mark.timeout(3600)
async def test_two_hundred_kills_under_load_lose_no_recording_of_an_answer(tmp_path: Path) -> None:
    for seed in range(10):  # a project each, so that proving all answers again stays cheap
        await kill_rounds(tmp_path / f"project{seed}", 20, seed=seed)
