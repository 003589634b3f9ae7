"""Vectors from a hosted encoder: one model at one provider, asked again where that may help, never replaced.

Does not know ladders: vectors of two models do not compare, so no other model may step in.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from holdfast.errors import EffectFailed, HoldfastError, Misconfigured
from holdfast.gateway.fault import KEY_FAULTS, NOT_SET_UP, POLICY, Broken, Fault, from_status, redact
from holdfast.gateway.provider import Provider
from holdfast.gateway.rung import Hosted, Unusable, resolve
from holdfast.gateway.transport import MAX_ERROR_BYTES, Transport
from holdfast.gateway.waiting import Pace, backoff_ms, retry_after_ms
from holdfast.gateway.wire.embedding import EMBEDDING_WIRES, EmbeddingWire, Vector, Vectors
from holdfast.records import Attempt, AttemptDetail, Done, Embed, Embedded, Usage
from holdfast.release import ModelSlot

if TYPE_CHECKING:
    from holdfast.gateway.prices import Prices

_CHARACTERS_PER_TOKEN = 3
"""Fewer than texts in English have, so that a batch stays within a vendor's bound in most languages."""


class Encoders:
    """Asks hosted encoders over one transport. `chance` sets the pauses between tries."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        transport: Transport,
        prices: Prices,
        pace: Pace,
        chance: Callable[[], float],
    ) -> None:
        self.providers = providers
        self.transport = transport
        self.prices = prices
        self.pace = pace
        self.chance = chance

    async def embed(self, effect: Embed, slot: ModelSlot) -> Done:
        """The vectors of the texts, in order, all of one length; as many requests as the vendor's limits ask for, one
        after the other, under `slot.deadline_ms` together.

        A request is tried again on the same route as `fault.POLICY` allows, at most `slot.retries` times, and with the
        provider's other keys. Raises EffectFailed when it still fails (HF301) or the deadline passed (HF302), with the
        attempts; Misconfigured when the encoder is not set up (HF100, HF104). A CancelledError carries the attempts.
        """
        call = _Call(self, effect, slot)
        try:
            vectors = await call.run()
        except asyncio.CancelledError as stopped:
            stopped.attempts = tuple(call.attempts)  # type: ignore[attr-defined]  # attempts_of reads it
            raise
        return Done(Embedded(vectors=vectors), tuple(call.attempts))


class _Call:
    """One effect on its way."""

    def __init__(self, encoders: Encoders, effect: Embed, slot: ModelSlot) -> None:
        self.encoders = encoders
        self.effect = effect
        self.slot = slot
        self.loop = asyncio.get_running_loop()
        self.started_s = time.perf_counter()
        self.deadline_at = self.loop.time() + slot.deadline_ms / 1000
        self.attempts: list[Attempt] = []

    async def run(self) -> tuple[Vector, ...]:
        rung = resolve(self.effect.encoder, self.encoders.providers, {})
        if isinstance(rung, Unusable):
            raise self._failure(rung.fault)
        if not isinstance(rung, Hosted) or rung.provider.dialect not in EMBEDDING_WIRES:
            name = self.effect.encoder
            fix = "name a model of another provider, as in openai:text-embedding-3-small"
            raise self._failure(Fault("no_provider", f"the provider of '{name}' has no embeddings", fix=fix))
        found: list[Vector] = []
        for texts in batches(self.effect.texts, rung.provider.embed_inputs, rung.provider.embed_tokens):
            outcome = await self._tries(rung, texts)
            if isinstance(outcome, Vectors) and found and len(found[0]) != len(outcome.vectors[0]):
                sizes = f"{len(found[0])} dimensions, then {len(outcome.vectors[0])}"
                outcome = Fault("garbled", f"the vectors of one call do not match: {sizes}")
            if isinstance(outcome, Fault):
                raise self._failure(outcome)
            found += outcome.vectors
        return tuple(found)

    async def _tries(self, rung: Hosted, texts: Sequence[str]) -> Vectors | Fault:
        keys: tuple[str | None, ...] = rung.provider.keys or (None,)
        key, retries = 0, 0
        while True:
            outcome = await self._attempt(rung, texts, key, retries)
            if isinstance(outcome, Vectors):
                return outcome
            if outcome.kind in KEY_FAULTS and key + 1 < len(keys):
                key += 1
                continue
            pause_ms = self._pause_ms(outcome, retries)
            if pause_ms is None or self.loop.time() + pause_ms / 1000 >= self.deadline_at:
                return outcome
            retries += 1
            if pause_ms:
                await asyncio.sleep(pause_ms / 1000)

    def _pause_ms(self, fault: Fault, retries: int) -> float | None:
        """How long to wait before the same route is asked again; None: not at all."""
        policy, pace, chance = POLICY[fault.kind], self.encoders.pace, self.encoders.chance
        if retries >= min(policy.retries, self.slot.retries):
            return None
        if fault.retry_after_ms is not None:
            if fault.retry_after_ms > pace.retry_after_cap_ms:
                return None
            return fault.retry_after_ms + backoff_ms(pace, 0, chance)
        return backoff_ms(pace, retries, chance) if policy.pause or retries else 0.0

    async def _attempt(self, rung: Hosted, texts: Sequence[str], key: int, retries: int) -> Vectors | Fault:
        """Ask once and note the attempt, also when it is cancelled under way."""
        started_s, name = time.perf_counter(), rung.provider.name
        prices = self.encoders.prices
        prices.begin(name, rung.model)
        outcome: Vectors | Fault = Fault("cancelled", "the caller stopped waiting")
        try:
            outcome = await self._ask(rung, texts, key, fresh=retries > 0)
            if isinstance(outcome, Vectors):
                await prices.learn(name, rung.model, rung.provider.base_url)
        finally:
            answered = outcome if isinstance(outcome, Vectors) else None
            usage = None if answered is None else answered.usage or _estimated(texts)
            charged = None if answered is None else answered.cost_usd
            self.attempts.append(
                Attempt(
                    provider=name,
                    model=rung.model,
                    rung=0,
                    ms=(time.perf_counter() - started_s) * 1000,
                    usage=usage,
                    cost_usd=prices.cost_usd(name, rung.model, usage, charged) if usage else None,
                    error=str(outcome) if isinstance(outcome, Fault) else None,
                    detail=AttemptDetail(
                        part="retry" if retries else "first",
                        started_ms=(started_s - self.started_s) * 1000,
                        served=(answered.served or None) if answered else None,
                        key=key if len(rung.provider.keys) > 1 else None,
                    ),
                )
            )
        return outcome

    async def _ask(self, rung: Hosted, texts: Sequence[str], key: int, fresh: bool) -> Vectors | Fault:
        provider = rung.provider
        wire = EMBEDDING_WIRES[provider.dialect]
        try:
            async with asyncio.timeout_at(self.deadline_at):
                return await self._post(wire, rung, texts, key, fresh)
        except TimeoutError:
            return Fault("deadline", f"the deadline of {self.slot.deadline_ms} ms passed")
        except Broken as broken:
            fault = broken.fault
            return Fault(fault.kind, redact(fault.message, provider.secrets), fault.retry_after_ms, fault.fix)

    async def _post(self, wire: EmbeddingWire, rung: Hosted, texts: Sequence[str], key: int, fresh: bool) -> Vectors:
        """Raises Broken."""
        provider = rung.provider
        chosen = provider.keys[key] if provider.keys else None
        own = {name.lower(): value for name, value in provider.headers.items()}
        headers = {"content-type": "application/json", **wire.headers(chosen), **own}
        body = msgspec.json.encode(wire.body(texts, rung.model, self.effect.dimensions))
        connect_s = min(self.slot.connect_ms / 1000, max(self.deadline_at - self.loop.time(), 0.001))
        url = wire.url(provider, rung.model)
        async with self.encoders.transport.post(url, headers, body, connect_s, fresh, provider.proxy) as response:
            if response.status >= 300:
                said = await response.body(MAX_ERROR_BYTES)
                raise Broken(from_status(response.status, said, retry_after_ms(response.headers, time.time)))
            if response.media_type == "text/html":
                raise Broken(Fault("not_an_answer", f"HTTP {response.status} with a web page"))
            return wire.read(await response.body(), len(texts))

    def _failure(self, fault: Fault) -> HoldfastError:
        attempts, name = tuple(self.attempts), self.effect.encoder
        fix = fault.fix or POLICY[fault.kind].fix
        if fault.kind in NOT_SET_UP:
            return Misconfigured("HF104" if fault.kind == "no_key" else "HF100", f"no vectors: {fault.message}", fix)
        if fault.kind == "deadline":
            return EffectFailed("HF302", f"'{name}' gave no vectors in time: {fault.message}", fix, attempts)
        return EffectFailed("HF301", f"'{name}' gave no vectors: {fault}", fix, attempts)


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


def _estimated(texts: Sequence[str]) -> Usage:
    """At four characters a token, as everywhere else."""
    return Usage(input_tokens=max(sum(map(len, texts)) // 4, 1), estimated=True)
