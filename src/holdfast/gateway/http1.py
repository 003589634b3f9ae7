"""HTTP/1.1 out, as lean as it can be: one POST on a kept connection, its status, its headers, its bytes as they come.

Does not know vendors, dialects, retries or proxies. `httptools` does the parsing; docs/decisions/0010 has the figures
that speak for this beside aiohttp.
"""

from __future__ import annotations

import asyncio
import ssl
import zlib
from collections import deque
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from holdfast.gateway.fault import Broken, Fault

MAX_HEAD_BYTES = 64 * 1024
"""Of a response's headers; vendors send one or two thousand."""
_KEEP_ALIVE_S = 30.0
_MAX_IDLE = 256
_MAX_TARGETS = 1024
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
        "_arrived",
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
        "asked",
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
        self.asked = 0
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
        self._arrived = False
        self._inflate: Any = None

    # ------------------------------------------------ asking and reading

    async def ask(self, request: bytes) -> None:
        """Send a request and wait for the head of its answer. Raises Broken (broken_off, garbled)."""
        import httptools

        self._begin()
        self.asked += 1
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

    @property
    def answered_nothing(self) -> bool:
        """Not one byte came for the last request: the other side had closed a kept connection, most likely."""
        return not self._arrived

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
        kind = "garbled" if self.lost and self.lost.startswith("not HTTP") else "broken_off"
        return Fault(kind, self.lost if kind == "garbled" and self.lost else f"{message}: {self.lost}")  # type: ignore[arg-type]

    # ------------------------------------------------ what the event loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one in all but name

    def data_received(self, data: bytes) -> None:
        import httptools

        if self._complete or self.parser is None:  # nobody asked: the connection cannot be trusted any more
            self.close()
            return
        self._arrived = True
        if not self._heads:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self._heads:
                self._break("not HTTP: the headers are longer than any vendor's")
                return
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, _Undecodable) as error:
            said = str(error.__context__) if isinstance(error.__context__, _Undecodable) else str(error)
            self._break(f"not HTTP that can be read: {said}")
            return
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
                data = self._inflate.decompress(data)
            except zlib.error as error:
                raise _Undecodable(f"what is said to be compressed is not: {error}") from None
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
        self._to_close = not self.parser.should_keep_alive()
        self._complete = True


class _Undecodable(Exception):
    """The body is encoded in a way that cannot be undone."""


class Exchange:
    """One request over one connection, which it gives back when it is done."""

    __slots__ = ("_connection", "_pool", "_reuse", "headers", "status")

    def __init__(self, pool: Pool, connection: Connection, reuse: bool) -> None:
        self._pool = pool
        self._connection = connection
        self._reuse = reuse
        self.status = connection.status
        self.headers: Mapping[str, str] = connection.headers

    async def read(self) -> bytes:
        """What has arrived of the body, at least one byte; empty at its end. Raises Broken (broken_off, garbled)."""
        return await self._connection.read()

    @property
    def at_end(self) -> bool:
        """The whole body was read."""
        return self._connection.at_end

    async def end(self) -> None:
        """Leave the connection to the next call if the body was read to its end, else close it."""
        self._pool.give(self._connection, self._reuse)


