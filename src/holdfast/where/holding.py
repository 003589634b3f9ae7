"""Whether an expression holds for a recording: the meaning of the language, to which every store's query must be equal.

Knows nothing of any store.

Nothing is compared with what is missing: only `= none` and `!= none` are about that. `!=` is always the opposite of
`=`. Of several feedbacks or scores one that fits is enough.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, TypeAlias

from msgspec import Struct

from holdfast.evaluation import ScoreValue
from holdfast.records import Feedback, RecordingSummary
from holdfast.where.expression import And, Expression, Is, Not, Or
from holdfast.where.fields import SCORE

_OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = MappingProxyType(
    {"=": operator.eq, "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
)
Says: TypeAlias = Callable[[Sequence[str | None], str], bool]
"""Whether every word of a text occurs in one of the others."""


class Seen(Struct, frozen=True, kw_only=True):
    """What is known of a recording besides its summary: the slot that degraded, the guard that blocked, the code of the
    failure, the beginning of the answer's text, feedback, and scores by scorer."""

    summary: RecordingSummary
    answered: str | None = None
    degraded: str | None = None
    blocked: str | None = None
    failure: str | None = None
    feedback: tuple[Feedback, ...] = ()
    scores: tuple[tuple[str, ScoreValue], ...] = ()


def holds(expression: Expression, seen: Seen, says: Says) -> bool:
    """Whether the expression holds for a recording; `says` is how words are found."""
    match expression:
        case Not(one):
            return not holds(one, seen, says)
        case And(parts):
            return all(holds(part, seen, says) for part in parts)
        case Or(parts):
            return any(holds(part, seen, says) for part in parts)
        case Is("since", _, datetime() as moment):
            return seen.summary.started_at >= moment
        case Is("until", _, datetime() as moment):
            return seen.summary.started_at < moment
        case Is(("text" | "asked" | "answered") as field, _, str() as words):
            texts = {"asked": seen.summary.asked, "answered": seen.answered}
            return says([text for name, text in texts.items() if field in ("text", name)], words)
        case Is(field, "!=", value):
            return not holds(Is(field, "=", value), seen, says)
        case Is(field, sign, value):
            found = list(_values(field, seen))
            if value is None:
                return not found
            return any(isinstance(one, str) == isinstance(value, str) and _OPERATORS[sign](one, value) for one in found)
    raise AssertionError(expression)


def _values(field: str, seen: Seen) -> Iterable[str | float]:
    """Everything that a recording has under the name of a field; nothing where it is missing."""
    if field.startswith(SCORE):
        found: Iterable[Any] = (value for scorer, value in seen.scores if scorer == field.removeprefix(SCORE))
    elif field == "feedback.score":
        found = (each.score for each in seen.feedback)
    elif field == "feedback.label":
        found = (each.label for each in seen.feedback)
    else:
        found = (getattr(seen if field in ("degraded", "blocked", "failure") else seen.summary, field),)
    return (one for one in found if one is not None)
