"""`holdfast cases`: cases added, made of recordings and listed, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.cli.said import Type

from holdfast.config import load_config
from holdfast.evals.wear import WORN, note_decision
from holdfast.evaluation import Case

REFUND = '{"id": "refund", "input": "How long does a refund take?", "facts": ["5 working days"]}'


ALONE = ("eval", "--set", "answer.models=extractive")


def file_of(folder: Path) -> Path:
    return folder / "evals" / "answer_ticket.jsonl"


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in file_of(folder).read_text("utf-8").splitlines() if line.strip()]


def test_a_case_is_added_with_the_input_that_the_feature_takes(folder: Path, typed: Type) -> None:
    before = file_of(folder).read_bytes()
    said = typed("cases", "add", "answer_ticket", REFUND, "--tag", "money", "--must-pass")
    assert said.code == 0
    assert "added 1 case" in said.out
    assert file_of(folder).read_bytes().startswith(before)
    assert lines(folder)[-1] == {
        "id": "refund",
        "input": {"body": "How long does a refund take?"},
        "facts": ["5 working days"],
        "tags": ["money"],
        "must_pass": True,
    }
    again = typed("cases", "add", "answer_ticket", REFUND)
    assert (again.code, "HF720" in again.err) == (2, True)


def test_several_cases_come_from_a_file_and_get_ids_of_their_own(folder: Path, typed: Type) -> None:
    (folder / "more.jsonl").write_text('{"input": "one?"}\n\n{"input": {"body": "two?"}}\n')
    added = typed("cases", "add", "answer_ticket", "@more.jsonl", "--json").json
    assert len(set(added["added"])) == 2
    assert [line["id"] for line in lines(folder)[-2:]] == added["added"]
    assert typed("cases", "add", "answer_ticket", "@more.jsonl").code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("add", "answer_tickt", REFUND), 2, "did you mean 'answer_ticket'"),
        (("add", "answer_ticket", '{"input": {"text": 5}}'), 2, "body"),
        (("add", "answer_ticket", '{"input": "x", "fact": []}'), 2, "fact"),
        (("add", "answer_ticket", "just words"), 2, "HF111"),
        (("add", "answer_ticket", "[]"), 5, "there is no case to add"),
        (("add", "answer_ticket", REFUND, "--from", "excel"), 2, "HF100"),
        (("from-recording",), 2, "name one recording"),
        (("from-recording", "last", "--where", "outcome=ok"), 2, "name one recording"),
        (("from-recording", "--where", "outcome=ok", "--minimise"), 2, "for one recording"),
        (("from-recording", "last", "--max-probes", "5"), 2, "--minimise"),
        (("from-recording", "last"), 5, "there is no recording yet"),
        (("from-recording", "rec_nope"), 2, "HF203"),
        (("from-recording", "--where", "outcome=ok"), 5, "no recording matches"),
        (("list", "--tag", "nowhere"), 5, "with the tag 'nowhere'"),
    ],
)
def test_what_cannot_be_is_said(folder: Path, typed: Type, arguments: tuple[str, ...], code: int, said: str) -> None:
    answer = typed("cases", *arguments)
    assert answer.code == code
    assert said in answer.err


def test_a_recording_becomes_a_case_once(folder: Path, typed: Type) -> None:
    asked = typed("run", "answer_ticket", "How long does a refund take?", "--json").json
    said = typed("cases", "from-recording", "last", "--json").json
    assert said["made"][0]["case"]["id"] == asked["id"]
    assert lines(folder)[-1]["gold"] == [{"document": "refunds.md"}]
    assert typed("cases", "from-recording", "last").code == 2
    assert typed("cases", "from-recording", "last", "--id", "refund").code == 0
    unwanted = typed("cases", "from-recording", "last", "--id", "small", "--minimise")
    assert (unwanted.code, "no model that was to be asked answered" in unwanted.err) == (2, True)
    passed = typed("cases", "from-recording", "--where", "outcome=degraded")
    assert (passed.code, "no feedback corrects it" in passed.err) == (5, True)


def test_what_an_evaluation_failed_is_made_the_least_that_fails(folder: Path, typed: Type) -> None:
    case = {"id": "boat", "input": {"body": "Hello! How long does a refund take? Thanks."}, "facts": ["a boat"]}
    assert typed("cases", "add", "answer_ticket", json.dumps(case)).code == 0
    results = typed(*ALONE, "--json").json["results"]
    recording = next(result["recording"] for result in results if result["case"] == "boat")
    said = typed("cases", "from-recording", recording, "--minimise", "--id", "small")
    assert said.code == 0
    assert "nothing more can be left out" in said.out
    assert "it fails each time: facts" in said.out
    small = lines(folder)[-1]
    assert small["facts"] == ["a boat"]
    assert 0 < len(str(small["input"])) < len(str(case["input"])) / 2


def test_the_list_tells_results_slices_sets_and_wear(folder: Path, typed: Type) -> None:
    from holdfast.cli.asked import Asked
    from holdfast.cli.opening import in_store

    typed("cases", "add", "answer_ticket", REFUND, "--tag", "money", "--must-pass")
    assert " -  " in typed("cases", "list").out
    typed(*ALONE)
    said = typed("cases", "list", "answer_ticket", "--tag", "money")
    assert "must pass" in said.out
    assert "passed, just now" in said.out
    assert "working set: 1 case, 0 gate decisions each" in said.out
    with (folder / "holdfast.toml").open("a") as config:
        config.write("\n[evals]\naudit_share = 0.4\n")
    assert load_config(folder).evals.audit_share == 0.4
    case = Case(id="any", input={"body": "How long does a refund take?"})
    for number in range(WORN):
        in_store(Asked(folder, False), lambda store, n=number: note_decision(store, "answer_ticket", [case], f"g{n}"))
    worn = typed("cases", "list", "--tag", "money")
    assert "have decided 30 gates each" in worn.out
    (found,) = typed("cases", "list", "--json").json["features"]
    assert "money" in [each["tag"] for each in found["slices"]]
    sets = {each["case"]["id"]: each["set"] for each in found["cases"]}
    assert sets["refund"] == "working"
    asked = {result["case"] for result in typed(*ALONE, "--json").json["results"]}
    assert asked == {name for name, which in sets.items() if which == "working"}
    audit = {name for name, which in sets.items() if which == "audit"}
    if audit:
        assert {result["case"] for result in typed(*ALONE, "--audit", "--json").json["results"]} == audit


@pytest.mark.parametrize("format", ["jsonl", "promptfoo", "langfuse", "openai-evals", "pydantic-evals"])
def test_cases_go_out_and_come_back_in(folder: Path, typed: Type, format: str) -> None:
    typed("cases", "add", "answer_ticket", REFUND)
    before = [Case(**{"tags": [], **line}) for line in lines(folder)]
    said = typed("cases", "list", "--format", format)
    assert said.code == 0
    assert ("kept as metadata" in said.err) == (format != "jsonl")
    (folder / "out").write_text(said.out, "utf-8")
    file_of(folder).unlink()
    chosen = [] if format == "jsonl" else ["--from", format]
    assert typed("cases", "add", "answer_ticket", "@out", *chosen).code == 0
    after = [Case(**{"tags": [], **line}) for line in lines(folder)]
    assert [(case.id, case.input, case.facts, case.gold) for case in after] == [
        (case.id, case.input, case.facts, case.gold) for case in before
    ]


def test_what_another_tool_has_and_a_case_has_not_is_said_by_name_and_count(folder: Path, typed: Type) -> None:
    tests = [
        {"vars": {"question": "Is it free?"}, "assert": [{"type": "llm-rubric", "value": "kind"}]},
        {"vars": {"a": "1", "b": "2"}},
    ]
    (folder / "tests.json").write_text(json.dumps(tests))
    said = typed("cases", "add", "answer_ticket", "@tests.json", "--from", "promptfoo")
    assert said.code == 0
    assert lines(folder)[-1]["input"] == {"body": "Is it free?"}
    assert "1 x assert.llm-rubric: " in said.err
    assert "1 x case: it cannot be asked" in said.err


def test_an_erasure_names_the_cases_that_stay(folder: Path, typed: Type) -> None:
    from datetime import UTC, datetime

    from holdfast.cli.asked import Asked
    from holdfast.cli.opening import in_store
    from holdfast.records import Recording

    typed("run", "answer_ticket", "How long does a refund take?")
    typed("cases", "from-recording", "last", "--id", "nobodys")
    of = Recording(
        id="rec_eva", feature="answer_ticket", release="r", input={"body": "x"}, outcome="ok", ms=1,
        started_at=datetime.now(UTC), subject="eva",
    )  # fmt: skip
    in_store(Asked(folder, False), lambda store: store.recordings.add(of))
    said = typed("cases", "from-recording", "rec_eva", "--id", "hers")
    assert "erasing 'eva' reaches neither" in said.err
    (folder / "evals" / "broken.jsonl").write_text('{"id": \n[1]\n')
    deleted = typed("recordings", "delete", "--subject", "eva", "--yes", "--json")
    assert deleted.json["recordings"] == 1
    assert deleted.err.count("stays until you delete it") == 1
    assert f"answer_ticket.jsonl:{len(lines(folder))} (hers)" in deleted.err
