"""One fault, from planting to the fix: what each diagnoser says of it, and whether what it says helps.

Knows no diagnoser but by the function it is handed.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace as with_

from benchmarks.diagnosis import planting
from benchmarks.diagnosis.adapter import Fix, Verdict, diagnosed, load
from benchmarks.diagnosis.faults import STAYING
from benchmarks.diagnosis.planting import Planted
from benchmarks.diagnosis.worlds import Options
from msgspec import Struct

from holdfast.errors import HoldfastError
from holdfast.release import Release

VOTES, SIDE_ASKED = 5, 2
MENDED = 0.9


class Mended(Struct, frozen=True, kw_only=True):
    """What the first fix with changes did: of `cases` that share the fault `passing` pass, by most of five answers;
    of `asked` answers to untouched cases `broken` are wrong. `low` and `high` are what was said of that beforehand."""

    cases: int
    passing: int
    asked: int
    broken: int
    low: float | None = None
    high: float | None = None

    @property
    def mends(self) -> bool:
        return self.passing >= MENDED * self.cases


class Said(Struct, frozen=True, kw_only=True):
    """What one diagnoser said of a fault. `asked` counts the models' answers; `said_calls` is its own count."""

    verdict: str
    parts: tuple[str, ...]
    probability: float
    said_calls: int
    asked: int
    seconds: float
    mended: Mended | None = None
    error: str = ""


class Outcome(Struct, frozen=True, kw_only=True):
    """A seed's fault and what was said of it. `name` is empty where no world took it.

    `undone`: whether the release and the corpus of before make its cases pass, which is all that a fix can reach; None
    where the fault is in neither.
    """

    seed: int
    name: str = ""
    verdict: str = ""
    touched: tuple[str, ...] = ()
    kind: str = ""
    corpus: str = ""
    history: bool = False
    tries: int = 0
    planting_s: float = 0.0
    undone: bool | None = None
    said: Mapping[str, Said] = {}


def run(seed: int, options: Options, diagnosers: Sequence[str]) -> Outcome:
    """One fault in this process, in a folder of its own that is removed at the end."""
    mine = with_(options, scratch=options.scratch / str(os.getpid()))
    return asyncio.run(_run(seed, mine, diagnosers))


async def _run(seed: int, options: Options, diagnosers: Sequence[str]) -> Outcome:
    started = time.perf_counter()
    planted = await planting.planted(seed, options)
    took_s = round(time.perf_counter() - started, 2)
    if planted is None:
        return Outcome(seed=seed, name="", verdict=planting.chosen(seed, options)[0].name, planting_s=took_s)
    world, undone = planted.world, None
    try:
        if not any(one.name in STAYING for one in planted.faults) and world.before is not None:
            undone = await _passing(planted, world.before) >= MENDED * len(planted.affected)
        said = {name: await _said(planted, name) for name in diagnosers}
    finally:
        await world.leave()
    return Outcome(
        seed=seed, name=planted.name, verdict=planted.verdict,
        touched=tuple(one.verdict for one in planted.faults), kind=world.kind, corpus=world.place.material.name,
        history=world.history, undone=undone, tries=planted.tries, planting_s=took_s, said=said,
    )  # fmt: skip


async def _said(planted: Planted, name: str) -> Said:
    world = planted.world
    project, before, started = world.opened, world.calls, time.perf_counter()
    error = ""
    try:
        verdict = await diagnosed(
            load(name), project, planted.recording.id, world.case(planted.known), world.verifier,
            world.verifier.nominal,
        )  # fmt: skip
    except HoldfastError as failed:
        verdict, error = Verdict(verdict="unknown", parts=(), probability=0.0), f"{failed.code}: {failed.message}"
    asked, seconds = world.calls - before, round(time.perf_counter() - started, 3)
    fix = next((one for one in verdict.fixes if one.changes), None)
    return Said(
        verdict=verdict.verdict, parts=verdict.parts, probability=verdict.probability, said_calls=verdict.calls,
        asked=asked, seconds=seconds, mended=None if fix is None else await _mended(planted, fix), error=error,
    )  # fmt: skip


async def _mended(planted: Planted, fix: Fix) -> Mended:
    """The fix made to the release that answers, and every case of the fault asked under it."""
    world = planted.world
    try:
        release = await world.opened.changed(await world.opened.rollout.choose(None), fix.changes)
    except HoldfastError:
        return Mended(cases=len(planted.affected), passing=0, asked=0, broken=0)
    passing = await _passing(planted, release)
    broken = 0
    for known in planted.untouched:
        broken += SIDE_ASKED - await world.rights(known, SIDE_ASKED, release=release)
    return Mended(
        cases=len(planted.affected), passing=passing, asked=SIDE_ASKED * len(planted.untouched), broken=broken,
        low=fix.breaks_low, high=fix.breaks_high,
    )  # fmt: skip


async def _passing(planted: Planted, release: Release) -> int:
    """How many of the fault's cases pass under a release, by most of their answers."""
    rights = [await planted.world.rights(known, VOTES, release=release) for known in planted.affected]
    return sum(count * 2 > VOTES for count in rights)
