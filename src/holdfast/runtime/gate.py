"""The gate: hands results to a feature one at a time, so that concurrent code takes the same path in every run.

Knows nothing of effects. Live results pass in order of arrival, remembered ones in the order in which they were
recorded; either way the next one passes only when the feature has nothing left to do without it. That moment is the
same in a live run and in its replay, and so are all the feature's requests between two results.

The moment is found by letting the event loop turn: a wake-up travels from a finished task through `gather`, task
groups, locks and queues in a few turns each. A feature that never waits for two things at once needs no gate.
"""

from __future__ import annotations

import asyncio
import heapq
from itertools import count

_TURNS = 24
"""Turns of the event loop after which a feature counts as waiting; a nested gather or task group takes two to three."""


class Gate:
    """One per pass of a feature. `alone`: the feature never waits for two effects at once."""

    def __init__(self, *, alone: bool) -> None:
        self.alone = alone
        self._waiting: list[tuple[int, int, asyncio.Future[None]]] = []
        self._tie = count()
        self._left = 0
        self._ticking = False

    def stir(self) -> None:
        """The feature asked for something or was given something: it is not waiting yet."""
        if self.alone:
            return
        self._left = _TURNS
        if not self._ticking:
            self._ticking = True
            asyncio.get_running_loop().call_soon(self._tick)

    def offer(self, place: int, future: asyncio.Future[None]) -> None:
        """Set the future when it is this result's turn: the lowest `place` on offer goes first.

        A future that is cancelled while it waits gives up its turn.
        """
        if not self.alone and (self._ticking or self._waiting):
            heapq.heappush(self._waiting, (place, next(self._tie), future))
        elif not future.done():
            future.set_result(None)
            self.stir()

    def _tick(self) -> None:
        self._left -= 1
        if self._left > 0:
            asyncio.get_running_loop().call_soon(self._tick)
            return
        self._ticking = False
        while self._waiting and not self._ticking:
            _, _, future = heapq.heappop(self._waiting)
            if not future.done():
                future.set_result(None)
                self.stir()
