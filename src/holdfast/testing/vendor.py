"""A vendor on this machine that answers, fails, stalls and breaks off as it is told: a real HTTP server on loopback.

Knows the OpenAI and Anthropic dialects (`testing/speech.py`); does not know Holdfast's side of them.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import Literal, Self, cast

import msgspec

from holdfast.records import Json
from holdfast.testing import speech
from holdfast.testing.act import Act


@dataclass(frozen=True, slots=True)
class Received:
    """A request the vendor got. `hung_up` is set when the client closed the connection before the answer was sent."""

    path: str
    headers: Mapping[str, str]
    body: Json
    connection: int
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)


class Vendor:
    """`async with Vendor([Act(status=500), Act()]) as vendor:` serves on a free port of loopback.

    Each request takes the next act; the last one is repeated once the others are used up. `vendor.base_url` is what a
    provider of either dialect takes; `vendor.requests` is everything received so far. Leaving the block closes every
    connection, also those that stall on purpose.
    """

    def __init__(self, acts: Sequence[Act] = (Act(),)) -> None:
        self.acts = list(acts)
        self.requests: list[Received] = []
        self.connections = 0
        self._server: asyncio.Server | None = None
        self._open: set[_Connection] = set()
        self._arrived = asyncio.Event()

    @property
    def base_url(self) -> str:
        assert self._server is not None, "the vendor serves inside its `async with` only"
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in tuple(self._open):
            await connection.stop()
        await self._server.wait_closed()

    async def received(self, count: int) -> None:
        """Wait until so many requests have come."""
        while len(self.requests) < count:
            self._arrived.clear()
            await self._arrived.wait()

    def _next_act(self, request: Received) -> Act:
        self.requests.append(request)
        self._arrived.set()
        return self.acts[min(len(self.requests), len(self.acts)) - 1]


class _Gone(Exception):
    """The client has closed the connection."""


class _Connection(asyncio.Protocol):
    """One connection of a client: requests one after the other, each treated as its act says."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self._received = bytearray()
        self._more = asyncio.Event()
        self._gone = asyncio.Event()
        self._sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._vendor.connections += 1
        self._number = self._vendor.connections
        self._vendor._open.add(self)
        self._task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._more.set()

    def connection_lost(self, _error: Exception | None) -> None:
        self._gone.set()
        self._more.set()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        self._transport.abort()

    async def _serve(self) -> None:
        try:
            while True:
                request = await self._request()
                act = self._vendor._next_act(request)
                try:
                    await self._treat(request, act)
                except _Gone:
                    request.hung_up.set()
                    raise
        except _Gone:
            return
        finally:
            self._vendor._open.discard(self)
            self._transport.close()

    async def _request(self) -> Received:
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            await self._receive()
        first, *lines = bytes(self._received[:end]).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        whole = end + 4 + int(headers.get("content-length", "0"))
        while len(self._received) < whole:
            await self._receive()
        body = bytes(self._received[end + 4 : whole])
        del self._received[:whole]
        return Received(first.split(" ")[1], headers, msgspec.json.decode(body) if body else None, self._number)

    async def _receive(self) -> None:
        self._more.clear()
        await self._more.wait()
        if self._gone.is_set():
            raise _Gone

    async def _treat(self, request: Received, act: Act) -> None:
        self._sent = 0
        await self._wait(act.before_headers_ms)
        if act.hang_up:
            self._cut("reset")
        asked = request.body if isinstance(request.body, dict) else {}
        dialect = speech.ANTHROPIC if request.path.endswith("/messages") else speech.OPENAI
        if act.body is not None or act.status != 200:
            body = dialect.error(act.status) if act.body is None else act.body
            self._send(_head(act, "application/json", len(body)))
            self._send_body(act, body)
        elif asked.get("stream"):
            await self._stream(act, dialect, asked)
        else:
            body = msgspec.json.encode(dialect.whole(act, asked))
            self._send(_head(act, "application/json", len(body)))
            self._send_body(act, body)

    async def _stream(self, act: Act, dialect: speech.Dialect, asked: dict[str, Json]) -> None:
        self._send(_head(act, "text/event-stream; charset=utf-8", None))
        if act.raw_stream is not None:
            self._send_chunk(act, act.raw_stream)
            self._send(b"0\r\n\r\n")
            return
        for event in dialect.opening(act, asked):
            self._send_chunk(act, event)
        await self._wait(act.before_text_ms)
        pieces = speech.pieces(act)
        for sent, piece in enumerate((*pieces, None)):
            if act.stall_after == sent:
                await self._wait(None)
            if act.malformed_after == sent:
                for _ in range(act.malformed):
                    self._send_chunk(act, b'data: {"choices": [{"del\n\n')
            if act.error_after == sent:
                self._send_chunk(act, dialect.error_event(act))
                break
            if piece is not None:
                self._send_chunk(act, dialect.piece(act, piece))
                await self._wait(act.between_ms)
        else:
            for event in dialect.closing(act, asked):
                await self._wait(act.closing_ms)
                self._send_chunk(act, event)
            if act.end == "hanging":
                await self._wait(None)
        self._send(b"0\r\n\r\n")

    async def _wait(self, ms: float | None) -> None:
        """Wait so long, or for ever, unless the client goes away."""
        if ms == 0:
            return
        try:
            async with asyncio.timeout(None if ms is None else ms / 1000):
                await self._gone.wait()
        except TimeoutError:
            return
        raise _Gone

    def _send_chunk(self, act: Act, data: bytes) -> None:
        left = None if act.cut_after_bytes is None else act.cut_after_bytes - self._sent
        self._sent += len(data)
        if left is not None and len(data) > left:
            data = data[:left]
        if data:
            self._send(b"%x\r\n%b\r\n" % (len(data), data))
        if left is not None and self._sent > (act.cut_after_bytes or 0):
            self._cut(act.cut)

    def _send_body(self, act: Act, body: bytes) -> None:
        if act.cut_after_bytes is None:
            self._send(body)
            return
        self._send(body[: act.cut_after_bytes])
        self._cut(act.cut)

    def _send(self, data: bytes) -> None:
        if self._gone.is_set():
            raise _Gone
        self._transport.write(data)

    def _cut(self, how: Literal["close", "reset"]) -> None:
        """End the connection in the middle of what was said."""
        if how == "reset":
            sock: socket.socket = self._transport.get_extra_info("socket")
            # A linger time of zero makes closing send RST instead of FIN.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.close()
        raise _Gone


def _head(act: Act, media_type: str, length: int | None) -> bytes:
    headers = {"content-type": media_type}
    headers |= {"transfer-encoding": "chunked"} if length is None else {"content-length": str(length)}
    headers |= {name.lower(): value for name, value in act.headers.items()}
    lines = [f"HTTP/1.1 {act.status} {'OK' if act.status == 200 else 'Fault'}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
