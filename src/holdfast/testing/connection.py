"""One connection to the scriptable vendor: bytes in, bytes out, and every way in which they may fail to come.

Does not know what a dialect's events hold.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

import msgspec

from holdfast.messages import Json
from holdfast.testing import answering
from holdfast.testing.act import Act
from holdfast.testing.framing import framed, mark
from holdfast.testing.received import Received
from holdfast.testing.speech.dialect import Speech
from holdfast.testing.speech.hearing import heard

if TYPE_CHECKING:
    from holdfast.testing.vendor import Vendor

_TLS_HELLO = b"\x16"
_NO_JSON = (
    b'{"error": {"message": "We could not parse the JSON body of your request.", "type": "invalid_request_error"}}'
)
_NO_ROUTE = b'{"error": {"message": "Invalid URL", "type": "invalid_request_error", "param": null, "code": null}}'


class Gone(Exception):
    """The client has closed the connection, or the vendor has."""


class _Sent(NamedTuple):
    path: str
    headers: Mapping[str, str]
    body: bytes


class Connection(asyncio.Protocol):
    """One connection of a client: requests one after the other, each treated as its act says."""

    def __init__(self, vendor: Vendor) -> None:
        self._vendor = vendor
        self._received = bytearray()
        self._more = asyncio.Event()
        self._gone = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._requests = 0
        self._body_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name
        self._number = self._vendor.opened(self)
        self._task = asyncio.get_running_loop().create_task(self._serve())

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._more.set()

    def connection_lost(self, _error: Exception | None) -> None:
        self._gone.set()
        self._more.set()
        self._writable.set()

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.wait([self._task])
        self._transport.abort()

    async def _serve(self) -> None:
        try:
            while True:
                await self._exchange(await self._request())
        except Gone:
            return
        finally:
            self._vendor.closed(self)
            self._transport.close()

    async def _request(self) -> _Sent:
        while (end := self._received.find(b"\r\n\r\n")) < 0:
            if self._received[:1] == _TLS_HELLO:
                self._cut("close")  # nothing here speaks TLS
            await self._receive()
        first, *lines = bytes(self._received[:end]).decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        whole = end + 4 + int(headers.get("content-length", "0"))
        while len(self._received) < whole:
            await self._receive()
        body = bytes(self._received[end + 4 : whole])
        del self._received[:whole]
        return _Sent(first.split(" ")[1], headers, body)

    async def _receive(self) -> None:
        self._more.clear()
        await self._more.wait()
        if self._gone.is_set():
            raise Gone

    async def _exchange(self, sent: _Sent) -> None:
        """Understand a request, note it, and treat it."""
        try:
            body: Json = msgspec.json.decode(sent.body) if sent.body else None
        except msgspec.DecodeError:
            await self._plainly(400, _NO_JSON)
            return
        asked = heard(sent.path, sent.headers, body)
        if asked is None:
            await self._plainly(404, _NO_ROUTE)
            return
        asked = replace(asked, number=self._vendor.calls, on_connection=self._requests)
        self._requests += 1
        received = Received(asked, self._number, self._vendor.now_ms())
        self._vendor.note(received)
        try:
            await self._treat(received, self._vendor.act_for(asked))
        except Gone:
            if self._gone.is_set():
                received.hung_up.set()
            raise
        finally:
            received.ended_ms = self._vendor.now_ms()
            received.sent_bytes = self._body_bytes

    async def _plainly(self, status: int, body: bytes) -> None:
        """An answer to what is no request of any dialect."""
        await self._send(answering.head(Act(), status, "application/json", len(body)))
        await self._send(body)

    async def _treat(self, received: Received, act: Act) -> None:
        self._body_bytes = 0
        await self._wait(act.before_headers_ms)
        if act.hang_up:
            self._cut("reset")
        asked = received.asked
        reply = answering.reply_to(act, asked)
        received.status = reply.status
        if reply.speech is not None:
            await self._head(act, answering.head(act, reply.status, "text/event-stream; charset=utf-8", None))
            await self._stream(act, reply.speech, received)
            return
        if reply.status < 300 and act.body is None and act.error is None:
            received.generated(act.usage, 1.0)
        await self._head(act, answering.head(act, reply.status, reply.media_type, len(reply.body)))
        await self._whole(act, reply.body)

    async def _head(self, act: Act, head: bytes) -> None:
        if not act.header_ms:
            await self._send(head)
            return
        for line in head.splitlines(keepends=True):
            await self._wait(act.header_ms)
            await self._send(line)

    async def _whole(self, act: Act, body: bytes) -> None:
        """A body in one piece, or in as many as the text has where time passes between them."""
        parts = max(1, len(act.said))
        if act.cut_after_bytes is not None:
            await self._count(body[: act.cut_after_bytes])
            self._cut(act.cut)
        if not act.between_ms and act.stall_after is None and act.cut_after is None:
            await self._count(body)
            return
        for sent in range(parts + 1):
            if act.stall_after == sent:
                await self._wait(None)
            if act.cut_after == sent:
                self._cut(act.cut)
            part = body[len(body) * sent // parts : len(body) * (sent + 1) // parts] if sent < parts else b""
            await self._count(part)
            if part:
                await self._wait(act.between_ms)

    async def _count(self, data: bytes) -> None:
        self._body_bytes += len(data)
        if data:
            await self._send(data)

    async def _stream(self, act: Act, speech: Speech, received: Received) -> None:
        await self._chunk(act, mark(act.framing))
        if act.raw_stream is not None:
            await self._chunk(act, act.raw_stream)
            await self._send(b"0\r\n\r\n")
            return
        if act.opening:
            for event in speech.opening():
                await self._event(act, event)
        await self._wait(act.before_text_ms)
        if await self._text(act, speech, received):
            closing = [framed(event, act.framing) for event in speech.closing()]
            if act.framing.unterminated and closing:
                closing[-1] = closing[-1].rstrip(b"\r\n")
            for event in closing:
                await self._wait(act.closing_ms)
                await self._chunk(act, event)
            await self._chunk(act, act.after_end)
            if act.end == "hanging":
                await self._wait(None)
        await self._send(b"0\r\n\r\n")

    async def _text(self, act: Act, speech: Speech, received: Received) -> bool:
        """The pieces of text, up to where they fail. Whether the answer goes on to its end."""
        pieces = () if act.empty else act.said
        received.generated(act.usage, 0.0)
        for sent, piece in enumerate((*pieces, None)):
            if act.stall_after == sent:
                await self._wait(None)
            if act.cut_after == sent:
                self._cut(act.cut)
            if act.malformed_after == sent:
                for _ in range(act.malformed):
                    await self._event(act, b'data: {"choices": [{"del\n\n')
            if act.error_after == sent:
                await self._event(act, speech.error_event())
                return False
            if piece is not None:
                received.generated(act.usage, (sent + 1) / len(pieces))
                received.sent_pieces = sent + 1
                await self._event(act, speech.piece(piece))
                await self._wait(act.between_ms)
        return True

    async def _event(self, act: Act, event: bytes) -> None:
        await self._chunk(act, framed(event, act.framing))

    async def _chunk(self, act: Act, data: bytes) -> None:
        """A part of a stream's body, up to where it is to be cut."""
        left = None if act.cut_after_bytes is None else act.cut_after_bytes - self._body_bytes
        cut = left is not None and len(data) > left
        data = data[:left] if cut else data
        self._body_bytes += len(data)
        size = act.framing.chunk_bytes or len(data)
        for start in range(0, len(data), max(size, 1)):
            part = data[start : start + size]
            await self._send(b"%x\r\n%b\r\n" % (len(part), part))
            if act.framing.chunk_bytes is not None:
                await asyncio.sleep(0)  # a reader on the same loop gets each part by itself
        if cut:
            self._cut(act.cut)

    async def _wait(self, ms: float | None) -> None:
        """Wait so long, or for ever, unless the client goes away."""
        if ms == 0:
            return
        try:
            async with asyncio.timeout(None if ms is None else ms / 1000):
                await self._gone.wait()
        except TimeoutError:
            return
        raise Gone

    async def _send(self, data: bytes) -> None:
        """Send, and wait while the client does not read."""
        if not self._writable.is_set():
            await self._writable.wait()
        if self._gone.is_set():
            raise Gone
        self._transport.write(data)

    def _cut(self, how: Literal["close", "reset"]) -> None:
        """End the connection in the middle of what was said."""
        if how == "reset":
            sock: socket.socket = self._transport.get_extra_info("socket")
            # A linger time of zero makes closing send RST instead of FIN.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.close()
        raise Gone
