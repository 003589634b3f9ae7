"""`holdfast postmortem` at a real project: what it writes, where, and its exit code."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.unit.cli.said import Type

from holdfast.app import open_project_store
from holdfast.config import load_config
from holdfast.identity import new_id
from holdfast.records import Feedback

ASKED = "When do I get my refund, in working days?"


@pytest.fixture
def desk(folder: Path) -> Path:
    """A project that answers without a model."""
    config = folder / "holdfast.toml"
    lines = [
        'models = ["extractive"]' if line.startswith("models = ") else line for line in config.read_text().splitlines()
    ]
    config.write_text("\n".join(lines))
    return folder


async def found_bad(desk: Path, recording: str) -> None:
    store = await open_project_store(load_config(desk))
    try:
        await store.feedback.add(Feedback(id=new_id("fb"), recording_id=recording, at=datetime.now(UTC), score=-1))
    finally:
        await store.close()


def went_wrong(desk: Path, typed: Type) -> str:
    """A recording that somebody found bad."""
    recording: str = typed("run", "answer_ticket", ASKED, "--json").json["id"]
    asyncio.run(found_bad(desk, recording))
    return recording


def test_it_is_written_to_stdout_as_markdown_and_as_json(desk: Path, typed: Type) -> None:
    recording = went_wrong(desk, typed)
    said = typed("postmortem", recording)
    assert said.code == 0, said.err
    assert said.out.startswith("# Postmortem: answer_ticket: answers were found bad\n")
    assert f"holdfast diagnose {recording}" in said.out
    assert ASKED in said.out
    made = typed("postmortem", recording, "--json").json
    assert list(made) == ["made_at", "incidents", "more"]
    assert made["incidents"][0]["counts"]["failures"] == 1
    assert ASKED not in typed("postmortem", recording, "--no-texts").out


def test_a_file_that_is_there_may_have_been_edited_and_stays(desk: Path, typed: Type) -> None:
    recording = went_wrong(desk, typed)
    out = desk / "incident.md"
    said = typed("postmortem", recording, "--out", str(out), "--base-url", "http://127.0.0.1:8080")
    assert (said.code, said.out) == (0, f"wrote {out}\n")
    assert f"http://127.0.0.1:8080/#/recordings/{recording}" in out.read_text()
    out.write_text("edited")
    again = typed("postmortem", recording, "--out", str(out), "--json")
    assert (again.code, again.error["code"]) == (2, "HF100")
    assert out.read_text() == "edited"
    assert typed("postmortem", recording, "--out", str(desk / "no" / "folder.md")).code == 3


def test_a_window_without_failures_is_nothing_to_do(desk: Path, typed: Type) -> None:
    assert typed("run", "answer_ticket", ASKED).code == 0
    said = typed("postmortem", "--since", "7d", "--json")
    assert (said.code, said.error["code"]) == (5, "HF203")
    went_wrong(desk, typed)
    assert typed("postmortem", "--since", "7d").code == 0
    assert typed("postmortem", "--since", "7d", "--feature", "answer_ticket").code == 0
    assert typed("postmortem", "--since", "30d", "--until", "2d").code == 5


def test_what_went_well_and_what_only_an_evaluation_asked_are_no_incidents(desk: Path, typed: Type) -> None:
    case = json.loads((desk / "evals" / "answer_ticket.jsonl").read_text().splitlines()[0])
    fine = typed("run", "answer_ticket", json.dumps(case["input"]), "--json").json["id"]
    said = typed("postmortem", fine, "--json")
    assert (said.code, said.error["code"]) == (5, "HF203")
    assert "nobody found it bad" in said.error["message"]
    typed("eval", "answer_ticket")
    shown = typed("recordings", "list", "--where", "evaluation != none", "--limit", "1", "--json").json
    said = typed("postmortem", shown["recordings"][0]["id"], "--json")
    assert (said.code, "reached nobody" in said.error["message"]) == (5, True)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("rec_1", "--feature", "answer_ticket"),
        ("--since", "the other day"),
        ("--since", '7d" or outcome=ok and since="7d'),
        ("--since", "1d", "--until", "2d"),
        ("--since", "7d", "--feature", "answer_tickt"),
        ("--since", "7d", "--base-url", "javascript:alert(1)"),
        ("rec_nowhere",),
    ],
)
def test_a_mistake_says_what_to_type(desk: Path, typed: Type, arguments: tuple[str, ...]) -> None:
    said = typed("postmortem", *arguments, "--json")
    assert said.code == 2, said.err
    assert said.error["fix"]
