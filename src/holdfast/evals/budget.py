"""What an evaluation may still spend.

Knows nothing of prices: it learns from what each case has cost.
"""

from __future__ import annotations

from collections.abc import Iterable


class Budget:
    """Lets a case begin while it can be expected to stay within the limit, at the price of the dearest case so far.

    The first case is asked alone, because nothing is known of its price. A case whose price is not known ends it: a
    limit that cannot be watched is not kept.
    """

    def __init__(self, limit_usd: float | None, spent: Iterable[float | None] = ()) -> None:
        self._limit_usd = limit_usd
        self._spent_usd = 0.0
        self._dearest_usd: float | None = None
        self._in_flight = 0
        self.stopped: str | None = None
        """Why nothing more may be spent."""
        for cost_usd in spent:
            self._count(cost_usd)

    @classmethod
    def less(cls, limit_usd: float | None, already_usd: float | None, spent: Iterable[float | None] = ()) -> Budget:
        """A budget of which something else was paid: that is no price of a case."""
        if limit_usd is None:
            return cls(None)
        return cls(limit_usd, [None]) if already_usd is None else cls(max(0.0, limit_usd - already_usd), spent)

    def decides(self) -> bool:
        """Whether it is known now if another case may begin (it may unless `stopped`), or one must end first."""
        if self._limit_usd is None or self.stopped is not None:
            return True
        if self._dearest_usd is None:
            return not self._in_flight
        if self._spent_usd + (self._in_flight + 1) * self._dearest_usd <= self._limit_usd:
            return True
        if self._in_flight:
            return False
        self.stopped = f"another case could exceed ${self._limit_usd:g}; ${self._spent_usd:.6f} is spent"
        return True

    def begin(self) -> None:
        """A case has begun."""
        self._in_flight += 1

    def end(self, cost_usd: float | None) -> None:
        """A case has ended, and this is what was spent on it."""
        self._in_flight -= 1
        self._count(cost_usd)

    def _count(self, cost_usd: float | None) -> None:
        if cost_usd is not None:
            self._spent_usd += cost_usd
            self._dearest_usd = max(self._dearest_usd or 0.0, cost_usd)
        elif self._limit_usd is not None:
            self.stopped = f"a price is not known, so ${self._limit_usd:g} cannot be kept to"
