"""A calibration: a fault of every part planted in each case that passes, and what the procedure says of it.

Knows nothing of the command line. Nothing is left in the project but what was learned.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TypeVar

from msgspec import Struct

from holdfast.contracts import Progress, silent
from holdfast.diagnosis import Verdict
from holdfast.errors import Refused
from holdfast.evals.cases import cases_of
from holdfast.evals.diagnose.calibrate import faults, faults_found
from holdfast.evals.diagnose.calibrate.fault import Ground, PlantedFault, both
from holdfast.evals.diagnose.calibrate.faults import Kind
from holdfast.evals.diagnose.calibrate.kept import Learned, keep, of_release
from holdfast.evals.diagnose.calibrate.learning import Sample, Spoiled, crossed, matrix, tally, worth
from holdfast.evals.diagnose.calibrate.planting import PASSES, Field, Spent, with_other
from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.gold import name_of
from holdfast.evals.diagnose.reading import answers
from holdfast.evals.diagnose.tables import EFFECTS
from holdfast.evaluation import Case
from holdfast.records import Generate
from holdfast.release import ModelSlot, Release

T = TypeVar("T")
CASES = 20
FEWEST = 5
"""Cases that pass, below which nothing can be learned of a feature."""
_A_FAULT = 16
"""Calls that a planted fault is expected to need: to see that it took, and to look into it."""
_TAKES = 0.9
"""The share of faults that are expected to take."""
_AT_ONCE = 4
_PAIR: Verdict = "interaction"

KINDS: MappingProxyType[str, Kind] = MappingProxyType(
    {
        "deadline": faults.late,
        "length": faults.cut_short,
        "outage": faults.outage,
        "guard_objects": faults.objecting,
        "deleted": faults_found.deleted,
        "edited_out": faults_found.edited_out,
        "not_found": faults_found.unfound,
        "small_k": faults_found.cut_off,
        "pushed_down": faults_found.pushed_down,
        "crowded": faults_found.crowded,
        "harmful_sentence": faults_found.harmful,
        "dropped_sentence": faults_found.dropped,
        "missing_value": faults_found.emptied,
        "weaker_model": faults.weaker,
        "wrong_label": faults.wrong_label,
        "verifier_errs": faults.erring,
        "wavers": faults.wavering,
    }
)
"""Every kind of fault that is planted."""
OF_VERDICT: MappingProxyType[Verdict, tuple[str, ...]] = MappingProxyType(
    {
        "provider": ("deadline", "length", "outage"),
        "guard": ("guard_objects",),
        "data": ("deleted", "edited_out"),
        "retrieval": ("not_found",),
        "ranking": ("small_k", "pushed_down"),
        "context_noise": ("crowded",),
        "prompt": ("harmful_sentence", "dropped_sentence", "missing_value"),
        "model": ("weaker_model",),
        "task": ("wrong_label",),
        "verifier": ("verifier_errs",),
        "intermittent": ("wavers",),
    }
)
"""One fault of each line is planted in each case, the kinds of a line in turn, and the next where one does not take."""
PAIRS: tuple[tuple[str, str], ...] = (
    ("deleted", "harmful_sentence"),
    ("not_found", "guard_objects"),
    ("pushed_down", "weaker_model"),
    ("deleted", "guard_objects"),
    ("not_found", "weaker_model"),
    ("pushed_down", "harmful_sentence"),
)
"""Kinds that are planted together, one pair for each case."""


class Announced(Struct, frozen=True, kw_only=True):
    """What is about to be done, once it is known how an answer goes: at most so many calls of models and so much money.

    `cost_usd` is None where a price is not known.
    """

    feature: str
    cases: int
    calls: int
    cost_usd: float | None
    minutes: float


def _unheard(announced: Announced) -> None:
    del announced


@dataclass(frozen=True, slots=True)
class Calibration:
    """How a feature is to be calibrated: on so many cases that pass at most, for so much money at most."""

    feature: str
    cases: int = CASES
    max_cost_usd: float | None = None
    progress: Progress = silent
    announce: Callable[[Announced], None] = field(default=_unheard)
    seed: int = 0


async def calibrated(host: Host, live: Release, asked: Calibration, tenant: str = "") -> Learned:
    """What planted faults teach of a feature under the release that answers, kept when this returns.

    Stopped halfway nothing is kept; at the end of what may be spent, what was learned until then is. The same seed
    plants the same faults. Raises NotFound (HF200, HF207) and Misconfigured (HF111) as reading the cases does, Refused
    (HF744) where too few of them pass.
    """
    feature = host.feature(asked.feature)
    cases = cases_of(host.config.folder, feature.name, feature.parse)
    spent = Spent(asked.max_cost_usd)
    of = Field(host, feature, host.completed(feature, live), cases, tenant, spent)
    draw = random.Random(f"{asked.seed}|{feature.name}")
    grounds = await _grounds(of, draw.sample(list(cases), len(cases)), asked)
    return await _Calibrating(of, asked, grounds, await weaker_model(host, of.release, grounds[0])).run()


async def _grounds(of: Field, cases: Sequence[Case], asked: Calibration) -> list[Ground]:
    """Cases that pass, as many as are wanted. Raises Refused (HF744) where there are too few."""
    grounds: list[Ground] = []
    for number, case in enumerate(cases, start=1):
        if len(grounds) >= asked.cases or of.spent.is_over:
            break
        if (ground := await of.ground(case)) is not None:
            grounds.append(ground)
            if len(grounds) == 1:
                asked.announce(_announced(of, asked, len(cases)))
        asked.progress("cases that pass", number, len(cases))
    if len(grounds) < min(FEWEST, asked.cases):
        name = of.feature.name
        fix = f"holdfast eval {name} shows why cases fail; add some that pass: holdfast cases add {name} JSON"
        over = "; what may be spent is spent, or a price is not known" if of.spent.is_over else ""
        message = (
            f"of {len(cases)} cases of {name} {len(grounds)} pass {PASSES} times in a row, and {FEWEST} are needed"
        )
        raise Refused("HF744", message + over, fix)
    return grounds


def _announced(of: Field, asked: Calibration, cases: int) -> Announced:
    each, spent = max(1, round(of.spent.calls / max(1, of.spent.answers))), of.spent
    count = min(asked.cases, cases)
    kinds = len(OF_VERDICT) + 1
    calls = each * count * (PASSES + len(EFFECTS) + round(kinds * _TAKES * _A_FAULT))
    price = None if spent.usd is None else spent.usd / max(1, spent.calls)
    ms = spent.ms / max(1, spent.calls)
    return Announced(
        feature=of.feature.name,
        cases=count,
        calls=calls,
        cost_usd=None if price is None else round(price * calls, 6),
        minutes=round(calls * ms / 60_000 / _AT_ONCE, 1),
    )


class _Calibrating:
    """One calibration under way."""

    def __init__(self, of: Field, asked: Calibration, grounds: Sequence[Ground], weaker: str | None) -> None:
        self._of = of
        self._asked = asked
        self._grounds = grounds
        self._weaker = weaker
        self._gate = asyncio.Semaphore(_AT_ONCE)
        self._done = 0

    async def run(self) -> Learned:
        """Every kind in every case, and nothing at all in every case; then what all of it teaches."""
        work = [(place, verdict) for place in range(len(self._grounds)) for verdict in (*OF_VERDICT, _PAIR)]
        each = (self._sample(place, verdict, len(work)) for place, verdict in work)
        samples = [sample for sample in await _gathered(each) if sample is not None]
        spoiled = [one for found in await _gathered(map(self._of.spoiled, self._grounds)) for one in found]
        learned = await self._learned(samples, spoiled)
        await keep(self._of.host.store, learned, self._of.tenant)
        return learned

    async def _sample(self, place: int, verdict: Verdict, total: int) -> Sample | None:
        """The fault of this verdict in the case of that place, looked into; None where none takes."""
        async with self._gate:
            ground, found = self._grounds[place], None
            draw = random.Random(f"{self._asked.seed}|{ground.case.id}|{verdict}")
            if not self._of.spent.is_over:
                planted = with_other(ground, self._grounds, self._weaker, draw)
                faults = (
                    await self._pair(planted, draw) if verdict == _PAIR else _in_turn(planted, verdict, place, draw)
                )
                found = await self._of.sample(planted, faults, draw)
            self._done += 1
            self._asked.progress(verdict.replace("_", " "), self._done, total)
            return found

    async def _pair(self, ground: Ground, draw: random.Random) -> Iterator[PlantedFault]:
        """Two faults each of which fails the case by itself, so that mending one of them is not enough."""
        for names in draw.sample(PAIRS, len(PAIRS)):
            alone = [await self._first(ground, KINDS[name](ground, draw)) for name in names]
            one, other = alone
            if one is not None and other is not None:
                return iter((both(one, other),))
        return iter(())

    async def _first(self, ground: Ground, faults: Iterator[PlantedFault]) -> PlantedFault | None:
        """The first of these faults that takes by itself."""
        for fault in faults:
            if await self._of.failed(ground, fault) is not None:
                return fault
        return None

    async def _learned(self, samples: Sequence[Sample], spoiled: Sequence[Spoiled]) -> Learned:
        of, first = self._of, self._grounds[0]
        said = crossed(samples, spoiled, await of.verifier(first))
        planted, by_tables = matrix(samples, said), matrix(samples, [sample.said for sample in samples])
        slots = tuple(
            sorted({name for g in self._grounds for name in (*g.slots, *g.guards, *map(name_of, g.searched))})
        )
        over = of.spent.is_over
        return Learned(
            feature=of.feature.name,
            code_hash=of.feature.code_hash,
            release=of_release(of.release, slots),
            slots=slots,
            at=datetime.now(UTC),
            cases=len(self._grounds),
            faults=len(samples),
            planted=planted,
            by_tables=by_tables,
            uses_counts=worth(planted) >= worth(by_tables),
            tally=tally(samples, spoiled),
            calls=of.spent.calls,
            spent_usd=None if of.spent.usd is None else round(of.spent.usd, 6),
            stopped=f"${self._asked.max_cost_usd:g} were spent, or a price is not known" if over else None,
        )


def _in_turn(ground: Ground, verdict: Verdict, place: int, draw: random.Random) -> Iterator[PlantedFault]:
    """The faults of a verdict that may be planted, beginning with another kind in each case."""
    kinds = OF_VERDICT[verdict]
    first = place % len(kinds)
    for name in (*kinds[first:], *kinds[:first]):
        yield from KINDS[name](ground, draw)


async def weaker_model(host: Host, release: Release, ground: Ground) -> str | None:
    """The model to plant in place of the first rung: the one that is configured, else the cheapest other of the
    project's ladders, where it is cheaper. None where none is known."""
    if (configured := host.config.diagnosis.weaker_model) is not None:
        return configured
    used = {step.effect.models[0] for step in answers(ground.examined.recording) if isinstance(step.effect, Generate)}
    prices = {
        model: price
        for slot in release.slots.values()
        if isinstance(slot, ModelSlot)
        for model in slot.models
        if (price := await host.gateway.price_usd(model)) is not None
    }
    asked = [prices[model] for model in used if model in prices]
    cheaper = {model: price for model, price in prices.items() if model not in used and price < min(asked, default=0.0)}
    return min(cheaper, key=lambda model: (cheaper[model], model), default=None)


async def _gathered(work: Iterable[Awaitable[T]]) -> list[T]:
    """What all of it gives, in order. Where one fails, or this is cancelled, the others are cancelled."""
    tasks = [asyncio.ensure_future(each) for each in work]
    try:
        return await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
        raise
