"""The store over one SQLite database and one folder of large bodies.

Knows nothing of configuration; `opening.py` reads the URL.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from holdfast.store.codec import Codec
from holdfast.store.faults import database_fault, disk_fault
from holdfast.store.files import Files
from holdfast.store.keeper import Keeper
from holdfast.store.sql import migrate, migrations, queries
from holdfast.store.stores import SqlStore

_BUSY_MS = 10_000


def open_sqlite(path: Path, storage: Path, secrets: Sequence[str], busy_ms: int = _BUSY_MS) -> SqlStore:
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
    return SqlStore(sql, keeper, files, partial(_connect_reader, path, busy_ms))


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
