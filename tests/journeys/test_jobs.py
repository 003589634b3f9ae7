"""Jobs of a real project: asked for over HTTP and by the command line, killed, resumed, cancelled, tried again."""

from __future__ import annotations

import asyncio
import json
import random
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.journeys.job_project import rows, said, served, typed, until, written

LINES = 120


def asked(path: Path, count: int = LINES) -> Path:
    """A file of requests, two of them bad."""
    lines = [json.dumps({"body": f"ticket {n}"}) for n in range(1, count + 1)]
    lines[4], lines[8] = "no JSON", '{"wrong": 1}'
    path.write_text("\n".join(lines) + "\n")
    return path


def assert_each_line_is_answered_once(out: Path, count: int = LINES) -> None:
    answered = rows(out)
    assert sorted(row["line"] for row in answered) == list(range(1, count + 1))
    by_line = {row["line"]: row for row in answered}
    assert by_line[5]["error"]["code"] == "HF700"
    assert by_line[9]["error"]["code"] == "HF701"
    for n, row in by_line.items():
        if n not in (5, 9):
            assert (row["input"], row["output"]) == ({"body": f"ticket {n}"}, {"text": f"TICKET {n}"})
            assert row["recording_id"].startswith("rec_")
    assert not out.with_name(out.name + ".batch").exists()


async def test_a_batch_killed_again_and_again_answers_every_line_exactly_once(tmp_path: Path) -> None:
    folder, out = written(tmp_path / "desk"), tmp_path / "out.jsonl"
    source = asked(tmp_path / "in.jsonl")
    chance = random.Random(7)
    for round_ in range(3):
        at = len(rows(out)) + chance.randint(5, 25)
        process = await typed(folder, "batch", "shout", str(source), str(out), *(["--resume"] if round_ else []))
        await until(lambda at=at: out.exists() and out.read_bytes().count(b"\n") >= at)
        process.kill()
        await process.communicate()
    with out.open("ab") as file:
        file.write(b'{"line":1,"inp')  # what a kill in the middle of a write leaves
    before = len(rows(out))
    code, report = await said(folder, "batch", "shout", str(source), str(out), "--resume")
    assert (code, report["lines"], report["skipped"]) == (2, LINES, before)
    assert report["errors"] == {"HF700": 1, "HF701": 1}
    assert_each_line_is_answered_once(out)
    assert (await said(folder, "batch", "shout", str(source), str(out), "--resume"))[0] == 5
    code, refused = await said(folder, "batch", "shout", str(source), str(out))
    assert (code, refused["code"]) == (2, "HF112")


async def test_a_batch_whose_server_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    folder, out = written(tmp_path / "desk"), tmp_path / "out.jsonl"
    source = asked(tmp_path / "in.jsonl", 400)
    chance = random.Random(11)
    async with served(folder) as server:
        following = await typed(folder, "batch", "shout", str(source), str(out), "--json")
        await until(lambda: out.exists() and out.read_bytes().count(b"\n") >= 20)
        await server.ended_by(signal.SIGKILL)
    for how in (signal.SIGTERM, signal.SIGKILL):
        async with served(folder) as server:
            at = min(len(rows(out)) + chance.randint(5, 40), 400)
            await until(lambda at=at: out.read_bytes().count(b"\n") >= at)
            await server.ended_by(how)
    async with served(folder) as server:
        (job,) = (await server.http.get("/v1/jobs", params={"kind": "batch"})).json()["jobs"]
        job = await server.ended(job["job_id"])
        async with asyncio.timeout(30):
            output, _ = await following.communicate()
    assert (job["status"], job["attempt"], job["result"]["lines"]) == ("done", 1, 400)
    assert_each_line_is_answered_once(out, 400)
    assert following.returncode == 2
    assert json.loads(output)["failed"] == 2


