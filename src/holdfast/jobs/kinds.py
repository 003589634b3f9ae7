"""The kinds of job, one function each.

Knows nothing of durability: a function is called again from the start after a kill, so it must find what it did before.
To add a kind, write a function and name it in `KINDS`.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from holdfast.contracts import Progress
from holdfast.diagnosis import Verdict as Found
from holdfast.errors import NotFound
from holdfast.evals import against, trying
from holdfast.evals.audit import to_ask
from holdfast.evals.cases import cases_of
from holdfast.evals.diagnose import asking
from holdfast.evals.evaluate import How, Plan, begin, go_on
from holdfast.evals.verdict import Verdict, verdict_of
from holdfast.evaluation import Evaluation
from holdfast.gate import GatePlan, Ruling
from holdfast.identity import canonical, digest, new_id
from holdfast.job import Job
from holdfast.jobs import gating
from holdfast.jobs.asking import (
    DiagnosisAsked,
    EvaluationAsked,
    FeatureAsked,
    ForecastAsked,
    GateAsked,
    RestoreAsked,
    SyncAsked,
    TrialAsked,
)
from holdfast.jobs.batch import Batch, answer
from holdfast.records import Call, Failure, Json, Recording
from holdfast.trial import Claim, Trial

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.corpus.quality import SyncReport


class Ended(Struct, frozen=True):
    """What came of a job, and why it failed if it did. Raising a HoldfastError is the same without a result."""

    result: Json = None
    failure: Failure | None = None


Work: TypeAlias = Callable[["Project", Job, Progress], Awaitable[Ended]]
"""Does a job, tells of its progress, and is cancelled when the job is."""


async def feature(project: Project, job: Job, progress: Progress) -> Ended:
    """One request. What was recorded before a kill is not asked again; a request that the kill ended is."""
    asked = msgspec.convert(job.asked, FeatureAsked)
    recording_id = f"rec_{digest(canonical((job.id, job.attempt)), 26)}"
    recording = await _recorded(project, recording_id, job.tenant)
    stops = 0
    while recording is not None and recording.outcome == "cancelled" and not _began_side_effect(recording):
        stops += 1
        recording = await _recorded(project, f"{recording_id}_{stops}", job.tenant)
    if recording is None:
        progress("asked", 0, 1)
        who = project.who(job.subject, job.tenant)
        named = recording_id if not stops else f"{recording_id}_{stops}"
        recording = await project.run(asked.feature, asked.input, who=who, recording_id=named)
    progress("asked", 1, 1)
    return Ended({"recording_id": recording.id, "outcome": recording.outcome}, _failure_of(recording))


async def _recorded(project: Project, recording_id: str, tenant: str) -> Recording | None:
    try:
        return await project.store.recordings.get(recording_id, tenant)
    except NotFound:
        return None


def _failure_of(recording: Recording) -> Failure | None:
    if recording.outcome == "cancelled":
        return Failure(
            code="HF310",
            message="the request was stopped after it had begun a side effect, which is not begun twice by itself",
            fix="see how far it came in its recording, then: holdfast jobs retry",
        )
    return recording.failure


def _began_side_effect(recording: Recording) -> bool:
    return any(isinstance(step.effect, Call) and not step.effect.safe for step in recording.steps)


async def sync(project: Project, job: Job, progress: Progress) -> Ended:
    """One corpus. After a kill it is simply synced again: a version is published whole or not at all."""
    asked = msgspec.convert(job.asked, SyncAsked)
    (report,) = await project.sync(
        [asked.corpus], full=asked.full, only=asked.only, progress=progress, accept=asked.accept
    )
    return Ended(msgspec.to_builtins(_for_everyone(report)))


def _for_everyone(report: SyncReport) -> SyncReport:
    """The report without the ids it names: a job is shown also to those who may not see every document."""
    return replace(
        report,
        passed=tuple(replace(group, examples=()) for group in report.passed),
        findings=tuple(replace(finding, documents=(), examples=()) for finding in report.findings),
    )


async def forecast(project: Project, job: Job, progress: Progress) -> Ended:
    """What a sync would do. After a kill it is simply counted again."""
    asked = msgspec.convert(job.asked, ForecastAsked)
    came = await project.corpora.forecast(asked.corpus, full=asked.full, progress=progress)
    passed = tuple(replace(group, examples=()) for group in came.passed)
    return Ended(msgspec.to_builtins(replace(came, passed=passed)))


async def restore(project: Project, job: Job, progress: Progress) -> Ended:
    """An earlier version answers from now on. Done twice it is done once."""
    asked = msgspec.convert(job.asked, RestoreAsked)
    progress("restored", 0, 1)
    version = await project.corpora.restore(asked.corpus, asked.version)
    progress("restored", 1, 1)
    return Ended({"corpus": asked.corpus, "version": version})


async def batch(project: Project, job: Job, progress: Progress) -> Ended:
    """A file of requests, which `batch.begin` has made ready. Goes on where its output ends."""
    report = await answer(project, msgspec.convert(job.asked, Batch), progress)
    return Ended(msgspec.to_builtins(report))


class EvaluationEnded(Struct, frozen=True, kw_only=True):
    """What an evaluation came to; `stopped` says why cases were left out, and then it has not `passed`."""

    evaluation_id: str
    verdict: Verdict
    passed: bool
    cases: int
    done: int
    failed: int
    spent_usd: float | None
    stopped: str | None


async def evaluation(project: Project, job: Job, progress: Progress) -> Ended:
    """One evaluation. Begun again, or tried again, it goes on with what it began: no case with a result is asked."""
    asked = msgspec.convert(job.asked, EvaluationAsked)
    begun = await _evaluation(project, job, asked)
    of = (await go_on(project, begun, How(max_cost_usd=asked.max_cost_usd, progress=progress))).evaluation
    verdict = verdict_of(of)
    came = EvaluationEnded(
        evaluation_id=of.id,
        verdict=verdict,
        passed=verdict == "met" and of.finished_at is not None,
        cases=of.cases,
        done=of.done,
        failed=of.failed,
        spent_usd=of.spent_usd,
        stopped=of.stopped,
    )
    return Ended(msgspec.to_builtins(came))


async def _evaluation(project: Project, job: Job, asked: EvaluationAsked) -> Evaluation:
    """The job's evaluation, under an id of its own."""
    evaluation_id = _id_for(job, "ev")
    try:
        return await project.store.evaluations.get(evaluation_id, job.tenant)
    except NotFound:
        feature = project.feature(asked.feature)
        cases = await asyncio.to_thread(cases_of, project.config.folder, feature.name, feature.parse)
        cases = to_ask(cases, project.config.evals.audit_share)
        plan = Plan(cases, repeat=asked.repeat, tenant=job.tenant, evaluation_id=evaluation_id)
        return await begin(project, feature, project.release(asked.set), plan)


