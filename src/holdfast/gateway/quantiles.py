"""The quantiles of the last few hundred times, cheap enough for every call.

Does not know what was timed.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque

KEPT = 256
LATELY = 20


class Times:
    """The last `KEPT` times in ms, sorted as they come, and how many of the last `LATELY` were over the p95 of then."""

    __slots__ = ("_in_order", "_over", "_sorted")

    def __init__(self) -> None:
        self._in_order: deque[float] = deque()
        self._sorted: list[float] = []
        self._over: deque[bool] = deque(maxlen=LATELY)

    def __len__(self) -> int:
        return len(self._sorted)

    def add(self, ms: float) -> None:
        if self._sorted:
            self._over.append(ms > self.at(0.95))
        if len(self._in_order) == KEPT:
            del self._sorted[bisect_left(self._sorted, self._in_order.popleft())]
        self._in_order.append(ms)
        insort(self._sorted, ms)

    def at(self, share: float) -> float:
        """The time that this share of them did not exceed (nearest rank). There must be one."""
        return self._sorted[min(len(self._sorted) - 1, int(share * len(self._sorted)))]

    @property
    def slow_share(self) -> float:
        """How many of the last calls were slower than most before them, 0..1."""
        return sum(self._over) / len(self._over) if self._over else 0.0
