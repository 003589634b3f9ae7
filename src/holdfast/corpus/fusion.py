"""How two rankings become one, and how one ranking becomes the passages somebody reads.

Knows nothing of the engines that scored, nor of documents beyond a number.

Fusion is the convex combination of min-max normalised scores (Bruch, Gai and Ingber 2023, arXiv 2210.11934); figures
on our own sets are in docs/decisions/0004-corpus-search.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def normalised(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """The scores stretched to 0..1. All equal: all 1."""
    import numpy as np

    if not len(scores):
        return scores
    low, high = float(scores.min()), float(scores.max())
    if high <= low:
        return np.ones_like(scores)
    return (scores - np.float32(low)) / np.float32(high - low)


def convex(
    lexical: tuple[NDArray[np.int64], NDArray[np.float32]],
    vector: tuple[NDArray[np.int64], NDArray[np.float32]],
    weight: float,
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Rows and scores in 0..1, best first. `weight` is the share of the vector score.

    A row that one list does not have counts as that list's minimum, 0. Equal scores go by row, so the same two lists
    always give the same order.
    """
    import numpy as np

    rows = np.union1d(lexical[0], vector[0])
    scores = np.zeros(len(rows), np.float32)
    for (found, raw), share in ((lexical, 1.0 - weight), (vector, weight)):
        scores[np.searchsorted(rows, found)] += np.float32(share) * normalised(raw)
    order = np.argsort(-scores, kind="stable")
    return rows[order], scores[order]


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
