"""The language of `where`: what it says, what it refuses and where, and that what is written down reads back."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.where.expressions import anything, expressions, said, summary

from holdfast.errors import Refused
from holdfast.store.preview import says_in
from holdfast.where import And, Expression, Is, Not, Or, Seen, fields_of, holds, joined, parse, with_releases

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def check(expression: Expression, one: Seen) -> bool:
    return holds(expression, one, says_in)


@pytest.mark.parametrize(
    ("text", "fields", "holds_"),
    [
        ("outcome=degraded and feature=answer_ticket", {"outcome": "degraded"}, True),
        ("outcome=degraded and feature=answer_ticket", {"outcome": "ok"}, False),
        ("outcome=failed or outcome=blocked", {"outcome": "blocked"}, True),
        ("feature=a or feature=b and outcome=ok", {"feature": "a", "outcome": "failed"}, True),
        ("(feature=a or feature=b) and outcome=ok", {"feature": "a", "outcome": "failed"}, False),
        ("not outcome=ok", {"outcome": "failed"}, True),
        ("NOT outcome = ok OR ms > 100", {}, True),
        ("outcome!=ok", {"outcome": "ok"}, False),
        ("ms>=120", {}, True),
        ("ms<120", {}, False),
        ("cost_usd>0.005", {}, True),
        ("cost_usd<=0.005", {"cost_usd": None}, False),
        ("not cost_usd<=0.005", {"cost_usd": None}, True),
        ("cost_usd=none", {"cost_usd": None}, True),
        ("cost_usd!=none", {"cost_usd": None}, False),
        ("subject=ada@example.org", {"subject": "ada@example.org"}, True),
        ('subject="ada (admin) and \\"co\\""', {"subject": 'ada (admin) and "co"'}, True),
        ("subject=none", {"subject": None}, True),
        ('subject="none"', {"subject": "none"}, True),
        ('subject="none"', {"subject": None}, False),
        ("subject!=ada", {"subject": None}, True),
        ("replay_of=none", {"replay_of": "rec_0"}, False),
        ("evaluation!=none", {"evaluation": "ev_1"}, True),
        ("since=2026-11-20", {}, True),
        ("until=2026-11-20", {}, False),
        ("since=2h", {"started_at": NOW - timedelta(hours=1)}, True),
        ("since=2h", {"started_at": NOW - timedelta(hours=3)}, False),
        ("since=2026-11-20T13:00+02:00", {"started_at": NOW - timedelta(minutes=30)}, True),
        ("asked~refund", {"asked": "My REFUND is late"}, True),
        ("answered~refund", {"asked": "My refund is late"}, False),
        ('text~"late five"', {"asked": "My refund is late"}, True),
        ('text~"late six"', {"asked": "My refund is late"}, False),
        ('text~""', {}, True),
        ("degraded=answer", {}, True),
        ("degraded=none", {}, False),
        ("blocked=grounded or failure=HF301", {}, False),
        ("failure=none", {}, True),
        ("feedback.score<0", {}, True),
        ("feedback.score>=0.5", {}, True),
        ("feedback.score=0", {}, False),
        ("feedback.label=wrong and not feedback.label=right", {}, True),
        ("feedback.label!=wrong", {}, False),
        ("feedback.label=none", {}, False),
        ("score.grounded<0.9", {}, True),
        ("score.grounded=none", {}, False),
        ("score.exact=false", {}, True),
        ("score.exact=0", {}, True),
        ("score.tone=rude", {}, True),
        ("score.tone<2", {}, False),
        ("score.facts=none", {}, True),
        ("score.facts!=1", {}, True),
    ],
)
def test_an_expression_holds_for_what_it_says(text: str, fields: dict[str, Any], *, holds_: bool) -> None:
    one = Seen(
        summary=summary(**{"started_at": NOW, **fields}),
        answered="It takes five days.",
        degraded="answer",
        feedback=said(((-0.5, "wrong"), (0.75, None))),
        scores=(("grounded", 0.5), ("exact", False), ("tone", "rude")),
    )
    assert check(parse(text, NOW), one) is holds_


@pytest.mark.parametrize(
    ("text", "at", "says"),
    [
        ("", 1, "a field is missing"),
        ("outcom=ok", 1, "no field 'outcom'"),
        ("feature=a and outcom=ok", 15, "no field 'outcom'"),
        ("outcome=degrade", 9, "no outcome 'degrade'"),
        ("outcome", 8, "an operator after 'outcome' is missing"),
        ("outcome=", 9, "a value after 'outcome=' is missing"),
        ("=ok", 1, "a field was expected"),
        ("outcome=ok and", 15, "a field is missing"),
        ("and", 1, "a field was expected"),
        (" (outcome=ok", 2, "this bracket is not closed"),
        ("outcome=ok)", 11, "')' was not expected there"),
        ("outcome=ok ms=1", 12, "'ms' was not expected there"),
        ("ms=fast", 4, "compared with a number"),
        ("ms=nan", 4, "compared with a number"),
        ("ms<1e999", 4, "compared with a number"),
        ("feature<a", 8, "takes = !=, not <"),
        ("feature=(a)", 9, "a value was expected"),
        ("text=refund", 5, "takes ~, not ="),
        ("since>2h", 6, "takes =, not >"),
        ("since=yesterday", 7, "is no date"),
        ("since=0001-01-01T00:00+14:00", 7, "is no date"),
        ("cost_usd<none", 10, "neither more nor less"),
        ("score.tone>rude", 12, "more or less than a number"),
        ("score.=1", 1, "no field 'score.'"),
        ('feature="open', 9, "cannot be read"),
        ("outcome=ok & ms=1", 12, "was not expected"),
        ("()", 2, "a field was expected"),
        ("(" * 41 + "ms=1", 41, "more than 40 levels"),
        ("not " * 41 + "ms=1", 161, "more than 40 levels"),
        ("ms=1 or " * 300 + "ms=1", 2001, "longer than 2000"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_place(text: str, at: int, says: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(text)
    assert caught.value.code == "HF713"
    assert f"at character {at}:" in caught.value.message
    assert says in caught.value.message


@pytest.mark.parametrize(("text", "near"), [("outcom=ok", "outcome"), ("cost=1", "cost_usd"), ("labels=x", "ms")])
def test_an_unknown_field_names_the_nearest_or_all_of_them(text: str, near: str) -> None:
    with pytest.raises(Refused) as caught:
        parse(text)
    assert near in caught.value.fix


@given(expressions)
def test_an_expression_written_out_reads_back_equal(expression: Expression) -> None:
    assert parse(str(expression), NOW) == expression


@given(expressions, anything())
def test_not_turns_an_expression_round_and_and_or_are_what_they_are(expression: Expression, one: Seen) -> None:
    holds_ = check(expression, one)
    assert check(Not(expression), one) is not holds_
    assert check(And((expression, Not(expression))), one) is False
    assert check(Or((expression, Not(expression))), one) is True


@given(st.text(max_size=40) | st.text('()"=<>!~ andorntmsk.1\\', max_size=30))
def test_any_text_is_an_expression_or_an_error_of_ours(text: str) -> None:
    with suppress(Refused):
        assert parse(str(parse(text, NOW)), NOW) == parse(text, NOW)


def test_releases_are_named_by_their_ids_wherever_they_stand() -> None:
    ids = {"june": "r_1"}
    found = with_releases(parse("release=june and not (release!=june or ms>1 or release=may)"), ids)
    assert str(found) == "release=r_1 and not (release!=r_1 or ms>1.0 or release=may)"


def test_expressions_are_joined_and_say_of_which_fields_they_speak() -> None:
    one = Is("ms", ">", 1.0)
    assert joined(None, None) is None
    assert joined(None, one) == one
    assert fields_of(joined(one, Not(Is("score.exact", "=", 0.0)))) == {"ms", "score.exact"}