async def test_a_request_as_a_job_gives_what_its_own_route_gives_and_once_for_each_key(tmp_path: Path) -> None:
    async with served(written(tmp_path)) as server:
        job_id = await server.ask("/v1/features/shout/jobs", {"body": "hello"}, holdfast_subject="ana")
        job = await server.ended(job_id)
        assert (job["status"], job["subject"], job["result"]["output"]) == ("done", "ana", {"text": "HELLO"})
        recording = (await server.http.get(f"/v1/recordings/{job['result']['recording_id']}")).json()
        assert (recording["input"], recording["subject"]) == ({"body": "hello"}, "ana")
        wrapped = {"input": {"body": "again"}}
        first = await server.ask("/v1/features/shout/jobs", wrapped, idempotency_key="k")
        assert await server.ask("/v1/features/shout/jobs", {"body": "again"}, idempotency_key="k") == first
        other = await server.http.post(
            "/v1/features/shout/jobs", json={"body": "else"}, headers={"idempotency-key": "k"}
        )
        assert (other.status_code, other.json()["code"]) == (409, "HF707")
        wrong = await server.http.post("/v1/features/shout/jobs", json={"body": 1})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "HF701")
        lost = await server.http.get("/v1/jobs/job_x")
        assert (lost.status_code, lost.json()["code"]) == (404, "HF209")
        listed = (await server.http.get("/v1/jobs", params={"limit": 1})).json()
        assert ([each["job_id"] for each in listed["jobs"]], listed["next"]) == ([first], first)


async def test_a_failed_job_says_why_ends_nothing_else_and_can_be_tried_again(tmp_path: Path) -> None:
    folder = written(tmp_path)
    async with served(folder) as server:
        failing = await server.ask("/v1/features/fail/jobs", {"body": "x"})
        job = await server.ended(failing)
        assert (job["status"], job["failure"]["code"]) == ("failed", "HF309")
        assert (await server.http.post(f"/v1/jobs/{failing}/cancel")).status_code == 409
        (folder / "mended").touch()
        again = (await server.http.post(f"/v1/jobs/{failing}/retry")).json()
        assert (again["status"], again["attempt"]) == ("queued", 2)
        job = await server.ended(failing)
        assert (job["status"], job["attempt"], job["result"]["output"]) == ("done", 2, {"text": "mended"})
        assert (await server.http.post(f"/v1/jobs/{failing}/retry")).json()["code"] == "HF711"
        synced = await server.ended(await server.ask("/v1/corpora/faq/sync", {"full": True}))
        assert (synced["status"], synced["result"]["kept"]) == ("done", 1)
        assert (await server.http.post("/v1/corpora/faq/sync")).status_code == 202
        assert (await server.http.post("/v1/corpora/faqs/sync")).json()["code"] == "HF202"


async def test_a_job_is_cancelled_while_it_runs_and_one_that_waits_is_never_begun(tmp_path: Path) -> None:
    folder = written(tmp_path, "[jobs]\nworkers = 1")
    begun = folder / "begun.txt"
    async with served(folder) as server:
        running = await server.ask("/v1/features/hold/jobs", {"body": "first"})
        await until(begun.exists)
        waiting = await server.ask("/v1/features/hold/jobs", {"body": "second"})
        code, job = await said(folder, "jobs", "cancel", waiting)
        assert (code, job["status"]) == (0, "cancelled")
        assert (await server.http.post(f"/v1/jobs/{running}/cancel")).json()["cancelling"] is True
        assert (await server.ended(running))["status"] == "cancelled"
        recordings = (await server.http.get("/v1/recordings")).json()["recordings"]
        assert [each["outcome"] for each in recordings] == ["cancelled"]
        code, job = await said(folder, "jobs", "retry", running)
        assert (code, job["attempt"]) == (0, 2)
        (folder / "go").touch()
        assert (await server.ended(running))["result"]["output"] == {"text": "let go"}
    assert begun.read_text() == "first\nfirst\n"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
async def test_a_request_that_a_stop_interrupts_is_asked_again_and_recorded_as_ok_once(
    tmp_path: Path, how: signal.Signals
) -> None:
    folder = written(tmp_path)
    async with served(folder) as server:
        job_id = await server.ask("/v1/features/hold/jobs", {"body": "x"})
        await until((folder / "begun.txt").exists)
        await server.ended_by(how)
    (folder / "go").touch()
    async with served(folder) as server:
        job = await server.ended(job_id)
        assert (job["status"], job["attempt"], job["result"]["output"]) == ("done", 1, {"text": "let go"})
        found = (await server.http.get("/v1/recordings", params={"outcome": "ok"})).json()["recordings"]
        assert [each["id"] for each in found] == [job["result"]["recording_id"]]


