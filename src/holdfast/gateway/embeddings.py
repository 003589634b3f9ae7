"""Vectors from a hosted encoder, as many requests as the vendor's limits ask for.

Does not know ladders: vectors of two models do not compare, so no other model may step in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from holdfast.gateway.call import Shared
from holdfast.gateway.fault import Fault
from holdfast.gateway.one_model import OneModel
from holdfast.gateway.provider import Provider
from holdfast.gateway.rung import Hosted, Unusable, resolve
from holdfast.gateway.wire.embedding import EMBEDDING_WIRES, EmbeddingWire, Vector, Vectors
from holdfast.records import Done, Embed, Embedded, Json, Usage
from holdfast.release import ModelSlot

_CHARACTERS_PER_TOKEN = 3
"""Fewer than texts in English have, so that a batch stays within a vendor's bound in most languages."""


class Encoding:
    """One effect on its way."""

    def __init__(self, shared: Shared, effect: Embed, slot: ModelSlot) -> None:
        self._effect = effect
        self._shared = shared
        self.asked = OneModel[Vectors](shared, effect.encoder, slot, "vectors")

    async def run(self) -> Done:
        """The vectors. Raises what `Gateway.embed` raises."""
        effect, asked = self._effect, self.asked
        rung = resolve(effect.encoder, self._shared.providers, {})
        if isinstance(rung, Unusable):
            raise asked.failure(rung.fault)
        if not isinstance(rung, Hosted) or rung.provider.dialect not in EMBEDDING_WIRES:
            fix = "name a model of another provider, as in openai:text-embedding-3-small"
            raise asked.failure(Fault("no_provider", f"the provider of '{effect.encoder}' has no embeddings", fix=fix))
        await asked.begin()
        wire = EMBEDDING_WIRES[rung.provider.dialect]
        found: list[Vector] = []
        for texts in batches(effect.texts, rung.provider.embed_inputs, rung.provider.embed_tokens):
            outcome = await asked.ask(rung, _Texts(wire, texts, effect.dimensions))
            if isinstance(outcome, Vectors) and found and len(found[0]) != len(outcome.vectors[0]):
                sizes = f"{len(found[0])} dimensions, then {len(outcome.vectors[0])}"
                outcome = Fault("garbled", f"the vectors of one call do not match: {sizes}")
            if isinstance(outcome, Fault):
                raise asked.failure(outcome)
            found += outcome.vectors
        return Done(Embedded(vectors=tuple(found)), tuple(asked.attempts))


@dataclass(frozen=True, slots=True)
class _Texts:
    """The question for the vectors of some texts."""

    wire: EmbeddingWire
    texts: Sequence[str]
    dimensions: int | None

    def url(self, provider: Provider, model: str) -> str:
        return self.wire.url(provider, model)

    def headers(self, key: str | None) -> Mapping[str, str]:
        return self.wire.headers(key)

    def body(self, model: str) -> Mapping[str, Json]:
        return self.wire.body(self.texts, model, self.dimensions)

    def read(self, body: bytes) -> Vectors:
        return self.wire.read(body, len(self.texts))

    def estimated(self) -> Usage:
        """At four characters a token, as everywhere else."""
        return Usage(input_tokens=max(sum(map(len, self.texts)) // 4, 1), estimated=True)


def batches(texts: Sequence[str], most: int, most_tokens: int) -> Iterator[Sequence[str]]:
    """The texts in order, cut so that no batch has more than `most` of them or, as far as can be told without the
    vendor's tokens, more than `most_tokens`; a longer text is alone in its batch."""
    start, weight = 0, 0
    for position, text in enumerate(texts):
        tokens = len(text) // _CHARACTERS_PER_TOKEN + 1
        if position > start and (position - start >= most or weight + tokens > most_tokens):
            yield texts[start:position]
            start, weight = position, 0
        weight += tokens
    if start < len(texts):
        yield texts[start:]
