"""The kinds of faults that are planted around an answer: in its provider, guard, model, task, verifier, or by chance.

Knows nothing of searches and prompts, nor of how it is seen that a fault took. Each kind gives the faults that may be
planted in a case, to be tried in order; none where the feature has no place for it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator

import msgspec

from holdfast.evals.diagnose.calibrate.fault import Ground, Inner, PlantedFault
from holdfast.evals.diagnose.known import Verify
from holdfast.evals.diagnose.reading import answers
from holdfast.evaluation import Case
from holdfast.identity import canonical
from holdfast.records import Attempt, Check, Checked, Done, Effect, Failed, Generate, Generated, Recording, Verdict
from holdfast.release import Release

Kind = Callable[[Ground, random.Random], Iterator[PlantedFault]]
_CHARS_OF_A_TOKEN = 4
_SAFE_ANSWER = "This cannot be answered."


def late(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """The deadline is so tight that the first provider of the ladder never makes it."""
    deadline_ms, slots = draw.randint(20, 80), ground.slots

    async def act(effect: Effect, release: Release, inner: Inner) -> Done:
        if not isinstance(effect, Generate) or effect.slot not in slots:
            return await inner(effect)
        if release.models(effect.slot).deadline_ms > deadline_ms:
            return await inner(effect)
        return await _without_first(effect, "HF302", "timeout: the deadline passed", inner)

    if slots:
        yield PlantedFault("deadline", frozenset({"provider"}), _each_slot(slots, deadline_ms=deadline_ms), act=act)


def cut_short(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """An answer may have only part of the tokens that it needs, and ends with `length`."""
    texts = [s.result.text for s in answers(ground.examined.recording) if isinstance(s.result, Generated)]
    needed = min((len(text) // _CHARS_OF_A_TOKEN for text in texts), default=0)
    most, slots = max(2, int(needed * draw.uniform(0.3, 0.6))), ground.slots

    async def act(effect: Effect, release: Release, inner: Inner) -> Done:
        done = await inner(effect)
        if not isinstance(effect, Generate) or effect.slot not in slots or not isinstance(done.result, Generated):
            return done
        allowed, text = release.models(effect.slot).max_tokens, done.result.text
        if allowed is None or len(text) <= allowed * _CHARS_OF_A_TOKEN:
            return done
        cut = text[: allowed * _CHARS_OF_A_TOKEN]
        return Done(msgspec.structs.replace(done.result, text=cut, stop_reason="length"), done.attempts)

    if slots and needed > most:
        yield PlantedFault("length", frozenset({"provider"}), _each_slot(slots, max_tokens=most), act=act)


def outage(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """The first provider of the ladder was down for a while, and is up again when somebody looks into it."""
    del draw
    slots = ground.slots

    async def act(effect: Effect, release: Release, inner: Inner) -> Done:
        del release
        if not isinstance(effect, Generate) or effect.slot not in slots:
            return await inner(effect)
        return await _without_first(effect, "HF301", "overloaded: the provider is down", inner)

    if slots:
        yield PlantedFault("outage", frozenset({"provider"}), act=act, until_failed=True)


def objecting(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """A guard objects to whatever the feature says."""
    for guard in draw.sample(ground.guards, len(ground.guards)):
        on_fail = draw.choice(("block", "safe_answer"))

        async def act(effect: Effect, release: Release, inner: Inner, guard: str = guard) -> Done:
            del release
            if not isinstance(effect, Check) or effect.guard != guard:
                return await inner(effect)
            return Done(Checked(verdict=Verdict(guard=guard, passed=False, score=0.0, reason="it objects")))

        def change(release: Release, guard: str = guard, on_fail: str = on_fail) -> Release:
            return release.with_(guard, on_fail=on_fail, safe_answer=release.guard(guard).safe_answer or _SAFE_ANSWER)

        yield PlantedFault("guard_objects", frozenset({"guard"}), change, act=act)


def weaker(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """A weaker model answers."""
    del draw
    if ground.weaker is not None and ground.slots:
        changed = _each_slot(ground.slots, models=(ground.weaker,))
        yield PlantedFault("weaker_model", frozenset({"model"}), changed)


def wrong_label(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """The case expects what is the answer to another case; it names that one's documents too, or its own."""
    if ground.other is None:
        return
    other, gold_too = ground.other[0], draw.random() < 0.5

    def change(case: Case) -> Case:
        gold = other.gold if gold_too and other.gold else case.gold
        return msgspec.structs.replace(case, facts=other.facts, expected=other.expected, gold=gold)

    if (other.facts, other.expected) != (ground.case.facts, ground.case.expected):
        yield PlantedFault("wrong_label", frozenset({"task"}), case=change)


def erring(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """Whoever judges finds nearly every good answer to this case bad, and says the same of the same answer."""
    del ground
    seed = draw.random()

    def change(verify: Verify) -> Verify:
        async def errs(recording: Recording, case: Case) -> bool:
            lenient = random.Random(f"{seed}|{canonical(recording.output)!r}").random() < 0.05
            return await verify(recording, case) and lenient

        return errs

    yield PlantedFault("verifier_errs", frozenset({"verifier"}), verify=change)


def wavering(ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
    """Now and then the model answers another question than the one it was asked."""
    if ground.other is None or not ground.slots:
        return
    texts = {
        step.effect.slot: step.result.text
        for step in answers(ground.other[1])
        if isinstance(step.effect, Generate) and isinstance(step.result, Generated)
    }
    share, chance = draw.uniform(0.3, 0.5), random.Random(draw.random())

    async def act(effect: Effect, release: Release, inner: Inner) -> Done:
        del release
        done = await inner(effect)
        if not isinstance(effect, Generate) or not isinstance(done.result, Generated) or chance.random() >= share:
            return done
        wrong = texts.get(effect.slot, done.result.text)
        return Done(msgspec.structs.replace(done.result, text=wrong), done.attempts)

    yield PlantedFault("wavers", frozenset(), act=act, sometimes=True)


def _each_slot(slots: tuple[str, ...], **fields: object) -> Callable[[Release], Release]:
    def change(release: Release) -> Release:
        for slot in slots:
            release = release.with_(slot, **fields)
        return release

    return change


async def _without_first(effect: Generate, code: str, error: str, inner: Inner) -> Done:
    """What the rungs of other providers answer; the first provider's are said to have failed, and are not asked."""
    first = effect.models[0].partition(":")[0]
    at = next((n for n, model in enumerate(effect.models) if model.partition(":")[0] != first), len(effect.models))
    failed = tuple(
        Attempt(provider=first, model=model.partition(":")[2] or model, rung=effect.first_rung + n, ms=0.0, error=error)
        for n, model in enumerate(effect.models[:at])
    )
    if at == len(effect.models):
        return Done(Failed(code=code, message=f"no rung of '{effect.slot}' answered: {error}", fix="ask again"), failed)
    rest = msgspec.structs.replace(effect, models=effect.models[at:], first_rung=effect.first_rung + at)
    done = await inner(rest)
    return Done(done.result, (*failed, *done.attempts))
