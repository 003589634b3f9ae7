"""What the writer thread does to PostgreSQL: whole batches at a time, under one lock.

Knows nothing of threads or of who waits.

Every writing transaction holds one advisory lock to its end, as SQLite's hold the database's. So numbers are given in
the order of commits, two processes never make the same body, and the protocol of files in `keeper.py` holds unchanged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import psycopg

from holdfast.errors import StoreFailed
from holdfast.store.codec import Codec, Packed
from holdfast.store.files import Files
from holdfast.store.keeper import Batch, Keeper
from holdfast.store.postgres_connection import PostgresConnection
from holdfast.store.postgres_faults import postgres_fault, refuses_one
from holdfast.stores import Deleted


class PostgresKeeper(Keeper):
    """The writing side of the store over one connection to PostgreSQL. Belongs to one thread."""

    errors = psycopg.Error

    def __init__(self, connection: PostgresConnection, sql: Mapping[str, str], files: Files, codec: Codec) -> None:
        super().__init__(connection, sql, files, codec)
        self._postgres = connection

    @property
    def in_doubt(self) -> bool:
        """See `Keeper`."""
        return self._made and self._postgres.in_doubt and self._postgres.lost

    def fault(self, error: Exception) -> StoreFailed:
        """See `Keeper`."""
        return postgres_fault(error)

    def blames_one(self, error: Exception) -> bool:
        """See `Keeper`."""
        return refuses_one(error)

    def recovers(self) -> bool:
        """See `Keeper`."""
        if not self._postgres.lost:
            return False
        try:
            self._postgres.renew()
        except psycopg.OperationalError:
            return False
        return True

    def _begin(self) -> None:
        self._postgres.begin(self._sql["begin"])

    def _commit(self) -> None:
        self._postgres.end("COMMIT")

    def _undo(self) -> None:
        if self._postgres.in_transaction:
            self._postgres.end("ROLLBACK")

    def _look_up(self, packed: Sequence[Packed], batch: Batch) -> None:
        execute, names = self._postgres.execute, [each.row[:2] for each in packed]
        tenants, ids = (list(each) for each in zip(*names, strict=True))
        batch.kept.update(execute(self._sql["kept_already"], (tenants, ids)).fetchall())
        hashes = list({body.hash for each in packed for body in each.bodies if body.hash})
        batch.numbers.update(execute(self._sql["bodies_of_hashes"], (hashes,)).fetchall() if hashes else ())

    def _insert(self, batch: Batch) -> None:
        self._postgres.copy(self._sql["add_recording"], batch.recordings)
        self._postgres.copy(self._sql["add_body"], batch.bodies)
        self._postgres.copy(self._sql["add_part"], batch.parts)

    def _erase(self, subject: str, tenant: str) -> Deleted:
        self._postgres.script(self._sql["unhurried"])
        return super()._erase(subject, tenant)

    def _delete_unused(self, bodies: Sequence[int]) -> list[tuple[bytes, bool]]:
        return self._postgres.execute(self._sql["delete_unused"], (list(bodies),)).fetchall()

    def _overwrite(self, subject: str) -> None:
        """Nothing: the deleted rows are out of every snapshot now, and VACUUM gives their space away."""