class GateEnded(Struct, frozen=True, kw_only=True):
    """What a gate came to; `stopped` says why not everything was asked. `passed`: nothing broke, and the bar is met."""

    gate_id: str
    verdict: Ruling | None
    passed: bool
    reasons: tuple[str, ...]
    calls: int
    spent_usd: float | None
    stopped: str | None


async def gate(project: Project, job: Job, progress: Progress) -> Ended:
    """A release held against another. Begun again, or tried again, it goes on with what it began."""
    asked = msgspec.convert(job.asked, GateAsked)
    gate_id = _id_for(job, "gate")
    try:
        begun = await project.store.gates.get(gate_id, job.tenant)
    except NotFound:
        candidate = project.release(asked.set)
        begun = await gating.begun(project, asked, candidate, tenant=job.tenant, gate_id=gate_id)
    how = How(max_cost_usd=asked.max_cost_usd, progress=progress)
    of = (await against.go_on(project, begun, how, _unheard)).gate
    verdict = of.verdict
    came = GateEnded(
        gate_id=of.id,
        verdict=None if verdict is None else verdict.ruling,
        passed=verdict is not None and verdict.ruling == "pass" and not verdict.bar_missed,
        reasons=() if verdict is None else verdict.reasons,
        calls=of.calls,
        spent_usd=of.spent_usd,
        stopped=of.stopped,
    )
    return Ended(msgspec.to_builtins(came))


