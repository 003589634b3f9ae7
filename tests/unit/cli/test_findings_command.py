"""`holdfast diagnose --findings` at a real project: what it says, in which form, and its exit code."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.unit.cli.said import Type

from holdfast.cli.findings_pretty import show_findings
from holdfast.cli.terminal import Terminal
from holdfast.finding import Finding
from holdfast.judgement import Interval

ASKED = 6


@pytest.fixture
def desk(folder: Path, typed: Type) -> Path:
    """A project without a key, so that the last rung answered what was asked."""
    lines = "\n".join(f'{{"body": "How long does a refund take for order {name}?"}}' for name in "abcdef")
    (folder / "in.jsonl").write_text(lines)
    assert typed("batch", "answer_ticket", "in.jsonl", "out.jsonl").code == 0
    return folder


def test_with_nothing_recorded_there_is_nothing_to_do(folder: Path, typed: Type) -> None:
    said = typed("diagnose", "--findings", "--json")
    assert (said.code, said.error["code"]) == (5, "HF203")
    assert "nothing was asked in the last 7d" in said.error["message"]


def test_every_feature_is_looked_at_and_each_finding_says_what_to_do(desk: Path, typed: Type) -> None:
    said = typed("diagnose", "--findings")
    assert said.code == 0, said.err
    assert "answer_ticket: 1 finding in 6 requests of the last 7d" in said.err
    assert "HD403 answer_ticket (answer): 6 of 6 requests were answered by a lower rung of answer:" in said.out
    assert "openai:gpt-5-mini no_key (6)" in said.out
    assert "do: holdfast doctor; mend the provider" in said.out
    assert "see: rec_" in said.out
    assert "100.0% (95 % interval" in said.out
    assert "\x1b[" not in said.out


def test_as_json_each_feature_has_what_the_route_gives(desk: Path, typed: Type) -> None:
    said = typed("diagnose", "--findings", "--feature", "answer_ticket", "--since", "1h", "--json")
    assert said.code == 0, said.err
    (stock,) = said.json["features"]
    assert set(stock) == {"feature", "since", "looked_at", "recordings", "findings"}
    assert stock["recordings"] == ASKED
    assert "HD403" in [each["code"] for each in stock["findings"]]
    assert said.err == ""


def test_a_wrong_question_says_what_to_type(folder: Path, typed: Type) -> None:
    for words in (
        ("last", "--findings"),
        ("--findings", "--since", "banana"),
        ("--findings", "--since", "99999d"),
        (),
    ):
        said = typed("diagnose", *words, "--json")
        assert (said.code, said.error["code"]) == (2, "HF100"), words
    said = typed("diagnose", "--findings", "--feature", "answer_tickt", "--json")
    assert (said.code, said.error["code"]) == (2, "HF200")


def test_what_is_past_is_a_line_behind_the_others(capsys: pytest.CaptureFixture[str]) -> None:
    now = datetime.now(UTC)
    old = Finding(
        code="HD201", about="answer", slot="write", said="3 of 40 answers of write were cut off.", fix="f", count=3,
        of=40, share=Interval(0.075, 0.02, 0.19), first_seen_at=now - timedelta(days=20),
        last_seen_at=now - timedelta(days=9), past=True,
    )  # fmt: skip
    data = Finding(
        code="HD507", about="help", said="Less.", fix="See.", count=9, examples=("a.md",), first_seen_at=now,
        last_seen_at=now,
    )  # fmt: skip
    show_findings(Terminal(), (data, old))
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "HD507 help: Less."
    assert out[2] == "  see: a.md"
    assert out[-1] == ("past: HD201 answer (write), last seen 9 days ago: 3 of 40 answers of write were cut off.")
