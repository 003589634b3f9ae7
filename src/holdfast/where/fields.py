"""The fields an expression may speak of: what each is compared with, by which operators.

Knows nothing of how an expression is read or what it holds for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["text", "outcome", "number", "moment", "words", "score"]

EQUAL = ("=", "!=")
ORDERED = ("=", "!=", "<", "<=", ">", ">=")
SCORE = "score."
"""What a scorer's name stands behind, as in `score.grounded`."""
MOST_CHARACTERS = 2000
"""The longest expression."""


@dataclass(frozen=True, slots=True)
class Field:
    """`none`: whether it may be missing, which is then written `none`. `meaning` is a sentence for users."""

    kind: Kind
    meaning: str
    none: bool = False

    @property
    def signs(self) -> tuple[str, ...]:
        """The operators it takes."""
        match self.kind:
            case "text" | "outcome":
                return EQUAL
            case "number" | "score":
                return ORDERED
            case "moment":
                return ("=",)
            case "words":
                return ("~",)


FIELDS: Mapping[str, Field] = MappingProxyType(
    {
        "feature": Field("text", "The feature that was asked."),
        "release": Field("text", "The release that answered: its id, or the name it was created with."),
        "outcome": Field("outcome", "ok, degraded, blocked, failed or cancelled."),
        "since": Field("moment", "Started then or later: a date, a moment, or how long ago, like 7d."),
        "until": Field("moment", "Started before then."),
        "subject": Field("text", "Who asked.", none=True),
        "cost_usd": Field("number", "What it cost; none where a price is not known.", none=True),
        "ms": Field("number", "How long it took."),
        "text": Field("words", "Words that all occur in what was asked or in what was answered."),
        "asked": Field("words", "Words that all occur in what was asked."),
        "answered": Field("words", "Words that all occur in what was answered."),
        "degraded": Field("text", "The slot of which a lower rung answered.", none=True),
        "blocked": Field("text", "The guard that stopped the answer.", none=True),
        "failure": Field("text", "The code of the failure, like HF301.", none=True),
        "replay_of": Field("text", "The recording that it is a replay of.", none=True),
        "evaluation": Field("text", "The evaluation that asked.", none=True),
        "feedback.score": Field("number", "A score that somebody gave the answer, from -1 to 1.", none=True),
        "feedback.label": Field("text", "A label that somebody gave the answer.", none=True),
    }
)
"""Every field but the scores of scorers, which are fields by the scorer's name."""

SCORE_FIELD = Field("score", "What a scorer said of it in its evaluation: a number, true, false or a label.", none=True)


def field_of(name: str) -> Field | None:
    """The field of that name, None where there is none."""
    if name.startswith(SCORE) and len(name) > len(SCORE):
        return SCORE_FIELD
    return FIELDS.get(name)
