"""Recordings in a database, by the contract `Recordings`.

Knows nothing of which database it is, nor of threads or files beyond asking for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress

from holdfast.errors import NotFound, StoreFailed
from holdfast.records import Recording, RecordingSummary
from holdfast.store.codec import summary_of
from holdfast.store.faults import damaged, no_recording
from holdfast.store.files import Files
from holdfast.store.narrowing import narrowed
from holdfast.store.readers import Reader, Readers
from holdfast.store.writer import Writer
from holdfast.stores import Deleted, RecordingQuery


class SqlRecordings:
    """Recordings over a writer and readers."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers, files: Files) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers
        self._files = files

    async def add(self, recording: Recording) -> None:
        """See `Recordings`. Cancelling the wait does not take the recording back."""
        await self._writer.keep(recording)

    async def get(self, recording_id: str, tenant: str = "") -> Recording:
        """See `Recordings`."""
        return await self._readers.read(lambda reader: self._get(reader, recording_id, tenant))

    async def whole(self, recording_ids: Sequence[str], tenant: str = "") -> tuple[Recording, ...]:
        """See `Recordings`. One read for all of them."""
        return await self._readers.read(lambda reader: tuple(self._whole(reader, recording_ids, tenant)))

    async def find(self, query: RecordingQuery) -> tuple[RecordingSummary, ...]:
        """See `Recordings`. Reads summaries only."""
        return await self._readers.read(lambda reader: self._find(reader, query))

    async def delete_subject(self, subject: str, tenant: str = "") -> Deleted:
        """See `Recordings`. What is deleted is overwritten in the database and in its write-ahead log.

        Raises StoreFailed (HF600) when a reader in another process keeps the log; the data is out of the tables then,
        and running it again finishes.
        """
        return await self._writer.change(lambda keeper: keeper.erase(subject, tenant), alone=True)

    def _get(self, reader: Reader, recording_id: str, tenant: str) -> Recording:
        rows = reader.connection.execute(self._sql["bodies_of"], (tenant, recording_id)).fetchall()
        if not rows:
            raise no_recording(recording_id)
        try:
            return reader.codec.unpack(tenant, [(h, self._files.read(h.hex()) if c is None else c) for h, c in rows])
        except ValueError as error:
            raise damaged(recording_id, str(error)) from error
        except OSError as error:
            raise self._without_file(reader, recording_id, tenant, error) from error

    def _whole(self, reader: Reader, recording_ids: Sequence[str], tenant: str) -> Iterator[Recording]:
        for recording_id in recording_ids:
            with suppress(NotFound):  # it was erased
                yield self._get(reader, recording_id, tenant)

    def _without_file(self, reader: Reader, recording_id: str, tenant: str, error: OSError) -> NotFound | StoreFailed:
        """Why a file is not there: the recording was erased after its rows were read, or the file is lost."""
        rows = reader.connection.execute(self._sql["place"], (tenant, recording_id)).fetchall()
        return (
            damaged(recording_id, f"a large body cannot be read ({error.strerror})")
            if rows
            else no_recording(recording_id)
        )

    def _find(self, reader: Reader, query: RecordingQuery) -> tuple[RecordingSummary, ...]:
        statement, values = narrowed(self._sql, query)
        if query.before is not None:
            place = reader.connection.execute(self._sql["place"], (query.tenant, query.before)).fetchone()
            if place is None:
                raise no_recording(query.before)
            values["before_at"], values["before_n"] = place
        rows = reader.connection.execute(statement, values)
        return tuple(summary_of(row) for row in rows)
