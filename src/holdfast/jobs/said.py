"""A job as it is said outward: over HTTP and by the command line.

Knows nothing of either.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from holdfast.job import Job, JobProgress, JobStatus
from holdfast.records import Failure, Json


class JobSaid(Struct, frozen=True, kw_only=True):
    """A job as it stands. The result of a request to a feature is what its own route would have answered."""

    job_id: str
    kind: str
    status: JobStatus
    attempt: int
    cancelling: bool
    progress: JobProgress | None
    result: Json
    failure: Failure | None
    subject: str | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    webhook: str | None
    delivered_at: datetime | None


class JobPage(Struct, frozen=True):
    """Jobs, newest first, without their answers; `next` is the `before` of the page after this one."""

    jobs: tuple[JobSaid, ...]
    next: str | None


def said(job: Job) -> JobSaid:
    """A job without what was asked, which may be large and is its subject's."""
    fields = {name: getattr(job, name) for name in JobSaid.__struct_fields__ if name != "job_id"}
    return JobSaid(job_id=job.id, **fields)
