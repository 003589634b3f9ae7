"""Planting: a world that works, one fault or two in it, and the recording of an answer that failed of it.

A world where the case does not pass before, or does not fail after, is thrown away and another is drawn. Knows nothing
of diagnoses.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.diagnosis import verifying
from benchmarks.diagnosis.corpora import Known
from benchmarks.diagnosis.faults import FAULTS, PAIRED, STAYING, Fault, fault
from benchmarks.diagnosis.worlds import SORTING, Options, World, hidden_of, kinds, world

from holdfast.records import Recording

ASKED, FAILING = 8, 6
"""The case is asked so often before and after; all answers must be right before, and so many wrong after."""
CANDIDATES, TRIES, NAMES = 6, 60, 2_000
WORKING = 3.2  # of a reader that is weaker nothing works, so that no fault is planted in its worlds
ENOUGH_OTHERS, SHARING, PATIENT = 10, 5, 12
"""So many other cases that pass are looked for; a general fault is to fail so many cases, its own among them."""
OTHERS_ASKED, AGAIN = 1, 3  # each of them passes so often before, and so often again before it is counted
PAIRS_SHARE = 8  # one in so many is a pair
RECORDINGS = 30  # until one fails as it must
INTERMITTENT = (0.35, 0.9)


@dataclass(frozen=True, slots=True)
class Planted:
    """A fault that took: the failing recording, and which cases share it (`affected`) or do not (`untouched`)."""

    world: World
    faults: tuple[Fault, ...]
    known: Known
    recording: Recording
    affected: tuple[Known, ...]
    untouched: tuple[Known, ...]
    tries: int

    @property
    def verdict(self) -> str:
        """The right answer."""
        return "interaction" if len(self.faults) > 1 else self.faults[0].verdict

    @property
    def name(self) -> str:
        return "+".join(one.name for one in self.faults)


def chosen(seed: int, options: Options) -> tuple[Fault, ...]:
    """Which faults a seed plants: every verdict as often as any other, and a pair now and then."""
    draw = random.Random(f"fault:{seed}")
    if seed % PAIRS_SHARE == PAIRS_SHARE - 1:
        while True:
            one, other = (fault(draw.choice(names)) for names in PAIRED)
            if one.verdict != other.verdict and set(one.kinds) & set(other.kinds):
                return one, other
    possible = [one for one in FAULTS if options.meaning or not one.needs_meaning]
    verdicts = tuple(dict.fromkeys(one.verdict for one in possible))
    verdict = verdicts[(seed - seed // PAIRS_SHARE) % len(verdicts)]
    return (draw.choice([one for one in possible if one.verdict == verdict]),)


async def planted(seed: int, options: Options) -> Planted | None:
    """The fault of a seed, in the first world where it takes; None where none of `TRIES` would do.

    The same seed plants the same fault in the same world.
    """
    faults = chosen(seed, options)
    possible = [kind for kind in kinds(options) if all(kind in one.kinds for one in faults)]
    tries = 0
    for nth in range(NAMES if possible else 0):
        name = f"{seed}:{nth}"
        kind = random.Random(f"kind:{name}").choice(possible)
        hidden = hidden_of(name)
        if hidden.skill["small"] < WORKING or not all(one.suits(hidden) for one in faults):
            continue
        tries += 1
        if tries > TRIES:
            break
        if len(faults) > 1 and not await _each_fails(name, kind, faults, options):
            continue
        if (found := await _tried(name, kind, faults, options, tries)) is not None:
            return found
    return None


async def _each_fails(name: str, kind: str, faults: Sequence[Fault], options: Options) -> bool:
    """Whether each of the faults alone fails the case, so that mending only one of them is not enough."""
    for one in faults:
        found = await _tried(name, kind, (one,), options, 0, choosing=faults)
        if found is None:
            return False
        await found.world.leave()
    return True


async def _tried(
    name: str, kind: str, faults: Sequence[Fault], options: Options, tries: int, choosing: Sequence[Fault] = ()
) -> Planted | None:
    made = world(name, kind, options)
    draw = random.Random(f"plant:{name}")
    alone = bool(choosing)
    if alone:
        made.history = made.released = False
    wavering = faults[0].verdict == "intermittent"
    await made.publish()
    candidates = _candidates(made, choosing or faults, draw)
    known = candidates[0] if wavering and candidates else await _passing(made, candidates)
    if known is None:
        await made.leave()
        return None
    general = any(one.general for one in faults) and not alone
    shares = general and len(faults) == 1 and tries < PATIENT
    staying = any(one.name in STAYING for one in faults)
    others = [] if alone else await _good_others(made, known, draw, staying=staying)
    if shares and 1 + len(others) < SHARING:
        await made.leave()
        return None
    for one in faults:
        one.plant(made, known, random.Random(f"plant:{name}:{one.name}"))
    await made.publish()
    recording = await _failing(made, known, faults)
    if recording is None:
        await made.leave()
        return None
    affected, untouched = await _sorted_by_fault(made, others, surely=not staying)
    if shares and 1 + len(affected) < SHARING:
        await made.leave()
        return None
    shared = (known, *affected[:6]) if general else (known,)
    return Planted(made, tuple(faults), known, recording, shared, tuple(untouched[:8]), tries)


def _candidates(made: World, faults: Sequence[Fault], draw: random.Random) -> list[Known]:
    found = [
        one
        for one in made.place.material.known
        if (not made.retrieves or made.rank(one) < made.k)
        and (one.label or made.kind not in SORTING)
        and all(fault.wants(made, one) for fault in faults)
    ]
    return draw.sample(found, min(CANDIDATES, len(found)))


async def _passing(made: World, candidates: Sequence[Known]) -> Known | None:
    """The first case that nearly always passes; its answers are the world's past, where it has one."""
    for one in candidates:
        if await made.stays(one, ASKED, right=True, kept=made.history):
            return one
    return None


