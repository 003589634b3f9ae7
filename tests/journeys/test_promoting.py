"""A release promoted by one process answers in every other one, and a rollback takes it back."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import httpx
from tests.journeys.http_project import written
from tests.journeys.test_http_journeys import running, until

ASKED = {"body": "hello"}


async def typed(folder: Path, *arguments: str) -> Any:
    """What a command in a process of its own answers as JSON."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "holdfast.cli", *arguments, "--project", str(folder), "--json"), stdout=PIPE
    )
    out, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(out)


async def releases_that_answer(address: str) -> set[str]:
    """The releases of twenty answers, each over a connection of its own, so that every worker is asked."""

    async def once() -> str:
        async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as http:
            answer = (await http.post("/v1/features/shout", json=ASKED)).json()
            return str(answer["release"])

    return set(await asyncio.gather(*(once() for _ in range(20))))


async def test_what_is_promoted_in_one_process_answers_in_every_worker_until_another_process_rolls_it_back(
    tmp_path: Path,
) -> None:
    one = await typed(written(tmp_path, "[guards.grounded]\non_fail = 'block'"), "release", "create", "one")
    two = await typed(written(tmp_path, "[guards.grounded]\non_fail = 'retry'"), "release", "create", "two")
    written(tmp_path, "[guards.grounded]\non_fail = 'flag'")
    async with running(tmp_path, workers=2) as server:
        address = str(server.http.base_url)

        async def answered_by(release: str) -> bool:
            return await releases_that_answer(address) == {release}

        (working,) = await releases_that_answer(address)
        assert working not in (one["id"], two["id"])
        for created in (one, two):
            await typed(tmp_path, "release", "promote", created["name"])
            await until(lambda created=created: answered_by(created["id"]))  # type: ignore[misc]
        back = (await server.http.post("/v1/releases/rollback")).json()
        assert (back["live"], back["before"]) == ("one", "two")
        assert (await typed(tmp_path, "run", "shout", json.dumps(ASKED)))["release"] == one["id"]
        await until(lambda: answered_by(one["id"]))
        assert (await typed(tmp_path, "release", "rollback"))["live"] == "working"
        await until(lambda: answered_by(working))
        assert (await server.ask("shout", holdfast_release="two")).json()["release"] == two["id"]
        told = (await server.http.get("/v1/releases")).json()["promotions"]
        assert [each["release"] for each in told] == [None, "one", "two", "one"]
        kept = (await server.http.get("/v1/recordings", params={"release": one["id"]})).json()["recordings"]
        assert kept
    async with running(tmp_path) as again:
        assert (await again.ask("shout")).json()["release"] == working


async def test_a_release_promoted_before_the_server_starts_answers_its_first_request(tmp_path: Path) -> None:
    one = await typed(written(tmp_path, "[guards.grounded]\non_fail = 'block'"), "release", "create", "one")
    await typed(tmp_path, "release", "promote", "one")
    written(tmp_path, "[guards.grounded]\non_fail = 'flag'")
    async with running(tmp_path) as server:
        assert (await server.ask("shout")).json()["release"] == one["id"]
