"""Two attempts at once: when the first is later than usual, another is begun, and the one that speaks first goes on.

Does not know whom the other one asks, or what it costs to ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from holdfast.contracts import Answer
from holdfast.gateway.asking import Asking
from holdfast.gateway.fault import Fault
from holdfast.gateway.quantiles import Times

LEAST_TIMES = 20
"""So many first tokens of a route must be known before one can be called late."""
MOST_SLOW = 0.3
"""When more of the last calls than this were late, the vendor is slow as a whole, and more calls make it slower."""
LEAST_LATE_MS = 10.0
"""Below it a first token that is late by its route's p95 is late by less than an event loop's own unrest."""


def late_after_s(times: Times) -> float | None:
    """After how long a first token is late, the p95 of the route; None: not known, or everything is slow."""
    if len(times) < LEAST_TIMES or times.slow_share > MOST_SLOW:
        return None
    return max(times.at(0.95), LEAST_LATE_MS) / 1000


class Race:
    """Runs the first attempt, and another beside it when that one is late.

    Whichever shows the first sign of generation goes on; the other is ended at once, and only the one that goes on is
    heard. One that fails before it has begun leaves the other alone. Cancelling ends both.
    """

    def __init__(self, first: Asking, another: Callable[[], Asking | None]) -> None:
        self._first = first
        self._another = another
        self._second: Asking | None = None
        self._task: asyncio.Task[Answer | Fault] | None = None
        self._second_leads = False

    async def run(self, after_s: float) -> tuple[Answer | Fault, Asking]:
        """What came of it, and of which attempt. Where both failed, that of the first."""
        timer = self._first.call.loop.call_later(after_s, self._start)
        self._first.watch.on_begin = self._first_begins
        try:
            outcome = await self._first.run()
            timer.cancel()
            if self._task is None or self._second is None:
                return outcome, self._first
            if isinstance(outcome, Answer) and not self._second_leads:
                self._second.watch.stop()
                await self._task
                return outcome, self._first
            other = await self._task
            if isinstance(other, Answer) or self._second_leads:
                return other, self._second
            return outcome, self._first
        finally:
            timer.cancel()
            if self._task is not None and not self._task.done():
                self._task.cancel()
                await asyncio.wait([self._task])

    def _start(self) -> None:
        if self._first.watch.first_token_ms is not None:
            return
        second = self._second = self._another()
        if second is not None:
            second.watch.on_begin = self._second_begins
            self._task = self._first.call.loop.create_task(second.run())

    def _first_begins(self) -> None:
        if self._second is not None:
            self._second.watch.stop()

    def _second_begins(self) -> None:
        self._second_leads = True
        self._first.watch.stop()
