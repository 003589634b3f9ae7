"""What the gate costs: a feature whose effects pass one at a time, against the same effects without it, in one run.

    python benchmarks/effects.py

Effects are answered at once, so that only the runtime's own work is measured. Prints, and writes the figures with the
machine's name under benchmarks/results. A ratio is the time with the gate to the time without.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import platform
import time
from pathlib import Path

from holdfast.contracts import Hear
from holdfast.records import Done, Effect, Passage, Retrieve, Retrieved
from holdfast.release import CorpusSlot, Release
from holdfast.runtime.context import Context
from holdfast.runtime.execute import execute
from holdfast.runtime.feature import Feature, declare
from holdfast.runtime.tape import BLANK, Tape
from holdfast.runtime.world import World

EFFECTS = 10
REQUESTS = 200
RELEASE = Release(slots={"docs": CorpusSlot()})


async def one_by_one(ctx: Context, count: int) -> int:
    """Ask, wait, ask again."""
    return sum([len(await ctx.retrieve("docs", str(at))) for at in range(count)])


async def all_at_once(ctx: Context, count: int) -> int:
    """Ask for everything, then wait."""
    return sum(map(len, await asyncio.gather(*(ctx.retrieve("docs", str(at)) for at in range(count)))))


async def perform(effect: Effect, hear: Hear) -> Done:
    assert isinstance(effect, Retrieve)
    return Done(Retrieved(passages=(Passage(document="d", chunk="c", title="t", text=effect.query),)))


WORLD = World(perform=perform, pin=lambda name, version: f"{name}@v1")


def gated(feature: Feature, *, gate: bool) -> Feature:
    """The feature as if its code could, or could not, wait for two effects at once."""
    return dataclasses.replace(feature, facts=dataclasses.replace(feature.facts, alone=not gate))


async def us_per_effect(feature: Feature, tape: Tape = BLANK) -> float:
    best = float("inf")
    for _ in range(5):
        started = time.process_time()
        for _ in range(REQUESTS):
            await execute(feature, EFFECTS, release=RELEASE, world=WORLD, tape=tape)
        best = min(best, time.process_time() - started)
    return best / REQUESTS / EFFECTS * 1e6


async def turn_us(turns: int = 200_000) -> float:
    """What one turn of an idle event loop costs."""
    started = time.process_time()
    for _ in range(turns):
        await asyncio.sleep(0)
    return (time.process_time() - started) / turns * 1e6


async def measure() -> dict[str, object]:
    sequential, concurrent = declare(one_by_one), declare(all_at_once)
    tape = Tape.of(await execute(gated(concurrent, gate=True), EFFECTS, release=RELEASE, world=WORLD))
    figures = {
        "one by one, no gate": await us_per_effect(gated(sequential, gate=False)),
        "one by one, gate": await us_per_effect(gated(sequential, gate=True)),
        "all at once, gate": await us_per_effect(gated(concurrent, gate=True)),
        "all at once, gate, replayed": await us_per_effect(gated(concurrent, gate=True), tape),
    }
    plain, with_gate = figures["one by one, no gate"], figures["one by one, gate"]
    return {
        "us_per_effect": {name: round(value, 1) for name, value in figures.items()},
        "us_per_turn_of_the_loop": round(await turn_us(), 2),
        "ratio": round(with_gate / plain, 2),
        "gate_us_per_effect": round(with_gate - plain, 1),
    }


def main() -> None:
    report = {"machine": platform.node(), "python": platform.python_version(), **asyncio.run(measure())}
    written = json.dumps(report, indent=1)
    print(written)
    (Path(__file__).parent / "results" / "effects.json").write_text(written + "\n")


if __name__ == "__main__":
    main()
