"""A breaker: whether a route that keeps failing may be asked, and when next.

Does not know what a route is, or which faults count.
"""

from __future__ import annotations

from collections import deque
from typing import Literal, TypeAlias

IN_A_ROW = 5
WINDOW = 20
WINDOW_LEAST = 10
WINDOW_S = 30.0
OPEN_S = 5.0
OPEN_MOST_S = 20.0
PROBE_S = 0.25
"""How soon to look again while another call's probe is under way."""

State: TypeAlias = Literal["closed", "open", "half_open"]


class Breaker:
    """Opens on `IN_A_ROW` faults in a row, or on half of the last `WINDOW` calls of the last `WINDOW_S` seconds (at
    least `WINDOW_LEAST`). Stays open `OPEN_S`, twice as long each time its probe fails, at most `OPEN_MOST_S`.

    After that one call is let through: its success closes the breaker, its fault opens it again. A fault that comes
    from a call begun earlier can only make the wait longer, never shorter. Times in seconds of one monotonic clock.
    """

    __slots__ = ("_faults_in_a_row", "_hold_s", "_last", "_opened_s", "_probing", "_until_s")

    def __init__(self) -> None:
        self._last: deque[tuple[float, bool]] = deque(maxlen=WINDOW)
        self._faults_in_a_row = 0
        self._until_s: float | None = None  # None: closed
        self._opened_s = 0.0
        self._hold_s = OPEN_S
        self._probing = False

    def state(self, now_s: float) -> State:
        if self._until_s is None:
            return "closed"
        return "open" if now_s < self._until_s else "half_open"

    def rest_s(self, now_s: float) -> float:
        """How long nothing may be asked; 0: ask now."""
        if self._until_s is None:
            return 0.0
        if now_s < self._until_s:
            return self._until_s - now_s
        return PROBE_S if self._probing else 0.0

    def begin(self, now_s: float) -> bool:
        """A call is about to be made. True: it is the one probe of a half-open breaker."""
        if self.state(now_s) == "half_open" and not self._probing:
            self._probing = True
            return True
        return False

    def succeeded(self, now_s: float, *, begun_s: float) -> None:
        """A call that was begun then was answered. An open breaker closes, unless the call is older than its faults."""
        if self._until_s is not None:
            if begun_s < self._opened_s:
                return
            self._last.clear()
            self._until_s, self._hold_s, self._probing = None, OPEN_S, False
        self._faults_in_a_row = 0
        self._last.append((now_s, True))

    def failed(self, now_s: float, *, probe: bool = False) -> None:
        """A call met a fault that counts."""
        self._faults_in_a_row += 1
        self._last.append((now_s, False))
        if self._until_s is not None:
            if probe:
                self._probing = False
                self._hold_s = min(OPEN_MOST_S, self._hold_s * 2)
            self._until_s = max(self._until_s, now_s + self._hold_s)
        elif self._faults_in_a_row >= IN_A_ROW or self._half_failed(now_s):
            self._opened_s, self._until_s = now_s, now_s + self._hold_s

    def gave_up(self, *, probe: bool = False) -> None:
        """A call ended without saying anything of the route: it was cancelled, or refused for another reason."""
        if probe:
            self._probing = False

    def _half_failed(self, now_s: float) -> bool:
        recent = [well for at_s, well in self._last if now_s - at_s <= WINDOW_S]
        return len(recent) >= WINDOW_LEAST and recent.count(False) * 2 >= len(recent)
