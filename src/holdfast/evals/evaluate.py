"""Evaluate: a release asked every case, by the one function that runs everything, and what came of each kept at once.

Knows nothing of the project that hosts it, of HTTP, or of the command line.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Protocol, TypeAlias

import msgspec

from holdfast.contracts import Progress, Scorers, silent
from holdfast.errors import HoldfastError, Misconfigured, NotFound, ReplayDiverged, nearest
from holdfast.evals.answered import answered
from holdfast.evals.budget import Budget
from holdfast.evals.sameness import scoring_hash
from holdfast.evals.scorers import scorers
from holdfast.evals.scoring import Judge
from holdfast.evals.standing import summed_up
from holdfast.evaluation import Case, CaseResult, Evaluation
from holdfast.identity import new_id
from holdfast.records import Document, Generate, Generated
from holdfast.release import LATEST, CorpusSlot, Release
from holdfast.runtime.execute import execute
from holdfast.runtime.feature import AT_MOST, Feature
from holdfast.runtime.tape import Tape
from holdfast.runtime.who import Who
from holdfast.runtime.world import World
from holdfast.stores import EvaluationQuery, Store

_Place: TypeAlias = tuple[str, int]
_Case: TypeAlias = tuple[Case, int]
_Ask: TypeAlias = Callable[[Case, int], Awaitable[CaseResult]]
_EARLIER = 20
"""Evaluations that are looked at for remembered generations."""


class Documents(Protocol):
    """Where the documents of a corpus version are."""

    async def document(self, name: str, version: str, document_id: str) -> Document:
        """Raises NotFound (HF202, HF206), ReplayDiverged (HF502)."""
        ...


class Host(Protocol):
    """What an evaluation needs of a project."""

    @property
    def store(self) -> Store: ...
    @property
    def corpora(self) -> Documents: ...
    @property
    def scorers(self) -> Scorers: ...
    def feature(self, name: str) -> Feature: ...
    def world(self, release: Release) -> World: ...
    async def keep(self, release: Release) -> None: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What is asked: each case `repeat` times; `cached` remembers the generations of earlier evaluations, and `strict`
    wants the whole interval to reach the bar. `evaluation_id` is the id to keep it under, None for a new one; `gate` is
    the gate that asks, and `pins` what `latest` means to it, None for the corpus versions of now."""

    cases: tuple[Case, ...]
    repeat: int = 1
    cached: bool = False
    strict: bool = False
    tenant: str = ""
    evaluation_id: str | None = None
    gate: str | None = None
    pins: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class How:
    """How an evaluation goes: so many requests at a time, at most so much money, remembering generations or not.

    `max_cost_usd` is for the whole evaluation, what an earlier part of it spent included.
    """

    concurrency: int = 4
    max_cost_usd: float | None = None
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Evaluated:
    """An evaluation as far as it went, with its cases and everything that came of them, in the order of the cases."""

    evaluation: Evaluation
    cases: tuple[Case, ...]
    results: tuple[CaseResult, ...]


async def begin(host: Host, feature: Feature, release: Release, plan: Plan) -> Evaluation:
    """A new evaluation, kept, with nothing asked yet. `latest` means for all of it the corpus versions of now.

    Raises Misconfigured (HF110) where the bar names a scorer that is not there.
    """
    check_bar(host, feature)
    evaluation = Evaluation(
        id=plan.evaluation_id or new_id("ev"),
        feature=feature.name,
        release=release.id,
        code_hash=feature.code_hash,
        started_at=datetime.now(UTC),
        cases=len(plan.cases),
        repeat=plan.repeat,
        pins=pins_of(host.world(release), release) if plan.pins is None else dict(plan.pins),
        cached=plan.cached,
        strict=plan.strict,
        scoring_hash=scoring_hash(scorers(host.scorers), feature.bar),
        gate=plan.gate,
        tenant=plan.tenant,
    )
    await host.keep(release)
    await host.store.evaluations.add(evaluation, plan.cases)
    return evaluation


def check_bar(host: Host, feature: Feature) -> None:
    """Raises Misconfigured (HF110) where the bar names a scorer that is not there."""
    known = [*scorers(host.scorers), *AT_MOST]
    for name in {} if feature.bar is None else feature.bar.limits:
        if name not in known:
            message = f"the bar of '{feature.name}' names '{name}', which is no scorer"
            raise Misconfigured("HF110", message, nearest(name, known))


async def unfinished(host: Host, feature: str) -> Evaluation:
    """The newest evaluation of a feature that is not finished and no gate's. Raises NotFound (HF208)."""
    query = EvaluationQuery(feature=feature)
    while page := await host.store.evaluations.find(query):
        for evaluation in page:
            if evaluation.finished_at is None and evaluation.gate is None:
                return evaluation
        query = msgspec.structs.replace(query, before=page[-1].id)
    raise NotFound("HF208", f"no evaluation of '{feature}' is unfinished", f"holdfast eval {feature}")


