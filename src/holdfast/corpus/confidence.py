"""How likely it is that the best passages of a search answer its query: a few signs of the search, weighed.

Knows nothing of what the passages say. Where the weights come from, and how good they are on sets that they were not
fitted to, is in docs/decisions/0024-confidence-and-linking.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from holdfast.corpus.search import Found

WORDS_PLACE, MEANING_PLACE = 20, 50
"""The best of a list is held against the one at this place, which stands for what does not answer."""
WORDS_SHARE, MEANING_SHARE = 15, 6  # in a small corpus that place is this part of its chunks


@dataclass(frozen=True, slots=True)
class Weights:
    """Of a logistic regression: one for each sign, and the intercept."""

    signs: tuple[float, ...]
    intercept: float


BY_BOTH = Weights((0.120, 1.484, 3.113, 3.405, 5.245), -9.222)
BY_WORDS = Weights((0.285, 2.310), -2.919)


def confidence(result: Found, rarities: tuple[float, ...], visible: int) -> float | None:
    """The chance that a shown passage answers, in 0..1; 0 where nothing is shown, None for a search by meaning alone.

    Calibrated for queries of which half have an answer in the corpus. `rarities` are the idf of the query's words,
    `visible` is how many chunks there are to find.
    """
    if not result.shown:
        return 0.0
    if result.words is None:
        return None
    weights = BY_WORDS if result.vectors is None else BY_BOTH
    logit = weights.intercept + sum(map(float.__mul__, weights.signs, signs(result, rarities, visible)))
    return round(1 / (1 + math.exp(-logit)), 3)


def signs(result: Found, rarities: tuple[float, ...], visible: int) -> tuple[float, ...]:
    """What the weights are for: the best BM25 score for words as rare as these, and what share of it is lost down the
    list; with vectors also the best cosine, how far it falls, and the fused score of the best passage."""
    assert result.words is not None
    scores = result.words[1]
    best = float(scores[0]) if len(scores) else 0.0
    lost = _fall(scores, min(WORDS_PLACE, visible // WORDS_SHARE)) / best if best > 0 else 0.0
    by_words = (best / math.sqrt(1 + sum(rarities)), lost)
    if result.vectors is None:
        return by_words
    cosines = result.vectors[1]
    fall = _fall(cosines, min(MEANING_PLACE, visible // MEANING_SHARE))
    return (*by_words, float(cosines[0]), fall, float(result.fused.scores[result.shown[0]]))


def _fall(scores: NDArray[np.float32], place: int) -> float:
    """From the first score to the one at a place, at least 2; a list that ends before that has its last one there."""
    return float(scores[0] - scores[min(max(place, 2), len(scores)) - 1])
