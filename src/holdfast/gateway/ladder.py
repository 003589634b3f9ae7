"""The gateway: a ladder of models behind one call, tried in order under one deadline.

Does not know features, prompts or recordings; it is given an effect and gives back an answer with every attempt.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Coroutine, Mapping
from types import MappingProxyType

from holdfast.contracts import Answer, Delta, Embedder, Hear, Models, Reset
from holdfast.errors import EffectFailed, HoldfastError, Misconfigured
from holdfast.gateway import extractive
from holdfast.gateway.attempt import Hosts, Watch, ask_object, spent
from holdfast.gateway.embeddings import Encoders
from holdfast.gateway.fault import KEY_FAULTS, NOT_SET_UP, POLICY, Fault
from holdfast.gateway.meaning import Meaning
from holdfast.gateway.prices import Prices
from holdfast.gateway.provider import Provider
from holdfast.gateway.rung import EXTRACTIVE, Extractive, HandedIn, Hosted, Unusable, resolve
from holdfast.gateway.transport import Transport
from holdfast.gateway.waiting import Pace, backoff_ms
from holdfast.records import Attempt, Done, Embed, Generate, Generated, Usage
from holdfast.release import ModelSlot

OWN = "holdfast"
"""The provider of the rungs that are our own."""


class Gateway:
    """Asks ladders of models.

    `providers` by name; `models` are objects that stand in for a provider of that name. `pace` and `chance` set the
    pauses between tries. With an `embedder` the extractive rung goes by meaning as well as by words. One gateway serves
    any number of concurrent calls, on any number of event loops.
    """

    def __init__(
        self,
        providers: Mapping[str, Provider],
        *,
        models: Models = MappingProxyType({}),
        embedder: Embedder | None = None,
        prices: Prices | None = None,
        pace: Pace | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.providers = providers
        self.models = models
        self.prices = prices or Prices()
        self.pace = pace or Pace()
        self.chance = chance
        self.turn = itertools.count()
        self.meaning = Meaning(embedder) if embedder is not None else None
        self._transport = Transport()
        self.hosts = Hosts(self._transport, self.pace)

    async def generate(self, effect: Generate, slot: ModelSlot, hear: Hear) -> Done:
        """Answer with the first rung that can.

        Rungs are tried in order, each again where its fault allows it (`fault.POLICY`, at most `slot.retries` times),
        all under `slot.deadline_ms`. `hear` gets a Delta for each piece of visible text, and a Reset when an attempt
        fails after it was heard. The extractive rung waits for nobody, so it answers even after the deadline.

        Raises EffectFailed when no rung is left (HF301), when the deadline passed (HF302) or when a provider's content
        filter refused what was asked (HF304); Misconfigured when nothing in the ladder is set up. An EffectFailed
        carries the attempts, and so does the CancelledError of a call that is cancelled (`errors.attempts_of`); such a
        call is stopped at the vendor too.
        """
        climb = _Climb(self, effect, slot, hear)
        try:
            return await climb.run()
        except asyncio.CancelledError as stopped:
            stopped.attempts = tuple(climb.attempts)  # type: ignore[attr-defined]  # attempts_of reads it
            raise

    async def embed(self, effect: Embed, slot: ModelSlot) -> Done:
        """The vectors of the texts from the encoder named as `provider:model`, and from no other; see
        `Encoders.embed`."""
        encoders = Encoders(self.providers, self._transport, self.prices, self.pace, self.chance)
        return await encoders.embed(effect, slot)

    async def warm(self) -> None:
        """Load in a thread what the first call to a provider would otherwise wait for, half a second. Optional."""
        await self._transport.warm()

    async def close(self) -> None:
        """Close the connections of the running loop. A second time does nothing; a later call opens new ones."""
        await self._transport.close()


class _Climb:
    """One call's way up the ladder."""

    def __init__(self, gateway: Gateway, effect: Generate, slot: ModelSlot, hear: Hear) -> None:
        self.gateway = gateway
        self.effect = effect
        self.slot = slot
        self.hear = hear
        self.loop = asyncio.get_running_loop()
        self.deadline_at = self.loop.time() + slot.deadline_ms / 1000
        self.attempts: list[Attempt] = []
        self.faults: list[tuple[str, Fault]] = []
        self.late = False

    async def run(self) -> Done:
        for position, entry in enumerate(self.effect.models):
            outcome = await self._rung(entry, self.effect.first_rung + position)
            if isinstance(outcome, Generated):
                return Done(outcome, tuple(self.attempts))
            self.faults.append((entry, outcome))
            self.late = self.late or outcome.kind == "deadline"
            if not POLICY[outcome.kind].next_rung:
                break
        raise self._failure()

    async def _rung(self, entry: str, number: int) -> Generated | Fault:
        """The answer of one rung, or the fault it was left for."""
        rung = resolve(entry, self.gateway.providers, self.gateway.models)
        match rung:
            case Extractive():
                return await self._extract(number)
            case Unusable(name, model, fault):
                return self._pass_over(name, model, number, fault)
        name = rung.provider.name if isinstance(rung, Hosted) else rung.name
        if self.late or self.loop.time() >= self.deadline_at:
            late = Fault("deadline", "the deadline had passed before this rung's turn")
            return self._pass_over(name, rung.model, number, late)
        outcome = await self._tries(rung, name, number)
        if isinstance(outcome, Fault):
            return outcome
        return Generated(
            text=outcome.text,
            model=f"{name}:{outcome.model or rung.model}",
            rung=number,
            tool_calls=outcome.tool_calls,
            stop_reason=outcome.stop_reason,
        )

    async def _tries(self, rung: Hosted | HandedIn, name: str, number: int) -> Answer | Fault:
        """Ask one rung until it answers or its fault says to go on. A key's fault counts once no other key is left."""
        keys: tuple[str | None, ...] = (rung.provider.keys if isinstance(rung, Hosted) else ()) or (None,)
        turn = next(self.gateway.turn) if len(keys) > 1 else 0
        keys_tried, retries = 1, 0
        while True:
            key = keys[(turn + keys_tried - 1) % len(keys)]
            outcome = await self._attempt(rung, name, number, key)
            if isinstance(outcome, Answer):
                return outcome
            if outcome.kind in KEY_FAULTS and keys_tried < len(keys):
                keys_tried += 1
                continue
            pause_ms = self._pause_ms(outcome, retries)
            if pause_ms is None or self.loop.time() + pause_ms / 1000 >= self.deadline_at:
                return outcome
            retries += 1
            if pause_ms:
                await asyncio.sleep(pause_ms / 1000)

    def _pause_ms(self, fault: Fault, retries: int) -> float | None:
        """How long to wait before asking the same rung again; None: not at all."""
        policy = POLICY[fault.kind]
        allowed = min(policy.retries, self.slot.retries)
        pace, chance = self.gateway.pace, self.gateway.chance
        if fault.retry_after_ms is not None:
            if retries >= allowed or fault.retry_after_ms > pace.retry_after_cap_ms:
                return None
            return fault.retry_after_ms + backoff_ms(pace, 0, chance)  # never earlier than was asked for
        if fault.kind == "rate_limited":
            allowed = min(allowed, 1)  # it gave no time at which asking again would help
        if retries >= allowed:
            return None
        return backoff_ms(pace, retries, chance) if policy.pause or retries else 0.0

    async def _attempt(self, rung: Hosted | HandedIn, name: str, number: int, key: str | None) -> Answer | Fault:
        """Ask once and note the attempt, also when it is cancelled under way."""
        watch = Watch(self.hear, self.slot, self.deadline_at)
        prices = self.gateway.prices
        asking: Coroutine[None, None, Answer]
        base_url = ""
        if isinstance(rung, Hosted):
            base_url = rung.provider.base_url
            prices.begin(name, rung.model)
            asking = self.gateway.hosts.ask(rung, key, self.effect, watch, self.slot.connect_ms)
        else:
            asking = ask_object(rung, self.effect, watch)
        outcome: Answer | Fault = Fault("cancelled", "the caller stopped waiting")
        ms: float | None = None
        try:
            outcome = await watch.over(asking)
            ms = watch.ms
            if isinstance(outcome, Fault) and watch.characters:
                self.hear(Reset(str(outcome)))
            if spent(self.effect, watch, outcome) is not None:
                await prices.learn(name, rung.model, base_url)
        finally:
            usage = spent(self.effect, watch, outcome)
            self._note(
                Attempt(
                    provider=name,
                    model=rung.model,
                    rung=number,
                    ms=watch.ms if ms is None else ms,
                    first_token_ms=watch.first_token_ms,
                    usage=usage,
                    cost_usd=prices.cost_usd(name, rung.model, usage, watch.charged_usd) if usage else None,
                    error=str(outcome) if isinstance(outcome, Fault) else None,
                )
            )
        return outcome

    async def _extract(self, number: int) -> Generated | Fault:
        started_s = time.perf_counter()
        meaning = self.gateway.meaning
        similar = meaning.similar if meaning is not None else None
        outcome = await asyncio.to_thread(extractive.answer, self.effect, number, similar)
        ms = (time.perf_counter() - started_s) * 1000
        if isinstance(outcome, Fault):
            self._note(Attempt(provider=OWN, model=EXTRACTIVE, rung=number, ms=ms, error=str(outcome)))
            return outcome
        attempt = Attempt(
            provider=OWN, model=EXTRACTIVE, rung=number, ms=ms, first_token_ms=ms, usage=Usage(), cost_usd=0.0
        )
        self._note(attempt)
        self.hear(Delta(outcome.text))
        return outcome

    def _pass_over(self, name: str, model: str, number: int, fault: Fault) -> Fault:
        self._note(Attempt(provider=name, model=model, rung=number, ms=0.0, error=str(fault)))
        return fault

    def _note(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)

    def _failure(self) -> HoldfastError:
        """The error of a ladder that is used up: what became of each rung, and what to do about the first."""
        slot, attempts = self.effect.slot, tuple(self.attempts)
        if not self.faults:
            return Misconfigured("HF100", f"slot '{slot}' has no models", f"list some under [slots.{slot}] models")
        listed = "; ".join(f"{entry}: {fault}" for entry, fault in self.faults)
        kinds = [fault.kind for _, fault in self.faults]
        fix = _fix(self.faults[0][1])
        if set(kinds) <= NOT_SET_UP:
            code = "HF104" if kinds[0] == "no_key" else "HF100"
            return Misconfigured(code, f"no rung of '{slot}' is set up: {listed}", fix)
        if kinds[-1] == "filtered":
            return EffectFailed(
                "HF304", f"a content filter stopped '{slot}': {listed}", _fix(self.faults[-1][1]), attempts
            )
        if "deadline" in kinds:
            late = f"the deadline of {self.slot.deadline_ms} ms passed before '{slot}' was answered: {listed}"
            return EffectFailed("HF302", late, POLICY["deadline"].fix, attempts)
        return EffectFailed("HF301", f"no rung of '{slot}' answered: {listed}", fix, attempts)


def _fix(fault: Fault) -> str:
    return fault.fix or POLICY[fault.kind].fix
