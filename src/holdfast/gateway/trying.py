"""One rung: which key is used, and whether the rung is asked again after a fault, at once, later or not at all.

Does not know the other rungs, but that some follow.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from holdfast.contracts import Answer
from holdfast.gateway.asking import Asking, Part, Target
from holdfast.gateway.attempt import in_tool_call
from holdfast.gateway.call import Call, Shared, name_of
from holdfast.gateway.fault import KEY_FAULTS, POLICY, RESCUED, Fault
from holdfast.gateway.health import Route
from holdfast.gateway.hedge import Race, late_after_s
from holdfast.gateway.rung import HandedIn, Hosted
from holdfast.gateway.waiting import backoff_ms
from holdfast.messages import Message


class Place(NamedTuple):
    """A rung in its ladder: its number in the slot's whole ladder, and whether no other follows."""

    rung: Hosted | HandedIn
    number: int
    last: bool


class Outcome(NamedTuple):
    """What came of a rung, and whom it came from: a hedge may have asked another."""

    what: Answer | Fault
    target: Target | None


class _Again(NamedTuple):
    """Ask once more: whom, as what, and how."""

    target: Target
    part: Part
    fresh: bool = False
    mending: tuple[Message, ...] = ()


class Tries:
    """Asks one rung until it answers or its fault says to leave it.

    `next_hosted` gives the hosted rung that would be asked next, if there is one and it could be asked now.
    """

    def __init__(self, call: Call, place: Place, next_hosted: Callable[[], Place | None]) -> None:
        self._call = call
        self._place = place
        self._next_hosted = next_hosted
        self._retries = 0
        self._fresh_used = False
        self._continued = False
        self._asked_whole = False
        self._tried: set[str | None] = set()

    async def run(self) -> Outcome:
        """The answer, or the fault the rung is left for. Text that can be gone on with stays heard."""
        target = target_of(self._call.shared, self._place, self._tried)
        if isinstance(target, Fault):
            return Outcome(target, None)
        again: _Again | None = _Again(target, "first")
        what: Answer | Fault = Fault("resting", "nothing was asked")
        while again is not None:
            self._tried.add(again.target.key)
            what, asking = await self._ask(again)
            if isinstance(what, Answer):
                return Outcome(what, asking.target)
            self._settle(what, asking)
            again = await self._next(what, asking)
        return Outcome(what, None)

    async def _ask(self, again: _Again) -> tuple[Answer | Fault, Asking]:
        call, voice = self._call, self._call.voice
        heard, part = voice.heard, again.part
        partial = ""
        if heard:
            if call.continues and heard.strip() and isinstance(self._place.rung, Hosted):
                partial, part = heard, "rescue"
            else:
                voice.reset("the answer broke off and begins again")
        asking = Asking(call, again.target, part, partial=partial, fresh=again.fresh, mending=again.mending)
        after_s = self._hedge_after_s() if part == "first" else None
        if after_s is None:
            return await asking.run(), asking
        return await Race(asking, lambda: self._hedge(again.target)).run(after_s)

    def _settle(self, fault: Fault, asking: Asking) -> None:
        """After a fault: keep what was heard where it can be gone on with, and void it otherwise."""
        call, voice = self._call, self._call.voice
        if not voice.heard:
            return
        if call.slot.rescue == "error" and fault.kind != "schema_violation":
            call.final = True
            voice.reset(str(fault))
        elif asking.goes_on and fault.kind == "blank":
            # Nothing to add may mean that nothing is missing, or that the model failed. A whole answer is certain.
            voice.reset("nothing came of going on with the answer")
        elif not isinstance(self._place.rung, Hosted) or (asking.watch.characters and not self._is_good(fault, asking)):
            voice.reset(str(fault))

    def _is_good(self, fault: Fault, asking: Asking) -> bool:
        """Whether the text of a broken answer can be gone on with."""
        return self._call.continues and fault.kind in RESCUED and not in_tool_call(asking.watch)

    async def _next(self, fault: Fault, asking: Asking) -> _Again | None:
        """The next try of this rung; None: leave it. Waits, where it has to."""
        target = asking.target
        if self._call.final or target.number != self._place.number or fault.kind == "deadline":
            return None
        if self._learned(fault, asking):
            return _Again(target, "retry")
        if asking.goes_on and fault.kind == "blank" and not self._asked_whole:
            self._asked_whole = True
            return _Again(target, "retry")
        if fault.untouched and isinstance(self._place.rung, Hosted):
            if self._fresh_used:
                return None
            self._fresh_used = True
            return _Again(target, "retry", fresh=True)
        if fault.kind in KEY_FAULTS:
            other = target_of(self._call.shared, self._place, self._tried)
            if isinstance(other, Target) and other.key not in self._tried:
                return _Again(other, "retry")
        pause_ms = self._pause_ms(fault, target)
        if pause_ms is None or pause_ms / 1000 >= self._call.left_s or not self._call.shared.retries.spend():
            return None
        self._retries += 1
        if pause_ms:
            await asyncio.sleep(pause_ms / 1000)
        return _Again(target, "retry", mending=asking.mending)

    def _learned(self, fault: Fault, asking: Asking) -> bool:
        """Whether the request is worth sending again without something that the fault names."""
        rung = self._place.rung
        if not isinstance(rung, Hosted):
            return False
        refusals = self._call.shared.standing.model(rung.provider.name, rung.model).refusals
        return refusals.learn(fault, asking.request, rung.provider, prefilled=asking.prefilled) is not None

    def _pause_ms(self, fault: Fault, target: Target) -> float | None:
        """How long to wait before asking the same rung again; None: not at all."""
        call, policy = self._call, POLICY[fault.kind]
        allowed = min(policy.retries, call.slot.retries)
        now_s = call.shared.clock()
        if target.route is not None and target.route.breaker.rest_s(now_s):
            return None
        if call.voice.heard:  # one try to go on with it here, where a try may help or nobody else can
            may = fault.kind == "broken_off" or self._next_hosted() is None
            if not may or self._continued or not call.slot.retries:
                return None
            self._continued = True
            return 0.0
        pace, chance = call.shared.pace, call.shared.chance
        if fault.retry_after_ms is not None:
            if self._retries >= allowed or fault.retry_after_ms > pace.retry_after_cap_ms:
                return None
            return fault.retry_after_ms + backoff_ms(pace, 0, chance)  # never earlier than was asked for
        if fault.kind == "rate_limited":
            allowed = min(allowed, 1)  # it gave no time at which asking again would help
        if self._retries >= allowed:
            return None
        return backoff_ms(pace, self._retries, chance) if policy.pause or self._retries else 0.0

    def _hedge_after_s(self) -> float | None:
        """When a first token of this rung is late enough to ask another too; None: never."""
        call, rung = self._call, self._place.rung
        if call.slot.hedge == "off" or not isinstance(rung, Hosted):
            return None
        known = call.shared.standing.model(rung.provider.name, rung.model)
        return late_after_s(known.times(streaming=call.streaming))

    def _hedge(self, late: Target) -> Asking | None:
        """The attempt that is made beside a late one, where one may be made."""
        call = self._call
        place = self._place if call.slot.hedge == "same" else self._next_hosted()
        if place is None:
            return None
        target = target_of(call.shared, place, {late.key} if place is self._place else set())
        if isinstance(target, Fault) or not call.shared.hedges.spend():
            return None
        return Asking(call, target, "hedge")


