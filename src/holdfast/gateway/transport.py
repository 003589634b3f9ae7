"""HTTP out: one POST, its status, its headers and its bytes as they come, bounded.

Does not know vendors, dialects or retries. Failures come out as `Broken`, with the fault they stand for.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Coroutine, Mapping
from types import TracebackType
from typing import Protocol

from holdfast.gateway.fault import Broken, Fault
from holdfast.gateway.pools import Pools
from holdfast.gateway.proxied import Proxied

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""Far more than the longest answer of any model; counted after decompression, so that no small body becomes huge."""

MAX_ERROR_BYTES = 64 * 1024


class Exchange(Protocol):
    """One request that was sent, and the answer that comes."""

    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    @property
    def at_end(self) -> bool: ...
    async def read(self) -> bytes:
        """What has arrived of the body, at least one byte; empty at its end. Raises Broken (broken_off, garbled)."""
        ...

    async def end(self) -> None:
        """Leave the connection to the next call if the body was read to its end, else close it."""
        ...


class Response:
    """A response whose body has not been read yet. Good inside the `async with` it came from only."""

    __slots__ = ("_exchange", "_read_bytes", "headers", "status")

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self._read_bytes = 0
        self.status = exchange.status
        self.headers = exchange.headers

    @property
    def media_type(self) -> str:
        """The content type in lower case, without parameters; empty where none was sent."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def read(self) -> bytes:
        """What has arrived of the body, at least one byte; empty at its end. Raises Broken (broken_off, garbled)."""
        chunk = await self._exchange.read()
        self._read_bytes += len(chunk)
        if self._read_bytes > MAX_RESPONSE_BYTES:
            raise Broken(Fault("garbled", f"the response is larger than {MAX_RESPONSE_BYTES} bytes"))
        return chunk

    async def body(self, limit_bytes: int = MAX_RESPONSE_BYTES) -> bytes:
        """The body, at most so many bytes of it. Raises Broken."""
        first = await self.read()
        if self.at_end and len(first) <= limit_bytes:
            return first
        whole = bytearray(first)
        while len(whole) < limit_bytes and (chunk := await self.read()):
            whole += chunk
        return bytes(whole[:limit_bytes])

    @property
    def at_end(self) -> bool:
        """The whole body was read: the connection is free for the next call."""
        return self._exchange.at_end


class Transport:
    """Keeps connections open between calls, some for each event loop; opens none before the first call.

    At most `most_per_route` connections go to one host and port at a time; a call beyond that waits for one, and the
    wait counts as connecting. `life_s` is how long a name's address is relied on: after it new calls go over new
    connections, and those before it end with their calls, so that a vendor who moves is followed.
    """

    def __init__(self, most_per_route: int = 16_384, life_s: float = 300.0) -> None:
        self._direct = Pools(most_per_route, life_s)
        self._proxied = Proxied(most_per_route, life_s)

    def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        connect_s: float,
        fresh: bool = False,
        proxy: str = "",
    ) -> Posting:
        """Send one request; as a context it yields the response as soon as its headers are there.

        A body that was read to its end leaves the connection to the next call; otherwise, and when the caller is
        cancelled, the connection is closed at once, which is what tells the vendor to stop. `fresh`: over a connection
        of its own, that was never used before and never will be again. `proxy` is the URL of an HTTP proxy. Redirects
        are not followed, since a key must go nowhere but to its provider.

        Raises Broken (unreachable, connect_timeout, broken_off, garbled).
        """
        if proxy:
            return Posting(self._proxied.ask(url, headers, body, connect_s, fresh=fresh, proxy=proxy))
        return Posting(self._direct.ask(url, headers, body, connect_s, fresh=fresh))

    async def warm(self) -> None:
        """Import what goes through proxies outside the event loop, so that no call holds the loop up for it."""
        await asyncio.to_thread(importlib.import_module, "aiohttp")

    async def close(self) -> None:
        """Close every connection of the running loop that is not in use. A second time does nothing."""
        await self._direct.close()
        await self._proxied.close()


class Posting:
    """The context of one POST."""

    __slots__ = ("_asking", "_exchange")

    def __init__(self, asking: Coroutine[None, None, Exchange]) -> None:
        self._asking = asking
        self._exchange: Exchange | None = None

    async def __aenter__(self) -> Response:
        self._exchange = await self._asking
        return Response(self._exchange)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._exchange is not None
        await self._exchange.end()
