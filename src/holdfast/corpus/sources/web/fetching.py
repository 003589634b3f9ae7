"""Pages fetched politely: one at a time from a host, slowly, and only from where reading is allowed.

Knows nothing of what a page says. No address in a private network is called, also not one that a redirect or a name
leads to, unless the settings name its host.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from holdfast.addresses import public_only, why_not

if TYPE_CHECKING:
    from aiohttp import ClientSession

TRIES = 3
MOST_REDIRECTS = 5
MOST_WAIT_S = 120.0
TIMEOUT_S = 60.0
AGAIN = frozenset({429, 500, 502, 503, 504, 520, 522, 524})
Sleep = Callable[[float], Awaitable[None]]


class Fetched(Struct, frozen=True, kw_only=True):
    """What came of a request. `problem` is empty where an answer came; `status` is 0 where none did.

    `url` is where it came from in the end; the names of `headers` are in small letters.
    """

    url: str
    status: int = 0
    headers: Mapping[str, str] = {}
    robots: tuple[str, ...] = ()
    body: bytes = b""
    problem: str = ""


class Fetcher:
    """Fetches while it is entered. `private_hosts` may be called wherever they are; `sites` belong together."""

    def __init__(
        self, *, user_agent: str, delay_s: float, sites: Collection[str], private_hosts: Collection[str],
        sleep: Sleep = asyncio.sleep,
    ) -> None:  # fmt: skip
        self._user_agent = user_agent
        self._delay_s = delay_s
        self._sites = frozenset(map(site_of, sites))
        self._private = frozenset(private_hosts)
        self._sleep = sleep
        self._delays: dict[str, float] = {}
        self._next: dict[str, float] = {}
        self._session: ClientSession | None = None

    async def __aenter__(self) -> Fetcher:
        import aiohttp

        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit_per_host=1, resolver=public_only(self._private)),
            timeout=aiohttp.ClientTimeout(total=TIMEOUT_S, connect=15),
            headers={"User-Agent": self._user_agent, "Accept": "text/html,application/pdf;q=0.9,*/*;q=0.5"},
            cookie_jar=aiohttp.DummyCookieJar(),
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._session is not None
        await self._session.close()

    def slow_down(self, host: str, delay_s: float) -> None:
        """Leave at least so long between requests to a host."""
        self._delays[host] = max(delay_s, self._delay_s)

    def is_ours(self, url: str) -> bool:
        """Whether a URL is on one of the sites."""
        try:
            return site_of(urlsplit(url).hostname or "") in self._sites
        except ValueError:
            return False

    async def get(self, url: str, most: int, headers: Mapping[str, str] | None = None) -> Fetched:
        """The answer, after redirects within the sites and a few tries where the server was busy or not there.

        Never raises for what a server does. A body of more than `most` bytes is a problem, and not kept.
        """
        answer = Fetched(url=url, problem="not asked")
        for attempt in range(TRIES):
            answer = await self._followed(url, most, headers or {})
            if answer.status not in AGAIN and answer.status:
                return answer
            if answer.problem.startswith("not allowed"):
                return answer
            if attempt + 1 < TRIES:
                asked = retry_after_s(answer.headers.get("retry-after", ""))
                if asked is not None and asked > MOST_WAIT_S:
                    return answer
                await self._sleep(asked if asked is not None else 2.0 * 4**attempt)
        return answer

    async def _followed(self, url: str, most: int, headers: Mapping[str, str]) -> Fetched:
        at = url
        for _ in range(MOST_REDIRECTS + 1):
            refused = why_not(at, self._private)
            if refused:
                return Fetched(url=at, problem=f"not allowed: {refused}")
            answer = await self._once(at, most, headers)
            location = answer.headers.get("location", "")
            if answer.status not in (301, 302, 303, 307, 308) or not location:
                return answer
            try:
                at = urljoin(at, location)
            except ValueError:
                return Fetched(url=at, status=answer.status, problem="it redirects to what is no URL")
            if not self.is_ours(at):
                return Fetched(url=at, status=answer.status, problem=f"it redirects to another site: {at[:200]}")
        return Fetched(url=at, status=310, problem="it redirects in a circle, or too often")

    async def _once(self, url: str, most: int, headers: Mapping[str, str]) -> Fetched:
        import aiohttp

        assert self._session is not None
        await self._turn(urlsplit(url).hostname or "")
        try:
            async with self._session.get(url, headers=dict(headers), allow_redirects=False) as response:
                body = await _bounded(response, most)
                return Fetched(
                    url=url,
                    status=response.status,
                    headers={name.lower(): value for name, value in response.headers.items()},
                    robots=tuple(response.headers.getall("X-Robots-Tag", ())),
                    body=body or b"",
                    problem="" if body is not None else f"too large: more than {most / 1_000_000:g} MB",
                )
        except TimeoutError:
            return Fetched(url=url, problem=f"no answer within {TIMEOUT_S:g} s")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Fetched(url=url, problem=f"it could not be fetched: {error or type(error).__name__}")

    async def _turn(self, host: str) -> None:
        """Wait until it is polite to ask the host again."""
        now = time.monotonic()
        wait = self._next.get(host, now) - now
        if wait > 0:
            await self._sleep(wait)
        self._next[host] = max(now, self._next.get(host, now)) + self._delays.get(host, self._delay_s)


async def _bounded(response: Any, most: int) -> bytes | None:
    pieces: list[bytes] = []
    size = 0
    async for piece in response.content.iter_chunked(65_536):
        size += len(piece)
        if size > most:
            response.close()
            return None
        pieces.append(piece)
    return b"".join(pieces)


def site_of(host: str) -> str:
    """A host without `www.`, in small letters."""
    return host.lower().rstrip(".").removeprefix("www.")


def retry_after_s(value: str) -> float | None:
    """How long a Retry-After asks to wait, in seconds or as a date; None where it says nothing."""
    value = value.strip()
    if value.isdigit():
        return float(value)
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError):
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
