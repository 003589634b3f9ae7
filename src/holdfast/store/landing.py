"""Where a feed's pages are kept: one SQLite file for each corpus, a page being one transaction with its cursor.

Knows nothing of what an item means or of what becomes of it.

Text that is gone is gone from the disk: `secure_delete` writes zeros where it stood, `forget` gives the room back to
the disk and empties the write-ahead file, which is the only other place where it was.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import groupby
from pathlib import Path
from typing import Any

import msgspec

from holdfast.errors import StoreFailed
from holdfast.identity import canonical
from holdfast.messages import Json
from holdfast.sources import FeedPage, Item
from holdfast.store.faults import database_fault, disk_fault
from holdfast.store.sql import landing_queries

_SCHEMA = 1
_BUSY_S = 10.0
_LEVEL = 3
_THERE, _SAID_GONE = 0, 2
_HASH_BYTES = 16


class SqliteLanding:
    """A `Landing` in one file. One process writes at a time; reading is for any thread, and sees whole pages only.

    Killed anywhere, what `keep` returned for is there, and nothing of the page after it. Raises StoreFailed: HF600,
    HF601 when the disk does not take it, HF602 when a newer Holdfast wrote it, HF603 when the file is damaged.
    """

    def __init__(self, path: Path) -> None:
        import zstandard

        self._path = path
        self._sql = landing_queries()
        self._guard = threading.RLock()
        self._packer = zstandard.ZstdCompressor(level=_LEVEL)
        self._unpack = zstandard.ZstdDecompressor().decompress
        self._readers: list[sqlite3.Connection] = []
        self._closed = False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise disk_fault(error) from error
        with self._faults():
            self._writer = self._opened()
            self._reader = self._connect()

    # ------------------------------------------------------------ reading

    @property
    def cursor(self) -> Json:
        """See `Landing`."""
        found = self._fact("cursor")
        return None if found is None else msgspec.json.decode(found)

    @property
    def mark(self) -> int:
        """See `Landing`."""
        return int(self._fact("mark") or 0)

    def get(self, kind: str, item_id: str) -> Item | None:
        """See `Landed`."""
        with self._guard, self._faults():
            row = self._reader.execute(self._sql["get"], (kind, item_id)).fetchone()
        return None if row is None else self._item(kind, item_id, *row)

    def rows(self, kind: str) -> Iterator[Item]:
        """See `Landed`."""
        for item_id, document, body in self._stream("rows", (kind,)):
            yield self._item(kind, item_id, document, body)

    def documents(self, only: Collection[str] | None = None) -> Iterator[tuple[str, tuple[Item, ...]]]:
        """See `Landed`."""
        if only is None:
            found = self._stream("all_documents", ())
        else:
            found = (row for one in sorted(set(only) - {""}) for row in self._all("one_document", (one,)))
        for document, rows in groupby(found, key=lambda row: row[0]):
            yield document, tuple(self._item(kind, item_id, document, body) for _, kind, item_id, body in rows)

    def document_ids(self) -> Iterator[str]:
        """See `Landing`."""
        return (document for (document,) in self._stream("document_ids", ()))

    def counts(self) -> Mapping[str, tuple[int, int | None]]:
        """See `Landing`."""
        here, said = dict(self._all("counts", ())), dict(self._all("said", ()))
        return {kind: (here.get(kind, 0), said.get(kind)) for kind in sorted(here.keys() | said.keys())}

    def touched(self, since: int) -> frozenset[str] | None:
        """See `Landing`."""
        if not int(self._fact("first") or 0) <= since <= self.mark:
            return None
        found = frozenset(document for (document,) in self._all("touched", (since,)))
        return None if "" in found else found

    # ------------------------------------------------------------ writing

    def keep(self, page: FeedPage, *, moves: bool = True) -> None:
        """See `Landing`."""
        with self._transaction() as sql:
            mark = self.mark + 1
            changed = self._sweep(page.present or {}, mark)
            for item in page.items:
                changed |= self._put(item, mark)
            sql.executemany(self._sql["put_said"], sorted((page.counts or {}).items()))
            if moves:
                sql.execute(self._sql["put_fact"], ("cursor", msgspec.json.encode(page.cursor).decode()))
            if changed:
                sql.execute(self._sql["put_fact"], ("mark", str(mark)))

    def forget(self, mark: int) -> None:
        """See `Landing`."""
        with self._transaction() as sql:
            sql.execute(self._sql["forget_gone"], (mark,))
            sql.execute(self._sql["forget_touches"], (mark,))
        self._give_back()

    def clear(self) -> None:
        """See `Landing`."""
        with self._transaction() as sql:
            following = str(self.mark + 1)
            for name in ("clear_items", "clear_touches", "clear_said", "clear_facts"):
                sql.execute(self._sql[name])
            sql.executemany(self._sql["put_fact"], [("first", following), ("mark", following)])
        self._give_back()

    def close(self) -> None:
        """See `Landing`."""
        with self._guard, self._faults():
            self._closed = True
            for connection in (*self._readers, self._reader, self._writer):
                connection.close()  # the last one empties the write-ahead file and removes it
            self._readers.clear()

    # ------------------------------------------------------------ inside

    def _put(self, item: Item, mark: int) -> bool:
        """Keep an item; whether that changed anything."""
        known = self._writer.execute(self._sql["known"], (item.kind, item.id)).fetchone()
        if item.data is None:
            if known is None or known[1] == _SAID_GONE:
                return False
            document = known[0]  # the source may not say any more which one it was part of
            what: tuple[object, ...] = (document, _SAID_GONE, mark, b"", None)
        else:
            data, document = _encoded(item.data), item.document
            hashed = _hash(data)
            if known == (document, _THERE, hashed):
                return False
            what = (document, _THERE, mark, hashed, self._packer.compress(data))
        self._writer.execute(self._sql["put_item"], (item.kind, item.id, *what))
        for touched in {document, document if known is None else known[0]}:
            self._writer.execute(self._sql["touch"], (touched, mark))
        return True

    def _sweep(self, present: Mapping[str, Iterable[str]], mark: int) -> bool:
        """Mark what is not named as gone, and what is named again as there; whether that changed anything."""
        sql, changed = self._writer, 0
        for kind, ids in present.items():
            sql.execute(self._sql["drop_present"])
            sql.executemany(self._sql["put_present"], ((item_id,) for item_id in ids))
            named = {"kind": kind, "mark": mark}
            sql.execute(self._sql["touch_swept"], named)
            changed += sql.execute(self._sql["sweep_away"], named).rowcount
            changed += sql.execute(self._sql["sweep_back"], named).rowcount
        return changed > 0

    def _item(self, kind: str, item_id: str, document: str, body: bytes) -> Item:
        import zstandard

        try:
            with self._guard:
                data = msgspec.json.decode(self._unpack(body), type=dict[str, Any])
        except (zstandard.ZstdError, msgspec.DecodeError) as error:
            raise self._damaged(f"{kind} {item_id}: {error}") from error
        return Item(kind=kind, id=item_id, document=document, data=data)

    def _fact(self, name: str) -> str | None:
        with self._guard, self._faults():
            found = self._writer.execute(self._sql["fact"], (name,)).fetchone()
        return None if found is None else str(found[0])

    def _all(self, name: str, values: tuple[object, ...]) -> list[tuple[Any, ...]]:
        with self._guard, self._faults():
            return self._reader.execute(self._sql[name], values).fetchall()

    def _stream(self, name: str, values: tuple[object, ...]) -> Iterator[tuple[Any, ...]]:
        """Rows one by one, from a connection of their own: as they all were when the first was read."""
        with self._faults():
            connection = self._connect()
            self._readers.append(connection)
            try:
                with closing(connection.cursor()) as reading:
                    yield from reading.execute(self._sql[name], values)
            finally:
                connection.close()
                if connection in self._readers:
                    self._readers.remove(connection)

    def _opened(self) -> sqlite3.Connection:
        connection = self._connect()
        try:
            for pragma in ("auto_vacuum = INCREMENTAL", "journal_mode = WAL", "synchronous = FULL"):
                connection.execute(f"PRAGMA {pragma}")
            for pragma in ("secure_delete = ON", "temp_store = MEMORY"):
                connection.execute(f"PRAGMA {pragma}")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > _SCHEMA:
                raise StoreFailed(
                    "HF602",
                    f"{self._path} is at version {version}; this Holdfast knows versions up to {_SCHEMA}",
                    "install the Holdfast that wrote it or a newer one (pip install --upgrade holdfast)",
                )
            connection.execute("BEGIN IMMEDIATE")
            for name, statement in self._sql.items():
                if name.startswith("make_"):
                    connection.execute(statement)
            if version == 0:
                # The clock gives a landing marks that no earlier one in its place had.
                first = str(time.time_ns() // 1000)
                connection.executemany(self._sql["put_fact"], [("first", first), ("mark", first)])
                connection.execute(f"PRAGMA user_version = {_SCHEMA}")
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None, check_same_thread=False)

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._guard, self._faults():
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            finally:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")

    def _give_back(self) -> None:
        """Return free pages to the disk, and empty the write-ahead file."""
        with self._guard, self._faults():
            self._writer.executescript("PRAGMA incremental_vacuum")  # `execute` would stop after one page
            self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            if self._closed and isinstance(error, sqlite3.ProgrammingError):
                raise StoreFailed("HF600", f"{self._path} is closed", "open it again") from error
            if type(error) is sqlite3.DatabaseError:
                raise self._damaged(str(error)) from error
            raise database_fault(error) from error

    def _damaged(self, what: str) -> StoreFailed:
        return StoreFailed(
            "HF603",
            f"what landed in {self._path} is damaged: {what}",
            f"remove the files {self._path}* and sync again, which reads the source from its start;"
            " the version before still serves",
        )


def _encoded(data: dict[str, Json]) -> bytes:
    """JSON with sorted keys. Half of a surrogate pair, which JSON may hold and UTF-8 not, becomes a question mark."""
    try:
        return canonical(data)
    except UnicodeEncodeError:
        return canonical(_printable(data))


def _printable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_printable(name): _printable(part) for name, part in value.items()}
    return [_printable(part) for part in value] if isinstance(value, list | tuple) else value


def _hash(data: bytes) -> bytes:
    import hashlib

    return hashlib.sha256(data).digest()[:_HASH_BYTES]
