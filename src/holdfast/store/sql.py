"""The SQL of the store: named queries and migrations, read from `.sql` files.

Knows nothing of what the rows mean.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from holdfast.store.faults import newer

_FOLDER = Path(__file__).parent / "sql"
_CREATE = (
    "CREATE TABLE IF NOT EXISTS schema_migrations"
    " (version INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)"
)
_NAMED = re.compile(r"^-- name: (\w+)\n-- (.+)\n", re.MULTILINE)


class Migration(Struct, frozen=True, kw_only=True):
    """One step of the schema, forward only, named by its `version`."""

    version: int
    name: str
    sql: str


def queries(own: str | None = None) -> Mapping[str, str]:
    """Every query of `queries.sql` by its name; there each is `-- name: x`, a line of description, one statement.

    Those in the folder `own` of another database go before them.
    """
    found: dict[str, str] = {}
    for folder in (_FOLDER, *([_FOLDER / own] if own else [])):
        found |= _named(folder / "queries.sql")
    return MappingProxyType(found)


def landing_queries() -> Mapping[str, str]:
    """Every statement of `landing.sql` by its name, in order: those that begin with `make_` make the tables."""
    return MappingProxyType(_named(_FOLDER / "landing.sql"))


def _named(path: Path) -> dict[str, str]:
    pieces = _NAMED.split(path.read_text(encoding="utf-8"))[1:]
    return {name: text.strip().removesuffix(";") for name, text in zip(pieces[::3], pieces[2::3], strict=True)}


def migrations(own: str | None = None) -> tuple[Migration, ...]:
    """Every migration in order, from the files `NNNN_name.sql`; one in the folder `own` replaces its namesake."""
    paths = {path.name: path for path in (_FOLDER / "migrations").glob("*.sql")}
    if own is not None:
        paths |= {path.name: path for path in (_FOLDER / own / "migrations").glob("*.sql")}
    return tuple(
        Migration(version=int(path.stem[:4]), name=path.stem[5:], sql=path.read_text(encoding="utf-8"))
        for _, path in sorted(paths.items())
    )


def migrate(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Bring the database to the newest of `steps`, each in a transaction with its own record.

    Run twice, or by two processes at once, each step is applied once; stopped halfway, the next run goes on from there.
    Raises StoreFailed (HF602) when the database is newer than `steps`.
    """
    if (found := max(_applied(connection), default=0)) > steps[-1].version:
        raise newer(found, steps[-1].version)
    for step in steps:
        if step.version in _applied(connection):
            continue
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.execute(_CREATE)
            if step.version not in _applied(connection):  # another process may have been faster
                for statement in _statements(step.sql):
                    connection.execute(statement)
                connection.execute(
                    "INSERT INTO schema_migrations VALUES (?, ?, ?)",
                    (step.version, step.name, datetime.now(UTC).isoformat()),
                )
            connection.execute("COMMIT")
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")


def _applied(connection: sqlite3.Connection) -> set[int]:
    """The migrations applied; none for a new database, which has no record of any."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'schema_migrations'").fetchone():
        return set()
    return {version for (version,) in connection.execute("SELECT version FROM schema_migrations")}


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one: `executescript` would commit the transaction they belong to."""
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
