"""Jobs in a database, by the contract `Jobs`.

Knows nothing of how a job is done, nor of what one may ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from holdfast.identity import to_json
from holdfast.job import Job, JobQuery
from holdfast.store.codec import micros
from holdfast.store.faults import UNWRITABLE, no_job, unwritable
from holdfast.store.keeper import Keeper
from holdfast.store.readers import Reader, Readers
from holdfast.store.writer import Writer

_FILTERS: Mapping[str, str] = {"kind": "kind = :kind", "status": "status = :status", "before": "n < :before_n"}


class SqlJobs:
    """Jobs by id."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def add(self, job: Job) -> Job:
        """See `Jobs`. Raises StoreFailed (HF600) for what is not JSON."""
        content = content_of(job)
        return await self._writer.change(lambda keeper: self._add(keeper, job, content))

    async def get(self, job_id: str, tenant: str | None = "") -> Job:
        """See `Jobs`."""
        return await self._readers.read(lambda reader: self._get(reader, job_id, tenant))

    async def find(self, query: JobQuery) -> tuple[Job, ...]:
        """See `Jobs`."""
        return await self._readers.read(lambda reader: self._find(reader, query))

    async def unfinished(self, limit: int = 100) -> tuple[Job, ...]:
        """See `Jobs`."""
        return await self._readers.read(
            lambda reader: tuple(
                job_from(content)
                for (content,) in reader.connection.execute(self._sql["unfinished_jobs"], (limit,)).fetchall()
            )
        )

    async def change(self, job: Job) -> Job | None:
        """See `Jobs`. Raises StoreFailed (HF600) for what is not JSON."""
        changed = msgspec.structs.replace(job, revision=job.revision + 1)
        row = (changed.status, _ended(changed), changed.revision, content_of(changed), job.id, job.revision)
        count = await self._writer.change(lambda keeper: _write(keeper, self._sql["change_job"], *row))
        return changed if count else None

    async def delete_ended(self, before: datetime) -> tuple[Job, ...]:
        """See `Jobs`."""
        return await self._writer.change(
            lambda keeper: tuple(
                job_from(content)
                for (content,) in keeper.connection.execute(
                    self._sql["delete_ended_jobs"], (micros(before),)
                ).fetchall()
            )
        )

    def _add(self, keeper: Keeper, job: Job, content: str) -> Job:
        row = (job.tenant, job.id, job.kind, job.status, job.subject, _ended(job), job.revision, content)
        if _write(keeper, self._sql["add_job"], *row):
            return job
        return job_from(keeper.connection.execute(self._sql["job"], (job.id,)).fetchone()[0])

    def _get(self, reader: Reader, job_id: str, tenant: str | None) -> Job:
        row = reader.connection.execute(self._sql["job"], (job_id,)).fetchone()
        job = None if row is None else job_from(row[0])
        if job is None or tenant not in (None, job.tenant):
            raise no_job(job_id)
        return job

    def _find(self, reader: Reader, query: JobQuery) -> tuple[Job, ...]:
        values: dict[str, object] = {name: getattr(query, name) for name in query.__struct_fields__}
        if query.before is not None:
            place = reader.connection.execute(self._sql["place_of_job"], (query.tenant, query.before)).fetchone()
            if place is None:
                raise no_job(query.before)
            values["before_n"] = place[0]
        asked = "".join(f"AND {text} " for name, text in _FILTERS.items() if getattr(query, name) is not None)
        rows = reader.connection.execute(self._sql["find_jobs"].replace("/* filters */", asked), values).fetchall()
        return tuple(job_from(content) for (content,) in rows)


def content_of(job: Job) -> str:
    """A job as JSON text. Raises StoreFailed (HF600) when it cannot be."""
    try:
        return to_json(job).decode()
    except UNWRITABLE as error:
        raise unwritable(f"the job '{job.id}'", error) from error


def job_from(content: str) -> Job:
    """The job that `content_of` wrote."""
    return msgspec.json.decode(content, type=Job)


def _ended(job: Job) -> int | None:
    return None if job.ended_at is None else micros(job.ended_at)


def _write(keeper: Keeper, statement: str, *values: object) -> int:
    """How many rows the statement changed."""
    return keeper.connection.execute(statement, values).rowcount
