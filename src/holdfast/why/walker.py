"""The searches that a walk takes, each done as a request would do it.

Knows nothing of stations, nor of which search is walked through.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from holdfast.contracts import deaf
from holdfast.corpus.search import SearchExplained
from holdfast.corpus.why import Standing, Station
from holdfast.errors import EffectFailed
from holdfast.records import Effect, Passage, Reranked, Result, Retrieved
from holdfast.release import CorpusSlot
from holdfast.runtime.retrieving import blended, to_rerank
from holdfast.why.posing import Ground, Posed

DEEPEST = 200
"""The greatest k that a slot takes."""


@dataclass(frozen=True, slots=True)
class Given:
    """What a feature is given, with what it was made of: `found` by the search, then in the reranker's `order`.

    `failed` says why the reranker gave nothing.
    """

    found: tuple[Passage, ...]
    order: tuple[Passage, ...]
    confidence: float | None
    unsure: bool
    failed: str
    k: int

    def rank(self, document: str) -> int | None:
        """The place of the document's best passage among those that are given."""
        return None if self.unsure else rank_in(self.order[: self.k], document)


def rank_in(passages: Sequence[Passage], document: str) -> int | None:
    return next((at for at, one in enumerate(passages, start=1) if one.document == document), None)


class Walker:
    """One walk, and the searches it takes."""

    def __init__(self, ground: Ground, posed: Posed) -> None:
        self.ground = ground
        self.posed = posed

    async def given(self, slot: CorpusSlot | None = None, principals: tuple[str, ...] | None = None) -> Given:
        """What a feature would be given, done as `ctx.retrieve` does it."""
        result = await self._done(self.posed.effect(slot, principals))
        assert isinstance(result, Retrieved)
        return await self.after(result, slot or self.posed.slot)

    async def after(self, result: Retrieved, slot: CorpusSlot) -> Given:
        """What becomes of passages that were found."""
        found, failed, order = result.passages, "", result.passages
        unsure = result.confidence is not None and result.confidence < slot.min_confidence
        asked = None if unsure else to_rerank(slot, self.posed.corpus, self.posed.query, found)
        if asked is not None:
            try:
                scored = await self._done(asked)
            except EffectFailed as error:
                failed = error.message
            else:
                assert isinstance(scored, Reranked)
                order = tuple(blended(found, scored.scores, slot.rerank_weight))
        return Given(found, order, result.confidence, unsure, failed, slot.k)

    async def _done(self, effect: Effect) -> Result:
        return (await self.ground.perform(effect, self.posed.release, deaf)).result

    async def standing(self) -> Standing:
        return await self.ground.corpora.standing(self.posed.effect(), self.posed.document)

    async def explained(self) -> tuple[SearchExplained, SearchExplained | None]:
        """The search, and the same one as deep as can be where it does not show the document."""
        effect, document = self.posed.effect(), self.posed.document
        shown = await self.ground.corpora.explain(effect, document)
        if rank_in(shown.passages, document) is not None or effect.search.k >= DEEPEST:
            return shown, None
        deep = replace(effect, search=replace(effect.search, k=DEEPEST))
        return shown, await self.ground.corpora.explain(deep, document)


@dataclass(frozen=True, slots=True)
class Walked:
    """How far the document came, before anything is suggested."""

    standing: Standing
    stations: tuple[Station, ...]
    deep: SearchExplained | None = None
    given: Given | None = None
    by_meaning: bool = False