async def test_without_the_engines_own_database_the_jobs_that_ran_are_begun_again(tmp_path: Path) -> None:
    folder = written(tmp_path)
    async with served(folder) as server:
        job_id = await server.ask("/v1/features/hold/jobs", {"body": "x"})
        await until((folder / "begun.txt").exists)
        await server.ended_by(signal.SIGKILL)
    (folder / "go").touch()
    for file in (folder / ".holdfast").glob("jobs.db*"):
        file.unlink()
    async with served(folder) as server:
        assert (await server.ended(job_id))["status"] == "done"


async def test_the_engine_keeps_ids_only_and_the_command_line_never_launches_it(tmp_path: Path) -> None:
    folder = written(tmp_path)
    assert (await said(folder, "sync"))[0] == 0
    assert (await said(folder, "batch", "shout", str(asked(tmp_path / "in", 12)), str(tmp_path / "out")))[0] == 2
    assert (await said(folder, "jobs", "list")) == (0, {"jobs": [], "next": None})
    assert not (folder / ".holdfast" / "jobs.db").exists()
    async with served(folder) as server:
        second = await said(folder, "up")
        assert (second[0], second[1]["code"]) == (2, "HF105")
        job_id = await server.ask("/v1/features/shout/jobs", {"body": "a private matter"}, holdfast_subject="ana")
        await server.ended(job_id)
        code, synced = await said(folder, "sync", "faq")
        assert (code, synced["reports"][0]["corpus"]) == (0, "faq")
        kinds = [each["kind"] for each in (await server.http.get("/v1/jobs")).json()["jobs"]]
        assert kinds == ["sync", "feature"]
        assert (await said(folder, "recordings", "delete", "--subject", "ana", "--yes"))[1]["jobs"] == 1
        assert (await server.http.get(f"/v1/jobs/{job_id}")).status_code == 404
    kept = (folder / ".holdfast" / "jobs.db").read_bytes()
    assert job_id.encode() in kept
    assert b"private matter" not in kept
    with sqlite3.connect(folder / ".holdfast" / "jobs.db") as database:
        versions = database.execute("SELECT DISTINCT application_version FROM workflow_status").fetchall()
    database.close()
    assert versions == [("1",)]


@asynccontextmanager
async def listening(port: int = 0) -> AsyncIterator[tuple[int, list[bytes]]]:
    """A receiver of webhooks: its port and the requests that came."""
    came: list[bytes] = []

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        came.append(head + await reader.readexactly(length))
        writer.write(b"HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(take, "127.0.0.1", port) as server:
        yield server.sockets[0].getsockname()[1], came


async def test_a_webhook_is_told_after_a_restart_where_nobody_listened_before(tmp_path: Path) -> None:
    secret = "a-secret-of-the-webhook"
    folder = written(tmp_path, f'[jobs]\nwebhook_hosts = ["127.0.0.1"]\nwebhook_secret = "{secret}"')
    async with listening() as (port, _):
        pass  # now nobody listens there
    async with served(folder) as server:
        hook = f"http://127.0.0.1:{port}/ended"
        job_id = await server.ask("/v1/features/shout/jobs", {"input": {"body": "x"}, "webhook": hook})
        job = await server.ended(job_id)
        assert (job["status"], job["delivered_at"]) == ("done", None)
        await server.ended_by(signal.SIGKILL)
    async with listening(port) as (_, came), served(folder) as server:
        await until(lambda: came)

        async def delivered() -> bool:
            return (await server.job(job_id))["delivered_at"] is not None

        await until(delivered)
    head, _, body = came[0].partition(b"\r\n\r\n")
    told = json.loads(body)
    assert (told["job_id"], told["status"], told["attempt"]) == (job_id, "done", 1)
    assert f"holdfast-job: {job_id}".encode() in head.lower()
    assert b"holdfast-signature: t=" in head.lower()
    assert b"X" not in body, "what was answered is not sent"
