"""Uvicorn, as this server uses it: bounded request heads, and a shutdown that lets requests finish.

Knows nothing of routes or projects.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Literal

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from holdfast.server.edge import Edge

MAX_HEAD_BYTES = 64 * 1024
"""The longest request line with headers; uvicorn's httptools protocol sets no limit itself."""
MAX_UNWANTED_BYTES = 32 * 1024 * 1024
UNWANTED_S = 5.0
"""How much of a refused body, and for how long, is read and thrown away before the connection is closed."""
SWEEP_S = 0.1
TELL_S = 5
"""How long requests have, once they were ended, to write their recordings and tell their clients."""
_TOO_LONG = (
    b'{"type":"urn:holdfast:error:HF702","title":"the request is too large","status":431,'
    b'"detail":"the request line and headers are longer than 65536 bytes","code":"HF702",'
    b'"fix":"send fewer or shorter headers","recording_id":null}'
)


class BoundedHttp(HttpToolsProtocol):
    """HTTP/1.1 that refuses a head longer than `MAX_HEAD_BYTES` instead of holding it in memory.

    A body that was refused before it was read whole is read on for a while and thrown away: to close at once would
    reset the connection, and the client would never see why.
    """

    _reading: Literal["nothing", "head", "body"] = "nothing"
    _begun = 0
    _head_bytes = 0
    _unwanted_bytes = 0
    _closing: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        was_reading, self._begun = self._reading, 0
        super().data_received(data)
        if self.transport.is_closing():
            return
        if self._closing is not None:
            self._unwanted_bytes += len(data)
            if self._unwanted_bytes > MAX_UNWANTED_BYTES:
                self.transport.close()
        elif self._reading == "head" and (was_reading, self._begun) in (("head", 0), ("nothing", 1)):
            self._count_head(len(data))  # all of the data belongs to the head that is being read

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > MAX_HEAD_BYTES:
            head = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/problem+json\r\n"
            self.transport.write(head + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(_TOO_LONG) + _TOO_LONG)
            self.transport.close()

    def on_message_begin(self) -> None:
        self._reading = "head"
        self._begun += 1
        self._head_bytes = 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._reading = "body"
        super().on_headers_complete()
        if self.cycle is not None and not isinstance(self.cycle.transport, Corked):
            self.cycle.transport = Corked(self.cycle.transport)  # type: ignore[assignment]  # all that a cycle calls

    def on_message_complete(self) -> None:
        self._reading = "nothing"
        self._stop_closing()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        if self._reading == "body" and not self.pipeline:
            self._closing = self.loop.call_later(UNWANTED_S, self.transport.close)
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_closing()
        super().connection_lost(exc)

    def _stop_closing(self) -> None:
        self._unwanted_bytes = 0
        if self._closing is not None:
            self._closing.cancel()
            self._closing = None


class Corked:
    """A transport that sends the head of a response together with what follows it in the same turn of the loop."""

    __slots__ = ("_held", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._held = b""

    def write(self, data: bytes) -> None:
        """Send it, after what was held."""
        if self._held:
            data, self._held = self._held + data, b""
            self._transport.write(data)
        elif data.startswith(b"HTTP/1.1 "):
            self._held = data
            self._loop.call_soon(self._flush)
        else:
            self._transport.write(data)

    def close(self) -> None:
        """Close it, when all is sent."""
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:
        return self._transport.is_closing()

    def _flush(self) -> None:
        if self._held:
            data, self._held = self._held, b""
            self._transport.write(data)


def calm_collector() -> None:
    """Have the garbage collector leave alone what the process has loaded, and look less often at what it makes.

    Requests leave hardly any cycles behind; with Python's own thresholds a fifth of the loop's time went into looking.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def allow_connections() -> None:
    """Let the process hold as many connections as the system grants it: a stream takes two, one in and one out."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


class Listener(uvicorn.Server):
    """Serves one application on one socket until it is told to stop.

    The first SIGTERM or SIGINT stops accepting, lets open requests finish for `shutdown_s` seconds, then ends them; a
    second one ends the process at once.
    """

    def __init__(self, edge: Edge, shutdown_s: float, ready: Callable[[], None], *, signals: bool = True) -> None:
        super().__init__(
            uvicorn.Config(
                edge,
                http=BoundedHttp,
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                timeout_graceful_shutdown=int(shutdown_s) + TELL_S,
            )
        )
        self._flight = edge.flight
        self._shutdown_s = shutdown_s
        self._ready = ready
        self._signals = signals

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        calm_collector()
        allow_connections()
        self._ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting; wait for open requests; end those that take longer. When it returns none is open."""
        self._flight.close()
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._shutdown_s, self._flight.end_all)
        sweep = loop.create_task(self._close_idle())
        try:
            await super().shutdown(sockets)
        finally:
            timer.cancel()
            sweep.cancel()

    async def _close_idle(self) -> None:
        """Uvicorn closes idle connections once; one that was accepted just then would be waited for in vain."""
        while True:
            await asyncio.sleep(SWEEP_S)
            for connection in list(self.server_state.connections):
                connection.shutdown()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Unlike uvicorn's, does not raise the signal again afterwards: the caller still has a store to close."""
        if not self._signals or threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # as signal hands it
        """The first signal stops; the second kills this process, which loses nothing that was answered."""
        if self.should_exit:
            signal.signal(sig, signal.SIG_DFL)
            os.kill(os.getpid(), sig)
        self.should_exit = True
