"""One model at one provider, asked again where that may help and never replaced: vectors and scores do not compare.

Does not know ladders, nor what is asked of the model.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from typing import Generic, Protocol, TypeVar

import msgspec

from holdfast.errors import EffectFailed, HoldfastError, Misconfigured
from holdfast.gateway.asking import Target
from holdfast.gateway.call import Shared
from holdfast.gateway.failure import refused
from holdfast.gateway.fault import KEY_FAULTS, NOT_SET_UP, POLICY, Broken, Fault, from_status, redact
from holdfast.gateway.provider import Provider
from holdfast.gateway.rung import Hosted
from holdfast.gateway.transport import MAX_ERROR_BYTES
from holdfast.gateway.trying import Place, target_of
from holdfast.gateway.waiting import backoff_ms, retry_after_ms
from holdfast.records import Attempt, AttemptDetail, Json, Usage
from holdfast.release import ModelSlot


class Answered(Protocol):
    """What was read of a response; `usage` None: the vendor did not say."""

    @property
    def usage(self) -> Usage | None: ...
    @property
    def cost_usd(self) -> float | None: ...
    @property
    def served(self) -> str: ...


A_co = TypeVar("A_co", bound=Answered, covariant=True)


class Question(Protocol[A_co]):
    """One request: where it is posted, what it says, and how its answer is read."""

    def url(self, provider: Provider, model: str) -> str: ...
    def headers(self, key: str | None) -> Mapping[str, str]: ...
    def body(self, model: str) -> Mapping[str, Json]: ...
    def read(self, body: bytes) -> A_co:
        """Raises Broken for anything but a sound answer."""
        ...

    def estimated(self) -> Usage:
        """The usage where the vendor does not say it."""
        ...


A = TypeVar("A", bound=Answered)


class OneModel(Generic[A]):
    """Questions to one model, under one deadline. `wanted` is what they are to give, as an error would call it."""

    def __init__(self, shared: Shared, name: str, slot: ModelSlot, wanted: str) -> None:
        self.shared = shared
        self.name = name
        self.slot = slot
        self.wanted = wanted
        self.loop = asyncio.get_running_loop()
        self.started_s = time.perf_counter()
        self.deadline_at = self.loop.time() + slot.deadline_ms / 1000
        self.attempts: list[Attempt] = []

    async def begin(self) -> None:
        """Once before the first question."""
        self.shared.retries.deposit()
        if not self.shared.ready:
            await self.shared.get_ready()

    async def ask(self, rung: Hosted, question: Question[A]) -> A | Fault:
        """The answer, after as many tries as `fault.POLICY`, the slot and the budget of all calls allow."""
        tried: set[str | None] = set()
        retries, again = 0, False
        while True:
            target = await self._target(rung, tried)
            if isinstance(target, Fault):
                return target
            outcome = await self._attempt(target, rung, question, again=again)
            if not isinstance(outcome, Fault):
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

    def failure(self, fault: Fault) -> HoldfastError:
        """The error for a fault that stands: EffectFailed with the attempts, or Misconfigured."""
        attempts = tuple(self.attempts)
        fix = fault.fix or POLICY[fault.kind].fix
        if fault.kind in NOT_SET_UP:
            code = "HF104" if fault.kind == "no_key" else "HF100"
            return Misconfigured(code, f"no {self.wanted}: {fault.message}", fix)
        if fault.kind == "deadline":
            message = f"'{self.name}' gave no {self.wanted} in time: {fault.message}"
            return EffectFailed("HF302", message, fix, attempts)
        return refused(f"'{self.name}' gave no {self.wanted}: {fault}", fix, [fault], attempts)

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

    async def _attempt(self, target: Target, rung: Hosted, question: Question[A], *, again: bool) -> A | Fault:
        """Ask once, note the attempt, also when it is cancelled under way, and tell the route's health."""
        started_s, name, shared = time.perf_counter(), rung.provider.name, self.shared
        shared.prices.begin(name, rung.model)
        outcome: A | Fault = Fault("cancelled", "the caller stopped waiting")
        route = target.route
        assert route is not None
        begun = route.begin(shared.clock())
        try:
            outcome = await self._ask(rung, question, target.key, fresh=again)
            if not isinstance(outcome, Fault):
                await shared.prices.learn(name, rung.model, rung.provider.base_url)
        finally:
            fault = outcome if isinstance(outcome, Fault) else None
            route.note(fault, shared.clock(), begun)
            if fault is not None and fault.kind == "no_model":
                shared.standing.gone(name, rung.model)
            answered = None if isinstance(outcome, Fault) else outcome
            usage = None if answered is None else answered.usage or question.estimated()
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
        detail = AttemptDetail(started_ms=(time.perf_counter() - self.started_s) * 1000)
        name = rung.provider.name
        self.attempts.append(Attempt(provider=name, model=rung.model, rung=0, ms=0.0, error=str(fault), detail=detail))

    async def _ask(self, rung: Hosted, question: Question[A], key: str | None, fresh: bool) -> A | Fault:
        provider = rung.provider
        try:
            async with asyncio.timeout_at(self.deadline_at):
                return await self._post(rung, question, key, fresh)
        except TimeoutError:
            return Fault("deadline", f"the deadline of {self.slot.deadline_ms} ms passed")
        except Broken as broken:
            fault = broken.fault
            return Fault(fault.kind, redact(fault.message, provider.secrets), fault.retry_after_ms, fault.fix)

    async def _post(self, rung: Hosted, question: Question[A], key: str | None, fresh: bool) -> A:
        """Raises Broken."""
        provider = rung.provider
        own = {name.lower(): value for name, value in provider.headers.items()}
        headers = {"content-type": "application/json", **question.headers(key), **own}
        body = msgspec.json.encode(question.body(rung.model))
        connect_s = min(self.slot.connect_ms / 1000, max(self._left_s, 0.001))
        url = question.url(provider, rung.model)
        async with self.shared.transport.post(url, headers, body, connect_s, fresh, provider.proxy) as response:
            if response.status >= 300:
                said = await response.body(MAX_ERROR_BYTES)
                raise Broken(from_status(response.status, said, retry_after_ms(response.headers, time.time)))
            if response.media_type == "text/html":
                raise Broken(Fault("not_an_answer", f"HTTP {response.status} with a web page"))
            return question.read(await response.body())
