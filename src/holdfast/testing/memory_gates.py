"""Gates that live in memory, by the contract `Gates`.

Knows nothing of durability, nor of how a verdict is found.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from holdfast.evaluation import Case
from holdfast.gate import Gate
from holdfast.identity import to_json
from holdfast.store.codec import Codec
from holdfast.store.faults import no_gate
from holdfast.stores import EvaluationQuery


class MemoryGates:
    """Gates by tenant and id. `check` raises where the store is closed."""

    def __init__(self, check: Callable[[], None], codec: Codec) -> None:
        self._check = check
        self._codec = codec
        self._kept: dict[tuple[str, str], tuple[bytes, bytes]] = {}

    async def add(self, gate: Gate, cases: Sequence[Case]) -> None:
        """See `Gates`."""
        self._check()
        contents = (self._codec.scrubbed(to_json(gate)), self._codec.scrubbed(msgspec.json.encode(list(cases))))
        self._kept.setdefault((gate.tenant, gate.id), contents)

    async def change(self, gate: Gate) -> None:
        """See `Gates`."""
        _, cases = self._one(gate.id, gate.tenant)
        self._kept[gate.tenant, gate.id] = (self._codec.scrubbed(to_json(gate)), cases)

    async def get(self, gate_id: str, tenant: str = "") -> Gate:
        """See `Gates`."""
        return msgspec.json.decode(self._one(gate_id, tenant)[0], type=Gate)

    async def cases(self, gate_id: str, tenant: str = "") -> tuple[Case, ...]:
        """See `Gates`."""
        return msgspec.json.decode(self._one(gate_id, tenant)[1], type=tuple[Case, ...])

    async def find(self, query: EvaluationQuery) -> tuple[Gate, ...]:
        """See `Gates`."""
        self._check()
        if query.before is not None:
            self._one(query.before, query.tenant)
        found = [await self.get(gate_id, tenant) for tenant, gate_id in self._kept if tenant == query.tenant]
        wanted = [
            each
            for each in found
            if query.feature in (None, each.feature) and (query.before is None or each.id < query.before)
        ]
        return tuple(sorted(wanted, key=lambda each: each.id, reverse=True)[: query.limit])

    def _one(self, gate_id: str, tenant: str) -> tuple[bytes, bytes]:
        self._check()
        found = self._kept.get((tenant, gate_id))
        if found is None:
            raise no_gate(gate_id)
        return found
