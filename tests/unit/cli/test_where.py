"""The language of --where: what it says, what it refuses, and that a store's narrowed query never loses a recording."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.cli.where import Both, Either, Expression, Is, Not, matches, narrowed, parse
from holdfast.errors import HoldfastError, Misconfigured, NotFound
from holdfast.records import Outcome, RecordingSummary

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OUTCOMES = get_args(Outcome)


def summary(**fields: Any) -> RecordingSummary:
    usual: dict[str, Any] = {"id": "rec_1", "feature": "answer_ticket", "release": "r_1", "outcome": "ok"}
    return RecordingSummary(**{**usual, "cost_usd": 0.01, "ms": 120.0, "started_at": NOW, **fields})


@pytest.mark.parametrize(
    ("text", "fields", "holds"),
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
        ("cost_usd=none", {"cost_usd": None}, True),
        ("cost_usd!=none", {"cost_usd": None}, False),
        ("subject=ada@example.org", {"subject": "ada@example.org"}, True),
        ('subject="ada (admin) and \\"co\\""', {"subject": 'ada (admin) and "co"'}, True),
        ("subject=none", {"subject": None}, True),
        ('subject="none"', {"subject": "none"}, True),
        ('subject="none"', {"subject": None}, False),
        ("since=2026-11-20", {}, True),
        ("until=2026-11-20", {}, False),
        ("since=2h", {"started_at": NOW - timedelta(hours=1)}, True),
        ("since=2h", {"started_at": NOW - timedelta(hours=3)}, False),
        ("since=2026-11-20T13:00+02:00", {"started_at": NOW - timedelta(minutes=30)}, True),
    ],
)
def test_an_expression_holds_for_what_it_says(text: str, fields: dict[str, Any], *, holds: bool) -> None:
    assert matches(parse(text, NOW), summary(**fields)) is holds


def test_an_unknown_field_names_the_nearest() -> None:
    with pytest.raises(NotFound) as caught:
        parse("outcom=ok")
    assert caught.value.code == "HF201"
    assert "did you mean 'outcome'?" in caught.value.fix


def test_an_unknown_outcome_names_the_outcomes() -> None:
    with pytest.raises(NotFound, match="degrade"):
        parse("outcome=degrade")


@pytest.mark.parametrize(
    "text",
    [
        *("", "outcome", "outcome=", "=ok", "outcome=ok and", "and", "(outcome=ok", "outcome=ok)", "outcome=ok ms=1"),
        *("ms=fast", "ms=nan", "feature<a", "since>2h", "since=yesterday", 'feature="open', "outcome=ok & ms=1", "()"),
    ],
)
def test_what_cannot_be_read_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        parse(text)
    assert caught.value.code == "HF100"
    assert "outcome=degraded and feature=answer_ticket" in caught.value.fix


names = st.text(max_size=12)
moments = st.integers(0, 2_000_000_000).map(lambda s: datetime.fromtimestamp(s, UTC))
numbers = st.floats(-1e6, 1e6)
signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">="])
comparisons = st.one_of(
    st.builds(Is, st.sampled_from(["feature", "release", "subject"]), st.sampled_from(["=", "!="]), names),
    st.builds(Is, st.just("outcome"), st.sampled_from(["=", "!="]), st.sampled_from(OUTCOMES)),
    st.builds(Is, st.just("subject"), st.sampled_from(["=", "!="]), st.none()),
    st.builds(Is, st.sampled_from(["ms", "cost_usd"]), signs, numbers),
    st.builds(Is, st.sampled_from(["since", "until"]), st.just("="), moments),
)
expressions: st.SearchStrategy[Expression] = st.recursive(
    comparisons,
    lambda inner: st.one_of(st.builds(Not, inner), st.builds(Both, inner, inner), st.builds(Either, inner, inner)),
    max_leaves=8,
)
summaries = st.builds(
    summary,
    feature=names,
    release=names,
    outcome=st.sampled_from(OUTCOMES),
    subject=st.none() | names,
    ms=st.floats(0, 1e6),
    cost_usd=st.none() | st.floats(0, 10),
    started_at=moments,
)


@given(expressions)
def test_an_expression_written_out_reads_back_equal(expression: Expression) -> None:
    assert parse(str(expression), NOW) == expression


@given(expressions, summaries)
def test_the_narrowed_query_finds_everything_the_expression_holds_for(
    expression: Expression, one: RecordingSummary
) -> None:
    query = narrowed(expression)
    if matches(expression, one):
        for field in ("feature", "outcome", "release", "subject"):
            assert getattr(query, field) in (None, getattr(one, field))
        assert query.since is None or one.started_at >= query.since
        assert query.until is None or one.started_at < query.until


@given(expressions, summaries)
def test_not_turns_an_expression_round_and_and_or_are_what_they_are(
    expression: Expression, one: RecordingSummary
) -> None:
    holds = matches(expression, one)
    assert matches(Not(expression), one) is not holds
    assert matches(Both(expression, Not(expression)), one) is False
    assert matches(Either(expression, Not(expression)), one) is True


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_an_error_of_ours(text: str) -> None:
    with suppress(HoldfastError):
        assert parse(str(parse(text, NOW)), NOW) == parse(text, NOW)
