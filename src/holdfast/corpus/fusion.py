"""How two rankings become one, and how one ranking becomes the passages somebody reads.

Knows nothing of the engines that scored, nor of documents beyond a number. Figures of each step and of what was tried
beside it are in docs/decisions/0019-ranking.

A score of a chunk is a convex combination (Bruch, Gai and Ingber 2023, arXiv 2210.11934) of

 - its BM25 score, as a share of the best one;
 - its cosine to the query, stretched so that the mean of all chunks is 0 and the best is 1, where the query has been
   moved towards the best chunks of a first fusion (pseudo-relevance feedback, after Rocchio 1971);
 - the mean cosine of its document's chunks, on the same scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from holdfast.corpus.products import exact

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Scores: TypeAlias = NDArray[np.float32]
    Ranked: TypeAlias = tuple[NDArray[np.int64], Scores]
    """Rows and their scores, best first."""

FEEDBACK_CHUNKS, FEEDBACK_SHARE = 3, 0.3
"""How many of the best chunks the query is moved towards, and how far: this share of their mean is added to it."""
DOCUMENT_SHARE = 0.15
"""What the whole document's mean counts beside the chunk's own cosine."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What vectors say of some rows, the candidates, for one query.

    `cosines` are exact, `mean` is that of every visible chunk, `of_documents` the mean of each row's document.
    """

    query: Scores
    rows: NDArray[np.int64]  # ascending
    vectors: Scores
    cosines: Scores
    mean: float
    of_documents: Scores


@dataclass(frozen=True, slots=True)
class Fused:
    """The candidates, best first, and what each one's score is the sum of. `cosines` are None without vectors, `moved`
    those to the query after it was moved towards the rows in `feedback`."""

    rows: NDArray[np.int64]
    scores: Scores
    of_words: Scores
    of_meaning: Scores
    of_document: Scores
    cosines: Scores | None = None
    moved: Scores | None = None
    feedback: tuple[int, ...] = ()


def share_of_best(scores: Scores) -> Scores:
    """Each score divided by the greatest; all 0 where that is not above 0."""
    import numpy as np

    best = float(scores.max(initial=0.0))
    return scores / np.float32(best) if best > 0 else np.zeros_like(scores)


def above_mean(values: Scores, mean: float, best: float) -> Scores:
    """How far each value is from `mean` to `best`, never below 0. If they are one, what reaches it is 1."""
    import numpy as np

    if best - mean < 1e-6:
        return (values >= np.float32(mean - 1e-6)).astype(np.float32)
    stretched: Scores = (values - np.float32(mean)) / np.float32(best - mean)
    return stretched.clip(np.float32(0), np.float32(1))


def fused_words(words: Ranked) -> Fused:
    """The ranking by words alone."""
    import numpy as np

    shares, none = share_of_best(words[1]), np.zeros_like(words[1])
    return Fused(words[0], shares, shares, none, none)


def fused(words: Ranked | None, meaning: Meaning, weight: float) -> Fused:
    """The candidates in `meaning`, all rows of `words` among them, with scores in 0..1, best first.

    `weight` is the share of the vectors; 1 without `words`. A row that `words` does not have counts 0 there. Equal
    scores go by row, so the same query always gives the same order.
    """
    import numpy as np

    rows = meaning.rows
    by_words = np.zeros(len(rows), np.float32)
    if words is None:
        weight = 1.0
    else:
        by_words[np.searchsorted(rows, words[0])] = np.float32(1 - weight) * share_of_best(words[1])
    own = np.float32(weight / (1 + DOCUMENT_SHARE))
    best = float(meaning.cosines.max(initial=meaning.mean))
    document = own * np.float32(DOCUMENT_SHARE) * above_mean(meaning.of_documents, meaning.mean, best)
    first = by_words + own * above_mean(meaning.cosines, meaning.mean, best) + document
    feedback = np.argsort(-first, kind="stable")[:FEEDBACK_CHUNKS]
    moved = _moved(meaning, feedback)
    by_meaning = own * above_mean(moved, meaning.mean, float(moved.max(initial=meaning.mean)))
    scores = by_words + by_meaning + document
    order = np.argsort(-scores, kind="stable")
    return Fused(
        rows[order],
        scores[order],
        by_words[order],
        by_meaning[order],
        document[order],
        meaning.cosines[order],
        moved[order],
        tuple(rows[feedback].tolist()),
    )


def _moved(meaning: Meaning, feedback: NDArray[np.int64]) -> Scores:
    """Cosines to the query moved towards some candidates, its length kept."""
    import numpy as np

    if not len(feedback):
        return meaning.cosines
    query = meaning.query + np.float32(FEEDBACK_SHARE) * meaning.vectors[feedback].mean(axis=0)
    length, before = float(np.linalg.norm(query)), float(np.linalg.norm(meaning.query))
    return exact(meaning.vectors, query * np.float32(before / length)) if length > 0 else meaning.cosines


def collapsed(ranked: Iterable[tuple[int, int, int]], k: int, max_per_document: int) -> Iterator[int]:
    """The positions to show of (position, document, text) in order: at most `max_per_document` of a document, the same
    text only once, at most `k`."""
    seen: set[int] = set()
    per_document: dict[int, int] = {}
    for position, document, text in ranked:
        if len(seen) >= k:
            return
        if text in seen or per_document.get(document, 0) >= max_per_document:
            continue
        seen.add(text)
        per_document[document] = per_document.get(document, 0) + 1
        yield position
