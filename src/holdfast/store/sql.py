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

from holdfast.errors import StoreFailed

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


def queries() -> Mapping[str, str]:
    """Every query of `queries.sql` by its name; there each is `-- name: x`, a line of description, one statement."""
    pieces = _NAMED.split((_FOLDER / "queries.sql").read_text(encoding="utf-8"))[1:]
    return MappingProxyType(
        {name: text.strip().removesuffix(";") for name, text in zip(pieces[::3], pieces[2::3], strict=True)}
    )


def migrations() -> tuple[Migration, ...]:
    """Every migration in order, from the files `NNNN_name.sql`."""
    return tuple(
        Migration(version=int(path.stem[:4]), name=path.stem[5:], sql=path.read_text(encoding="utf-8"))
        for path in sorted((_FOLDER / "migrations").glob("*.sql"))
    )


def migrate(connection: sqlite3.Connection, steps: Sequence[Migration]) -> None:
    """Bring the database to the newest of `steps`, each in a transaction with its own record.

    Run twice, or by two processes at once, each step is applied once; stopped halfway, the next run goes on from there.
    Raises StoreFailed (HF602) when the database is newer than `steps`.
    """
    newest = steps[-1].version
    if (found := max(_applied(connection), default=0)) > newest:
        raise StoreFailed(
            "HF602",
            f"the database is at version {found}; this Holdfast knows versions up to {newest}",
            "install the Holdfast that wrote it or a newer one (pip install --upgrade holdfast),"
            " or name another database_url",
        )
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
