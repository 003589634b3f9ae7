"""Evaluate: a release asked every case, by the one function that runs everything, and what came of each kept at once.

Knows nothing of the project that hosts it, of HTTP, or of the command line.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TypeAlias

import msgspec

from holdfast.contracts import Answered, Progress, silent
from holdfast.errors import HoldfastError, Misconfigured, NotFound, ReplayDiverged, nearest
from holdfast.evals.answered import answered
from holdfast.evals.budget import Budget
from holdfast.evals.certifying import Certifying, Trust
from holdfast.evals.host import Host
from holdfast.evals.lab import Bench, Lab, judged_twice
from holdfast.evals.rules import rules_of
from holdfast.evals.sameness import scoring_hash
from holdfast.evals.scorers import scorers
from holdfast.evals.scoring import Scoring, total_usd
from holdfast.evals.standing import summed_up
from holdfast.evals.taking import at_once
from holdfast.evaluation import Case, CaseResult, Evaluation
from holdfast.identity import new_id
from holdfast.release import LATEST, CorpusSlot, Release
from holdfast.runtime.feature import AT_MOST, DERIVED, Feature
from holdfast.runtime.world import World
from holdfast.stores import EvaluationQuery, Store

_Place: TypeAlias = tuple[str, int]
_Case: TypeAlias = tuple[Case, int]
Ask: TypeAlias = Callable[[Case, int], Awaitable[CaseResult]]
"""Asks a case once more, as the repeat of that number (from 0)."""
_EARLIER = 20
"""Evaluations that are looked at for remembered generations."""


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

    Raises Misconfigured (HF110) where the bar names a scorer that is not there, or a judge has no rubric, and NotFound
    (HF201) where it has no ladder.
    """
    check_bar(host, feature)
    release = host.completed(feature, release)
    mine = scorers(host.scorers, feature.name)
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
        scoring_hash=scoring_hash(mine, feature.bar, release, rules_of(host.config.folder, feature.name)),
        gate=plan.gate,
        tenant=plan.tenant,
    )
    await host.keep(release)
    await host.store.evaluations.add(evaluation, plan.cases)
    return evaluation


def check_bar(host: Host, feature: Feature) -> None:
    """Raises Misconfigured (HF110) where the bar names a scorer that is not there."""
    known = [*scorers(host.scorers, feature.name), *AT_MOST]
    for name in {} if feature.bar is None else feature.bar.limits:
        if name not in known and not _follows(name, known):
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
    lab = Lab(host, evaluation, release, rules=rules_of(host.config.folder, feature.name))
    by_id = {case.id: case for case in cases}
    certifying = Certifying(lab, by_id, how.max_cost_usd, how.concurrency, how.progress)
    trust = await certifying.all(evaluation.judging)
    evaluation = msgspec.structs.replace(evaluation, judging=tuple(each.judging for each in trust.values()))
    if trust:
        await store.change(evaluation)  # what a certificate cost stays on the bill, whatever happens next
    asking = _Asking(replace(lab, twice=judged_twice(cases)), await _earlier(host.store, evaluation), trust)
    done = {(result.case, result.repeat) for result in results}
    left = [(case, repeat) for repeat in range(evaluation.repeat) for case in cases if (case.id, repeat) not in done]
    certified_usd = total_usd(each.certifying_usd for each in evaluation.judging)
    budget = Budget.less(how.max_cost_usd, certified_usd, [result.spent_usd for result in results])
    budget.stopped = next((each.stopped for each in trust.values() if each.stopped is not None), budget.stopped)

    async def ask(place: _Case) -> float | None:
        result = await asking.one(*place)
        await store.add_result(evaluation.id, result, evaluation.tenant)
        results.append(result)
        how.progress("cases", len(results), len(cases) * evaluation.repeat)
        return result.spent_usd

    await at_once(left, ask, budget, how.concurrency)
    summary = summed_up(evaluation, cases, results, feature.bar, trust)
    whole = len(results) == len(cases) * evaluation.repeat
    finished_at = datetime.now(UTC) if whole else None
    summary = msgspec.structs.replace(summary, finished_at=finished_at, stopped=None if whole else budget.stopped)
    await store.change(summary)
    place = {case.id: number for number, case in enumerate(cases)}
    results.sort(key=lambda result: (place[result.case], result.repeat))
    return Evaluated(summary, cases, tuple(results))


def asking(host: Host, evaluation: Evaluation, release: Release, remembered: Mapping[tuple[str, int], str]) -> Ask:
    """How an evaluation asks a case: its recording is kept under the evaluation's id, its result is not kept.

    `remembered` names recordings whose generations a case and a repeat may take. The evaluation need not be kept.
    """
    earlier = {
        (case, repeat): CaseResult(
            case=case, repeat=repeat, recording=recording, outcome="ok", ms=None, cost_usd=None, spent_usd=None
        )
        for (case, repeat), recording in remembered.items()
    }
    rules = rules_of(host.config.folder, evaluation.feature)
    return _Asking(Lab(host, evaluation, release, rules=rules), earlier, {}).one


class _Asking:
    """Asks cases for one evaluation, and has what came of each scored."""

    def __init__(self, lab: Lab, earlier: Mapping[_Place, CaseResult], trust: Mapping[str, Trust]) -> None:
        self._lab = lab
        self._earlier = earlier
        self._feature = lab.host.feature(lab.evaluation.feature)
        self._scorers = scorers(lab.host.scorers, self._feature.name)
        self._informing = frozenset(name for name, each in trust.items() if not each.judging.gates)
        self._texts: dict[tuple[str, str], str | None] = {}

    async def one(self, case: Case, repeat: int) -> CaseResult:
        """What a case comes to. Its recording is kept when this returns; its result is not yet."""
        before = self._earlier.get((case.id, repeat))
        tape = await self._lab.remembering(None if before is None else before.recording)
        recording = await self._lab.run(self._feature, case.input, replace(tape, calls=case.calls))

        def bench(answered: Answered, scorer: str) -> Bench:
            return self._lab.bench(answered, scorer, () if before is None else before.scores)

        scoring = Scoring(self._scorers, self._feature.bar, self._informing, bench)
        return await scoring.result(await answered(case, recording, self._text), repeat)

    async def _text(self, corpus: str, document_id: str) -> str | None:
        if (corpus, document_id) not in self._texts:
            name, _, version = corpus.partition("@")
            try:
                document = await self._lab.host.corpora.document(name, version, document_id)
                self._texts[corpus, document_id] = document.text
            except (NotFound, ReplayDiverged):
                self._texts[corpus, document_id] = None
        return self._texts[corpus, document_id]


def _follows(name: str, scorers: Iterable[str]) -> bool:
    """Whether a measure follows from the scores of one of them, as `topic_macro_f1` and `order.total` do."""
    return any(name.removeprefix(each) in DERIVED or name.startswith(f"{each}.") for each in scorers)


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


async def _earlier(store: Store, evaluation: Evaluation) -> dict[_Place, CaseResult]:
    """For each case and repeat, the newest result of an earlier evaluation of the feature."""
    found: dict[_Place, CaseResult] = {}
    if not evaluation.cached:
        return found
    query = EvaluationQuery(feature=evaluation.feature, tenant=evaluation.tenant, before=evaluation.id, limit=_EARLIER)
    for before in await store.evaluations.find(query):
        for result in await store.evaluations.results(before.id, evaluation.tenant):
            found.setdefault((result.case, result.repeat), result)
    return found
