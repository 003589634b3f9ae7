"""Wear of cases in a database, by the contract `CaseWear`.

Knows nothing of threads, nor of what a gate is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from holdfast.store.keeper import Keeper
from holdfast.store.readers import Readers
from holdfast.store.writer import Writer


class SqlCaseWear:
    """Which decisions each case took part in."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def add(self, decision_id: str, feature: str, cases: Sequence[str], tenant: str = "") -> None:
        """See `CaseWear`."""

        def add(keeper: Keeper) -> None:
            for case in cases:
                keeper.connection.execute(self._sql["add_wear"], (tenant, feature, case, decision_id))

        await self._writer.change(add)

    async def of(self, feature: str, tenant: str = "") -> Mapping[str, int]:
        """See `CaseWear`."""
        return await self._readers.read(
            lambda reader: {
                case: count for case, count in reader.connection.execute(self._sql["wear_of"], (tenant, feature))
            }
        )
