"""How likely it is that the best passages of a search answer its query: a few signs of the search, weighed.

Knows nothing of what the passages say. Where the weights come from, and how good they are on sets that they were not
fitted to, is in docs/decisions/0024-confidence-and-linking.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holdfast.corpus.search import Found

WORDS_PLACE, MEANING_PLACE = 20, 50
"""The best of a list is held against the one at this place, which stands for what does not answer. A list of words that
ends before has 0 there: nothing else has any of them, as with the number of an error. One of vectors has everything."""


@dataclass(frozen=True, slots=True)
class Weights:
    """Of a logistic regression: one for each sign, and the intercept."""

    signs: tuple[float, ...]
    intercept: float


BY_BOTH = Weights((0.193, 1.544, 3.876, 2.425, 4.336), -9.308)
BY_WORDS = Weights((0.372, 2.468), -3.728)


def confidence(result: Found, rarities: tuple[float, ...]) -> float | None:
    """The chance that a shown passage answers, in 0..1; 0 where nothing is shown, None for a search by meaning alone.

    Calibrated for queries of which half have an answer in the corpus. `rarities` are the idf of the query's words.
    """
    if not result.shown:
        return 0.0
    if result.words is None:
        return None
    weights = BY_WORDS if result.vectors is None else BY_BOTH
    logit = weights.intercept + sum(map(float.__mul__, weights.signs, signs(result, rarities)))
    return round(1 / (1 + math.exp(-logit)), 3)


def signs(result: Found, rarities: tuple[float, ...]) -> tuple[float, ...]:
    """What the weights are for: the best BM25 score for words as rare as these, and what share of it is lost down the
    list; with vectors also the best cosine, how far it falls, and the fused score of the best passage."""
    assert result.words is not None
    scores = result.words[1]
    best = float(scores[0]) if len(scores) else 0.0
    other = float(scores[WORDS_PLACE - 1]) if len(scores) >= WORDS_PLACE else 0.0
    lost = 1 - other / best if best > 0 else 0.0
    by_words = (best / math.sqrt(1 + sum(rarities)), lost)
    if result.vectors is None:
        return by_words
    cosines = result.vectors[1]
    best, other = float(cosines[0]), float(cosines[min(MEANING_PLACE, len(cosines)) - 1])
    return (*by_words, best, best - other, float(result.fused.scores[result.shown[0]]))