def _unheard(plan: GatePlan) -> None:
    """The listener of a job's plan, which is kept with the gate."""
    del plan


def _id_for(job: Job, prefix: str) -> str:
    """The id of what a job makes, which is made from the job's and sorts by when that was asked for."""
    made = hashlib.sha256(job.id.encode()).digest()
    return new_id(prefix, job.created_at.timestamp, lambda size: made[:size])


class TrialEnded(Struct, frozen=True, kw_only=True):
    """What a trial came to; `says` is None where nothing was compared, and `stopped` says why some were left out."""

    trial_id: str
    says: Claim | None
    better: int
    worse: int
    same: int
    not_compared: int
    chosen: int
    spent_usd: float | None
    stopped: str | None


async def trial(project: Project, job: Job, progress: Progress) -> Ended:
    """A change tried on recordings. Begun again, or tried again, it goes on: no recording with a pair is replayed."""
    asked = msgspec.convert(job.asked, TrialAsked)
    begun = await _trial(project, job, asked)
    came = await trying.go_on(project, begun, trying.How(max_cost_usd=asked.max_cost_usd, progress=progress))
    ended = TrialEnded(
        trial_id=came.id,
        says=None if came.evidence is None else came.evidence.says,
        better=came.better,
        worse=came.worse,
        same=came.same,
        not_compared=came.not_compared,
        chosen=came.chosen,
        spent_usd=came.spent_usd,
        stopped=came.stopped,
    )
    return Ended(msgspec.to_builtins(ended))


async def _trial(project: Project, job: Job, asked: TrialAsked) -> Trial:
    trial_id = _id_for(job, "tr")
    try:
        return await project.store.trials.get(trial_id, job.tenant)
    except NotFound:
        plan = trying.Plan(asked.where, asked.set, asked.fresh, limit=asked.limit, tenant=job.tenant, trial_id=trial_id)
        return await trying.begin(project, plan)


class DiagnosisEnded(Struct, frozen=True, kw_only=True):
    """What a diagnosis came to, how likely that is, and how many fixes were found; `stopped` as in a diagnosis."""

    diagnosis_id: str
    verdict: Found
    probability: float
    fixes: int
    calls: int
    spent_usd: float | None
    stopped: str | None


async def diagnosis(project: Project, job: Job, progress: Progress) -> Ended:
    """Why an answer is not good. Begun again after a kill it starts anew, unless it had come to its end."""
    asked = msgspec.convert(job.asked, DiagnosisAsked)
    diagnosis_id = _id_for(job, "dg")
    try:
        found = await project.store.diagnoses.get(diagnosis_id, job.tenant)
    except NotFound:
        plan = asking.Plan(
            case=asked.case,
            max_calls=asked.max_calls,
            max_cost_usd=asked.max_cost_usd,
            diagnosis_id=diagnosis_id,
            progress=progress,
        )
        found = await project.diagnose(asked.recording, plan, tenant=job.tenant)
    came = DiagnosisEnded(
        diagnosis_id=found.id,
        verdict=found.verdict,
        probability=found.probability,
        fixes=len(found.fixes),
        calls=found.calls,
        spent_usd=found.spent_usd,
        stopped=found.stopped,
    )
    return Ended(msgspec.to_builtins(came))


KINDS: Mapping[str, Work] = MappingProxyType(
    {
        "feature": feature,
        "sync": sync,
        "forecast": forecast,
        "restore": restore,
        "batch": batch,
        "evaluation": evaluation,
        "gate": gate,
        "trial": trial,
        "diagnosis": diagnosis,
    }
)
