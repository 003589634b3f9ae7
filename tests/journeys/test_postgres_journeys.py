"""A whole project on PostgreSQL: opened, asked, replayed, rated, erased; and served with several workers."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import httpx
import pytest
from tests.journeys.http_project import written
from tests.journeys.test_http_journeys import children, until
from tests.journeys.test_project import TICKET, make_project, opened
from tests.postgres import ask

from holdfast.errors import NotFound
from holdfast.identity import canonical, new_id
from holdfast.records import Feedback
from holdfast.stores import RecordingQuery
from holdfast.testing import FakeModel

COMMAND = (sys.executable, "-m", "holdfast.cli")


@pytest.fixture(autouse=True)
def same_holdfast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Processes started here run the Holdfast that these tests import."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in sys.path if path))


def on_postgres(folder: Path) -> Path:
    """The project in that folder, with its database named by the environment."""
    file = folder / "holdfast.toml"
    file.write_text('[app]\ndatabase_url = "env:DATABASE_URL"\n' + file.read_text().removeprefix("[app]\n"))
    return folder


async def test_a_project_runs_replays_and_erases(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    folder = on_postgres(make_project(tmp_path / "project"))
    async with opened(folder) as project:
        await project.sync()
        hers = await project.run("answer_ticket", TICKET, who=project.who("eva@example.com"))
        his = await project.run("answer_ticket", TICKET, who=project.who("ben@example.com"))
        thought = Feedback(id=new_id("fb"), recording_id=hers.id, at=hers.started_at, score=1.0)
        await project.rate(thought)
        assert await project.store.feedback.of(hers.id) == (thought,)
    async with opened(folder, {"fake": FakeModel([AssertionError("the model was asked")])}) as project:
        replay = await project.replay(hers.id, strict=True)
        assert (replay.remembered, replay.redone, replay.diff.same) == (3, 0, True)
        assert canonical(replay.recording.output) == canonical(hers.output)
        changed = await project.replay(his.id, changes={"answer.models": "extractive"})
        assert "five seconds" in changed.recording.output["text"]
        deleted = await project.erase("eva@example.com")
        assert (deleted.recordings, deleted.feedback) == (2, 1)  # the replay was hers too
        with pytest.raises(NotFound, match="HF203"):
            await project.store.recordings.get(hers.id)
        left = await project.store.recordings.find(RecordingQuery())
        assert {each.subject for each in left} == {"ben@example.com"}
    assert ask(postgres_url, "SELECT count(*) FROM bodies WHERE n NOT IN (SELECT body FROM parts)") == [(0,)]
    assert not (folder / ".holdfast" / "holdfast.db").exists()


async def typed(folder: Path, *command: str) -> str:
    process = await asyncio.create_subprocess_exec(*COMMAND, *command, cwd=folder, stdout=PIPE, stderr=PIPE)
    out, err = await process.communicate()
    assert process.returncode == 0, out + err
    return out.decode()


async def test_up_with_two_workers_keeps_every_answer_though_one_is_killed(
    tmp_path: Path, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_url)
    folder = on_postgres(written(tmp_path / "project"))
    served = await asyncio.create_subprocess_exec(
        *COMMAND, "up", "--workers", "2", "--port", "0", "--json", cwd=folder, stdout=PIPE, stderr=DEVNULL
    )
    assert served.stdout is not None
    address = json.loads(await served.stdout.readline())["address"]
    answered: list[str] = []

    async def shout(http: httpx.AsyncClient, number: int) -> None:
        try:
            headers = {"Holdfast-Subject": f"user-{number % 4}"}
            answer = await http.post("/v1/features/shout", json={"body": f"hello {number}"}, headers=headers)
        except httpx.TransportError:
            return  # its worker was killed before it answered
        assert answer.json()["output"] == {"text": f"HELLO {number}"}
        answered.append(answer.json()["recording_id"])

    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as http:
        before = children(served.pid)
        assert len(before) == 2
        paying = (http.post("/v1/features/pay", json={"body": "17"}, headers={"Idempotency-Key": "17"}) for _ in "123")
        assert len({answer.content for answer in await asyncio.gather(*paying)}) == 1
        asking = [asyncio.create_task(shout(http, number)) for number in range(60)]
        await until(lambda: len(answered) > 5)
        os.kill(before[0], signal.SIGKILL)
        await asyncio.gather(*asking)
        await until(lambda: len(set(children(served.pid)) - set(before)) == 1)
    kept = {str(id_) for (id_,) in ask(postgres_url, "SELECT id FROM recordings WHERE feature = 'shout'")}
    assert set(answered) <= kept
    assert (folder / "refunds.txt").read_text() == "17\n"
    listed = json.loads(await typed(folder, "recordings", "list", "--json", "--limit", "500"))["recordings"]
    assert {each["id"] for each in listed} >= kept
    deleted = json.loads(await typed(folder, "recordings", "delete", "--subject", "user-1", "--yes", "--json"))
    assert deleted["recordings"] == len([each for each in listed if each["subject"] == "user-1"]) > 0
    served.send_signal(signal.SIGTERM)
    assert await served.wait() == 0


async def test_the_doctor_shows_no_password_of_the_database(tmp_path: Path, postgres_url: str) -> None:
    folder = written(tmp_path / "project")
    url = postgres_url.replace("postgres:@", "postgres:a-long-password@")
    (folder / "holdfast.toml").write_text(f'[app]\ndatabase_url = "{url}"\n')
    process = await asyncio.create_subprocess_exec(*COMMAND, "doctor", "--json", cwd=folder, stdout=PIPE, stderr=PIPE)
    said = b"".join(await process.communicate()).decode()
    assert "answers and takes writes" in said
    assert "postgresql://postgres@/test_" in said
    assert "a-long-password" not in said
