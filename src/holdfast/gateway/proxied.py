"""HTTP out through a proxy, by aiohttp: one POST, its status, its headers and its bytes as they come.

Does not know vendors, dialects or retries. Failures come out as `Broken`, with the fault they stand for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from holdfast.gateway.fault import Broken, Fault
from holdfast.gateway.proxied_connections import Connections, Pool

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession


class ProxiedExchange:
    """One request and its answer, over a pool that it gives back when it is done."""

    __slots__ = ("_connections", "_pool", "_response", "headers", "status")

    def __init__(self, connections: Connections, pool: Pool, response: ClientResponse) -> None:
        self._connections = connections
        self._pool = pool
        self._response = response
        self.status: int = response.status
        self.headers: Mapping[str, str] = response.headers

    async def read(self) -> bytes:
        """What has arrived of the body, at least one byte; empty at its end. Raises Broken (broken_off, garbled)."""
        from aiohttp import ClientConnectionError, ClientPayloadError
        from aiohttp.http_exceptions import HttpProcessingError

        try:
            return await self._response.content.readany()
        except ClientPayloadError as error:
            raise Broken(_of_payload(error)) from error
        except HttpProcessingError as error:
            raise Broken(_undecodable(error)) from error
        except (ClientConnectionError, OSError) as error:
            raise Broken(Fault("broken_off", f"the connection broke: {type(error).__name__}")) from error

    @property
    def at_end(self) -> bool:
        """The whole body was read."""
        return self._response.content.at_eof()

    async def end(self) -> None:
        """Leave the connection to the next call if the body was read to its end, else close it."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()
        await self._connections.give(self._pool)


class Proxied:
    """Keeps connections to proxies open between calls, one pool for each event loop."""

    def __init__(self, most_per_route: int, life_s: float) -> None:
        self._most_per_route = most_per_route
        self._life_s = life_s
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Connections] = WeakKeyDictionary()

    async def ask(
        self, url: str, headers: Mapping[str, str], body: bytes, connect_s: float, *, fresh: bool, proxy: str
    ) -> ProxiedExchange:
        """Send one request; returns as soon as the response's headers are there. Raises Broken."""
        connections = self._connections()
        pool = connections.take(fresh)
        try:
            response = await _send(pool.session, url, headers, body, connect_s, proxy)
        except BaseException:
            await connections.give(pool)
            raise
        return ProxiedExchange(connections, pool, response)

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
        return await session.post(url, data=body, headers=headers, timeout=timeout, allow_redirects=False, proxy=proxy)
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
