"""Connections that are kept between calls: lent, taken back, aged out, at most so many to one place.

Does not know what is asked over them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Mapping
from weakref import WeakKeyDictionary

from holdfast.gateway.fault import Broken, Fault
from holdfast.gateway.http1 import Connection, Target

_KEEP_ALIVE_S = 30.0
_MAX_IDLE = 256
_MAX_TARGETS = 1024


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
