"""A connection to PostgreSQL that speaks the store's SQL, and is made again when it was lost.

Knows nothing of what the rows mean.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import psycopg
from psycopg import pq
from psycopg.abc import Buffer
from psycopg.types.string import StrDumper, TextLoader

from holdfast.store.connection import Rows, Values

Link: TypeAlias = psycopg.Connection[tuple[Any, ...]]

PATIENCE_S = 5.0
"""How long a statement waits for a server that restarts."""

_MOST_KNOWN = 500
"""Statements whose translation is remembered."""

_VALUE = re.compile(r"%|\?|(?<!:):([a-z][a-z0-9_]*)")
_INSERT = re.compile(r"INSERT INTO (\w+)\s+\(([^)]+)\)")
_NUL, _ESCAPE = "\x00", "\x1a"


class PostgresConnection:
    """By the contract `Connection`. Belongs to one thread at a time.

    Outside `begin` ... `end` every statement is a read or harmless, so one that finds the connection lost is made again
    over a new one. Inside, it raises psycopg.OperationalError, and `lost` says so.
    """

    def __init__(self, connect: Callable[[], Link], *, patient: bool = True) -> None:
        self._connect = connect
        self._patient = patient
        self._open: Link | None = None
        self.renew()
        self._portable: dict[str, str] = {}
        self._copies: dict[str, tuple[str, tuple[int, ...]]] = {}
        self.in_doubt = False
        """Whether the connection broke under a COMMIT, so that nobody can know whether it took."""
        self.in_transaction = False

    @property
    def lost(self) -> bool:
        """Whether the connection broke."""
        return self._open is None or self._open.closed

    @property
    def _link(self) -> Link:
        assert self._open is not None
        return self._open

    def renew(self) -> None:
        """Connect again, trying for PATIENCE_S; once that was in vain only once each time, until it succeeds.

        Raises psycopg.OperationalError, and stays lost then.
        """
        self.close()
        until, pause_s = time.monotonic() + PATIENCE_S, 0.05
        while self.lost:
            try:
                self._open = self._connect()
            except psycopg.OperationalError:
                self._patient = self._patient and time.monotonic() + pause_s < until
                if not self._patient:
                    raise
                time.sleep(pause_s)
                pause_s *= 2
        self._patient = True

    def begin(self, statement: str) -> None:
        """Begin a transaction with a script without values. Raises psycopg.Error; none has begun then."""
        try:
            self._anew(lambda link: link.execute(statement, prepare=False))
        except psycopg.Error:
            if not self.lost:
                self._link.rollback()
            raise
        self.in_transaction, self.in_doubt = True, False

    def end(self, statement: str) -> None:
        """COMMIT or ROLLBACK. Raises psycopg.Error; the transaction has ended all the same."""
        self.in_transaction = False
        self.in_doubt = statement == "COMMIT" and not self.lost
        done = None if self.lost else self._link.execute(statement).statusmessage
        self.in_doubt = False
        if statement == "COMMIT" and done != "COMMIT":  # it is answered with ROLLBACK after an error, and without one
            raise psycopg.OperationalError("the transaction was not committed")

    def execute(self, statement: str, values: Values = (), /) -> Rows:
        """Run a statement of the store. Raises psycopg.Error."""
        text = self._translated(statement)
        if self.in_transaction:
            return self._link.execute(text, values or None)
        return self._anew(lambda link: link.execute(text, values or None))

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> None:
        """Run a statement for each row; none when there are none."""
        if many := list(rows):
            with self._link.cursor() as cursor:
                cursor.executemany(self._translated(statement), many)

    def copy(self, insert: str, rows: Sequence[Sequence[Any]]) -> None:
        """Insert rows as the statement `insert` would one by one, through one binary COPY; none when there are none."""
        if not rows:
            return
        with self._link.cursor() as cursor:
            if insert not in self._copies:
                found = _INSERT.match(insert)
                assert found is not None
                cursor.execute(f"SELECT {found[2]} FROM {found[1]} LIMIT 0")  # noqa: S608  # names from our `.sql` files
                types = tuple(column.type_code for column in cursor.description or ())
                self._copies[insert] = f"COPY {found[1]} ({found[2]}) FROM STDIN (FORMAT BINARY)", types
            text, types = self._copies[insert]
            with cursor.copy(text) as copy:
                copy.set_types(types)
                for row in rows:
                    copy.write_row(row)

    def script(self, text: str) -> None:
        """Run several statements without values, within the transaction."""
        self._link.execute(text, prepare=False)

    def close(self) -> None:
        """Let go of the connection. A second time does nothing."""
        if self._open is not None:
            self._open.close()

    def _anew(self, run: Callable[[Link], Rows]) -> Rows:
        if self.lost:
            self.renew()
        try:
            return run(self._link)
        except psycopg.OperationalError:
            if not self.lost:
                raise
            self.renew()
            return run(self._link)

    def _translated(self, statement: str) -> str:
        """The statement with the driver's placeholders."""
        if (text := self._portable.get(statement)) is None:
            if len(self._portable) >= _MOST_KNOWN:  # expressions of users make statements without end
                self._portable.clear()
            text = self._portable[statement] = _VALUE.sub(_placeholder, statement)
        return text


def connect(parameters: Mapping[str, Any]) -> Link:
    """A connection without implicit transactions, which keeps any text. Raises psycopg.Error."""
    link: Link = psycopg.connect(**parameters, autocommit=True)
    for dumper in (_Escaping, _EscapingBinary):
        link.adapters.register_dumper(str, dumper)
    link.adapters.register_loader("text", _Unescaping)
    return link


def _placeholder(found: re.Match[str]) -> str:
    if found[0] == "%":
        return "%%"
    return f"%({found[1]})s" if found[1] else "%s"


class _Escaping(StrDumper):
    """PostgreSQL's text cannot hold NUL, a recording's may: it is written as two characters, the same for the same."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(_escaped(obj))


class _EscapingBinary(_Escaping):
    format = pq.Format.BINARY


class _Unescaping(TextLoader):
    def load(self, data: Buffer) -> bytes | str:
        text = super().load(data)
        assert isinstance(text, str)
        if _ESCAPE in text:
            return text.replace(_ESCAPE + "0", _NUL).replace(_ESCAPE + "1", _ESCAPE)
        return text


def _escaped(text: str) -> str:
    if _NUL in text or _ESCAPE in text:
        return text.replace(_ESCAPE, _ESCAPE + "1").replace(_NUL, _ESCAPE + "0")
    return text