def target_of(shared: Shared, place: Place, tried: set[str | None]) -> Target | Fault:
    """Whom to ask on a rung: the key whose turn it is among those that do not rest, one that was not tried before any
    that was; `resting` where all rest."""
    rung = place.rung
    if isinstance(rung, HandedIn):
        return Target(rung, place.number, place.last)
    standing, now_s = shared.standing, shared.clock()
    name = name_of(rung)
    gone_s = standing.model(name, rung.model).gone_until_s - now_s
    if gone_s > 0:
        return Fault(
            "resting", f"the provider has no such model; asked again in {gone_s:.0f} s", gone_s * 1000, param="gone"
        )
    keys = rung.provider.keys
    if len(keys) < 2:
        key = keys[0] if keys else None
        route = standing.route(name, rung.model, key)
        return _resting(route, now_s) if route.rest_s(now_s) else Target(rung, place.number, place.last, key, route)
    turn = 0 if tried else next(shared.turn)
    order = [(turn + at) % len(keys) for at in range(len(keys))]
    routes = [(keys[at], standing.route(name, rung.model, keys[at], at)) for at in order]
    ready = [(key, route) for key, route in routes if not route.rest_s(now_s)]
    if not ready:
        return _resting(min((route for _, route in routes), key=lambda route: route.rest_s(now_s)), now_s)
    key, route = next((one for one in ready if one[0] not in tried), ready[0])
    return Target(rung, place.number, place.last, key, route)


def _resting(route: Route, now_s: float) -> Fault:
    rest_s, why = route.rest_s(now_s), route.why(now_s)
    after = f" after {route.last_fault}" if route.last_fault is not None else ""
    return Fault("resting", f"{why}, asked again in {rest_s:.1f} s{after}", rest_s * 1000, param=why)
