"""A budget of extra calls: tokens that come with every request and with time, and that each extra call spends.

Does not know what the calls are for.
"""

from __future__ import annotations

from collections.abc import Callable


class Budget:
    """So many tokens at most; `per_request` more with each request and `per_s` more with each second.

    Without a token nothing is refused that a caller asked for: only what the gateway would add by itself.
    Source: Finagle's RetryBudget (a tenth of the requests, and a few a second so that a quiet client may retry).
    """

    __slots__ = ("_at_s", "_clock", "_most", "_per_request", "_per_s", "_tokens")

    def __init__(
        self, clock: Callable[[], float], *, per_request: float, per_s: float, most: float, first: float
    ) -> None:
        self._clock = clock
        self._per_request = per_request
        self._per_s = per_s
        self._most = most
        self._tokens = first
        self._at_s = clock()

    @property
    def left(self) -> float:
        """Tokens that are there now."""
        now_s = self._clock()
        if now_s > self._at_s:
            self._tokens = min(self._most, self._tokens + (now_s - self._at_s) * self._per_s)
            self._at_s = now_s
        return self._tokens

    def deposit(self) -> None:
        """A request has come."""
        self._tokens = min(self._most, self._tokens + self._per_request)

    def spend(self) -> bool:
        """Take one token. False: there is none, and nothing was taken."""
        if self.left < 1.0:
            return False
        self._tokens -= 1.0
        return True
