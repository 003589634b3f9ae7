"""A recording becomes a case that says no more of a good answer than is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from holdfast.errors import Refused
from holdfast.evals.from_recording import Wanted, as_known, made_case
from holdfast.evaluation import Case, Gold
from holdfast.records import (
    Call,
    Called,
    Effect,
    Failed,
    Feedback,
    Passage,
    Recording,
    Result,
    Retrieve,
    Retrieved,
    Step,
)

AT = datetime(2026, 3, 1, tzinfo=UTC)
PASSAGES = (
    Passage(document="returns", chunk="r#1", title="Returns", text="You may return a lamp within 45 days of delivery."),
    Passage(document="delivery", chunk="d#1", title="Delivery", text="A parcel takes three working days by post."),
)
CITED = {"text": "Three days. [1]", "citations": [{"document": "delivery", "chunk": "d#1", "title": "Delivery"}]}


def step(effect: Effect, result: Result, second: int = 0, **fields: Any) -> Step:
    return Step(key="k", effect=effect, result=result, ms=1, started_at=AT + timedelta(seconds=second), **fields)


def recording(*steps: Step, **fields: Any) -> Recording:
    found = step(Retrieve(corpus="help@v1", query="q"), Retrieved(passages=PASSAGES))
    values = {"input": {"body": "How long?"}, "output": CITED, "outcome": "ok", "steps": (found, *steps)}
    return Recording(
        **{"id": "rec_1", "feature": "answer", "release": "r", "ms": 1, "started_at": AT, **values, **fields}
    )


def feedback(**fields: Any) -> Feedback:
    return Feedback(id="fb", recording_id="rec_1", at=AT, **fields)


def case(of: Recording, *said: Feedback, **wanted: Any) -> Case:
    return made_case(of, said, Wanted(**wanted)).case


def test_an_answer_that_nobody_objected_to_gives_its_citations_as_gold() -> None:
    made = made_case(recording(), (), Wanted(tags=("t", "t"), must_pass=True))
    gold = (Gold(document="delivery"),)
    assert made.case == Case(
        id="rec_1", input={"body": "How long?"}, gold=gold, tags=("t",), must_pass=True, recording="rec_1"
    )
    assert (made.feature, made.notes) == ("answer", ())
    assert case(recording(), id="mine").id == "mine"
    assert case(recording(), feedback(score=0.5)).gold == (Gold(document="delivery"),)


@pytest.mark.parametrize("outcome", ["blocked", "failed"])
def test_an_answer_that_did_not_get_through_gives_none(outcome: Any) -> None:
    made = made_case(recording(outcome=outcome), (), Wanted())
    assert made.case.gold == ()
    assert "nothing says what a good answer is" in made.notes[0]


def test_an_answer_that_somebody_disliked_gives_none() -> None:
    assert case(recording(), feedback(score=1.0), feedback(score=-1.0)).gold == ()


def test_the_newest_correction_is_expected_and_gold_is_what_it_rests_on() -> None:
    said = (feedback(correction="no"), feedback(correction="Return a lamp within 45 days of delivery."), feedback())
    made = made_case(recording(), said, Wanted())
    assert made.case.expected == "Return a lamp within 45 days of delivery."
    assert made.case.gold == (Gold(document="returns"),)
    assert made.case.facts == ("45 days",)
    assert "add what else must be said" in made.notes[0]
    assert case(recording(), feedback(correction={"label": "billing"})).gold == ()


@pytest.mark.parametrize(
    ("correction", "facts"),
    [
        ("It costs €14.90 for 2 kg, or 5 % less, until 23:59 on Mondays.", ("€14.90", "2 kg", "5 %", "23:59")),
        ("You get 1,000 points and then 3 more, that is 1,000 points each.", ("1,000 points", "3")),
        ("Only 30 days", ()),
    ],
)
def test_of_a_correction_in_prose_the_amounts_are_facts(correction: str, facts: tuple[str, ...]) -> None:
    assert case(recording(), feedback(correction=correction)).facts == facts


def test_a_correction_in_prose_without_amounts_says_what_to_write() -> None:
    said = feedback(correction="Please hold the red button down until it blinks.")
    assert "for prose, write what must be said as facts" in made_case(recording(), [said], Wanted()).notes[0]


def test_an_output_without_text_is_expected_where_somebody_liked_it() -> None:
    labelled = recording(output={"label": "billing"})
    assert case(labelled, feedback(score=1.0)).expected == {"label": "billing"}
    assert case(labelled).expected is None
    assert case(recording(), feedback(score=1.0)).expected is None


def test_side_effects_of_the_last_pass_are_answered_as_they_were() -> None:
    made = made_case(
        recording(
            step(Call(name="book"), Called(value="first pass"), 0),
            step(Call(name="book"), Called(value=2), 3, turn=1),
            step(Call(name="book"), Called(value=1), 2, turn=1),
            step(Call(name="look", safe=True), Called(value=9), 4, turn=1),
            step(Call(name="pay"), Called(value="ok"), 5, turn=1),
            step(Call(name="pay"), Failed(code="HF306", message="m", fix="f"), 6, turn=1),
            step(Call(name="pay"), Called(value="late"), 7, turn=1),
        ),
        (),
        Wanted(),
    )
    assert made.case.calls == {"book": (1, 2), "pay": ("ok",)}
    assert made.notes == ("the call 'pay' failed: from there on the case has no answer of it",)


def test_a_recording_of_somebody_says_that_an_erasure_does_not_reach_the_case() -> None:
    (note,) = made_case(recording(subject="user-17"), (), Wanted()).notes
    assert "erasing 'user-17'" in note


@pytest.mark.parametrize("value", ["my key [secret]", {"a": [{"b": "[secret]"}]}, {"[secret]": 1}])
def test_an_input_that_held_a_secret_is_refused(value: Any) -> None:
    with pytest.raises(Refused, match="HF721") as caught:
        made_case(recording(input=value), (), Wanted())
    assert "held a secret" in caught.value.message


def test_what_an_evaluations_case_knows_is_taken_over() -> None:
    known = Case(id="old", input={"body": "How long?"}, facts=("45 days",), tags=("old",), must_pass=True)
    made = as_known(made_case(recording(), (), Wanted(id="new", tags=("t",))), known)
    assert made.case == replace(known, id="new", tags=("old", "t"), must_pass=False, recording="rec_1")
