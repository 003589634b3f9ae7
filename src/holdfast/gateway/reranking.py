"""Scores from a hosted reranker: one request, one model, under the time the slot gives it.

Does not know how scores are blended with others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from holdfast.gateway.call import Shared
from holdfast.gateway.fault import Fault
from holdfast.gateway.one_model import OneModel
from holdfast.gateway.provider import Provider
from holdfast.gateway.rung import Hosted, Unusable, resolve
from holdfast.gateway.wire import openai_chat
from holdfast.gateway.wire.reranking import RERANK_WIRES, RerankWire, Scores, read, url_of
from holdfast.records import Done, Json, Rerank, Reranked, Usage
from holdfast.release import ModelSlot


class Reranking:
    """One effect on its way."""

    def __init__(self, shared: Shared, effect: Rerank, slot: ModelSlot) -> None:
        self._effect = effect
        self._shared = shared
        self.asked = OneModel[Scores](shared, effect.reranker, slot, "scores")

    async def run(self) -> Done:
        """The scores. Raises what `Gateway.rerank` raises."""
        effect, asked = self._effect, self.asked
        rung = resolve(effect.reranker, self._shared.providers, {})
        if isinstance(rung, Unusable):
            raise asked.failure(rung.fault)
        if not isinstance(rung, Hosted) or rung.provider.rerank is None:
            name = rung.provider.name if isinstance(rung, Hosted) else effect.reranker
            fix = f'say which shape it has: rerank = "{"|".join(RERANK_WIRES)}" under [providers.{name}]'
            raise asked.failure(Fault("no_provider", f"'{effect.reranker}' is not known to rerank", fix=fix))
        if not effect.texts:
            return Done(Reranked(scores=()))
        await asked.begin()
        outcome = await asked.ask(rung, _Candidates(RERANK_WIRES[rung.provider.rerank], effect))
        if isinstance(outcome, Fault):
            raise asked.failure(outcome)
        return Done(Reranked(scores=outcome.scores), tuple(asked.attempts))


@dataclass(frozen=True, slots=True)
class _Candidates:
    """The question which texts answer a query."""

    wire: RerankWire
    effect: Rerank

    def url(self, provider: Provider, _model: str) -> str:
        return url_of(provider)

    def headers(self, key: str | None) -> Mapping[str, str]:
        return openai_chat.headers(key)

    def body(self, model: str) -> Mapping[str, Json]:
        return self.wire.body(model, self.effect.query, self.effect.texts)

    def read(self, body: bytes) -> Scores:
        return read(self.wire, body, len(self.effect.texts))

    def estimated(self) -> Usage:
        """At four characters a token; the query is read once with each text."""
        characters = sum(map(len, self.effect.texts)) + len(self.effect.query) * len(self.effect.texts)
        return Usage(input_tokens=max(characters // 4, 1), estimated=True)