async def _good_others(made: World, known: Known, draw: random.Random, *, staying: bool) -> list[Known]:
    """Other cases that passed; where the fault stays whatever is undone, often enough to be sure of it now."""
    rest = [one for one in made.place.material.known
            if one.id != known.id and one.question != known.question and (one.label or made.kind not in SORTING)
            and (not made.retrieves or made.rank(one) < made.k)]  # fmt: skip
    good: list[Known] = []
    for one in draw.sample(rest, min(2 * ENOUGH_OTHERS, len(rest))):
        count = OTHERS_ASKED + (AGAIN if staying else 0)
        if len(good) < ENOUGH_OTHERS and await made.stays(one, count, right=True, kept=made.history):
            good.append(one)
    return good


async def _failing(made: World, known: Known, faults: Sequence[Fault]) -> Recording | None:
    """A recording that failed, of a case that fails as it must; None where it does not."""
    verdict, case = faults[0].verdict, made.case(known)
    answers = [await made.ask(known) for _ in range(ASKED)]
    rights = sum(verifying.right(one, case) for one in answers)
    if verdict == "verifier" and len(faults) == 1:
        fails = sum([not await made.verifier(one, case) for one in answers]) >= FAILING and rights >= ASKED - 1
    elif verdict == "intermittent":
        low, high = INTERMITTENT
        fails = low <= rights / ASKED <= high
    else:
        fails = ASKED - rights >= FAILING
    for _ in range(RECORDINGS if fails else 0):
        recording = await made.ask(known, kept=True)
        wanted = verdict == "verifier"
        if verifying.right(recording, case) == wanted and not await made.verifier(recording, case):
            return recording
    return None


async def _sorted_by_fault(made: World, others: Sequence[Known], *, surely: bool) -> tuple[list[Known], list[Known]]:
    """The cases that fail now, and those that pass as before. What is neither is left out.

    `surely`: those that fail passed only once, and are asked again as things were before.
    """
    affected: list[Known] = []
    untouched: list[Known] = []
    for one in others:
        first = await made.rights(one, 1) == 1
        if not await made.stays(one, 1, right=first):
            continue
        if first or not surely or await made.stays(one, AGAIN, right=True, release=made.before):
            (untouched if first else affected).append(one)
    return affected, untouched
