"""What an evaluation costs beside its cases: 1,000 of them on a stub, against a bare loop of execute, in one run.

    python benchmarks/evals.py

Effects are answered at once, so that only our own work is measured. Prints, and writes the figures with the machine's
name under benchmarks/results. A ratio is the time of an evaluation to the time of the loop.
"""

from __future__ import annotations

import asyncio
import json
import platform
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

from holdfast.contracts import Hear, Scorers
from holdfast.evals.evaluate import How, Plan, begin, go_on
from holdfast.evaluation import Case, Gold
from holdfast.records import Citation, Document, Done, Effect, Generated, Passage, Retrieve, Retrieved
from holdfast.release import CorpusSlot, ModelSlot, Release
from holdfast.runtime.context import Context
from holdfast.runtime.execute import execute
from holdfast.runtime.feature import Feature, declare
from holdfast.runtime.tape import Tape
from holdfast.runtime.world import World
from holdfast.store import open_store
from holdfast.stores import Store
from holdfast.testing import MemoryStore

CASES = 1000
RELEASE = Release(slots={"docs": CorpusSlot(), "answer": ModelSlot(models=("stub:one",))})
TEXT = "Refunds arrive within 5 working days of our e-mail. The parcel must have been sent back before. " * 4
PASSAGES = tuple(
    Passage(document=f"d{n}", chunk=f"d{n}#0", title="Refunds", text=f"{TEXT} Page {n}.") for n in range(6)
)
ANSWER = Generated(
    text="Refunds arrive within 5 working days. [1]",
    model="stub:one",
    rung=0,
    citations=(Citation(document="d0", chunk="d0#0", title="Refunds", quote="within 5 working days"),),
)


async def answer(ctx: Context, body: str) -> dict[str, object]:
    """Find passages and have a text written."""
    passages = await ctx.retrieve("docs", body)
    written = await ctx.generate("answer", body=body, passages=passages)
    return {"text": written.text, "citations": [{"document": c.document, "chunk": c.chunk, "title": c.title}
                                                for c in written.citations]}  # fmt: skip


async def perform(effect: Effect, hear: Hear) -> Done:
    return Done(Retrieved(passages=PASSAGES) if isinstance(effect, Retrieve) else ANSWER)


class Settings:
    """Where its labels would lie, if a judge asked for any."""

    folder = Path()


class Host:
    """What an evaluation needs of a project, and nothing else."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.corpora = self
        self.config = Settings()
        self.scorers: Scorers = {}
        self._feature = declare(answer)

    def feature(self, name: str) -> Feature:
        return self._feature

    def completed(self, feature: Feature, release: Release) -> Release:
        return release

    def world(self, release: Release) -> World:
        return World(perform=perform, pin=lambda name, version: f"{name}@v1")

    async def keep(self, release: Release) -> None:
        await self.store.releases.add(release)

    async def document(self, name: str, version: str, document_id: str) -> Document:
        return Document(id=document_id, title="Refunds", text=document_id)


async def bare(host: Host, cases: tuple[Case, ...]) -> None:
    for case in cases:
        feature, tape = host.feature("answer"), Tape(live=False)
        await execute(feature, case.input, release=RELEASE, world=host.world(RELEASE), tape=tape)


async def kept(host: Host, cases: tuple[Case, ...]) -> None:
    waiting = iter(cases)

    async def work() -> None:
        for case in waiting:
            feature, tape = host.feature("answer"), Tape(live=False)
            world = host.world(RELEASE)
            await host.store.recordings.add(await execute(feature, case.input, release=RELEASE, world=world, tape=tape))

    await asyncio.gather(*(work() for _ in range(4)))


async def evaluated(host: Host, cases: tuple[Case, ...]) -> None:
    evaluation = await begin(host, host.feature("answer"), RELEASE, Plan(cases))
    done = await go_on(host, evaluation, How())
    assert done.evaluation.failed == 0, done.results[0]


async def us_per_case(work: Callable[[Host, tuple[Case, ...]], Awaitable[None]], host: Host) -> dict[str, float]:
    facts, gold = ("5 working days",), (Gold(document="d0", span="5 working days"),)
    cases = tuple(Case(id=str(n), input=f"question {n}", facts=facts, gold=gold) for n in range(CASES))
    cpu, wall = time.process_time(), time.perf_counter()
    await work(host, cases)
    return {
        "cpu_us": round((time.process_time() - cpu) / CASES * 1e6, 1),
        "wall_us": round((time.perf_counter() - wall) / CASES * 1e6, 1),
    }


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        sqlite = await open_store(f"sqlite:///{folder}/holdfast.db", f"{folder}/storage")
        await us_per_case(bare, Host(MemoryStore()))
        figures = {
            "execute in a bare loop": await us_per_case(bare, Host(MemoryStore())),
            "execute, recordings kept in SQLite": await us_per_case(kept, Host(sqlite)),
            "evaluation, in memory": await us_per_case(evaluated, Host(MemoryStore())),
            "evaluation, in SQLite": await us_per_case(evaluated, Host(sqlite)),
        }
        await sqlite.close()
    loop = figures["execute in a bare loop"]
    for name, found in figures.items():
        found["ratio_cpu"] = round(found["cpu_us"] / loop["cpu_us"], 2)
        found["ratio_wall"] = round(found["wall_us"] / loop["wall_us"], 2)
        print(f"{name:36} {found['cpu_us']:8.1f} us CPU  {found['wall_us']:8.1f} us wall  x{found['ratio_wall']}")
    result = {
        "machine": platform.node(),
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "cases": CASES,
        "per_case": figures,
    }
    (Path(__file__).parent / "results" / "evals.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
