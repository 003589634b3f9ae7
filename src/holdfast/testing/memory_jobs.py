"""Jobs that live in memory, by the contract `Jobs`.

Knows nothing of durability, nor of how a job is done.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import msgspec

from holdfast.job import Job, JobQuery
from holdfast.store.faults import no_job
from holdfast.store.jobs import content_of, job_from


class MemoryJobs:
    """Jobs by id, in order of arrival. `check` raises where the store is closed."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._kept: dict[str, str] = {}

    async def add(self, job: Job) -> Job:
        """See `Jobs`."""
        self._check()
        return job_from(self._kept.setdefault(job.id, content_of(job)))

    async def get(self, job_id: str, tenant: str | None = "") -> Job:
        """See `Jobs`."""
        self._check()
        job = job_from(self._kept[job_id]) if job_id in self._kept else None
        if job is None or tenant not in (None, job.tenant):
            raise no_job(job_id)
        return job

    async def find(self, query: JobQuery) -> tuple[Job, ...]:
        """See `Jobs`."""
        found = [job for job in reversed(self._all()) if job.tenant == query.tenant]
        if query.before is not None:
            ids = [job.id for job in found]
            if query.before not in ids:
                raise no_job(query.before)
            found = found[ids.index(query.before) + 1 :]
        fits = (job for job in found if query.kind in (None, job.kind) and query.status in (None, job.status))
        return tuple(fits)[: query.limit]

    async def unfinished(self, limit: int = 100) -> tuple[Job, ...]:
        """See `Jobs`."""
        found = [job for job in self._all() if job.status in ("queued", "running")]
        return tuple(sorted(found, key=lambda job: job.status != "running")[:limit])

    async def change(self, job: Job) -> Job | None:
        """See `Jobs`."""
        self._check()
        changed = msgspec.structs.replace(job, revision=job.revision + 1)
        content = content_of(changed)
        if job.id not in self._kept or job_from(self._kept[job.id]).revision != job.revision:
            return None
        self._kept[job.id] = content
        return changed

    async def delete_ended(self, before: datetime) -> tuple[Job, ...]:
        """See `Jobs`."""
        gone = tuple(job for job in self._all() if job.ended_at is not None and job.ended_at < before)
        for job in gone:
            del self._kept[job.id]
        return gone

    def forget(self, subject: str, tenant: str) -> int:
        """Drop the jobs of a subject; gives how many."""
        gone = [job.id for job in self._all() if (job.tenant, job.subject) == (tenant, subject)]
        for job_id in gone:
            del self._kept[job_id]
        return len(gone)

    def _all(self) -> list[Job]:
        self._check()
        return [job_from(content) for content in self._kept.values()]
