"""`holdfast eval` at a real project: what it says in each form, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.unit.cli.said import Type

ALONE = ("eval", "--set", "answer.models=extractive")
QUESTION = "How long is the warranty of a lamp on a boat?"
CASE = '{"id": "none", "input": {"body": "' + QUESTION + '"}, "facts": ["|<boat>\\u0007"], "must_pass": %s}'


def cases(folder: Path) -> Path:
    return folder / "evals" / "answer_ticket.jsonl"


def test_eval_shows_measures_failures_and_the_verdict(folder: Path, typed: Type) -> None:
    cases(folder).write_text(cases(folder).read_text("utf-8") + CASE % "false", "utf-8")
    said = typed(*ALONE)
    assert said.code == 0, said.out + said.err
    assert "measure" in said.out
    assert "the bar was met" in said.out
    assert "none: facts 0.00: does not say |<boat>" in said.out
    assert "holdfast replay rec_" in said.out
    recording = said.out.split("holdfast replay ")[1].split()[0]
    assert typed("replay", recording).code == 0


def test_a_model_without_a_key_misses_the_bar_however_well_the_last_rung_does(folder: Path, typed: Type) -> None:
    said = typed("eval", "answer_ticket", "--json")
    assert said.code == 1
    assert said.json["verdict"] == "missed"
    assert {result["outcome"] for result in said.json["results"]} == {"degraded"}
    assert "extractive" in said.json["results"][0]["wrong"][0]


def test_a_case_that_must_pass_fails_the_evaluation(folder: Path, typed: Type) -> None:
    cases(folder).write_text(CASE % "true", "utf-8")
    said = typed(*ALONE, "--json")
    assert said.code == 1
    assert said.json["evaluation"]["must_pass_failed"] == ["none"]


def test_strict_is_inconclusive_with_too_few_cases_to_say(folder: Path, typed: Type) -> None:
    features = folder / "features.py"
    features.write_text(features.read_text("utf-8").replace("grounded=0.95, ", ""), "utf-8")
    assert typed(*ALONE).code == 0
    said = typed(*ALONE, "--strict", "--json")
    assert said.code == 4
    assert said.json["verdict"] == "inconclusive"


@pytest.mark.parametrize("content", [None, "", "\n"])
def test_no_cases_are_nothing_to_do(folder: Path, typed: Type, content: str | None) -> None:
    cases(folder).unlink()
    if content is not None:
        cases(folder).write_text(content, "utf-8")
    assert typed("eval").code == 5
    assert typed("eval", "answer_ticket").code == 5
    assert typed("eval", "--resume", "answer_ticket").code == 5


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("eval", "nothing"), "HF200"),
        (("eval", "--set", "answr.models=x"), "HF201"),
        (("eval", "--set", "x"), "HF100"),
        (("eval", "--resume", "--repeat", "2"), "--resume goes on"),
        (("eval", "--format", "pdf"), "HF100"),
        (("eval", "--repeat", "0"), "HF100"),
    ],
)
def test_what_cannot_be_is_said_with_2(folder: Path, typed: Type, arguments: tuple[str, ...], said: str) -> None:
    answer = typed(*arguments)
    assert answer.code == 2
    assert said in answer.err


def test_a_wrong_case_is_said_with_file_and_line(folder: Path, typed: Type) -> None:
    cases(folder).write_text(CASE % "true" + '\n{"id": "b", "input": {}}', "utf-8")
    said = typed("eval")
    assert said.code == 2
    assert f"{cases(folder)}:2: " in said.err
    assert "body" in said.err


def test_every_format_tells_the_same(folder: Path, typed: Type) -> None:
    cases(folder).write_text(cases(folder).read_text("utf-8") + CASE % "true", "utf-8")
    out = {}
    for name in ("json", "jsonl", "junit", "md"):
        file = folder / f"report.{name}"
        said = typed(*ALONE, "--format", name, "--out", str(file))
        assert said.code == 1
        assert "the bar was missed" in said.out
        out[name] = file.read_text("utf-8")
        assert typed(*ALONE, "--format", name).code == 1
    report = json.loads(out["json"])
    assert (report["verdict"], len(report["results"])) == ("missed", 6)
    lines = [json.loads(line) for line in out["jsonl"].splitlines()]
    assert [line["case"] for line in lines[:-1]] == [result["case"] for result in report["results"]]
    assert lines[-1]["verdict"] == "missed"
    suite = ElementTree.fromstring(out["junit"])[0]
    assert (suite.get("tests"), suite.get("failures"), suite.get("errors")) == ("9", "1", "0")
    failed = [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None]
    assert failed == ["none"]
    assert "| none | facts 0.00: does not say \\|\\<boat\\>" in out["md"]


def test_a_report_that_cannot_be_written_is_said(folder: Path, typed: Type) -> None:
    said = typed(*ALONE, "--out", str(folder / "nowhere" / "report.md"))
    assert said.code == 3
    assert "HF601" in said.err
