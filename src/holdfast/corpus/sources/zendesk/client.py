"""Asking Zendesk: one question at a time, as often as its limits allow, until there is an answer that can be read.

Knows the API's manners (limits, faults, pages); knows nothing of what articles or tickets are.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urljoin, urlsplit

import msgspec

from holdfast.addresses import public_only, why_not
from holdfast.corpus.sources.zendesk.auth import Credentials
from holdfast.corpus.sources.zendesk.limits import Clock, Patience, Pool, date_of
from holdfast.corpus.sources.zendesk.options import Options
from holdfast.corpus.sources.zendesk.refusal import Refusal, elsewhere, refusal, too_large
from holdfast.errors import Misconfigured
from holdfast.messages import Json

if TYPE_CHECKING:
    from aiohttp import BaseConnector, ClientSession

Row = dict[str, Json]

PAGE_ROWS = 100
LARGE_BODY_BYTES = 500_000
"""From here on JSON is read in a thread, so that nothing else waits for it."""
LARGEST_BODY_BYTES = 256_000_000
LARGEST_FILE_BYTES = 20_000_000
TIMEOUT_S, CONNECT_S = 120.0, 10.0
UNREACHED_S = 30.0
"""How long a host that never answered is tried for: longer waits are for one that did."""
EMPTY_PAGES = 20
REDIRECTS = 3
FILE_PATIENCE_S = 60.0
"""One file is not worth more: it is read again with the next sync."""
FAULTS = frozenset({409, 429, 500, 501, 502, 503, 504, 520, 521, 522, 523, 524, 525, 526, 527, 530})
MOVED = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True)
class _Heard:
    status: int
    headers: Mapping[str, str]
    body: bytes
    said: Row = field(default_factory=dict)


class Client:
    """An account, and the hosts of its Help Centers. Use it as an async context; it keeps nothing afterwards."""

    def __init__(self, options: Options, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        self._credentials = Credentials(options, clock.now)
        self._hosts = frozenset({options.origin, *options.help_centers})
        self._pools = {name: Pool(name, clock) for name in ("help center", "support", "exports", "tokens")}
        self._session: ClientSession | None = None
        self._reached = False
        self._ahead_s = 0.0

    def now(self) -> float:
        """What time it is for Zendesk, by its last answer: what is too young for an export is so by its clock."""
        return self._clock.now() + self._ahead_s

    async def __aenter__(self) -> Client:
        self._session = _opened()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, stack: TracebackType | None
    ) -> None:
        if self._session is not None:
            await self._session.close()

    # ------------------------------------------------------------ questions

    async def get(self, url: str, key: str, **query: str | int) -> Row:
        """The JSON object at a URL, which has a list or an object under `key`.

        An answer that is not that is no answer: it is asked for again, and never taken for an empty page. Raises
        Misconfigured: HF113 when Zendesk does not let this account, HF114 when there is no usable answer in the time
        there is patience for, HF109 else; as a `Refusal` where Zendesk answered with a status.
        """
        return await self._asked(_with(url, query), key)

    async def find(self, url: str, key: str) -> Row | None:
        """The same of one thing; None where it is not there (404, 410)."""
        try:
            return await self._asked(url, key)
        except Refusal as error:
            if error.status in (404, 410):
                return None
            raise

    async def listed(self, url: str, key: str, **query: str | int) -> AsyncIterator[tuple[Row, ...]]:
        """A list, page by page, to its end. A page that is there but says nothing of the next one is the last."""
        following: str | None = _with(url, {"page[size]": PAGE_ROWS, **query})
        seen: set[str] = set()
        while following and following not in seen:
            seen.add(following)
            body = await self._asked(following, key)
            yield rows_of(body, key)
            following = _following(body)

    async def file(self, url: str) -> bytes:
        """What stands at a URL of the account, at most LARGEST_FILE_BYTES; raises as `get` does, but waits less.

        Where Zendesk keeps it elsewhere it is followed there, without credentials, and only to public addresses.
        """
        heard = await self._heard(url, None, LARGEST_FILE_BYTES)
        for _ in range(REDIRECTS):
            if heard.status not in MOVED:
                break
            url = urljoin(url, heard.headers.get("Location", ""))
            abroad = origin_of(url) not in self._hosts
            heard = await (self._abroad(url) if abroad else self._heard(url, None, LARGEST_FILE_BYTES))
        if heard.status != 200:
            raise refusal(heard.status, heard.body, url, anonymous=self._options.anonymous)
        return heard.body

    # ------------------------------------------------------------ answers

    async def _asked(self, url: str, key: str) -> Row:
        return (await self._heard(url, key, LARGEST_BODY_BYTES)).said

    async def _heard(self, url: str, key: str | None, most_bytes: int) -> _Heard:
        """Ask until there is an answer: JSON with the key, or None: a file, or where that is.

        What is no fault of the moment is raised at once.
        """
        url = self._checked(url)
        (pool, *also), patience = self._pools_of(url), Patience(self._clock, self._options.patience_s)
        if key is None:
            patience.shorten(FILE_PATIENCE_S)
        while True:
            header = await self._credentials.header(self._grant)
            for each in (pool, *also):
                await each.turn(patience)
            for each in also:
                each.spend()
            headers = {"Authorization": header} if header else {}
            heard = await self._sent(self._session, "GET", url, headers, None, most_bytes)
            if isinstance(heard, str):
                reason = heard
                if not self._reached:
                    patience.shorten(UNREACHED_S)
            elif (answer := await _answer(heard, key)) is not None:
                pool.heard(heard.headers)
                return answer
            elif heard.status == 401 and self._credentials.refused():
                continue
            else:
                reason = self._reason(heard, url, key)
            if isinstance(heard, str) or not pool.heard(heard.headers):
                await patience.back_off(reason)

    def _reason(self, heard: _Heard, url: str, key: str | None) -> str:
        """Why the answer is none, where another try may help; raises where it may not."""
        path = urlsplit(url).path
        if heard.status == 200:
            return f"{path} answered something that is not JSON with '{key}'"
        if heard.status in FAULTS:
            return f"{path} answered {heard.status}"
        if heard.status in MOVED:
            raise elsewhere(url, heard.headers.get("Location", ""))
        raise refusal(heard.status, heard.body, url, anonymous=self._options.anonymous)

    async def _abroad(self, url: str) -> _Heard:
        """A file that is kept on a host of somebody else's."""
        import aiohttp

        own = {urlsplit(host).hostname or "" for host in self._hosts}
        if why := why_not(url, own):
            raise Refusal("HF109", f"a file is where nobody may ask for it: {why}", "leave it out at the source", 403)
        patience = Patience(self._clock, FILE_PATIENCE_S)
        connector = aiohttp.TCPConnector(resolver=public_only(own), force_close=True)
        async with _opened(connector) as session:
            while True:
                heard = await self._sent(session, "GET", url, {}, None, LARGEST_FILE_BYTES)
                if isinstance(heard, _Heard) and heard.status not in FAULTS:
                    return heard
                await patience.back_off(heard if isinstance(heard, str) else f"a file answered {heard.status}")

    async def _sent(
        self,
        session: ClientSession | None,
        method: str,
        url: str,
        headers: dict[str, str],
        form: dict[str, str] | None,
        most_bytes: int,
    ) -> _Heard | str:
        """One try: what came, or what broke. Redirects are not followed: they would take the credentials with them."""
        import aiohttp

        assert session is not None
        body = bytearray()
        try:
            async with session.request(method, url, headers=headers, json=form, allow_redirects=False) as answer:
                self._reached = True
                if (dated := date_of(answer.headers.get("Date", ""))) is not None:
                    self._ahead_s = dated - self._clock.now()
                async for piece in answer.content.iter_chunked(65536):
                    body += piece
                    if len(body) > most_bytes:
                        raise too_large(url, most_bytes)
                return _Heard(answer.status, answer.headers.copy(), bytes(body))
        except TimeoutError:
            return f"{urlsplit(url).netloc} took too long"
        except (aiohttp.ClientError, OSError) as error:
            return f"{urlsplit(url).netloc} could not be reached or broke off ({type(error).__name__})"

    async def _grant(self, form: dict[str, str]) -> dict[str, Json]:
        """A new OAuth token for the client, asked of the account."""
        url = f"{self._options.origin}/oauth/tokens"
        pool, patience = self._pools["tokens"], Patience(self._clock, self._options.patience_s)
        while True:
            await pool.turn(patience)
            heard = await self._sent(self._session, "POST", url, {}, form, LARGEST_BODY_BYTES)
            if isinstance(heard, str):
                reason = heard
                if not self._reached:
                    patience.shorten(UNREACHED_S)
            elif heard.status in (200, 201):
                answer = _object(heard.body)
                if answer is not None and isinstance(answer.get("access_token"), str):
                    return answer
                reason = "/oauth/tokens answered something without an access_token"
            else:
                reason = self._reason(heard, url, "access_token")
            if isinstance(heard, str) or not pool.heard(heard.headers):
                await patience.back_off(reason)

    # ------------------------------------------------------------ addresses

    def _checked(self, url: str) -> str:
        """The URL, where it is on a host of the account: a page may name the next one, but not lead away."""
        if origin_of(url) not in self._hosts:
            raise elsewhere(self._options.origin, url)
        return url

    def _pools_of(self, url: str) -> tuple[Pool, ...]:
        """The pool that a question is of, and those that it counts for as well."""
        path = urlsplit(url).path
        if "/help_center/" in path or path.startswith("/hc/"):
            return (self._pools["help center"],)
        support = self._pools["support"]
        return (self._pools["exports"], support) if "/incremental/" in path else (support,)


