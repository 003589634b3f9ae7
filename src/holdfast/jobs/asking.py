"""What everybody may do with jobs: ask for one, cancel it, have it tried again.

Knows nothing of how jobs are done: what is asked stands in the store, and the engine finds it there, in whichever
process it runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import UTC, datetime

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from holdfast.errors import Refused
from holdfast.identity import canonical, digest, new_id
from holdfast.job import Job
from holdfast.records import Json
from holdfast.runtime.who import ANYONE, Who
from holdfast.stores import Jobs

MOST_NAMED = 1000
"""More documents than these are not asked for one by one."""


class FeatureAsked(Struct, frozen=True):
    """One request to a feature."""

    feature: str
    input: Json


class SyncAsked(Struct, frozen=True):
    """One corpus brought up to date. `only`: just these documents, where its source can be asked for them. `accept`
    names who lets its limits be broken."""

    corpus: str
    full: bool = False
    only: tuple[str, ...] | None = None
    accept: str | None = None


class ForecastAsked(Struct, frozen=True):
    """What a sync of a corpus would change; nothing is published."""

    corpus: str
    full: bool = False


class RestoreAsked(Struct, frozen=True):
    """An earlier version that is to answer, as soon as no sync is under way."""

    corpus: str
    version: str


class EvaluationAsked(Struct, frozen=True):
    """The cases of a feature, each asked `repeat` times under the working tree's release, changed by `set`."""

    feature: str
    set: dict[str, Json] = {}
    repeat: int = 1
    max_cost_usd: float | None = None


class GateAsked(Struct, frozen=True):
    """The working tree's release, changed by `set`, held against another, which is named, or `live`, or `working`.
    `audit`: on the hidden cases instead of the others."""

    feature: str
    against: str
    set: dict[str, Json] = {}
    margin: float | None = None
    primary: str | None = None
    slices: tuple[str, ...] = ()
    repeat: int | None = None
    max_cost_usd: float | None = None
    audit: bool = False


class TrialAsked(Struct, frozen=True):
    """A change (`set`, done again: `fresh`) tried on at most `limit` of the recordings for which `where` holds."""

    where: str
    set: dict[str, Json] = {}
    fresh: tuple[str, ...] = ()
    limit: int = 1000
    max_cost_usd: float | None = None


class DiagnosisAsked(Struct, frozen=True):
    """Why the answer of a recording is not good; `case` says what a good one is, None: it is found."""

    recording: str
    case: str | None = None
    max_calls: int = 48
    max_cost_usd: float | None = None


def new_job(kind: str, asked: Json, *, who: Who = ANYONE, webhook: str | None = None, key: str | None = None) -> Job:
    """A job to be kept. With the same `key` of the same tenant it has the same id."""
    job_id = new_id("job") if key is None else f"job_{digest(canonical((who.tenant, key)), 26)}"
    return Job(
        id=job_id,
        kind=kind,
        asked=asked,
        created_at=datetime.now(UTC),
        tenant=who.tenant,
        subject=who.subject,
        webhook=webhook,
    )


async def ask(jobs: Jobs, job: Job) -> Job:
    """Keep what is asked, so that it will be done. The job with that id where there is one.

    Raises Refused (HF707) when that one was asked something else.
    """
    kept = await jobs.add(job)
    if any(canonical(getattr(kept, name)) != canonical(getattr(job, name)) for name in _SAME):
        raise Refused(
            "HF707",
            "this Idempotency-Key was used for another job",
            "use a new key for a new job, or send the same body to the same route",
        )
    return kept


_SAME = ("kind", "asked", "tenant", "subject", "webhook")
"""What must be equal for two jobs to be the same."""


def corpus_of(job: Job) -> str | None:
    """The corpus that a job syncs; None for every other kind of job."""
    corpus = job.asked.get("corpus") if job.kind == "sync" and isinstance(job.asked, dict) else None
    return corpus if isinstance(corpus, str) else None


async def ask_sync_of(jobs: Jobs, corpus: str, ids: Collection[str]) -> Job:
    """Keep that these documents of a corpus are to be synced, all of it where none is named or too many are.

    A burst becomes one job: as long as one waits to be begun, the ids are added to it. Asked twice, it is done once or
    twice, which comes to the same.
    """
    for job in await jobs.unfinished():
        if job.status != "queued" or corpus_of(job) != corpus:
            continue
        waiting = msgspec.convert(job.asked, SyncAsked)
        if waiting.only is None:
            return job
        only = None if not ids else _few({*waiting.only, *ids})
        kept = await jobs.change(replace(job, asked=msgspec.to_builtins(SyncAsked(corpus, only=only))))
        if kept is not None:
            return kept
    return await ask(jobs, new_job("sync", msgspec.to_builtins(SyncAsked(corpus, only=_few(ids) if ids else None))))


def _few(ids: Collection[str]) -> tuple[str, ...] | None:
    return tuple(sorted(set(ids))) if len(ids) <= MOST_NAMED else None


async def cancel(jobs: Jobs, job_id: str, tenant: str | None = "") -> Job:
    """Have it not done, or stopped soon: a running job is `cancelling` until it has. A second time changes nothing.

    Raises NotFound (HF209); Refused (HF711) when it has ended otherwise.
    """

    def cancelled(job: Job) -> Job:
        match job.status:
            case "queued":
                return replace(job, status="cancelled", ended_at=datetime.now(UTC))
            case "running":
                return replace(job, cancelling=True)
            case "cancelled":
                return job
            case _:
                raise Refused("HF711", f"the job '{job_id}' is {job.status} already", f"holdfast jobs show {job_id}")

    return await changed(jobs, job_id, cancelled, tenant)


async def retry(jobs: Jobs, job_id: str, tenant: str | None = "") -> Job:
    """Have a job that failed or was cancelled done again: as it was asked, under the same id, as its next attempt.

    Raises NotFound (HF209); Refused (HF711) when it has not ended or has nothing to mend.
    """

    def again(job: Job) -> Job:
        if job.status not in ("failed", "cancelled"):
            said = f"the job '{job_id}' is {job.status}; only one that failed or was cancelled can be tried again"
            raise Refused("HF711", said, f"holdfast jobs show {job_id}")
        return Job(
            id=job.id,
            kind=job.kind,
            asked=job.asked,
            created_at=job.created_at,
            tenant=job.tenant,
            subject=job.subject,
            webhook=job.webhook,
            attempt=job.attempt + 1,
            revision=job.revision,
        )

    return await changed(jobs, job_id, again, tenant)


async def changed(jobs: Jobs, job_id: str, change: Callable[[Job], Job], tenant: str | None = None) -> Job:
    """The job as `change` makes it, kept; `change` is asked again where somebody else was faster.

    Raises NotFound (HF209) and what `change` raises.
    """
    while True:
        job = await jobs.get(job_id, tenant)
        made = change(job)
        if made is job:
            return job
        if (kept := await jobs.change(made)) is not None:
            return kept
