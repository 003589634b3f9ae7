"""Wear of cases that lives in memory, by the contract `CaseWear`.

Knows nothing of durability, nor of what a gate is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence


class MemoryCaseWear:
    """Which decisions each case took part in. `check` raises where the store is closed."""

    def __init__(self, check: Callable[[], None]) -> None:
        self._check = check
        self._kept: dict[tuple[str, str], set[tuple[str, str]]] = {}

    async def add(self, decision_id: str, feature: str, cases: Sequence[str], tenant: str = "") -> None:
        """See `CaseWear`."""
        self._check()
        self._kept.setdefault((tenant, feature), set()).update((case, decision_id) for case in cases)

    async def of(self, feature: str, tenant: str = "") -> Mapping[str, int]:
        """See `CaseWear`."""
        self._check()
        return Counter(case for case, _ in self._kept.get((tenant, feature), ()))
