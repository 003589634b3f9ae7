"""Gates in a database, by the contract `Gates`.

Knows nothing of threads, nor of how a verdict is found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from holdfast.evaluation import Case
from holdfast.gate import Gate
from holdfast.identity import to_json
from holdfast.store.faults import no_gate
from holdfast.store.keeper import Keeper
from holdfast.store.readers import Reader, Readers
from holdfast.store.writer import Writer
from holdfast.stores import EvaluationQuery


class SqlGates:
    """Gates, each with its plan, its parts and its verdict."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def add(self, gate: Gate, cases: Sequence[Case]) -> None:
        """See `Gates`."""
        data = (to_json(gate), msgspec.json.encode(list(cases)))

        def add(keeper: Keeper) -> None:
            contents = [keeper.codec.scrubbed(each).decode() for each in data]
            keeper.connection.execute(self._sql["add_gate"], (gate.tenant, gate.id, gate.feature, *contents))

        await self._writer.change(add)

    async def change(self, gate: Gate) -> None:
        """See `Gates`."""
        data = to_json(gate)

        def change(keeper: Keeper) -> None:
            row = (keeper.codec.scrubbed(data).decode(), gate.tenant, gate.id)
            if not keeper.connection.execute(self._sql["change_gate"], row).rowcount:
                raise no_gate(gate.id)

        await self._writer.change(change)

    async def get(self, gate_id: str, tenant: str = "") -> Gate:
        """See `Gates`."""
        content, _ = await self._readers.read(lambda reader: self._row(reader, gate_id, tenant))
        return msgspec.json.decode(content, type=Gate)

    async def cases(self, gate_id: str, tenant: str = "") -> tuple[Case, ...]:
        """See `Gates`."""
        _, cases = await self._readers.read(lambda reader: self._row(reader, gate_id, tenant))
        return msgspec.json.decode(cases, type=tuple[Case, ...])

    async def find(self, query: EvaluationQuery) -> tuple[Gate, ...]:
        """See `Gates`."""

        def read(reader: Reader) -> tuple[Gate, ...]:
            if query.before is not None:
                self._row(reader, query.before, query.tenant)
            filters = {"feature": "AND feature = :feature ", "before": "AND id < :before "}
            asked = "".join(text for name, text in filters.items() if getattr(query, name) is not None)
            statement = self._sql["find_gates"].replace("/* filters */", asked)
            values = {name: getattr(query, name) for name in query.__struct_fields__}
            rows = reader.connection.execute(statement, values)
            return tuple(msgspec.json.decode(content, type=Gate) for (content,) in rows)

        return await self._readers.read(read)

    def _row(self, reader: Reader, gate_id: str, tenant: str) -> tuple[str, str]:
        row = reader.connection.execute(self._sql["gate"], (tenant, gate_id)).fetchone()
        if row is None:
            raise no_gate(gate_id)
        content, cases = row
        return content, cases
