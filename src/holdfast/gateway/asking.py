"""One attempt from beginning to end: it is timed, listened to, noted with what it cost, and told to the route's health.

Does not know why it is made, or what follows.
"""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import replace
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from holdfast.contracts import Answer
from holdfast.gateway.attempt import FILTERED, Asked, Limits, Watch, ask_object, spent, told
from holdfast.gateway.call import Call, name_of
from holdfast.gateway.fault import Fault, redact
from holdfast.gateway.health import Begun, ModelHealth, Route
from holdfast.gateway.learned import left_out
from holdfast.gateway.provider import Provider
from holdfast.gateway.rescue import Joined, Joiner, continuation
from holdfast.gateway.rung import HandedIn, Hosted
from holdfast.messages import Message
from holdfast.records import Attempt, AttemptDetail, Usage
from holdfast.support.mending import mending
from holdfast.support.schemas import violation

Part: TypeAlias = Literal["first", "retry", "hedge", "rescue"]
LEARNED_FROM = 50
"""So many first tokens of a route must be known before the wait for the next one shrinks to what is usual."""
LEARNED_LEAST_MS = 1_000.0
_USUAL = 3.0


class Target(NamedTuple):
    """Whom an attempt asks: a rung, its number in the slot's ladder, and with which key. `last`: no rung follows."""

    rung: Hosted | HandedIn
    number: int
    last: bool
    key: str | None = None
    route: Route | None = None


