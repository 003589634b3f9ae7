"""`holdfast diagnose --calibrate` at a real project: what it says, in which form, and its exit code."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.said import Type

CALIBRATE = ("diagnose", "--calibrate")


@pytest.fixture
def desk(folder: Path) -> Path:
    """A project that answers without a model."""
    config = folder / "holdfast.toml"
    lines = config.read_text().splitlines()
    config.write_text("\n".join('models = ["extractive"]' if each.startswith("models = ") else each for each in lines))
    return folder


def test_the_plan_comes_first_then_the_matrix_then_what_was_learned(desk: Path, typed: Type) -> None:
    said = typed(*CALIBRATE, "--max-cost", "1")
    assert said.code == 0, said.err
    assert "a fault of each part, and a pair, planted in 5 cases of answer_ticket: about" in said.err
    assert "calls of models, for nothing" in said.err
    assert "no fault is planted once $1 are spent" in said.err
    assert "planted (down), said (across)" in said.out
    assert "95 % interval" in said.out
    assert "got a verdict; it was right" in said.out
    assert "uses it for 60 days" in said.out
    assert "\x1b[" not in said.out
    (desk / "data" / "refunds.md").unlink()
    assert typed("sync").code == 0
    typed("eval", "answer_ticket")
    later = typed("diagnose", "last")
    assert "faults planted in this feature" in later.out


def test_as_json_it_is_counts_and_nothing_is_said_beside_them(desk: Path, typed: Type) -> None:
    said = typed(*CALIBRATE, "--feature", "answer_ticket", "--json")
    assert (said.code, said.err) == (0, "")
    assert list(said.json) == ["feature", "right", "wrong", "unknown", "precision", "learned", "differs"]
    learned = said.json["learned"]
    assert said.json["right"] + said.json["wrong"] + said.json["unknown"] == learned["faults"]
    assert sum(each["count"] for each in learned["planted"]) == learned["faults"]


def test_what_cannot_be_calibrated_is_told_with_what_to_type(desk: Path, typed: Type) -> None:
    said = typed(*CALIBRATE, "--feature", "anser_ticket", "--json")
    assert (said.code, said.error["code"]) == (2, "HF200")
    cases = desk / "evals" / "answer_ticket.jsonl"
    cases.write_text("".join(cases.read_text().splitlines(keepends=True)[:2]))
    said = typed(*CALIBRATE, "--json")
    assert (said.code, said.error["code"]) == (2, "HF744")
    assert "holdfast cases add answer_ticket" in said.error["fix"]
    cases.unlink()
    said = typed(*CALIBRATE, "--json")
    assert (said.code, said.error["fix"]) == (2, "holdfast cases add answer_ticket JSON")


def test_it_is_asked_for_alone(desk: Path, typed: Type) -> None:
    for words in (("diagnose",), ("diagnose", "last", "--calibrate"), ("diagnose", "last", "--cases", "9")):
        assert typed(*words).code == 2, words
    assert typed(*CALIBRATE, "--cases", "2").code == 2
    assert desk.exists()
