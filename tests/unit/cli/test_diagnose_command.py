"""`holdfast diagnose` at a real project: what it says, in which form, and its exit code."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from tests.contract.test_store_diagnoses import diagnosis
from tests.unit.cli.said import Type

from holdfast.app import open_project_store
from holdfast.cli.diagnose_one import told
from holdfast.cli.diagnose_pretty import show_diagnosed
from holdfast.cli.terminal import Terminal
from holdfast.config import load_config
from holdfast.diagnosis import Diagnosis, Fix, NextTest, Planted, Reading, SideEffects, Verifier
from holdfast.evals.diagnose.telling import headline, on_planted
from holdfast.judgement import Interval


@pytest.fixture
def desk(folder: Path) -> Path:
    """A project that answers without a model, whose document on refunds is gone."""
    config = folder / "holdfast.toml"
    lines = [
        'models = ["extractive"]' if line.startswith("models = ") else line for line in config.read_text().splitlines()
    ]
    config.write_text("\n".join(lines))
    return folder


def broken(desk: Path, typed: Type) -> None:
    (desk / "data" / "refunds.md").unlink()
    assert typed("sync").code == 0
    typed("eval", "answer_ticket")


def test_with_nothing_that_went_wrong_there_is_nothing_to_do(desk: Path, typed: Type) -> None:
    said = typed("diagnose", "last", "--json")
    assert (said.code, said.error["code"]) == (5, "HF203")
    assert typed("diagnose", "rec_nowhere").code == 2


def test_the_last_failed_case_is_diagnosed_and_it_is_said_which(desk: Path, typed: Type) -> None:
    broken(desk, typed)
    said = typed("diagnose", "last")
    assert said.code == 0, said.err
    assert "did not pass" in said.err
    assert "at most 48 calls of models" in said.err
    assert "Because:" in said.out
    assert "Known beforehand:" in said.out
    assert "make it a case: holdfast cases from-recording rec_" in said.out
    assert "side effects were not repeated" in said.out
    assert "\x1b[" not in said.out


def test_as_json_the_verdict_comes_first_and_strict_tells_unknown_from_known(desk: Path, typed: Type) -> None:
    broken(desk, typed)
    said = typed("diagnose", "last", "--json", "--strict")
    assert said.out.startswith('{"verdict":')
    assert list(said.json) == ["verdict", "said", "diagnosis", "next", "make_case"]
    assert said.code == (4 if said.json["verdict"] == "unknown" else 0)
    assert said.json["diagnosis"]["calls"] <= 30


def test_an_answer_that_passes_and_one_of_which_nothing_is_known_are_told_apart(desk: Path, typed: Type) -> None:
    case = json.loads((desk / "evals" / "answer_ticket.jsonl").read_text().splitlines()[0])
    passes = typed("run", "answer_ticket", json.dumps(case["input"]), "--json").json["id"]
    said = typed("diagnose", passes, "--json")
    assert (said.code, said.error["code"]) == (5, "HF741")
    other = typed("run", "answer_ticket", "When do I get my refund, in working days?", "--json").json["id"]
    said = typed("diagnose", other, "--json")
    assert (said.code, said.error["code"]) == (2, "HF742")


def shown(one: Diagnosis, capsys: pytest.CaptureFixture[str]) -> str:
    show_diagnosed(Terminal(), told(one))
    return capsys.readouterr().out


RANKING = diagnosis(
    "rec_1",
    probability=0.861,
    probabilities={"ranking": 0.861, "retrieval": 0.09, "prompt": 0.03, "data": 0.019},
    because=("It was found.",),
    planted=(
        Planted(planted="ranking", said="ranking", count=41),
        Planted(planted="retrieval", said="ranking", count=4),
        Planted(planted="data", said="data", count=9),
    ),
    fixes=(
        Fix(
            part="ranking", advice="more passages", passed=4, asked=4, share=Interval(1.0, 0.5, 1.0),
            changes={"help.k": 40, "answer.models": ["a:b"]}, cost_usd=0.002,
            side_effects=SideEffects(asked=6, broken=0, share=Interval(0.0, 0.0, 0.3)),
        ),
        Fix(part="ranking", advice="by hand", passed=0, asked=0, share=Interval(0.0, None, None)),
    ),
)  # fmt: skip


def test_the_verdict_is_a_line_with_what_else_is_likely() -> None:
    assert headline(RANKING) == (
        "Ranking, 86% (ranking 86, retrieval 9, prompt 3, other 2): it is found, and does not get into the prompt"
    )


def test_a_fix_is_told_with_how_often_it_helps_what_it_breaks_and_what_to_type(
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = shown(RANKING, capsys)
    assert "1. more passages; 4 of 4 pass with it; $0.002 more an answer; of 6 good answers 0 are worse with it" in out
    assert (
        "holdfast replay --where 'feature=answer and since=7d' --set help.k=40 --set 'answer.models=[\"a:b\"]'" in out
    )
    assert "holdfast eval answer --against live --set help.k=40" in out
    assert f"holdfast release create --from-diagnosis {RANKING.id} --fix 1" in out
    assert "to keep it, write under [slots.help] in holdfast.toml: k = 40" in out
    assert "2. by hand\n" in out
    (said,) = on_planted(RANKING.verdict, RANKING.planted)
    assert said == "On faults planted in this feature this verdict was right 41 of 45 times."
    assert on_planted("data", RANKING.planted)[0].endswith("right 9 of 9 times.")
    assert on_planted("guard", RANKING.planted)[0].endswith("never given.")
    assert on_planted("unknown", RANKING.planted)[0] == "Of 54 faults planted in this feature, 0 were left unknown."
    assert on_planted("ranking", ()) == ()


def test_an_open_question_and_the_next_test_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    test = NextTest(substitution="wider", said="ask with more passages", calls=2, cost_usd=0.01)
    chances = {"task": 0.5, "model": 0.5}
    unknown = diagnosis("rec_1", verdict="unknown", fixes=(), probabilities=chances, next_test=test)
    assert "Would change this: ask with more passages (2 calls, $0.01)" in shown(unknown, capsys)
    task = diagnosis("rec_1", verdict="task", question="Which?", readings=(Reading(text="one"), Reading(text="two")),
                     verifier=Verifier(name="facts", sensitivity=0.9, specificity=0.9))  # fmt: skip
    out = shown(task, capsys)
    assert "  one\n" in out
    assert "Which?" in out


def test_a_fix_becomes_a_release_and_the_files_stay_as_they_are(desk: Path, typed: Type) -> None:
    before = (desk / "holdfast.toml").read_text()
    of = typed("run", "answer_ticket", "How long does a refund take?", "--json").json["id"]
    changed = (Fix(part="ranking", advice="more", passed=4, asked=4, share=Interval(1.0, 0.5, 1.0),
                   changes={"help_center.k": 33}),
               Fix(part="data", advice="by hand", passed=0, asked=0, share=Interval(0.0, None, None)))  # fmt: skip
    one = diagnosis(of, id="dg_1", feature="answer_ticket", fixes=changed)

    async def keep() -> None:
        store = await open_project_store(load_config(desk))
        await store.diagnoses.add(one)
        await store.close()

    asyncio.run(keep())
    assert typed("release", "create", "v1").code == 0
    said = typed("release", "create", "v2", "--from-diagnosis", "dg_1")
    assert said.code == 0, said.err
    assert "33" in typed("release", "diff", "v1", "v2").out
    assert (desk / "holdfast.toml").read_text() == before
    said = typed("release", "create", "--from-diagnosis", "dg_1", "--fix", "2", "--json")
    assert (said.code, said.error["code"], said.error["fix"]) == (2, "HF743", "--fix 1 can")
    said = typed("release", "create", "--from-diagnosis", "dg_2", "--json")
    assert (said.code, said.error["code"]) == (2, "HF214")


async def asks(desk: Path, recording: str) -> str:
    """A diagnosis of the recording that asks which of two readings is right, kept."""
    readings = (Reading(text="5 working days"), Reading(text="Two weeks."))
    one = diagnosis(recording, feature="answer_ticket", verdict="task", readings=readings, question="Which?")
    store = await open_project_store(load_config(desk))
    try:
        await store.diagnoses.add(one)
    finally:
        await store.close()
    return one.id


def test_what_a_diagnosis_asks_is_answered_from_the_command_line(desk: Path, typed: Type) -> None:
    asked = typed("run", "answer_ticket", "When do I get my refund, in working days?", "--json").json["id"]
    one = asyncio.run(asks(desk, asked))
    answer = ("cases", "from-diagnosis", one, "--rule", "Count working days.")
    assert typed(*answer).code == 2
    assert typed(*answer, "--right", "both").code == 2
    refused = typed(*answer, "--right", "neither", "--json")
    assert (refused.code, refused.error["code"]) == (2, "HF750")
    said = typed(*answer, "--right", "expected")
    assert said.code == 0, said.err
    assert f"the case {asked} stands in" in said.out
    assert "Count working days." in said.out
    again = typed(*answer, "--right", "expected", "--json").json
    assert (again["case"], again["rules_file"]) == (asked, "evals/answer_ticket.rules.md")
    case = json.loads((desk / "evals" / "answer_ticket.jsonl").read_text().splitlines()[-1])
    assert (case["expected"], case["rule"]) == ("5 working days", "Count working days.")
    changed = typed(*answer, "--right", "neither", "--expected", '{"text": "6 days"}', "--json")
    assert changed.code == 0
    case = json.loads((desk / "evals" / "answer_ticket.jsonl").read_text().splitlines()[-1])
    assert case["expected"] == {"text": "6 days"}
    assert typed("cases", "from-diagnosis", "dg_none", "--right", "expected", "--rule", "x").code == 2
    assert typed("cases", "list", "answer_ticket").code == 0
