"""What the store asks of a connection to a database, whichever it is.

Knows nothing of how one is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

Values: TypeAlias = Sequence[Any] | Mapping[str, Any]


class Rows(Protocol):
    """What a statement gives."""

    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Iterator[Any]: ...


class Connection(Protocol):
    """Speaks the SQL of `queries.sql`, with `?` and `:name` for values. `sqlite3.Connection` is one."""

    @property
    def in_transaction(self) -> bool: ...
    def execute(self, statement: str, values: Values = ..., /) -> Rows: ...
    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> object: ...
    def close(self) -> None: ...
