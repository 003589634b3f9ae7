"""The requests in flight: how many may be, and how they end when the client leaves or the server stops.

Knows nothing of what a request does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from holdfast.errors import Refused
from holdfast.server.exchange import Gone, Receive

T = TypeVar("T")
WATCHED_AFTER_S = 0.02
"""Work that is done sooner is not watched for its client's leaving: there would be nothing left to stop."""


class Stopping(Refused):
    """The server shuts down: the request was not begun, or was ended before its time."""

    def __init__(self) -> None:
        super().__init__("HF706", "the server is shutting down", "send the request again in a moment")


class Flight:
    """Starts the work of requests, at most `max_concurrency` at a time, and can end it."""

    def __init__(self, max_concurrency: int) -> None:
        self._max = max_concurrency
        self._work: set[asyncio.Task[Any]] = set()
        self.closing = False
        self.ended = False

    def __len__(self) -> int:
        return len(self._work)

    def close(self) -> None:
        """Take no new work; what runs goes on."""
        self.closing = True

    def end_all(self) -> None:
        """Cancel what still runs: each request writes its recording and tells its client that the server stops."""
        self.closing = self.ended = True
        for task in self._work:
            task.cancel()

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin work. Raises Refused (HF706) when the server stops or enough runs already; then nothing was begun."""
        if self.closing or len(self._work) >= self._max:
            work.close()
            raise Stopping() if self.closing else busy(self._max)
        task = asyncio.get_running_loop().create_task(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)
        return task

    async def finish(self, task: asyncio.Task[T], receive: Receive | None) -> T:
        """Wait for begun work. With `receive`, the work is cancelled as soon as the client hangs up.

        Raises Gone when the client hung up, Stopping when the server ended it; both after the work ended.
        """
        watches: list[asyncio.Task[None]] = []
        timer = None
        if receive is not None:
            timer = task.get_loop().call_later(WATCHED_AFTER_S, lambda: watches.append(watching(task, receive)))
        try:
            return await task
        except asyncio.CancelledError:
            if self.ended:
                raise Stopping from None
            if any(watch.done() for watch in watches):
                raise Gone from None
            raise
        finally:
            if timer is not None:
                timer.cancel()
            for watch in watches:
                watch.cancel()


def watching(task: asyncio.Task[Any], receive: Receive) -> asyncio.Task[None]:
    """A task that cancels `task` when the client hangs up. The request's body must have been read."""

    async def watch() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        task.cancel()

    return asyncio.get_running_loop().create_task(watch())


def busy(most: int) -> Refused:
    return Refused(
        "HF706",
        f"{most} requests are running already",
        "send the request again in a moment, or raise max_concurrency under [server]",
    )
