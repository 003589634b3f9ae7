"""The way up one ladder: rung after rung, under one deadline, until one answers.

Does not know how a rung is asked.
"""

from __future__ import annotations

import asyncio
import time

from holdfast.contracts import Answer
from holdfast.gateway import extractive
from holdfast.gateway.call import Call, name_of
from holdfast.gateway.capability import no_larger, unable
from holdfast.gateway.failure import failure
from holdfast.gateway.fault import NOT_SET_UP, POLICY, Fault
from holdfast.gateway.rung import EXTRACTIVE, Extractive, Hosted, Unusable, resolve
from holdfast.gateway.trying import Outcome, Place, Tries, target_of
from holdfast.records import Attempt, Done, Generated, Usage

OWN = "holdfast"
"""The provider of the rungs that are our own."""


class Climb:
    """One call's way up the ladder."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._late = False
        self._again = False
        self._refused_window: int | None = None

    async def run(self) -> Done:
        """The answer. Raises what `Gateway.generate` raises."""
        call = self._call
        call.shared.retries.deposit()
        call.shared.hedges.deposit()
        while True:
            found = await self._pass()
            if found is not None:
                return Done(found, tuple(call.attempts))
            wait_s = self._until_one_wakes()
            if wait_s is None:
                break
            await asyncio.sleep(wait_s)
            call.over.clear()
            self._again = True
        call.voice.reset("no rung could give a whole answer")
        raise failure(call)

    async def _pass(self) -> Generated | None:
        """Ask each rung in turn, once."""
        call, effect = self._call, self._call.effect
        for position, entry in enumerate(effect.models):
            outcome = await self._rung(entry, position)
            if isinstance(outcome, Generated):
                return outcome
            call.over.append((entry, outcome))
            self._late = self._late or outcome.kind == "deadline"
            ends = not POLICY[outcome.kind].next_rung
            if outcome.kind == "filtered" and call.slot.on_filtered == "next_rung":
                ends = False
            if ends or call.final:
                break
        return None

    def _until_one_wakes(self) -> float | None:
        """How long until a rung may be asked again, where all that could be asked rest and there is time; else None."""
        rests = [fault for _, fault in self._call.over if fault.kind not in NOT_SET_UP]
        if not rests or any(fault.kind != "resting" or fault.retry_after_ms is None for fault in rests):
            return None
        soonest_s = min(fault.retry_after_ms or 0.0 for fault in rests) / 1000
        return soonest_s if soonest_s < self._call.left_s else None

    async def _rung(self, entry: str, position: int) -> Generated | Fault:
        """The answer of one rung, or the fault it was left for."""
        call = self._call
        number = call.effect.first_rung + position
        rung = resolve(entry, call.shared.providers, call.shared.models)
        match rung:
            case Extractive():
                return await self._extract(number)
            case Unusable(name, model, fault):
                return self._pass_over(name, model, number, fault)
        if self._late or call.left_s <= 0:
            late = Fault("deadline", "the deadline had passed before this rung's turn")
            return self._pass_over(name_of(rung), rung.model, number, late)
        if isinstance(rung, Hosted) and (unfit := self._unable(rung)) is not None:
            return self._pass_over(name_of(rung), rung.model, number, unfit)
        if isinstance(rung, Hosted) and not call.shared.ready:
            await call.shared.get_ready()
        place = Place(rung, number, position == len(call.effect.models) - 1)
        outcome = await Tries(call, place, lambda: self._next_hosted(position)).run()
        return self._came_of(place, outcome)

    def _came_of(self, place: Place, outcome: Outcome) -> Generated | Fault:
        what, rung = outcome.what, place.rung
        if isinstance(what, Answer):
            target = outcome.target
            assert target is not None
            name = name_of(target.rung)
            return Generated(
                text=what.text,
                model=f"{name}:{what.model or target.rung.model}",
                rung=target.number,
                tool_calls=what.tool_calls,
                stop_reason=what.stop_reason,
            )
        if what.kind == "resting":
            return self._pass_over(name_of(rung), rung.model, place.number, what)
        if what.kind == "too_long" and isinstance(rung, Hosted):
            self._refused_window = self._call.shared.window_of(rung) or self._refused_window
        return what

    def _unable(self, rung: Hosted) -> Fault | None:
        """Why a model cannot be asked this, as far as that is known before anything is sent."""
        call = self._call
        window = call.shared.window_of(rung)
        refusals = call.shared.standing.model(rung.provider.name, rung.model).refusals
        fault = unable(call.effect, rung, call.shared.facts_of(rung), window, refusals)
        if fault is None and no_larger(window, self._refused_window):
            return Fault("too_long", f"the model reads {window} tokens, no more than one that this did not fit into")
        return fault

    def _next_hosted(self, position: int) -> Place | None:
        """The next hosted rung that could be asked now."""
        call, models = self._call, self._call.effect.models
        for at in range(position + 1, len(models)):
            rung = resolve(models[at], call.shared.providers, call.shared.models)
            if not isinstance(rung, Hosted) or self._unable(rung) is not None:
                continue
            place = Place(rung, call.effect.first_rung + at, at == len(models) - 1)
            if not isinstance(target_of(call.shared, place, set()), Fault):
                return place
        return None

    async def _extract(self, number: int) -> Generated | Fault:
        call = self._call
        started_s = time.perf_counter()
        meaning = call.shared.meaning
        similar = meaning.similar if meaning is not None else None
        outcome = await asyncio.to_thread(extractive.answer, call.effect, number, similar)
        ms = (time.perf_counter() - started_s) * 1000
        if isinstance(outcome, Fault):
            call.note(Attempt(provider=OWN, model=EXTRACTIVE, rung=number, ms=ms, error=str(outcome)))
            return outcome
        attempt = Attempt(
            provider=OWN, model=EXTRACTIVE, rung=number, ms=ms, first_token_ms=ms, usage=Usage(), cost_usd=0.0
        )
        call.note(attempt)
        call.voice.reset("no model could give a whole answer")
        call.voice.say(outcome.text)
        return outcome

    def _pass_over(self, name: str, model: str, number: int, fault: Fault) -> Fault:
        if not (self._again and fault.kind == "resting"):
            self._call.note(Attempt(provider=name, model=model, rung=number, ms=0.0, error=str(fault)))
        return fault
