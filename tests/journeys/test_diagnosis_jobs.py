"""A diagnosis asked for over HTTP, killed in the middle: it leaves no half of one, is begun again, and ends once."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

from tests.journeys.job_project import Served, said, served, until, written

FEATURES = '''
import asyncio
from pathlib import Path

from pydantic import BaseModel
import holdfast as hf

app = hf.App()
HERE = Path(__file__).parent


class Ticket(BaseModel):
    body: str


class Reply(BaseModel):
    text: str


@app.feature()
async def answer(ctx: hf.Context, ticket: Ticket) -> Reply:
    """Answer from the articles; asked again, once somebody lets it go."""
    with (HERE / "begun.txt").open("a") as file:
        file.write("x")
    while len((HERE / "begun.txt").read_text()) > 3 and not (HERE / "go").exists():
        await asyncio.sleep(0.01)
    passages = await ctx.retrieve("faq", ticket.body)
    reply = await ctx.generate("answer", ticket=ticket, passages=passages)
    with (HERE / "sent.txt").open("a") as file:
        pass
    await ctx.call("send", (HERE / "sent.txt").write_text, str(reply))
    return Reply(text=str(reply))
'''
SETTINGS = """
[slots.answer]
prompt = "answer.md"
models = ["extractive"]

[slots.faq]
mode = "lexical"
"""
QUESTION = {"body": "How long does a refund take?"}


async def project(folder: Path) -> Path:
    written(folder, SETTINGS)
    (folder / "features.py").write_text(FEATURES)
    (folder / "answer.md").write_text("{{ passages | sources }}\n\n{{ ticket.body }}")
    (folder / "evals").mkdir()
    case = {"id": "refund", "input": QUESTION, "facts": ["nine days"]}
    (folder / "evals" / "answer.jsonl").write_text(json.dumps(case))
    assert (await said(folder, "sync"))[0] == 0
    return folder


async def got(server: Served, path: str, **query: Any) -> Any:
    answer = await server.http.get(path, params=query)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_a_killed_diagnosis_leaves_nothing_and_is_begun_again(tmp_path: Path) -> None:
    folder = await project(tmp_path)
    async with served(folder) as server:
        asked = await server.http.post("/v1/features/answer", json=QUESTION)
        of = asked.json()["recording_id"]
        sent = (folder / "sent.txt").stat().st_mtime_ns
        path = f"/v1/recordings/{of}/diagnose"
        job_id = await server.ask(path, {"max_calls": 12}, idempotency_key="k")
        await until(lambda: len((folder / "begun.txt").read_text()) > 3)
        assert (await server.job(job_id))["status"] == "running"
        await server.ended_by(signal.SIGKILL)
    (folder / "go").touch()
    async with served(folder) as server:
        assert (await got(server, "/v1/diagnoses"))["diagnoses"] == [] or (await server.job(job_id))["ended_at"]
        assert await server.ask(path, {"max_calls": 12}, idempotency_key="k") == job_id
        job = await server.ended(job_id)
        assert (job["status"], job["kind"]) == ("done", "diagnosis"), job
        (listed,) = (await got(server, "/v1/diagnoses", recording=of, feature="answer"))["diagnoses"]
        assert listed["id"] == job["result"]["diagnosis_id"]
        assert listed["verdict"] == job["result"]["verdict"]
        assert listed["calls"] <= 12
        assert await got(server, f"/v1/diagnoses/{listed['id']}") == listed
        assert (await got(server, "/v1/diagnoses", feature="shout"))["diagnoses"] == []
        live = (await got(server, "/v1/recordings"))["recordings"]
        assert [each["id"] for each in live] == [of]
    assert (folder / "sent.txt").stat().st_mtime_ns == sent


async def test_what_cannot_be_diagnosed_is_refused_or_fails_and_says_why(tmp_path: Path) -> None:
    folder = await project(tmp_path)
    (folder / "go").touch()
    async with served(folder) as server:
        assert (await server.http.post("/v1/recordings/rec_nowhere/diagnose")).status_code == 404
        assert (await server.http.get("/v1/diagnoses/dg_nowhere")).status_code == 404
        other = await server.http.post("/v1/features/answer", json={"body": "How is a refund paid?"})
        of = other.json()["recording_id"]
        path = f"/v1/recordings/{of}/diagnose"
        assert (await server.http.post(path, json={"max_calls": 0})).status_code == 422
        job = await server.ended(await server.ask(path, {}))
        assert (job["status"], job["failure"]["code"]) == ("failed", "HF742"), job
        job = await server.ended(await server.ask(path, {"case": "nowhere"}))
        assert (job["status"], job["failure"]["code"]) == ("failed", "HF207"), job
        assert (await got(server, "/v1/diagnoses"))["diagnoses"] == []
