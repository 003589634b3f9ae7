"""Tests of the features. They need no key and no network, and touch nothing of the project's own data."""

import asyncio
import json
from pathlib import Path

import holdfast as hf
from holdfast.testing import FakeModel, project

PROJECT = Path(__file__).parent.parent


def answered(models: str | list[str], body: str, **providers: FakeModel) -> hf.Recording:
    """What answer_ticket makes of a ticket with this ladder of models."""

    async def run() -> hf.Recording:
        async with project(PROJECT, changes={"answer.models": models}, models=providers) as opened:
            return await opened.run("answer_ticket", {"body": body})

    return asyncio.run(run())


def test_a_question_about_refunds_is_answered_from_their_article() -> None:
    recording = answered("extractive", "How many days until I get my refund?")
    assert recording.outcome == "ok"
    assert "5 working days" in recording.output["text"]
    assert recording.output["citations"][0]["document"] == "refunds.md"


def test_what_a_model_invents_does_not_reach_the_customer() -> None:
    model = FakeModel("Refunds take 90 days and cost €500 [1].")
    recording = answered(["fake:any", "extractive"], "How many days until I get my refund?", fake=model)
    assert recording.outcome == "degraded"
    assert "90 days" not in recording.output["text"]


def test_every_case_has_its_article() -> None:
    cases = [json.loads(line) for line in (PROJECT / "evals" / "answer_ticket.jsonl").open(encoding="utf-8")]
    for case in cases:
        for gold in case["gold"]:
            article = " ".join((PROJECT / "data" / gold["document"]).read_text("utf-8").split())
            assert gold["span"] in article, case["id"]
