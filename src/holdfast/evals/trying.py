"""Trying: a change on recordings that are there, each run again by the one function that runs everything.

Knows nothing of the project that hosts it, of HTTP, or of the command line.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from msgspec.structs import replace

from holdfast.contracts import Hear, Progress, Scorers, deaf, silent
from holdfast.errors import HoldfastError, NotFound, StoreFailed, alone
from holdfast.evals.budget import Budget
from holdfast.evals.choosing import Chosen, choose
from holdfast.evals.pairing import not_compared, paired
from holdfast.evals.scorers import scorers
from holdfast.evals.shadow import MARGIN
from holdfast.evals.tally import Tally
from holdfast.identity import digest, new_id
from holdfast.records import Failure, Json, Recording
from holdfast.release import Release
from holdfast.runtime.again import Again
from holdfast.runtime.execute import execute
from holdfast.runtime.feature import Feature
from holdfast.runtime.tape import check_kinds
from holdfast.runtime.who import Who
from holdfast.runtime.world import World
from holdfast.stores import PairQuery, Store
from holdfast.trial import Pair, Trial
from holdfast.where import comparisons, parse

LIMIT = 1000
MOST = 100_000
"""The most recordings of one trial."""
_TOGETHER = 64
"""Recordings that are read, and pairs that are kept, in one go."""
_PAGE = 1000
_KEPT_EVERY_S = 1.0


class Planner(Protocol):
    """What a forecast needs of a project."""

    @property
    def store(self) -> Store: ...
    async def changed(self, release: Release, changes: Mapping[str, Json]) -> Release: ...


class Host(Planner, Protocol):
    """What a trial needs of a project."""

    @property
    def scorers(self) -> Scorers: ...
    def feature(self, name: str) -> Feature: ...
    def who(self, subject: str | None, tenant: str = "") -> Who: ...
    def world(self, release: Release, hear: Hear = deaf, recording_id: str | None = None) -> World: ...
    async def keep(self, release: Release) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried on which recordings, and on how many of them at most. `trial_id` is the id to keep it under, None
    for a new one."""

    where: str
    changes: dict[str, Json] = field(default_factory=dict)
    fresh: tuple[str, ...] = ()
    strict: bool = False
    limit: int = LIMIT
    margin: float = MARGIN
    tenant: str = ""
    trial_id: str | None = None


@dataclass(frozen=True, slots=True)
class How:
    """How a trial goes: so many replays at a time, at most so much money, what an earlier part of it spent included."""

    concurrency: int = 8
    max_cost_usd: float | None = None
    progress: Progress = silent


async def forecast(host: Planner, plan: Plan) -> Trial:
    """The trial that would begin, with how many recordings there are and what they cost; nothing is kept or spent.

    Raises Refused (HF713), NotFound (HF203 where there is nothing to replay), and what the change is refused with.
    """
    check_kinds(plan.fresh)
    where, now = parse(plan.where), datetime.now(UTC)
    chosen = await choose(host.store, where, now, plan.limit, plan.tenant)
    if not chosen.ids:
        message = f"no recording matches '{plan.where}'"
        raise NotFound("HF203", message, "holdfast recordings list shows what there is")
    await _check_changes(host, plan.changes, chosen)
    return Trial(
        id=plan.trial_id or new_id("tr"),
        where=str(where),
        changes=plan.changes,
        fresh=plan.fresh,
        strict=plan.strict,
        limit=plan.limit,
        margin=plan.margin,
        started_at=now,
        tenant=plan.tenant,
        matching=chosen.matching,
        chosen=len(chosen.ids),
        recorded_usd=chosen.cost_usd,
        unpriced=chosen.unpriced,
    )


async def begin(host: Host, plan: Plan) -> Trial:
    """A new trial, kept, with nothing replayed yet. Raises what `forecast` raises."""
    trial = await forecast(host, plan)
    named = {one.value for one in comparisons(parse(trial.where)) if one.field == "subject"}
    await host.store.trials.add(trial, sorted(str(subject) for subject in named if subject is not None))
    return trial


async def go_on(host: Host, trial: Trial, how: How) -> Trial:
    """Replay every recording of the trial that has no pair yet, and keep each replay and its pair as it comes.

    Stopped at any moment, at most the replays in flight are lost, and calling it again goes on. Side effects never
    happen unless `fresh` holds "call". Recordings are read a few at a time. Raises StoreFailed; what a replay comes to
    is never raised.
    """
    chosen = await choose(host.store, parse(trial.where), trial.started_at, trial.limit, trial.tenant)
    tally, done, spent = Tally(trial), set[str](), list[float | None]()
    async for pair in all_pairs(host.store, trial):
        tally.count(pair)
        done.add(pair.recording)
        spent.append(pair.spent_usd)
    left = [each for each in chosen.ids if each not in done]
    flow = _Flow(_Trying(host, trial, resumed=bool(done)), tally, Budget(how.max_cost_usd, spent), how)
    try:
        await flow.through(left)
    finally:
        ended = flow.whole or tally.done == trial.chosen
        stopped = None if ended else flow.budget.stopped or "it was stopped before its end"
        summary = tally.trial(finished_at=datetime.now(UTC) if ended else None, stopped=stopped)
        await asyncio.shield(host.store.trials.change(summary))
    return summary


async def all_pairs(store: Store, trial: Trial) -> AsyncIterator[Pair]:
    """Every pair of a trial in order of arrival, read page by page."""
    query = PairQuery(trial=trial.id, tenant=trial.tenant, limit=_PAGE)
    while page := await store.trials.pairs(query):
        for pair in page:
            yield pair
        query = replace(query, after=page[-1].recording)


