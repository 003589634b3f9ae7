"""A scorer of rankings: nDCG, reciprocal rank and recall of the documents that a case names as gold.

Knows nothing of how they were ranked.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import Literal

from msgspec import Struct

from holdfast.contracts import Answered
from holdfast.evals.fields import at
from holdfast.records import Json


class Ranking(Struct, frozen=True):
    """How well the first `k` documents are those of the case's gold: `ndcg`, `mrr` (one over the place of the first) or
    `recall`. The documents are those that were found, best first, each once; or the ids in the list at `field` of the
    output, which may also be objects with a `document` or an `id`."""

    measure: Literal["ndcg", "mrr", "recall"] = "ndcg"
    k: int = 10
    field: str = ""

    async def score(self, answered: Answered) -> float | None:
        gold = {each.document for each in answered.case.gold}
        if not gold:
            return None
        ranked = _listed(at(answered.recording.output, self.field)) if self.field else _found(answered)
        return {"ndcg": ndcg, "mrr": reciprocal_rank, "recall": recall}[self.measure](ranked, gold, self.k)


def ndcg(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """Discounted gain of the first `k`, as a share of the best there could be (Järvelin and Kekäläinen 2002)."""
    gained = sum(1 / math.log2(place + 2) for place, each in enumerate(ranked[:k]) if each in gold)
    return gained / sum(1 / math.log2(place + 2) for place in range(min(k, len(gold))))


def reciprocal_rank(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """One over the place of the first that is gold, counted from 1; 0.0 where none is among the first `k`."""
    return next((1 / (place + 1) for place, each in enumerate(ranked[:k]) if each in gold), 0.0)


def recall(ranked: Sequence[str], gold: Collection[str], k: int) -> float:
    """The share of the gold that is among the first `k`."""
    return len(set(ranked[:k]) & set(gold)) / len(set(gold))


def _found(answered: Answered) -> list[str]:
    return list(dict.fromkeys(passage.document for passage in answered.passages))


def _listed(value: Json) -> list[str]:
    found = []
    for each in value if isinstance(value, list) else ():
        name = (each.get("document") or each.get("id")) if isinstance(each, dict) else each
        if isinstance(name, str | int) and not isinstance(name, bool):
            found.append(str(name))
    return list(dict.fromkeys(found))
