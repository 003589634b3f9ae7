"""The store over one SQLite database and one folder of large bodies.

Knows nothing of configuration; `opening.py` reads the URL.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from holdfast.store.codec import Codec
from holdfast.store.evaluations import SqliteEvaluations
from holdfast.store.faults import database_fault, disk_fault
from holdfast.store.files import Files
from holdfast.store.keeper import Keeper
from holdfast.store.project import SqliteFeedback, SqliteKeys, SqlitePrompts
from holdfast.store.readers import Readers
from holdfast.store.recordings import SqliteRecordings
from holdfast.store.releases import SqliteReleases
from holdfast.store.sql import migrate, migrations, queries
from holdfast.store.writer import Writer

_BUSY_MS = 10_000


class SqliteStore:
    """All small stores over one database, by the contract `Store`. Make it with `open_store`."""

    def __init__(
        self, sql: Mapping[str, str], keeper: Keeper, files: Files, connect: Callable[[], sqlite3.Connection]
    ) -> None:
        self._sql = sql
        self._writer = writer = Writer(keeper)
        self._readers = readers = Readers(connect)
        self.recordings = SqliteRecordings(sql, writer, readers, files)
        self.releases = SqliteReleases(sql, writer, readers)
        self.prompts = SqlitePrompts(sql, writer, readers)
        self.feedback = SqliteFeedback(sql, writer, readers)
        self.keys = SqliteKeys(sql, writer, readers)
        self.evaluations = SqliteEvaluations(sql, writer, readers)

    async def ping(self) -> None:
        """See `Store`."""
        await self._readers.read(lambda reader: reader.connection.execute(self._sql["ping"]).fetchone())

    async def close(self) -> None:
        """See `Store`."""
        await asyncio.to_thread(self._writer.close)
        await asyncio.to_thread(self._readers.close)


def open_sqlite(path: Path, storage: Path, secrets: Sequence[str], busy_ms: int = _BUSY_MS) -> SqliteStore:
    """Open or make the database, bring its schema up to date, and remove the files a kill left.

    Waits at most `busy_ms` for another process, then and at every write. Raises StoreFailed (HF600, HF601, HF602).
    """
    try:
        for folder in (path.parent, storage):
            folder.mkdir(parents=True, exist_ok=True)
        sql = queries()
        connection = _connect_writer(path, busy_ms)
        try:
            migrate(connection, migrations())
            files = Files(storage / connection.execute(sql["identity"]).fetchone()[0])
            keeper = Keeper(connection, sql, files, Codec(secrets))
            keeper.settle()
        except BaseException:
            connection.close()
            raise
    except sqlite3.Error as error:
        raise database_fault(error) from error
    except OSError as error:
        raise disk_fault(error) from error
    return SqliteStore(sql, keeper, files, partial(_connect_reader, path, busy_ms))


def _connect_writer(path: Path, busy_ms: int) -> sqlite3.Connection:
    connection = _connect(path, busy_ms)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA secure_delete = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _connect_reader(path: Path, busy_ms: int) -> sqlite3.Connection:
    connection = _connect(path, busy_ms)
    connection.execute("PRAGMA query_only = ON")
    return connection


def _connect(path: Path, busy_ms: int) -> sqlite3.Connection:
    """A connection without implicit transactions. It is used by one thread, and closed by another at the end."""
    return sqlite3.connect(path, timeout=busy_ms / 1000, isolation_level=None, check_same_thread=False)