async def go_on(host: Host, evaluation: Evaluation, how: How) -> Evaluated:
    """Ask every case that has no result yet, under the release and with the cases that the evaluation began with.

    Each result is kept before the next case is asked in its place: stopped at any moment, at most the cases in flight
    are lost, and calling it again goes on. Side effects never happen. Raises StoreFailed, and ReplayDiverged (HF501)
    where the feature's code is not what it was; what a case comes to is never raised.
    """
    feature = host.feature(evaluation.feature)
    if feature.code_hash != evaluation.code_hash:
        message = f"the code of '{feature.name}' is not what it was when {evaluation.id} began"
        raise ReplayDiverged("HF501", message, f"holdfast eval {feature.name}")
    store = host.store.evaluations
    cases = await store.cases(evaluation.id, evaluation.tenant)
    results = list(await store.results(evaluation.id, evaluation.tenant))
    release = await host.store.releases.get(evaluation.release)
    asking = _Asking(host, evaluation, release, await _earlier(host.store, evaluation))
    done = {(result.case, result.repeat) for result in results}
    left = [(case, repeat) for repeat in range(evaluation.repeat) for case in cases if (case.id, repeat) not in done]
    budget = Budget(how.max_cost_usd, [result.spent_usd for result in results])

    async def ask(case: Case, repeat: int) -> CaseResult:
        result = await asking.one(case, repeat)
        await store.add_result(evaluation.id, result, evaluation.tenant)
        results.append(result)
        how.progress("cases", len(results), len(cases) * evaluation.repeat)
        return result

    await _at_once(left, ask, budget, how.concurrency)
    summary = summed_up(evaluation, cases, results, feature.bar)
    whole = len(results) == len(cases) * evaluation.repeat
    finished_at = datetime.now(UTC) if whole else None
    summary = msgspec.structs.replace(summary, finished_at=finished_at, stopped=None if whole else budget.stopped)
    await store.change(summary)
    place = {case.id: number for number, case in enumerate(cases)}
    results.sort(key=lambda result: (place[result.case], result.repeat))
    return Evaluated(summary, cases, tuple(results))


class _Asking:
    """Asks cases for one evaluation: nothing live, corpus versions pinned, generations remembered where it says so."""

    def __init__(self, host: Host, evaluation: Evaluation, release: Release, remembered: Mapping[_Place, str]) -> None:
        self._host = host
        self._evaluation = evaluation
        self._feature = host.feature(evaluation.feature)
        self._release = release
        self._remembered = remembered
        self._judge = Judge(scorers(host.scorers), self._feature.bar)
        self._texts: dict[tuple[str, str], str | None] = {}

    async def one(self, case: Case, repeat: int) -> CaseResult:
        """What a case comes to. Its recording is kept when this returns; its result is not yet."""
        evaluation = self._evaluation
        recording = await execute(
            self._feature,
            case.input,
            release=self._release,
            world=self._host.world(self._release),
            tape=await self._tape(case, repeat),
            who=Who(tenant=evaluation.tenant),
        )
        recording = msgspec.structs.replace(recording, evaluation=evaluation.id)
        await self._host.store.recordings.add(recording)
        return await self._judge.result(await answered(case, recording, self._text), repeat)

    async def _tape(self, case: Case, repeat: int) -> Tape:
        blank = Tape(live=False, pins=self._evaluation.pins)
        if (recording_id := self._remembered.get((case.id, repeat))) is None:
            return blank
        before = await self._host.store.recordings.get(recording_id, self._evaluation.tenant)
        # What a lower rung wrote while the first one was out is no generation of the model under test.
        steps = tuple(
            step
            for step in before.steps
            if isinstance(step.effect, Generate)
            and isinstance(step.result, Generated)
            and step.result.rung == step.effect.first_rung
        )
        return replace(Tape.of(msgspec.structs.replace(before, steps=steps)), pins=blank.pins)

    async def _text(self, corpus: str, document_id: str) -> str | None:
        if (corpus, document_id) not in self._texts:
            name, _, version = corpus.partition("@")
            try:
                document = await self._host.corpora.document(name, version, document_id)
                self._texts[corpus, document_id] = document.text
            except (NotFound, ReplayDiverged):
                self._texts[corpus, document_id] = None
        return self._texts[corpus, document_id]


async def _at_once(left: Sequence[_Case], ask: _Ask, budget: Budget, concurrency: int) -> None:
    """Ask what is left, so many at a time, while the budget lasts. What the first one raises ends all."""
    waiting = deque(left)
    changed = asyncio.Condition()

    async def work() -> None:
        while True:
            async with changed:
                await changed.wait_for(budget.decides)
                if not waiting or budget.stopped is not None:
                    return
                case, repeat = waiting.popleft()
                budget.begin()
            result = await ask(case, repeat)
            async with changed:
                budget.end(result.spent_usd)
                changed.notify_all()

    workers = [asyncio.ensure_future(work()) for _ in range(min(concurrency, len(left)))]
    try:
        await asyncio.gather(*workers)
    finally:
        for worker in workers:
            worker.cancel()
        if workers:
            await asyncio.wait(workers)


def pins_of(world: World, release: Release) -> dict[str, str]:
    """The version of every corpus whose newest the release asks for; one that was never synced has none."""
    pins = {}
    for name, slot in release.slots.items():
        if isinstance(slot, CorpusSlot) and slot.version == LATEST:
            try:
                pins[name] = world.pin(name, LATEST).partition("@")[2]
            except HoldfastError:
                continue  # whoever asks it is told, in the recording
    return pins


async def _earlier(store: Store, evaluation: Evaluation) -> dict[_Place, str]:
    """For each case and repeat, the newest recording of an earlier evaluation of the feature."""
    found: dict[_Place, str] = {}
    if not evaluation.cached:
        return found
    query = EvaluationQuery(feature=evaluation.feature, tenant=evaluation.tenant, before=evaluation.id, limit=_EARLIER)
    for before in await store.evaluations.find(query):
        for result in await store.evaluations.results(before.id, evaluation.tenant):
            found.setdefault((result.case, result.repeat), result.recording)
    return found