class _Trying:
    """Replays single recordings for one trial."""

    def __init__(self, host: Host, trial: Trial, *, resumed: bool) -> None:
        self.host = host
        self.trial = trial
        self._resumed = resumed
        self._again = Again(trial.changes, trial.fresh, trial.strict)
        self._releases: dict[str, Release] = {}
        self._of_feature: dict[str, Scorers] = {}

    async def one(self, before: Recording) -> tuple[Recording | None, Pair]:
        """The replay of a recording, not kept yet, and the pair they are. The same id for each replay of it."""
        try:
            feature = self.host.feature(before.feature)
            code_changed = self._again.code_changed(feature, before)
            after = await self._replay(feature, before)
        except StoreFailed:
            raise
        except HoldfastError as error:
            failure = Failure(code=error.code, message=error.message, fix=error.fix)
            return None, not_compared(before, failure)
        pair = await paired(before, after, self._scorers(feature.name), feature.bar)
        return after, replace(pair, code_changed=code_changed)

    async def _replay(self, feature: Feature, before: Recording) -> Recording:
        host, replay_id = self.host, f"rec_{digest(f'{self.trial.id} {before.id}'.encode(), 26)}"
        if self._resumed and (kept := await host.store.recordings.whole([replay_id], before.tenant)):
            return kept[0]  # it was kept, and its pair was not
        release = await self._release(before.release)
        return await execute(
            feature,
            before.input,
            release=release,
            world=host.world(release, recording_id=replay_id),
            tape=self._again.tape(before),
            who=host.who(before.subject, before.tenant),
        )

    def _scorers(self, feature: str) -> Scorers:
        """Those that have a part in a feature."""
        if feature not in self._of_feature:
            self._of_feature[feature] = scorers(self.host.scorers, feature)
        return self._of_feature[feature]

    async def _release(self, name: str) -> Release:
        if name not in self._releases:
            recorded = await self.host.store.releases.get(name)
            changed = await self.host.changed(recorded, self.trial.changes)
            await self.host.keep(changed)
            self._releases[name] = changed
        return self._releases[name]


class _Flow:
    """From the store through the replays back to the store: each part goes on while the others wait, and what lies
    between them is bounded."""

    def __init__(self, trying: _Trying, tally: Tally, budget: Budget, how: How) -> None:
        self.budget = budget
        self.whole = False
        """Whether everything was looked at."""
        self._trying = trying
        self._store = trying.host.store
        self._tally = tally
        self._how = how
        self._read: asyncio.Queue[Recording | None] = asyncio.Queue(_TOGETHER)
        self._made: asyncio.Queue[tuple[Recording | None, Pair] | None] = asyncio.Queue(4 * _TOGETHER)
        self._changed = asyncio.Condition()

    async def through(self, left: Sequence[str]) -> None:
        """Replay all of them, or as many as the budget allows. What the store raises ends all."""
        try:
            async with asyncio.TaskGroup() as group:
                reading = group.create_task(self._reading(left))
                group.create_task(self._keeping())
                count = min(self._how.concurrency, len(left))
                workers = [group.create_task(self._working()) for _ in range(count)]
                if workers:
                    await asyncio.wait(workers)
                reading.cancel()
                await self._made.put(None)
        except BaseExceptionGroup as errors:
            raise alone(errors) from None
        self.whole = self.budget.stopped is None

    async def _reading(self, left: Sequence[str]) -> None:
        trial = self._trying.trial
        for first in range(0, len(left), _TOGETHER):
            for recording in await self._store.recordings.whole(left[first : first + _TOGETHER], trial.tenant):
                await self._read.put(recording)
        await self._read.put(None)

    async def _working(self) -> None:
        while (recording := await self._read.get()) is not None:
            async with self._changed:
                await self._changed.wait_for(self.budget.decides)
                if self.budget.stopped is not None:
                    return
                self.budget.begin()
            made = await self._trying.one(recording)
            async with self._changed:
                self.budget.end(0.0 if made[0] is None else made[0].cost_usd)
                self._changed.notify_all()
            await self._made.put(made)
        await self._read.put(None)  # for the next one

    async def _keeping(self) -> None:
        trial, kept_at = self._trying.trial, time.monotonic()
        ended = False
        while not ended:
            made = [await self._made.get()]
            while len(made) < _TOGETHER and not self._made.empty():
                made.append(self._made.get_nowait())
            ended = None in made
            both = [each for each in made if each is not None]
            replays = [replay for replay, _ in both if replay is not None]
            await asyncio.gather(*map(self._store.recordings.add, replays))
            await self._store.trials.add_pairs(trial.id, [pair for _, pair in both], trial.tenant)
            for _, pair in both:
                self._tally.count(pair)
            self._how.progress("replayed", self._tally.done, trial.chosen)
            if not ended and time.monotonic() - kept_at > _KEPT_EVERY_S:
                await self._store.trials.change(self._tally.trial())
                kept_at = time.monotonic()


async def _check_changes(host: Planner, changes: Mapping[str, Json], chosen: Chosen) -> None:
    """Raises what the change is refused with where it is refused for every release that answered."""
    refused: list[HoldfastError] = []
    for name in chosen.releases:
        try:
            await host.changed(await host.store.releases.get(name), changes)
            return
        except StoreFailed:
            raise
        except HoldfastError as error:
            refused.append(error)
    raise refused[0]
