"""Any expression, and any recording it may hold for.

Knows nothing of any store.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, get_args

from hypothesis import strategies as st

from holdfast.records import Feedback, Outcome, RecordingSummary
from holdfast.where import And, Expression, Is, Not, Or, Seen
from holdfast.where.fields import ORDERED

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
OUTCOMES = get_args(Outcome)

names = st.sampled_from(["a", "b", "none", "1.5", "true", 'a "b"', "\x00", "", "Ä", "a b", "%", "\\"])
moments = st.integers(0, 20).map(lambda s: datetime.fromtimestamp(1_700_000_000 + s, UTC))
numbers = st.sampled_from([-1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 1e300])
words = st.sampled_from(["", "a", "late parcel", "PARCEL", "%", "five_", "!", "ärger", "a\x01b", "'"])
_equal = st.sampled_from(["=", "!="])
_signs = st.sampled_from(ORDERED)
comparisons = st.one_of(
    st.builds(Is, st.sampled_from(["feature", "release"]), _equal, names),
    st.builds(
        Is,
        st.sampled_from(["subject", "degraded", "blocked", "failure", "replay_of", "evaluation", "feedback.label"]),
        _equal,
        st.none() | names,
    ),
    st.builds(Is, st.just("outcome"), _equal, st.sampled_from(OUTCOMES)),
    st.builds(Is, st.sampled_from(["ms", "cost_usd", "feedback.score", "score.exact", "score.tone"]), _signs, numbers),
    st.builds(Is, st.sampled_from(["cost_usd", "feedback.score", "score.exact", "score.tone"]), _equal, st.none()),
    st.builds(Is, st.sampled_from(["score.exact", "score.tone"]), _equal, names),
    st.builds(Is, st.sampled_from(["since", "until"]), st.just("="), moments),
    st.builds(Is, st.sampled_from(["text", "asked", "answered"]), st.just("~"), words),
)
expressions: st.SearchStrategy[Expression] = st.recursive(
    comparisons,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
scores = st.lists(
    st.tuples(st.sampled_from(["exact", "tone", "other"]), st.booleans() | numbers | names), max_size=3
).map(tuple)
feedback = st.lists(st.tuples(st.none() | numbers, st.none() | names), max_size=2).map(tuple)


def summary(**fields: Any) -> RecordingSummary:
    """A summary like any, with these fields."""
    usual: dict[str, Any] = {"id": "rec_1", "feature": "answer_ticket", "release": "r_1", "outcome": "ok"}
    return RecordingSummary(**{**usual, "cost_usd": 0.01, "ms": 120.0, "started_at": AT, **fields})


def said(given: tuple[tuple[float | None, str | None], ...]) -> tuple[Feedback, ...]:
    """Feedback with these scores and labels."""
    return tuple(
        Feedback(id=f"fb_{n}", recording_id="rec_1", at=AT, score=score, label=label)
        for n, (score, label) in enumerate(given)
    )


def anything() -> st.SearchStrategy[Seen]:
    """Any recording, as far as an expression can tell."""
    maybe = st.none() | names
    summaries = st.builds(
        summary,
        feature=names,
        release=names,
        outcome=st.sampled_from(OUTCOMES),
        subject=maybe,
        replay_of=maybe,
        evaluation=maybe,
        ms=numbers,
        cost_usd=st.none() | numbers,
        started_at=moments,
        asked=st.none() | words,
    )
    return st.builds(
        Seen,
        summary=summaries,
        answered=st.none() | words,
        degraded=maybe,
        blocked=maybe,
        failure=maybe,
        feedback=feedback.map(said),
        scores=scores,
    )
