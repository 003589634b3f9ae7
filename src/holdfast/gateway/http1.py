"""HTTP/1.1 out, as lean as it can be: one POST on a kept connection, its status, its headers, its bytes as they come.

Does not know vendors, dialects, retries or proxies. `httptools` does the parsing; docs/decisions/0014 has the figures
that speak for this beside aiohttp.
"""

from __future__ import annotations

import asyncio
import zlib
from collections import deque
from typing import Any, cast
from urllib.parse import urlsplit

import httptools

from holdfast.gateway.fault import Broken, Fault

MAX_HEAD_BYTES = 64 * 1024
"""Of a response's headers; vendors send one or two thousand."""
_NOT_HTTP = "not HTTP"
_MOST_INFLATED_BYTES = 16 * 1024 * 1024
"""Of what comes in one piece: a small body must not become a huge one."""
_HIGH_WATER_BYTES = 256 * 1024
"""So much may wait for a slow reader before the vendor is made to wait."""


class Target:
    """Where a URL points. Raises Broken (unreachable) for one that is no HTTP URL."""

    __slots__ = ("head", "host", "place", "port", "tls")

    def __init__(self, url: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise Broken(Fault("unreachable", "base_url is not a URL")) from None
        if parts.scheme not in ("http", "https") or not parts.hostname or not url.isascii() or not url.isprintable():
            raise Broken(Fault("unreachable", "base_url is not an http or https URL"))
        self.tls = parts.scheme == "https"
        self.host = parts.hostname
        self.port = port or (443 if self.tls else 80)
        self.place = (self.tls, self.host, self.port)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = f"[{self.host}]" if ":" in self.host else self.host
        authority = host if port is None else f"{host}:{port}"
        self.head = (
            f"POST {path} HTTP/1.1\r\nhost: {authority}\r\nuser-agent: holdfast\r\naccept-encoding: identity\r\n"
        ).encode()


class Connection(asyncio.Protocol):
    """One connection: asked once at a time, its answer read piece by piece."""

    __slots__ = (
        "_at_end",
        "_buffer",
        "_buffered",
        "_complete",
        "_head_bytes",
        "_heads",
        "_inflate",
        "_loop",
        "_paused",
        "_to_close",
        "_transport",
        "_waiter",
        "born_at",
        "headers",
        "idle_since",
        "lost",
        "parser",
        "pool",
        "status",
    )

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self.parser: Any = None
        self.pool: deque[Connection] | None = None
        self.born_at = loop.time()
        self.idle_since = 0.0
        self.lost: str | None = None
        """Why there is no connection any more."""
        self._begin()

    def _begin(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        self._heads = False
        self._head_bytes = 0
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._complete = False
        self._to_close = False
        self._paused = False
        self._inflate: Any = None

    # ------------------------------------------------ asking and reading

    async def ask(self, request: bytes) -> None:
        """Send a request and wait for the head of its answer. Raises Broken (broken_off, garbled)."""
        self._begin()
        self.parser = httptools.HttpResponseParser(self)
        assert self._transport is not None
        if self.lost is None:
            self._transport.write(request)
        while not self._heads:
            if self.lost is not None:
                raise Broken(self._fault("the connection broke before an answer"))
            await self._wait()

    async def read(self) -> bytes:
        """What has arrived of the body, at least one byte; empty at its end. Raises Broken (broken_off, garbled)."""
        while not self._buffer:
            if self._complete:
                return b""
            if self.lost is not None:
                raise Broken(self._fault("the response ended before it was whole"))
            await self._wait()
        data = self._buffer[0] if len(self._buffer) == 1 else b"".join(self._buffer)
        self._buffer.clear()
        self._buffered = 0
        if self._paused:
            self._paused = False
            assert self._transport is not None
            self._transport.resume_reading()
        return data

    @property
    def at_end(self) -> bool:
        """The whole body has come and was read."""
        return self._complete and not self._buffer

    @property
    def reusable(self) -> bool:
        """The next request may take it."""
        return self._complete and self.lost is None and not self._to_close

    def close(self) -> None:
        """Close it now, whatever is still to come."""
        if self._transport is not None:
            self._transport.abort()

    async def _wait(self) -> None:
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fault(self, message: str) -> Fault:
        if self.lost is not None and self.lost.startswith(_NOT_HTTP):
            return Fault("garbled", self.lost)
        return Fault("broken_off", f"{message}: {self.lost}")

    # ------------------------------------------------ what the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        if self._complete or self.parser is None:  # nobody asked: the connection cannot be trusted any more
            self.close()
            return
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, _Undecodable) as error:
            said = str(error.__context__) if isinstance(error.__context__, _Undecodable) else str(error)
            self._break(f"{_NOT_HTTP} that can be read: {said}")
            return
        if not self._heads:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._break(_NOT_HTTP + ": the headers are longer than any vendor's")
        self._wake()

    def eof_received(self) -> bool:
        if self._heads and not self._complete and self._until_close():
            self._complete = True
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = self.lost or (type(error).__name__ if error is not None else "it was closed")
        if self.pool is not None:
            self.pool.remove(self)
            self.pool = None
        self._wake()

    def _until_close(self) -> bool:
        return "content-length" not in self.headers and "transfer-encoding" not in self.headers

    def _break(self, why: str) -> None:
        self.lost = self.lost or why
        self.close()
        self._wake()

    # ------------------------------------------------ what the parser tells

    def on_message_begin(self) -> None:
        if self._complete:
            raise _Undecodable("more came than was asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self.status = self.parser.get_status_code()
        if 100 <= self.status < 200:
            return  # 100 Continue, 103 Early Hints: the answer is still to come
        self._heads = True
        encoding = self.headers.get("content-encoding", "identity").lower()
        if encoding in ("gzip", "deflate", "x-gzip"):
            self._inflate = zlib.decompressobj(wbits=47 if "gzip" in encoding else 15)
        elif encoding not in ("identity", ""):
            raise _Undecodable(f"it is encoded as '{encoding}', which was not asked for")

    def on_body(self, data: bytes) -> None:
        if self._inflate is not None:
            try:
                data = self._inflate.decompress(data, _MOST_INFLATED_BYTES)
            except zlib.error as error:
                raise _Undecodable(f"what is said to be compressed is not: {error}") from None
            if self._inflate.unconsumed_tail:
                raise _Undecodable("what is compressed in it is far larger than an answer")
            if not data:
                return
        self._buffer.append(data)
        self._buffered += len(data)
        if self._buffered > _HIGH_WATER_BYTES and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def on_message_complete(self) -> None:
        if 100 <= self.status < 200:
            self.headers = {}
            return
        if self._inflate is not None and not self._inflate.eof:
            raise _Undecodable("what is compressed in it ends early")
        self._to_close = not self.parser.should_keep_alive()
        self._complete = True


class _Undecodable(Exception):
    """The body is encoded in a way that cannot be undone."""