class Asking:
    """One attempt. With `partial`, the text heard so far, it goes on with that instead of answering afresh; with
    `mending`, two turns, it mends the answer that was given before."""

    def __init__(
        self,
        call: Call,
        target: Target,
        part: Part,
        *,
        partial: str = "",
        fresh: bool = False,
        mending: tuple[Message, ...] = (),
    ) -> None:
        self.call = call
        self.target = target
        self.part = part
        self.fresh = fresh
        self._partial = partial
        self._prefill = bool(partial) and isinstance(target.rung, Hosted) and prefills(call, target.rung)
        self._joiner = Joiner(partial, prefill=self._prefill) if partial else None
        self._started_ms = call.since_start_ms()
        self._dropped: tuple[str, ...] = ()
        self.mending = mending
        """The turns with which to ask for the answer once more, after one that violated its schema."""
        asked = call.effect
        if mending:
            asked = msgspec.structs.replace(asked, messages=(*asked.messages, *mending))
        self.request = continuation(asked, partial, prefill=self._prefill) if partial else asked
        self.watch = Watch(self._say if partial else call.voice.say, self._limits())

    @property
    def goes_on(self) -> bool:
        """It goes on with text that was heard."""
        return self._joiner is not None

    @property
    def prefilled(self) -> bool:
        """The request ends in a turn of the assistant, which not every model takes."""
        return self._prefill or bool(self.request.messages and self.request.messages[-1].role == "assistant")

    async def run(self) -> Answer | Fault:
        """Ask once and note the attempt, also when it is cancelled under way."""
        call, rung = self.call, self.target.rung
        name = name_of(rung)
        outcome: Answer | Fault = Fault("cancelled", "the caller stopped waiting")
        ms: float | None = None
        route = self.target.route
        begun = None if route is None else route.begin(call.shared.clock())
        try:
            outcome = self._judged(await self.watch.over(self._sent()))
            ms = self.watch.ms
            if self._joiner is not None and isinstance(outcome, Answer):
                self._hear(self._joiner.end())
                outcome = msgspec.structs.replace(outcome, text=call.voice.heard)
            if spent(self.request, self.watch, outcome) is not None:
                base_url = rung.provider.base_url if isinstance(rung, Hosted) else ""
                await call.shared.prices.learn(name, rung.model, base_url)
        finally:
            self._note(outcome, self.watch.ms if ms is None else ms)
            if route is not None and begun is not None:
                self._tell(route, outcome, begun)
        return outcome

    def _sent(self) -> Coroutine[None, None, Answer]:
        rung, call = self.target.rung, self.call
        if isinstance(rung, HandedIn):
            return ask_object(rung, self.request, self.watch)
        refusals = self._model_health(rung).refusals
        provider = _as_learned(rung.provider, other_bound=refusals.other_bound)
        if (prefill := call.shared.facts_of(rung).prefill) is not None:
            provider = replace(provider, prefill=prefill)
        without, self._dropped = left_out(refusals, self.request, provider)
        call.shared.prices.begin(provider.name, rung.model)
        asked = Asked(Hosted(provider, rung.model), self.target.key, self.request, call.streaming, without, self.fresh)
        return call.shared.hosts.ask(asked, self.watch)

    def _judged(self, outcome: Answer | Fault) -> Answer | Fault:
        """An answer that was filtered is a fault where nothing is left of it, or another rung may be asked; so is one
        that violates the schema it is to match exactly."""
        if isinstance(outcome, Fault):
            return outcome
        if outcome.stop_reason in FILTERED:
            another = self.call.slot.on_filtered == "next_rung" and not self.target.last
            if another or not (outcome.text.strip() or outcome.tool_calls):
                return Fault("filtered", f"the answer was stopped ({outcome.stop_reason})")
            return outcome
        effect = self.call.effect
        if effect.schema is None or not effect.exact or outcome.tool_calls or outcome.stop_reason == "length":
            return outcome
        wrong = violation(outcome.text, effect.schema)
        if wrong is None:
            return outcome
        self.mending = mending(outcome.text, wrong)
        return Fault("schema_violation", redact(wrong, ()))

    def _say(self, piece: str) -> None:
        assert self._joiner is not None
        self._hear(self._joiner.feed(piece))

    def _hear(self, joined: Joined) -> None:
        if joined.restart:
            self.call.voice.reset("the answer broke off, and another one was begun")
        self.call.voice.say(joined.text)

    def _model_health(self, rung: Hosted) -> ModelHealth:
        return self.call.shared.standing.model(rung.provider.name, rung.model)

    def _limits(self) -> Limits:
        call, slot = self.call, self.call.slot
        return Limits(
            connect_ms=slot.connect_ms,
            first_token_ms=self._first_token_ms(),
            idle_ms=slot.idle_ms,
            deadline_at=call.deadline_at,
            floor_chars_per_s=slot.floor_chars_per_s if call.streaming else 0.0,
            floor_ms=call.shared.pace.floor_ms,
        )

    def _first_token_ms(self) -> float:
        """How long to wait for the first token, or for the whole answer where nothing of it comes before."""
        call, slot, rung = self.call, self.call.slot, self.target.rung
        if not call.streaming:
            left_ms = max(0.0, call.left_s * 1000)
            return left_ms if self.target.last else max(slot.first_token_ms, left_ms / 2)
        if slot.learn_timeouts and isinstance(rung, Hosted):
            times = self._model_health(rung).streamed
            if len(times) >= LEARNED_FROM:
                return min(max(times.at(0.99) * _USUAL, LEARNED_LEAST_MS), slot.first_token_ms)
        return slot.first_token_ms

    def _tell(self, route: Route, outcome: Answer | Fault, begun: Begun) -> None:
        """Tell the route's health what came of it."""
        rung, standing = self.target.rung, self.call.shared.standing
        assert isinstance(rung, Hosted)
        fault = outcome if isinstance(outcome, Fault) else None
        route.note(fault, standing.clock(), begun)
        known = self._model_health(rung)
        waited = fault is not None and fault.kind in ("silent", "cancelled")
        first_ms = self.watch.first_token_ms
        if first_ms is None and waited and self.watch.stopped_early:
            first_ms = self.watch.ms  # it would have taken at least so long
        if first_ms is not None:
            known.times(streaming=self.call.streaming).add(first_ms)
        if fault is not None and fault.kind == "no_model":
            standing.gone(rung.provider.name, rung.model)
        reader = self.watch.reader
        if reader is not None and reader.served and reader.served != rung.model:
            known.note_served(rung.model, reader.served)

    def _note(self, outcome: Answer | Fault, ms: float) -> None:
        rung, watch = self.target.rung, self.watch
        name, prices = name_of(rung), self.call.shared.prices
        usage: Usage | None = spent(self.request, watch, outcome)
        said = told(watch)
        self.call.note(
            Attempt(
                provider=name,
                model=rung.model,
                rung=self.target.number,
                ms=ms,
                first_token_ms=watch.first_token_ms,
                usage=usage,
                cost_usd=prices.cost_usd(name, rung.model, usage, watch.charged_usd) if usage else None,
                error=str(outcome) if isinstance(outcome, Fault) else None,
                detail=AttemptDetail(
                    part=self.part,
                    started_ms=round(self._started_ms, 3),
                    served=said.served,
                    fingerprint=said.fingerprint,
                    response_id=said.response_id,
                    key=None if self.target.route is None else self.target.route.key_id,
                    dropped=self._dropped,
                    skipped_events=said.skipped_events,
                ),
            )
        )


def prefills(call: Call, rung: Hosted) -> bool:
    """Whether a model goes on with a last turn of the assistant: by the project's word, else the provider's, as long as
    it has not refused one."""
    if not call.shared.standing.model(rung.provider.name, rung.model).refusals.prefill:
        return False
    return (call.shared.facts_of(rung).prefill or rung.provider.prefill) != "none"


def _as_learned(provider: Provider, *, other_bound: bool) -> Provider:
    if not other_bound:
        return provider
    used = provider.max_tokens_field
    return replace(
        provider, max_tokens_field="max_tokens" if used == "max_completion_tokens" else "max_completion_tokens"
    )
