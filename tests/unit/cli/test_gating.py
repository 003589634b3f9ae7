"""`holdfast eval --against` at a real project: what it says in each form, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.unit.cli.said import Said, Type

ARGUMENTS = ("eval", "answer_ticket", "--against", "live")


@pytest.fixture
def desk(folder: Path, typed: Type) -> Path:
    """A project that answers without a model, with a promoted release and one case that is another's."""
    config = folder / "holdfast.toml"
    lines = [
        'models = ["extractive"]' if line.startswith("models = ") else line for line in config.read_text().splitlines()
    ]
    config.write_text("\n".join(lines))
    assert typed("release", "create", "v1").code == 0
    assert typed("release", "promote", "v1").code == 0
    return folder


def broken(desk: Path, typed: Type) -> None:
    """A document says something else now."""
    file = desk / "data" / "refunds.md"
    file.write_text(file.read_text("utf-8").replace("5 working", "9 <working>"), "utf-8")
    assert typed("sync").code == 0


def test_a_change_that_breaks_nothing_passes_and_says_before_what_it_will_ask(desk: Path, typed: Type) -> None:
    said = typed(*ARGUMENTS)
    assert said.code == 0, said.out + said.err
    assert said.out.startswith("PASS\n  'passed' is not worse by 5 points or more")
    assert (
        "5 cases, each asked 3 times of the candidate; 0 stored answers of the baseline: 40 answers to ask" in said.err
    )
    assert "bar       cases" in said.out
    again = typed(*ARGUMENTS, "--json")
    assert again.json["verdict"] == "pass"
    assert again.json["gate"]["plan"]["stored"] == 25


def reports(desk: Path, typed: Type) -> dict[str, Said]:
    """The same break in every form."""
    assert typed(*ARGUMENTS).code == 0
    broken(desk, typed)
    return {name: typed(*ARGUMENTS, "--format", name) for name in ("pretty", "json", "jsonl", "junit", "md")}


def test_a_regression_is_told_in_every_form_with_both_outputs(desk: Path, typed: Type) -> None:
    said = reports(desk, typed)
    assert {each.code for each in said.values()} == {1}
    pretty = said["pretty"].out
    assert pretty.startswith("REGRESSED\n  1 case newly fails, reproduced\n")
    assert "refund-time [refunds] must pass: 5 of 5 fresh answers failed, 0 of 10 of the baseline" in pretty
    assert "within 5 working days" in pretty
    assert "within 9 <working> days" in pretty
    gate = said["json"].json["gate"]
    (regression,) = gate["verdict"]["regressions"]
    changed = {(words["kind"], words["text"]) for words in regression["diff"] if words["kind"] != "same"}
    assert changed >= {("removed", "5"), ("added", "9")}
    lines = [json.loads(line) for line in said["jsonl"].out.splitlines()]
    assert lines[0]["case"] == "refund-time"
    assert (lines[-1]["verdict"], lines[-1]["gate"]["verdict"]["regressions"]) == ("regressed", [])
    suite = ElementTree.fromstring(said["junit"].out)[0]
    cases = {case.get("name"): case for case in suite.iter("testcase")}
    failed = [name for name, case in cases.items() if case.find("failure") is not None]
    assert failed == ["refund-time", "passed", "must pass: refund-time"]
    assert suite.get("failures") == "3"
    assert suite.get("tests") == str(len(cases))
    assert "within 9 <working> days" in str(cases["refund-time"][0].text)
    page = said["md"].out
    assert page.startswith("<!-- holdfast:gate:answer_ticket -->\n## answer\\_ticket: REGRESSED\n")
    assert "within ~~5~~ working days" in page
    assert "within **9** **\\<**working**\\>** days" in page
    assert len(page) < 4_000


def test_a_report_goes_to_a_file_and_the_verdict_to_the_terminal(desk: Path, typed: Type) -> None:
    said = typed(*ARGUMENTS, "--format", "md", "--out", "gate.md")
    assert said.out.startswith("PASS")
    assert (desk / "gate.md").read_text("utf-8").startswith("<!-- holdfast:gate")
    assert typed(*ARGUMENTS, "--format", "pretty", "--out", "gate.txt").code == 0
    assert (desk / "gate.txt").read_text("utf-8").startswith("PASS\n")


