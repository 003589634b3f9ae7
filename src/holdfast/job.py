"""A job: work that outlives whoever asked for it.

Knows nothing of how it is done or kept.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from holdfast.records import Failure, Json

JobStatus: TypeAlias = Literal["queued", "running", "done", "failed", "cancelled"]


class JobProgress(Struct, frozen=True):
    """How far a job is: its stage, how many are done, and of how many (None while unknown)."""

    stage: str
    done: int
    total: int | None


class Job(Struct, frozen=True, kw_only=True):
    """Work that outlives whoever asked for it: what was asked, how it stands, what came of it.

    `attempt` counts from 1, one more with each retry. `revision` counts the changes to what is kept of it.
    """

    id: str
    kind: str
    asked: Json
    created_at: datetime
    tenant: str = ""
    subject: str | None = None
    webhook: str | None = None
    status: JobStatus = "queued"
    attempt: int = 1
    cancelling: bool = False
    progress: JobProgress | None = None
    result: Json = None
    failure: Failure | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    delivered_at: datetime | None = None
    revision: int = 0


class JobQuery(Struct, frozen=True, kw_only=True):
    """Which jobs: newest first, at most `limit`, older than the one named by `before`."""

    tenant: str = ""
    kind: str | None = None
    status: JobStatus | None = None
    before: str | None = None
    limit: int = 50
