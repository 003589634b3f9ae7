"""`holdfast diagnose --between` at a real project: what it says, in which form, its exit code, and what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.cli.said import Type

from holdfast.cli.between_pretty import show_fall
from holdfast.cli.diagnose_between import announced
from holdfast.cli.terminal import Terminal
from holdfast.evals.between.explaining import Planned
from holdfast.fall import Delta, Fall, FallSide
from holdfast.judgement import Interval


@pytest.fixture
def desk(folder: Path, typed: Type) -> Path:
    """A project that answers without a model, with a release that answers and one that finds nothing."""
    config = folder / "holdfast.toml"
    lines = [
        'models = ["extractive"]' if line.startswith("models = ") else line for line in config.read_text().splitlines()
    ]
    config.write_text("\n".join(lines))
    assert typed("release", "create", "v1").code == 0
    assert (
        typed("release", "create", "v2", "--set", "help_center.min_confidence=1.0", "--set", "help_center.k=5").code
        == 0
    )
    return folder


def test_a_release_is_created_with_settings_changed_and_the_files_stay_as_they_are(desk: Path, typed: Type) -> None:
    said = typed("release", "diff", "v1", "v2")
    assert "help_center.k: 4 -> 5" in said.out
    assert "min_confidence = 1" not in (desk / "holdfast.toml").read_text()
    wrong = typed("release", "create", "v3", "--set", "help_center.nothing=1", "--json")
    assert (wrong.code, wrong.error["code"]) == (2, "HF201")


def test_why_it_fell_is_told_with_what_to_type_and_what_is_asked_is_said_first(desk: Path, typed: Type) -> None:
    said = typed("diagnose", "--between", "v1", "v2")
    assert said.code == 0, said.err
    assert said.out.startswith("Retrieval: with `help_center.k`, `help_center.min_confidence` taken back it passes")
    assert "each asked 3 times: at most 30 answers" in said.err
    assert "is found 4 times of 5" in said.err
    assert "holdfast release create --set help_center.k=4 --set help_center.min_confidence=0.0" in said.out
    assert "side effects were not repeated" in said.out
    assert "\x1b[" not in said.out


def test_what_it_says_to_type_can_be_typed_and_mends_it(desk: Path, typed: Type) -> None:
    steps = typed("diagnose", "--between", "v1", "v2", "--json").json["next"]
    create = next(step for step in steps if step.startswith("holdfast release create"))
    assert typed(*create.split()[1:3], "v3", *create.split()[3:]).code == 0
    assert typed("diagnose", "--between", "v1", "v3", "--json").json["verdict"] == "no_difference"
    of_a_recording = next(step for step in steps if step.startswith("holdfast diagnose rec_"))
    assert typed(*of_a_recording.split()[1:]).code == 0


def test_as_json_the_verdict_comes_first_and_strict_leaves_with_4_where_no_fall_is_shown(
    desk: Path, typed: Type
) -> None:
    said = typed("diagnose", "--between", "v1", "v2", "--json", "--strict")
    assert (said.code, said.err) == (0, "")
    assert list(said.json) == ["verdict", "said", "fall", "next"]
    assert said.json["fall"]["metric"]["shown"] is True
    assert said.json["fall"]["deltas"][0]["part"] == "retrieval"
    for names in (("v1", "v1"), ("v2", "v1"), ("v1", "working")):
        said = typed("diagnose", "--between", *names, "--json", "--strict")
        assert (said.code, said.json["verdict"]) == (4, "no_difference")
        assert typed("diagnose", "--between", *names).code == 0


def test_a_release_may_be_live_working_or_an_id_and_answers_stored_under_another_name_count(
    desk: Path, typed: Type
) -> None:
    typed("eval", "answer_ticket")
    assert typed("diagnose", "--between", "live", "v2", "--json").error["code"] == "HF204"
    typed("release", "promote", "v1")
    found = typed("diagnose", "--between", "live", "v2", "--json").json
    assert found["verdict"] == "retrieval"
    assert found["fall"]["a"]["name"] == "live"
    drift = found["fall"]["outside"]["provider_drift"]
    assert (drift["shown"], drift["n"]) == (False, 5)
    assert typed("diagnose", "--between", found["fall"]["a"]["release"], "working", "--json").json["verdict"]


@pytest.mark.parametrize(
    ("arguments", "code", "leaves", "says"),
    [
        ((), "HF100", 2, "name one recording"),
        (("--between", "v1", "2026-W40"), "HF100", 2, "a range of time"),
        (("--between", "2026-W60", "2026-W40"), "HF100", 2, "no range of time"),
        (("--between", "v1", "v22"), "HF204", 2, "there is no release 'v22'"),
        (("--between", "2026-W40", "2026-W41"), "HF203", 5, "no request to 'answer_ticket' started in 2026-W40"),
        (("--between", "v1", "v2", "--feature", "nope"), "HF200", 2, "there is no feature 'nope'"),
        (("last", "--between", "v1", "v2"), "HF100", 2, "it takes no recording"),
        (("--between", "v1", "v2", "--max-calls", "3"), "HF100", 2, "--max-calls"),
        (("last", "--repeat", "3"), "HF100", 2, "--repeat"),
    ],
)
def test_what_cannot_be_asked_says_what_to_type(
    desk: Path, typed: Type, arguments: tuple[str, ...], code: str, leaves: int, says: str
) -> None:
    said = typed("diagnose", *arguments, "--json")
    assert (said.code, said.error["code"]) == (leaves, code)
    assert says in said.error["message"] + said.error["fix"]
    assert said.error["fix"]


def test_without_any_case_there_is_nothing_to_do(desk: Path, typed: Type) -> None:
    (desk / "evals" / "answer_ticket.jsonl").write_text("")
    said = typed("diagnose", "--between", "v1", "v2", "--feature", "answer_ticket", "--json")
    assert (said.code, said.error["code"]) == (5, "HF207")


def test_of_several_features_the_one_with_cases_is_meant_and_else_one_must_be_named(desk: Path, typed: Type) -> None:
    features = desk / "features.py"
    more = "\n\n@app.feature()\nasync def other(ctx: hf.Context, text: str) -> str:\n    return text\n"
    features.write_text(features.read_text() + more)
    assert typed("diagnose", "--between", "v1", "v1", "--json").json["fall"]["feature"] == "answer_ticket"
    (desk / "evals" / "other.jsonl").write_text('{"id": "a", "input": "x", "expected": "x"}')
    said = typed("diagnose", "--between", "v1", "v1", "--json")
    assert (said.code, said.error["code"], said.error["fix"]) == (2, "HF100", "--feature answer_ticket")
    assert typed("diagnose", "--between", "v1", "v1", "--feature", "other", "--json").json["verdict"] == "no_difference"


def test_a_sampled_share_and_an_end_before_the_end_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    around = Interval(-0.25, -0.31, -0.19)
    delta = Delta(
        part="prompt", slots=("a",), what=("a.prompt: x -> y",), forward=around, backward=around, shapley=around,
        sampling_error=0.012, interval=around,
    )  # fmt: skip
    side = FallSide(name="v1", release="r_1")
    fall = Fall(
        id="fall_1", feature="answer", a=side, b=side, verdict="undecided", said="Undecided: it fell", deltas=(delta,),
        because=("It fell.",), notes=("A note.",), stopped="another case could exceed $1", spent_usd=None,
    )  # fmt: skip
    show_fall(Terminal(), fall)
    out = capsys.readouterr().out
    assert "-25 (-31 to -19)" in out
    assert "fair share, sampled (± 1.2)" in out
    assert "stopped: another case could exceed $1" in out
    assert "cost unknown" in out
    said = announced(Planned(cases=40, repeat=2, calls=160, each=160, changes=3, detectable=0.071), 2.5)
    assert "at most 160 answers; where B falls, at most 160 more for each of 3 changes; no more once $2.5" in said
    assert "a fall of 7 points" in said
