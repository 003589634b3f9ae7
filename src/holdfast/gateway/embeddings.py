"""Vectors from a hosted encoder: one model at one provider, asked again where that may help, never replaced.

Does not know ladders: vectors of two models do not compare, so no other model may step in.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Sequence

import msgspec

from holdfast.errors import EffectFailed, HoldfastError, Misconfigured
from holdfast.gateway.asking import Target
from holdfast.gateway.call import Shared
from holdfast.gateway.failure import refused
from holdfast.gateway.fault import KEY_FAULTS, NOT_SET_UP, POLICY, Broken, Fault, from_status, redact
from holdfast.gateway.rung import Hosted, Unusable, resolve
from holdfast.gateway.transport import MAX_ERROR_BYTES
from holdfast.gateway.trying import Place, target_of
from holdfast.gateway.waiting import backoff_ms, retry_after_ms
from holdfast.gateway.wire.embedding import EMBEDDING_WIRES, EmbeddingWire, Vector, Vectors
from holdfast.records import Attempt, AttemptDetail, Done, Embed, Embedded, Usage
from holdfast.release import ModelSlot

_CHARACTERS_PER_TOKEN = 3
"""Fewer than texts in English have, so that a batch stays within a vendor's bound in most languages."""


class Encoding:
    """One effect on its way."""

    def __init__(self, shared: Shared, effect: Embed, slot: ModelSlot) -> None:
        self.shared = shared
        self.effect = effect
        self.slot = slot
        self.loop = asyncio.get_running_loop()
        self.started_s = time.perf_counter()
        self.deadline_at = self.loop.time() + slot.deadline_ms / 1000
        self.attempts: list[Attempt] = []

    async def run(self) -> Done:
        """The vectors. Raises what `Gateway.embed` raises."""
        rung = resolve(self.effect.encoder, self.shared.providers, {})
        if isinstance(rung, Unusable):
            raise self._failure(rung.fault)
        if not isinstance(rung, Hosted) or rung.provider.dialect not in EMBEDDING_WIRES:
            name = self.effect.encoder
            fix = "name a model of another provider, as in openai:text-embedding-3-small"
            raise self._failure(Fault("no_provider", f"the provider of '{name}' has no embeddings", fix=fix))
        self.shared.retries.deposit()
        if not self.shared.ready:
            await self.shared.get_ready()
        found: list[Vector] = []
        for texts in batches(self.effect.texts, rung.provider.embed_inputs, rung.provider.embed_tokens):
            outcome = await self._tries(rung, texts)
            if isinstance(outcome, Vectors) and found and len(found[0]) != len(outcome.vectors[0]):
                sizes = f"{len(found[0])} dimensions, then {len(outcome.vectors[0])}"
                outcome = Fault("garbled", f"the vectors of one call do not match: {sizes}")
            if isinstance(outcome, Fault):
                raise self._failure(outcome)
            found += outcome.vectors
        return Done(Embedded(vectors=tuple(found)), tuple(self.attempts))

    async def _tries(self, rung: Hosted, texts: Sequence[str]) -> Vectors | Fault:
        tried: set[str | None] = set()
        retries, again = 0, False
        while True:
            target = await self._target(rung, tried)
            if isinstance(target, Fault):
                return target
            outcome = await self._attempt(target, rung, texts, again=again)
            if isinstance(outcome, Vectors):
                return outcome
            again = True
            tried.add(target.key)
            if outcome.kind in KEY_FAULTS and self._has_other_key(rung, tried):
                continue
            pause_ms = self._pause_ms(outcome, target, retries)
            if pause_ms is None or pause_ms / 1000 >= self._left_s or not self.shared.retries.spend():
                return outcome
            retries += 1
            if pause_ms:
                await asyncio.sleep(pause_ms / 1000)

    @property
    def _left_s(self) -> float:
        return self.deadline_at - self.loop.time()

    async def _target(self, rung: Hosted, tried: set[str | None]) -> Target | Fault:
        """Whom to ask; where every key rests, after the rest if there is time for it."""
        place = Place(rung, 0, last=True)
        while isinstance(found := target_of(self.shared, place, tried), Fault):
            if found.retry_after_ms is None or found.retry_after_ms / 1000 >= self._left_s:
                self._pass_over(rung, found)
                return found
            await asyncio.sleep(found.retry_after_ms / 1000)
        return found

    def _has_other_key(self, rung: Hosted, tried: set[str | None]) -> bool:
        other = target_of(self.shared, Place(rung, 0, last=True), tried)
        return isinstance(other, Target) and other.key not in tried

    def _pause_ms(self, fault: Fault, target: Target, retries: int) -> float | None:
        """How long to wait before the same route is asked again; None: not at all."""
        policy, pace, chance = POLICY[fault.kind], self.shared.pace, self.shared.chance
        if retries >= min(policy.retries, self.slot.retries):
            return None
        if target.route is not None and target.route.breaker.rest_s(self.shared.clock()):
            return None
        if fault.retry_after_ms is not None:
            if fault.retry_after_ms > pace.retry_after_cap_ms:
                return None
            return fault.retry_after_ms + backoff_ms(pace, 0, chance)
        return backoff_ms(pace, retries, chance) if policy.pause or retries else 0.0

    async def _attempt(self, target: Target, rung: Hosted, texts: Sequence[str], *, again: bool) -> Vectors | Fault:
        """Ask once, note the attempt, also when it is cancelled under way, and tell the route's health."""
        started_s, name, shared = time.perf_counter(), rung.provider.name, self.shared
        shared.prices.begin(name, rung.model)
        outcome: Vectors | Fault = Fault("cancelled", "the caller stopped waiting")
        route = target.route
        assert route is not None
        begun = route.begin(shared.clock())
        try:
            outcome = await self._ask(rung, texts, target.key, fresh=again)
            if isinstance(outcome, Vectors):
                await shared.prices.learn(name, rung.model, rung.provider.base_url)
        finally:
            fault = outcome if isinstance(outcome, Fault) else None
            route.note(fault, shared.clock(), begun)
            if fault is not None and fault.kind == "no_model":
                shared.standing.gone(name, rung.model)
            answered = None if isinstance(outcome, Fault) else outcome
            usage = None if answered is None else answered.usage or _estimated(texts)
            charged = None if answered is None else answered.cost_usd
            self.attempts.append(
                Attempt(
                    provider=name,
                    model=rung.model,
                    rung=0,
                    ms=(time.perf_counter() - started_s) * 1000,
                    usage=usage,
                    cost_usd=shared.prices.cost_usd(name, rung.model, usage, charged) if usage else None,
                    error=None if fault is None else str(fault),
                    detail=AttemptDetail(
                        part="retry" if again else "first",
                        started_ms=(started_s - self.started_s) * 1000,
                        served=(answered.served or None) if answered else None,
                        key=route.key_id,
                    ),
                )
            )
        return outcome

    def _pass_over(self, rung: Hosted, fault: Fault) -> None:
        """Note that it was not asked."""
        started_ms = (time.perf_counter() - self.started_s) * 1000
        detail = AttemptDetail(started_ms=started_ms)
        name = rung.provider.name
        self.attempts.append(Attempt(provider=name, model=rung.model, rung=0, ms=0.0, error=str(fault), detail=detail))

    async def _ask(self, rung: Hosted, texts: Sequence[str], key: str | None, fresh: bool) -> Vectors | Fault:
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

    async def _post(
        self, wire: EmbeddingWire, rung: Hosted, texts: Sequence[str], key: str | None, fresh: bool
    ) -> Vectors:
        """Raises Broken."""
        provider = rung.provider
        own = {name.lower(): value for name, value in provider.headers.items()}
        headers = {"content-type": "application/json", **wire.headers(key), **own}
        body = msgspec.json.encode(wire.body(texts, rung.model, self.effect.dimensions))
        connect_s = min(self.slot.connect_ms / 1000, max(self.deadline_at - self.loop.time(), 0.001))
        url = wire.url(provider, rung.model)
        async with self.shared.transport.post(url, headers, body, connect_s, fresh, provider.proxy) as response:
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
        return refused(f"'{name}' gave no vectors: {fault}", fix, [fault], attempts)


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
