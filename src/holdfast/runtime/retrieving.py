"""What `ctx.retrieve` does: find, have what was found reranked where the release says so, and say how sure it is.

Knows nothing of how passages are found or scored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from holdfast.contracts import deaf
from holdfast.errors import EffectFailed
from holdfast.records import Passage, Rerank, Reranked, Retrieve, Retrieved, Search
from holdfast.release import LATEST, CorpusSlot

if TYPE_CHECKING:
    from holdfast.runtime.context import Request
    from holdfast.runtime.passing import Pass

Where = Mapping[str, str | Sequence[str]]


class Passages(list[Passage]):
    """Passages, best first. `confidence` is the chance that the best of them answer the query, None where it is not
    known. Where it is below the slot's `min_confidence` there are none: the corpus does not say."""

    def __init__(self, passages: Sequence[Passage] = (), confidence: float | None = None) -> None:
        super().__init__(passages)
        self.confidence = confidence


async def retrieve(
    request: Request, pass_: Pass, corpus: str, query: str, *, k: int | None, where: Where | None
) -> Passages:
    """As `Context.retrieve` promises."""
    slot = request.release.corpus(corpus)
    wanted = slot.k if k is None else k
    search = search_of(slot, wanted, where or {})
    remembered = request.tape.pins.get(corpus) if slot.version == LATEST else None
    pinned = f"{corpus}@{remembered}" if remembered else request.world.pin(corpus, slot.version)
    effect = Retrieve(corpus=pinned, query=query, search=search, principals=request.who.principals)
    _, result = await pass_.do(effect, deaf)
    assert isinstance(result, Retrieved)
    if result.confidence is not None and result.confidence < slot.min_confidence:
        return Passages((), result.confidence)
    passages: Sequence[Passage] = result.passages
    if (asked := to_rerank(slot, corpus, query, passages)) is not None:
        passages = await _reranked(pass_, asked, passages, slot.rerank_weight)
    return Passages(passages[:wanted], result.confidence)


async def _reranked(pass_: Pass, effect: Rerank, passages: Sequence[Passage], share: float) -> Sequence[Passage]:
    """The passages in the order of both scores; as they were where the reranker gave none."""
    try:
        _, result = await pass_.do(effect, deaf)
    except EffectFailed:  # stands in the recording as a failed step, and the outcome says `degraded`
        return passages
    assert isinstance(result, Reranked)
    return blended(passages, result.scores, share)


def search_of(slot: CorpusSlot, wanted: int, where: Where) -> Search:
    """How the corpus is searched for a feature that wants so many passages: deeper where they are reranked."""
    search = replace(slot.search(), k=wanted if reranker_of(slot) is None else max(wanted, slot.rerank_k))
    return replace(search, where={**search.where, **_tuples(where)}) if where else search


def to_rerank(slot: CorpusSlot, corpus: str, query: str, passages: Sequence[Passage]) -> Rerank | None:
    """What the slot's reranker is asked; None where it has none, or there is nothing to order."""
    if (reranker := reranker_of(slot)) is None or len(passages) < 2:
        return None
    return Rerank(reranker=reranker, query=query, texts=tuple(map(_read, passages)), slot=corpus)


def blended(passages: Sequence[Passage], scores: Sequence[float], share: float) -> Sequence[Passage]:
    """The passages in the order of their own scores and a reranker's, which have that share."""
    own, other = _stretched(scores), _stretched([passage.score for passage in passages])
    both = [
        replace(passage, score=round(share * mine + (1 - share) * found, 6))
        for passage, mine, found in zip(passages, own, other, strict=True)
    ]
    return sorted(both, key=lambda passage: -passage.score)


def reranker_of(slot: CorpusSlot) -> str | None:
    """The reranker's name; None where the slot says `none`."""
    return None if slot.reranker in (None, "", "none") else slot.reranker


def _read(passage: Passage) -> str:
    """What a reranker is given to read: the text with what it stands under."""
    above = " > ".join(dict.fromkeys((passage.title, *passage.headings)))
    return f"{above}\n{passage.text}" if above else passage.text


def _stretched(scores: Sequence[float]) -> list[float]:
    """The scores in 0..1. All equal: all 1."""
    low, high = min(scores), max(scores)
    return [(score - low) / (high - low) if high > low else 1.0 for score in scores]


def _tuples(where: Where) -> dict[str, tuple[str, ...]]:
    return {name: (only,) if isinstance(only, str) else tuple(only) for name, only in where.items()}