class Pool:
    """The connections to one place from one event loop: at most `most` in use, the idle ones kept for a while."""

    def __init__(self, loop: asyncio.AbstractEventLoop, most: int, life_s: float) -> None:
        self._loop = loop
        self._most = most
        self._life_s = life_s
        self._in_use = 0
        self._idle: deque[Connection] = deque()
        self._queue: deque[asyncio.Future[None]] = deque()

    async def take(self, target: Target, connect_s: float, tls: ssl.SSLContext | None, *, fresh: bool) -> Connection:
        """A connection: a kept one, or, where there is none or `fresh` is wanted, a new one. Raises Broken."""
        if self._in_use < self._most and not fresh and (kept := self._kept()) is not None:
            self._in_use += 1
            return kept
        try:
            async with asyncio.timeout(connect_s):
                while self._in_use >= self._most:
                    await self._turn()
                self._in_use += 1
                try:
                    kept = None if fresh else self._kept()
                    return kept or await self._connect(target, tls)
                except BaseException:
                    self._leave()
                    raise
        except TimeoutError:
            raise Broken(Fault("connect_timeout", f"no connection within {connect_s * 1000:.0f} ms")) from None

    def give(self, connection: Connection, reuse: bool) -> None:
        """Keep a connection whose answer was read to its end for the next call; close any other."""
        self._leave()
        if not (reuse and connection.reusable and connection.at_end and len(self._idle) < _MAX_IDLE):
            connection.close()
            return
        now = connection.idle_since = self._loop.time()
        connection.pool = self._idle
        self._idle.append(connection)
        while self._idle[0].idle_since < now - _KEEP_ALIVE_S:
            self._drop(self._idle.popleft())

    def close(self) -> None:
        """Close every idle connection."""
        while self._idle:
            self._drop(self._idle.pop())

    def _kept(self) -> Connection | None:
        now = self._loop.time()
        while self._idle:
            connection = self._idle.pop()  # the one used last is the least likely to have been closed
            connection.pool = None
            young = now - connection.born_at < self._life_s and now - connection.idle_since < _KEEP_ALIVE_S
            if young and connection.lost is None:
                return connection
            connection.close()
        return None

    def _drop(self, connection: Connection) -> None:
        connection.pool = None
        connection.close()

    async def _turn(self) -> None:
        turn = self._loop.create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._wake_next()  # the turn was given, and is not taken
            raise

    def _leave(self) -> None:
        self._in_use -= 1
        self._wake_next()

    def _wake_next(self) -> None:
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    async def _connect(self, target: Target, tls: ssl.SSLContext | None) -> Connection:
        try:
            _, connection = await self._loop.create_connection(
                lambda: Connection(self._loop),
                target.host,
                target.port,
                ssl=tls,
                server_hostname=target.host if tls is not None else None,
            )
        except ssl.SSLCertVerificationError as error:
            why = f"its certificate is not trusted: {error.verify_message}"
            raise Broken(Fault("unreachable", f"no connection to {target.host}:{target.port}: {why}")) from error
        except (OSError, UnicodeError) as error:
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise Broken(Fault("unreachable", f"no connection to {target.host}:{target.port}: {why}")) from error
        return connection


class Pools:
    """A pool for each place and event loop; opens no connection before the first call."""

    def __init__(self, most_per_route: int, life_s: float) -> None:
        self._most_per_route = most_per_route
        self._life_s = life_s
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[tuple[bool, str, int], Pool]] = (
            WeakKeyDictionary()
        )
        self._targets: dict[str, Target] = {}
        self._tls: ssl.SSLContext | None = None

    async def ask(
        self, url: str, headers: Mapping[str, str], body: bytes, connect_s: float, *, fresh: bool
    ) -> Exchange:
        """Send one request; returns as soon as the response's headers are there. Raises Broken."""
        target = self._target(url)
        request = _request(target, headers, body)
        if target.tls and self._tls is None:
            self._tls = await asyncio.to_thread(ssl.create_default_context)
        pool = self._pool(target)
        connection = await pool.take(target, connect_s, self._tls if target.tls else None, fresh=fresh)
        try:
            await connection.ask(request)
        except BaseException:
            pool.give(connection, reuse=False)
            raise
        return Exchange(pool, connection, not fresh)

    async def close(self) -> None:
        """Close every idle connection of the running loop. A second time does nothing."""
        pools = self._pools.pop(asyncio.get_running_loop(), {})
        for pool in pools.values():
            pool.close()
        if pools:
            await asyncio.sleep(0)  # the loop tells of closed connections in its next turn

    def _target(self, url: str) -> Target:
        found = self._targets.get(url)
        if found is None:
            if len(self._targets) >= _MAX_TARGETS:
                self._targets.clear()
            found = self._targets[url] = Target(url)
        return found

    def _pool(self, target: Target) -> Pool:
        loop = asyncio.get_running_loop()
        pools = self._pools.get(loop)
        if pools is None:
            pools = self._pools[loop] = {}
        pool = pools.get(target.place)
        if pool is None:
            pool = pools[target.place] = Pool(loop, self._most_per_route, self._life_s)
        return pool


def _request(target: Target, headers: Mapping[str, str], body: bytes) -> bytes:
    """The request as it goes over the wire. Raises Broken (unreachable) for a header that would be two."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
    if lines.count("\n") != len(headers) or lines.count("\r") != len(headers) or not lines.isascii():
        raise Broken(Fault("unreachable", "a header is not valid", fix="mend headers under the provider's section"))
    return b"%b%bcontent-length: %d\r\n\r\n%b" % (target.head, lines.encode(), len(body), body)