def test_a_model_without_a_key_cannot_be_compared(folder: Path, typed: Type) -> None:
    said = typed("eval", "--against", "working", "--format", "junit")
    assert said.code == 3
    suite = ElementTree.fromstring(said.out)[0]
    assert suite.get("errors") == "1"
    said = typed("eval", "--against", "working")
    assert said.out.startswith("NOT COMPARABLE\n  ")
    assert "answers of the baseline could not be had" in said.out


def test_the_hidden_cases_alone_are_asked_with_audit(desk: Path, typed: Type) -> None:
    config = desk / "holdfast.toml"
    config.write_text(config.read_text("utf-8") + "\n[evals]\naudit_share = 0.5\n")
    file = desk / "evals" / "answer_ticket.jsonl"
    case = json.loads(file.read_text("utf-8").splitlines()[-1]) | {"must_pass": False}
    file.write_text("".join(json.dumps(case | {"id": f"case-{n}"}) + "\n" for n in range(10)))
    said = typed(*ARGUMENTS, "--audit", "--json")
    assert said.code == 0, said.err
    hidden = said.json["gate"]["plan"]["cases"]
    others = typed(*ARGUMENTS, "--json").json["gate"]["plan"]["cases"]
    assert 0 < hidden < hidden + others == 10
    assert typed(*ARGUMENTS, "--audit", "--resume").code == 2


def test_what_is_not_clear_is_4_with_strict_and_can_be_extended(desk: Path, typed: Type) -> None:
    assert typed(*ARGUMENTS).code == 0
    features = desk / "features.py"
    text = features.read_text("utf-8").replace("bar=hf.Bar(grounded=0.95, p95_ms=2500, cost_usd=0.01)", "")
    features.write_text(text + SCORER, "utf-8")
    assert typed(*ARGUMENTS).code == 0
    said = typed(*ARGUMENTS, "--strict", "--primary", "wavers", "--concurrency", "1")
    assert said.code == 4, said.out
    assert said.out.startswith("INCONCLUSIVE\n  'wavers' ")
    assert "to settle it: " in said.out
    assert "next: holdfast eval answer_ticket --against live --extend" in said.out
    more = typed(*ARGUMENTS, "--extend", "--json")
    assert more.json["gate"]["batches"] == 1
    assert more.json["gate"]["verdict"]["e_not_worse"] != 1.0


SCORER = """

class Wavers:
    asked = 0

    async def score(self, answered):
        self.asked += 1
        return 0.5 + self.asked % 2 / 2

app.scorers = {"wavers": Wavers()}
"""


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("--against", "nothing"), 2, "HF204"),
        (("--against", "live"), 2, "no release is promoted"),
        (("--against", "working", "--cached"), 2, "leave out --cached"),
        (("--against", "working", "--resume", "--repeat", "2"), 2, "the gate began with"),
        (("--against", "working", "--resume", "--extend"), 2, "leave out one of them"),
        (("--against", "working", "--resume"), 5, "HF211"),
        (("--against", "working", "--extend"), 5, "HF211"),
        (("--margin", "0.1"), 2, "--against RELEASE"),
        (("--extend",), 2, "--against RELEASE"),
        (("--against", "working", "--slice", "refund"), 2, "HF110"),
        (("--against", "working", "--margin", "2"), 2, "HF100"),
    ],
)
def test_what_cannot_be_is_said(folder: Path, typed: Type, arguments: tuple[str, ...], code: int, said: str) -> None:
    answer = typed("eval", "answer_ticket", *arguments)
    assert answer.code == code, answer.err
    assert said in answer.err


def test_what_is_free_is_within_every_limit(desk: Path, typed: Type) -> None:
    said = typed(*ARGUMENTS, "--max-cost", "0")
    assert said.code == 0
    assert "40 answers asked · nothing spent" in said.out