def _opened(connector: BaseConnector | None = None) -> ClientSession:
    import aiohttp

    return aiohttp.ClientSession(
        connector=connector,
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S, connect=CONNECT_S),
        headers={"Accept": "application/json", "User-Agent": "holdfast"},
    )


async def _answer(heard: _Heard, key: str | None) -> _Heard | None:
    """What was heard, with what it says; None where it is not what was asked for."""
    if key is None:
        return heard if heard.status == 200 or heard.status in MOVED else None
    if heard.status != 200:
        return None
    large = len(heard.body) > LARGE_BODY_BYTES
    said = await asyncio.to_thread(_readable, heard.body, key) if large else _readable(heard.body, key)
    return None if said is None else replace(heard, said=said)


class Emptiness:
    """How often in a row an export gave a page without rows and said that it was not the last."""

    def __init__(self, export: str) -> None:
        self._export = export
        self._times = 0

    def met(self, rows: int) -> None:
        """A page with so many rows. Raises Misconfigured (HF114) where there were too many empty ones."""
        self._times = 0 if rows else self._times + 1
        if self._times > EMPTY_PAGES:
            raise Misconfigured(
                "HF114",
                f"Zendesk gave {EMPTY_PAGES} empty pages of {self._export}, and none of them was the last",
                "sync again later: it goes on where it was",
            )


def origin_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def rows_of(body: Row, key: str) -> tuple[Row, ...]:
    """The objects in a list of an answer."""
    rows = body.get(key)
    return tuple(row for row in rows if isinstance(row, dict)) if isinstance(rows, list) else ()


def _with(url: str, query: Mapping[str, str | int]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}" if query else url


def _following(body: Row) -> str | None:
    """The URL of the next page, by cursor or by offset."""
    meta, links = body.get("meta"), body.get("links")
    if isinstance(meta, dict) and meta.get("has_more") is False:
        return None
    if isinstance(links, dict) and isinstance(links.get("next"), str):
        return str(links["next"])
    following = body.get("next_page")
    return following if isinstance(following, str) and following else None


def _object(body: bytes) -> Row | None:
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    return value if isinstance(value, dict) else None


def _readable(body: bytes, key: str) -> Row | None:
    value = _object(body)
    return value if value is not None and isinstance(value.get(key), list | dict) else None
