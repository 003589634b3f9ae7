"""All small stores over one database and one folder of large bodies.

Knows nothing of which database it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from holdfast.store.certificates import SqlCertificates
from holdfast.store.connection import Connection
from holdfast.store.diagnoses import SqlDiagnoses
from holdfast.store.evaluations import SqlEvaluations
from holdfast.store.files import Files
from holdfast.store.findings import SqlFindings
from holdfast.store.gates import SqlGates
from holdfast.store.jobs import SqlJobs
from holdfast.store.keeper import Keeper
from holdfast.store.project import SqlFeedback, SqlKeys, SqlPrompts
from holdfast.store.readers import Readers
from holdfast.store.recordings import SqlRecordings
from holdfast.store.releases import SqlReleases
from holdfast.store.trials import SqlTrials
from holdfast.store.wear import SqlCaseWear
from holdfast.store.writer import Writer


class SqlStore:
    """All small stores over one database, by the contract `Store`. Make it with `open_store`."""

    def __init__(self, sql: Mapping[str, str], keeper: Keeper, files: Files, connect: Callable[[], Connection]) -> None:
        self._sql = sql
        self._writer = writer = Writer(keeper)
        self._readers = readers = Readers(connect, keeper.errors, keeper.fault)
        self.recordings = SqlRecordings(sql, writer, readers, files)
        self.releases = SqlReleases(sql, writer, readers)
        self.prompts = SqlPrompts(sql, writer, readers)
        self.feedback = SqlFeedback(sql, writer, readers)
        self.keys = SqlKeys(sql, writer, readers)
        self.evaluations = SqlEvaluations(sql, writer, readers)
        self.gates = SqlGates(sql, writer, readers)
        self.certificates = SqlCertificates(sql, writer, readers)
        self.wear = SqlCaseWear(sql, writer, readers)
        self.trials = SqlTrials(sql, writer, readers)
        self.diagnoses = SqlDiagnoses(sql, writer, readers)
        self.findings = SqlFindings(sql, writer, readers)
        self.jobs = SqlJobs(sql, writer, readers)

    async def ping(self) -> None:
        """See `Store`."""
        await self._readers.read(lambda reader: reader.connection.execute(self._sql["ping"]).fetchone())

    async def close(self) -> None:
        """See `Store`."""
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._readers.close)
