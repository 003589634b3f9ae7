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

from holdfast.gateway.fault import Broken, Fault

if TYPE_CHECKING:
    from aiohttp import ClientResponse, ClientSession

MAX_RESPONSE_BYTES = 64 * 1024 * 1024
"""Far more than the longest answer of any model; counted after decompression, so that no small body becomes huge."""

MAX_ERROR_BYTES = 64 * 1024
_KEEP_ALIVE_S = 30.0


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
            raise Broken(Fault("broken_off", "the response ended before it was whole")) from error
        except HttpProcessingError as error:
            raise Broken(Fault("garbled", f"the response cannot be decoded: {error.message}")) from error
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
    """Keeps connections open between calls, one pool for each event loop; opens none before the first call."""

    def __init__(self) -> None:
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, ClientSession] = WeakKeyDictionary()

    @asynccontextmanager
    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, connect_s: float
    ) -> AsyncIterator[Response]:
        """Send one request; yields as soon as the response's headers are there.

        A body that was read to its end leaves the connection to the next call; otherwise, and when the caller is
        cancelled, the connection is closed at once, which is what tells the vendor to stop. Redirects are not followed,
        since a key must go nowhere but to its provider. Raises Broken (unreachable, connect_timeout, broken_off).
        """
        response = await self._send(url, headers, body, connect_s)
        try:
            yield Response(response)
        finally:
            if response.content.at_eof():
                response.release()
            else:
                response.close()

    async def warm(self) -> None:
        """Import the HTTP client outside the event loop, so that no call holds the loop up for it."""
        await asyncio.to_thread(importlib.import_module, "aiohttp")

    async def close(self) -> None:
        """Close every connection of the running loop. A second time does nothing."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    async def _send(self, url: str, headers: Mapping[str, str], body: bytes, connect_s: float) -> ClientResponse:
        import aiohttp

        timeout = aiohttp.ClientTimeout(total=None, connect=connect_s)
        try:
            return await self._session().post(url, data=body, headers=headers, timeout=timeout, allow_redirects=False)
        except aiohttp.ConnectionTimeoutError as error:
            fault = Fault("connect_timeout", f"no connection within {connect_s * 1000:.0f} ms")
            raise Broken(fault) from error
        except aiohttp.ClientConnectorError as error:
            raise Broken(
                Fault("unreachable", f"no connection to {error.host}:{error.port}: {error.os_error}")
            ) from error
        except aiohttp.ClientResponseError as error:
            raise Broken(Fault("garbled", f"the response is not HTTP: {error.message}")) from error
        except aiohttp.InvalidURL as error:
            raise Broken(Fault("unreachable", "base_url is not a URL")) from error
        except (aiohttp.ClientConnectionError, OSError) as error:
            raise Broken(
                Fault("broken_off", f"the connection broke before an answer: {type(error).__name__}")
            ) from error

    def _session(self) -> ClientSession:
        import aiohttp

        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None:
            session = self._sessions[loop] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_KEEP_ALIVE_S),
                cookie_jar=aiohttp.DummyCookieJar(),
                # An event stream that is compressed is an event stream that is held back.
                headers={"accept-encoding": "identity", "user-agent": "holdfast"},
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return session
