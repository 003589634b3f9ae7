"""The sending side of a stream: a reader that takes nothing for too long is taken for gone.

Knows nothing of what is sent.
"""

from __future__ import annotations

import asyncio

from holdfast.server.exchange import Extra, Gone, Send


class Outlet:
    """Sends a response in parts. One timer watches over all of them, so that a part costs no more for being watched.

    To be closed when the stream has ended, in the task that sends.
    """

    def __init__(self, send: Send, limit_s: float) -> None:
        self._send = send
        self._limit_s = limit_s
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._since: float | None = None
        self._late = False
        self._timer = self._loop.call_later(limit_s, self._look)

    async def begin(self, status: int, headers: Extra) -> None:
        """The head of the response."""
        await self._sent({"type": "http.response.start", "status": status, "headers": list(headers)})

    async def write(self, data: bytes, *, more: bool = True) -> None:
        """A part of the body; `more` False: the last. Raises Gone when it is not taken in time."""
        await self._sent({"type": "http.response.body", "body": data, "more_body": more})

    def close(self) -> None:
        """Watch no longer. A second time does nothing."""
        self._timer.cancel()

    async def _sent(self, message: dict[str, object]) -> None:
        self._since = self._loop.time()
        try:
            await self._send(message)
        except asyncio.CancelledError:
            if not self._late or self._task is None or self._task.uncancel():
                raise
            raise Gone from None
        finally:
            self._since = None

    def _look(self) -> None:
        waited_s = 0.0 if self._since is None else self._loop.time() - self._since
        if waited_s >= self._limit_s and self._task is not None:
            self._late = True
            self._task.cancel()
        else:
            self._timer = self._loop.call_later(self._limit_s - waited_s, self._look)
