"""Work in threads, which stops when it is cancelled, and how long each stage of it took.

Knows nothing of what is done.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")


class Work:
    """The threads and the clock of one sync."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        """By stage."""
        self._stopped = threading.Event()

    @property
    def stopped(self) -> bool:
        """Whether what runs in a thread should come to an end."""
        return self._stopped.is_set()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Do CPU-bound work off the loop. When cancelled, ask it to stop and wait: nothing writes afterwards."""
        running = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._stopped.set()
            await asyncio.wait([running])
            if not running.cancelled():
                running.exception()  # looked at, so that the loop does not report what the cancelling caused
            raise

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Count what is done inside to a stage, also when it fails."""
        mark = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - mark
