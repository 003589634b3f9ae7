"""What the writer thread does to the database: keep recordings, erase a subject, settle files.

Knows nothing of threads or of who waits.

A large body's file and its row cannot appear in one instant. So a body is first announced as `unsettled`, in a
transaction of its own; its file is written, and removed, only under the database's write lock; and the row comes in the
transaction that takes the announcement back. Whatever a kill leaves is announced, and `settle`
removes the files that have no row. It can hit nobody's half-made file: it holds the lock that their writer would hold.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from holdfast.errors import StoreFailed
from holdfast.store.codec import Body, Codec, Packed
from holdfast.store.connection import Connection
from holdfast.store.faults import database_fault, disk_fault
from holdfast.store.files import Files
from holdfast.stores import Deleted


class Keeper:
    """The writing side of the store over one connection to SQLite. Belongs to one thread.

    Another database's keeper replaces what its database does in another way: the methods in the second half.
    """

    errors: type[Exception] = sqlite3.Error
    """What its database raises."""

    def __init__(self, connection: Connection, sql: Mapping[str, str], files: Files, codec: Codec) -> None:
        self.connection = connection
        self.codec = codec
        self._sql = sql
        self._files = files
        self._made = False  # whether the last commit held changes, or announcements only

    @contextmanager
    def transaction(self, packed: Sequence[Packed] = ()) -> Iterator[None]:
        """Hold the write lock, with the large bodies of `packed` announced; commit at the end, or undo all of it."""
        large = [body.hash for each in packed for body in each.bodies if body.large]
        while True:
            self._begin()
            try:
                missing = [(h,) for h in large if not self._one("is_unsettled", h) and not self._one("body_of_hash", h)]
                if not missing:
                    yield
                self.connection.executemany(self._sql["unsettle"], missing)
                self._made = not missing
                self._commit()
            finally:
                self._undo()
            if not missing:
                return  # otherwise once more: what is announced is durable now

    def keep(self, packed: Sequence[Packed]) -> list[StoreFailed | None]:
        """Insert those that are not kept yet, inside a `transaction`; for each, why its file could not be written."""
        if not packed:
            return []
        outcomes: list[StoreFailed | None] = []
        batch = Batch(*self.connection.execute(self._sql["highest"]).fetchone())
        self._look_up(packed, batch)
        for each in packed:
            name = each.row[:2]
            try:
                if name not in batch.kept:
                    self._place(each, batch)
                    batch.kept.add(name)
                outcomes.append(None)
            except OSError as error:
                outcomes.append(disk_fault(error))
        self._insert(batch)
        self.connection.executemany(self._sql["settle"], batch.settled)
        return outcomes

    def _place(self, packed: Packed, batch: Batch) -> None:
        """Add a recording's rows to the batch, all or, when a file cannot be written (OSError), none."""
        recording = batch.recording + 1
        body, numbers = batch.body, dict[bytes, int]()
        bodies: list[tuple[int, str, bytes | None, bytes | None]] = []
        parts: list[tuple[int, int, int]] = []
        for position, piece in enumerate(packed.bodies):
            number = numbers.get(piece.hash) or batch.numbers.get(piece.hash) if piece.hash else None
            if number is None:
                number = body = body + 1
                bodies.append((number, packed.row[0], piece.hash, self._content(piece)))
                if piece.hash is not None:
                    numbers[piece.hash] = number
            parts.append((recording, position, number))
        batch.recording, batch.body = recording, body
        batch.recordings.append((recording, *packed.row))
        batch.bodies += bodies
        batch.parts += parts
        batch.settled += [(piece.hash,) for piece in packed.bodies if piece.large and piece.hash is not None]
        batch.numbers.update(numbers)

    def _content(self, piece: Body) -> bytes | None:
        content = self.codec.compress(piece.data)
        if piece.large and piece.hash is not None:
            self._files.write(piece.hash.hex(), content)
            return None
        return content

    def erase(self, subject: str, tenant: str) -> Deleted:
        """Erase a subject, in transactions of its own, and remove its files. Raises StoreFailed; then run it again."""
        with self.transaction():
            deleted = self._erase(subject, tenant)
        self.settle()
        self._overwrite(subject)
        return deleted

    def settle(self) -> None:
        """Remove every announced file that has no row. Run twice, or stopped halfway, it ends the same."""
        if not self.connection.execute(self._sql["unsettled"]).fetchone():
            return
        with self.transaction():
            found = self.connection.execute(self._sql["unsettled"]).fetchall()
            self._files.remove(hashed.hex() for hashed, has_row in found if not has_row)
            self.connection.executemany(self._sql["settle"], [(hashed,) for hashed, _ in found])

    def _erase(self, subject: str, tenant: str) -> Deleted:
        """Erase a subject's rows, and announce the files that go with them."""
        execute = self.connection.execute
        feedback = execute(self._sql["delete_feedback_of_subject"], {"tenant": tenant, "subject": subject}).rowcount
        jobs = execute(self._sql["delete_jobs_of_subject"], (tenant, subject)).rowcount
        trials = execute(self._sql["delete_trials_of_subject"], (tenant, f"\n{subject}\n")).rowcount
        diagnoses = execute(self._sql["delete_diagnoses_of_subject"], (tenant, subject)).rowcount
        bodies = execute(self._sql["bodies_of_subject"], (tenant, subject)).fetchall()
        recordings = execute(self._sql["delete_recordings_of_subject"], (tenant, subject)).rowcount
        deleted = self._delete_unused([number for (number,) in bodies])
        files = [(hashed,) for hashed, is_file in deleted if is_file]
        self.connection.executemany(self._sql["unsettle"], files)
        return Deleted(
            recordings=recordings,
            bodies=len(deleted),
            files=len(files),
            feedback=feedback,
            jobs=jobs,
            trials=trials,
            diagnoses=diagnoses,
        )

    def _one(self, query: str, *values: object) -> int | None:
        row = self.connection.execute(self._sql[query], values).fetchone()
        return None if row is None else row[0]

    # ------------------------------------------------ what each database does in its own way

    def fault(self, error: Exception) -> StoreFailed:
        """What is said for an error of the database."""
        return database_fault(error)

    @property
    def in_doubt(self) -> bool:
        """Whether the connection broke under a commit, so that nobody can know whether it took."""
        return False

    def recovers(self) -> bool:
        """Whether the connection was lost and there is a new one. What was under way was undone, unless `in_doubt`."""
        return False

    def blames_one(self, error: Exception) -> bool:
        """Whether it was something in one change that the database refuses; the rest of its batch may go through."""
        return isinstance(error, sqlite3.DataError)

    def _begin(self) -> None:
        """Begin a transaction that holds the write lock."""
        self.connection.execute("BEGIN IMMEDIATE")

    def _commit(self) -> None:
        self.connection.execute("COMMIT")

    def _undo(self) -> None:
        """Undo the transaction; nothing after its commit."""
        if self.connection.in_transaction:
            self.connection.execute("ROLLBACK")

    def _look_up(self, packed: Sequence[Packed], batch: Batch) -> None:
        """Tell the batch which recordings are kept already, and the numbers of the bodies that are there."""
        for each in packed:
            if self._one("number_of_recording", *each.row[:2]):
                batch.kept.add(each.row[:2])
                continue
            for body in each.bodies:
                if body.hash and body.hash not in batch.numbers and (number := self._one("body_of_hash", body.hash)):
                    batch.numbers[body.hash] = number

    def _insert(self, batch: Batch) -> None:
        self.connection.executemany(self._sql["add_recording"], batch.recordings)
        self.connection.executemany(self._sql["add_body"], batch.bodies)
        self.connection.executemany(self._sql["add_part"], batch.parts)

    def _delete_unused(self, bodies: Sequence[int]) -> list[tuple[bytes, bool]]:
        """Delete those that no recording is made of any more: the hash of each, and whether it was a file."""
        statement = self._sql["delete_body_unless_used"]
        return [row for body in bodies for row in self.connection.execute(statement, (body,)).fetchall()]

    def _overwrite(self, subject: str) -> None:
        """See that what was deleted is overwritten, in the write-ahead log too.

        Raises StoreFailed (HF600) when a reader would not let go of the log.
        """
        busy, _, _ = self.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if busy:
            raise StoreFailed(
                "HF600",
                f"the data of '{subject}' is erased, but a reader keeps the write-ahead log from being emptied",
                "end what reads the database in another process, then run the deletion again",
            )


class Batch:
    """The rows of one commit, and the numbers given out so far."""

    def __init__(self, recording: int, body: int) -> None:
        self.recording = recording
        self.body = body
        self.kept: set[tuple[str, str]] = set()
        self.numbers: dict[bytes, int] = {}
        self.recordings: list[tuple[object, ...]] = []
        self.bodies: list[tuple[int, str, bytes | None, bytes | None]] = []
        self.parts: list[tuple[int, int, int]] = []
        self.settled: list[tuple[bytes]] = []
