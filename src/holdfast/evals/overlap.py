"""Scorers that compare a text with the one that is expected: by its words, and by its meaning.

Know nothing of what is true: a wrong number in the right words scores high.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

from holdfast.contracts import Answered, Lab
from holdfast.records import Json

_WORD = re.compile(r"[^\W_]+")
_ARTICLES = frozenset({"a", "an", "the"})


class Overlap(Struct, frozen=True):
    """How much of the expected text the answer has in common with it, in 0..1: `token_f1` counts common words without
    articles (Rajpurkar et al. 2016), `rouge_l` the longest common sequence of words (Lin 2004, F-measure)."""

    measure: Literal["token_f1", "rouge_l"] = "token_f1"

    async def score(self, answered: Answered) -> float | None:
        expected = expected_text(answered.case.expected)
        if expected is None:
            return None
        return (token_f1 if self.measure == "token_f1" else rouge_l)(expected, answered.text)


class Similar(Struct, frozen=True):
    """How near the answer's meaning is to that of the expected text: the cosine of their vectors, by the project's
    encoder, not below 0. Both are cut where the encoder ends."""

    async def probe(self, answered: Answered, lab: Lab) -> float | None:
        expected = expected_text(answered.case.expected)
        if expected is None:
            return None
        if not answered.text.strip() or not expected.strip():
            return float(answered.text.strip() == expected.strip())
        one, other = await lab.embed((expected, answered.text))
        return min(1.0, max(0.0, sum(a * b for a, b in zip(one, other, strict=True))))


def expected_text(expected: Json) -> str | None:
    """The text that is expected: itself, or its field `text`."""
    found = expected.get("text") if isinstance(expected, dict) else expected
    return found if isinstance(found, str) else None


def words(text: str) -> list[str]:
    """The words and numbers of a text, in lower case."""
    return _WORD.findall(text.lower())


def token_f1(expected: str, text: str) -> float:
    """F1 of the words that two texts have in common, articles left out; 1.0 where neither has any."""
    one, other = (Counter(word for word in words(each) if word not in _ARTICLES) for each in (expected, text))
    common = (one & other).total()
    return 2 * common / (one.total() + other.total()) if one or other else 1.0


def rouge_l(expected: str, text: str) -> float:
    """F-measure of the longest common sequence of words; 1.0 where neither has any."""
    one, other = words(expected), words(text)
    return 2 * _longest_common(one, other) / (len(one) + len(other)) if one or other else 1.0


def _longest_common(one: Sequence[str], other: Sequence[str]) -> int:
    row = [0] * (len(other) + 1)
    for word in one:
        before = 0
        for place, each in enumerate(other, start=1):
            before, row[place] = row[place], before + 1 if each == word else max(row[place], row[place - 1])
    return row[-1]
