"""HTTP out: one POST, its status, its headers and its bytes as they come; nothing more than aiohttp does, bounded.

Does not know vendors, dialects or retries. Failures come out as `Broken`, with the fault they stand for.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from holdfast.gateway.connections import Connections
from holdfast.gateway.fault import Broken, Fault

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""Far more than the longest answer of any model; counted after decompression, so that no small body becomes huge."""

MAX_ERROR_BYTES = 64 * 1024


class Response:
    """A response whose body has not been read yet. Good inside the `async with` it came from only."""

    __slots__ = ("_read_bytes", "_response", "headers", "status")

    def __init__(self, response: ClientResponse) -> None:
        self._response = response
        self._read_bytes = 0
        self.status: int = response.status
        self.headers: Mapping[str, str] = response.headers

    @property
    def media_type(self) -> str:
        """The content type in lower case, without parameters; empty where none was sent."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    async def read(self) -> bytes:
        """What has arrived of the body, at least one byte; empty at its end. Raises Broken (broken_off, garbled)."""
        from aiohttp import ClientConnectionError, ClientPayloadError
        from aiohttp.http_exceptions import HttpProcessingError

        try:
            chunk = await self._response.content.readany()
        except ClientPayloadError as error:
            raise Broken(_of_payload(error)) from error
        except HttpProcessingError as error:
            raise Broken(_undecodable(error)) from error
        except (ClientConnectionError, OSError) as error:
            raise Broken(Fault("broken_off", f"the connection broke: {type(error).__name__}")) from error
        self._read_bytes += len(chunk)
        if self._read_bytes > MAX_RESPONSE_BYTES:
            raise Broken(Fault("garbled", f"the response is larger than {MAX_RESPONSE_BYTES} bytes"))
        return chunk

    async def body(self, limit_bytes: int = MAX_RESPONSE_BYTES) -> bytes:
        """The body, at most so many bytes of it. Raises Broken."""
        whole = bytearray()
        while len(whole) < limit_bytes and (chunk := await self.read()):
            whole += chunk
        return bytes(whole[:limit_bytes])

    @property
    def at_end(self) -> bool:
        """The whole body was read: the connection is free for the next call."""
        return self._response.content.at_eof()


class Transport:
    """Keeps connections open between calls, one pool for each event loop; opens none before the first call.

    At most `most_per_route` connections go to one host and port at a time; a call beyond that waits for one, and the
    wait counts as connecting. `life_s` is how long a name's address is relied on: after it new calls go over new
    connections, and those before it end with their calls, so that a vendor who moves is followed.
    """

    def __init__(self, most_per_route: int = 16_384, life_s: float = 300.0) -> None:
        self._most_per_route = most_per_route
        self._life_s = life_s
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Connections] = WeakKeyDictionary()

    @asynccontextmanager
    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        connect_s: float,
        fresh: bool = False,
        proxy: str = "",
    ) -> AsyncIterator[Response]:
        """Send one request; yields as soon as the response's headers are there.

        A body that was read to its end leaves the connection to the next call; otherwise, and when the caller is
        cancelled, the connection is closed at once, which is what tells the vendor to stop. `fresh`: over a connection
        of its own, that was never used before and never will be again. `proxy` is the URL of an HTTP proxy. Redirects
        are not followed, since a key must go nowhere but to its provider.

        Raises Broken (unreachable, connect_timeout, broken_off, garbled).
        """
        connections = self._connections()
        pool = connections.take(fresh)
        try:
            response = await _send(pool.session, url, headers, body, connect_s, proxy)
            try:
                yield Response(response)
            finally:
                if response.content.at_eof():
                    response.release()
                else:
                    response.close()
        finally:
            await connections.give(pool)

    async def warm(self) -> None:
        """Import the HTTP client outside the event loop, so that no call holds the loop up for it."""
        await asyncio.to_thread(importlib.import_module, "aiohttp")

    async def close(self) -> None:
        """Close every connection of the running loop. A second time does nothing."""
        connections = self._pools.pop(asyncio.get_running_loop(), None)
        if connections is not None:
            await connections.close()

    def _connections(self) -> Connections:
        loop = asyncio.get_running_loop()
        connections = self._pools.get(loop)
        if connections is None:
            connections = self._pools[loop] = Connections(self._most_per_route, self._life_s)
        return connections


async def _send(
    session: ClientSession, url: str, headers: Mapping[str, str], body: bytes, connect_s: float, proxy: str
) -> ClientResponse:
    import aiohttp

    timeout = aiohttp.ClientTimeout(total=None, connect=connect_s)
    try:
        return await session.post(
            url, data=body, headers=headers, timeout=timeout, allow_redirects=False, proxy=proxy or None
        )
    except aiohttp.ConnectionTimeoutError as error:
        raise Broken(Fault("connect_timeout", f"no connection within {connect_s * 1000:.0f} ms")) from error
    except aiohttp.ClientHttpProxyError as error:
        raise Broken(Fault("unreachable", f"the proxy answered {error.status}", fix=_PROXY_FIX)) from error
    except aiohttp.ClientProxyConnectionError as error:
        raise Broken(Fault("unreachable", "the proxy cannot be reached", fix=_PROXY_FIX)) from error
    except aiohttp.ClientConnectorError as error:
        raise Broken(Fault("unreachable", f"no connection to {error.host}:{error.port}: {_why(error)}")) from error
    except aiohttp.ClientResponseError as error:
        raise Broken(Fault("garbled", f"the response is not HTTP: {error.message}")) from error
    except (aiohttp.InvalidURL, UnicodeError) as error:
        raise Broken(Fault("unreachable", "base_url is not a URL")) from error
    except ValueError as error:  # what stands in a header, or the proxy's scheme
        raise Broken(Fault("unreachable", "a header or the proxy's URL is not valid")) from error
    except aiohttp.ClientPayloadError as error:
        raise Broken(_of_payload(error)) from error
    except (aiohttp.ClientConnectionError, OSError) as error:
        raise Broken(Fault("broken_off", f"the connection broke before an answer: {type(error).__name__}")) from error


_PROXY_FIX = "check proxy under the provider's [providers] section"


def _why(error: Exception) -> str:
    """Why there is no connection; a certificate that is not trusted comes in a class of its own."""
    certificate = getattr(error, "certificate_error", None)
    if certificate is not None:
        return f"its certificate is not trusted: {certificate}"
    return str(getattr(error, "os_error", error))


def _of_payload(error: Exception) -> Fault:
    """A body that cannot be decoded is told apart from one that ended early."""
    from aiohttp.http_exceptions import ContentEncodingError, HttpProcessingError

    cause = error.__cause__
    if isinstance(cause, ContentEncodingError):
        return _undecodable(cause)
    if isinstance(cause, HttpProcessingError) and "content-encoding" in str(cause.message).lower():
        return _undecodable(cause)
    return Fault("broken_off", "the response ended before it was whole")


def _undecodable(error: Exception) -> Fault:
    return Fault("garbled", f"the response cannot be decoded: {getattr(error, 'message', error)}")
