"""Web pages as a feed: what a site's sitemap names, read as its robots.txt asks.

Knows nothing of what is in a page beyond its head. A page is fetched again when its sitemap says that it
changed, or, where that says nothing, when its server does.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Sequence
from functools import partial
from typing import Any
from urllib.parse import urldefrag, urljoin, urlsplit

import msgspec
from msgspec import Struct

from holdfast.corpus.sources.globs import Globs
from holdfast.corpus.sources.web.fetching import AGAIN, Fetched, Fetcher
from holdfast.corpus.sources.web.pages import KIND, Kept, as_data, documents_of, kept_page
from holdfast.corpus.sources.web.robots import Robots, read_robots
from holdfast.corpus.sources.web.sitemap import MOST_BYTES, read_sitemap
from holdfast.errors import Misconfigured
from holdfast.messages import Json
from holdfast.sources import FeedPage, Item, Landed, Passed, RawDocument

PAGE = 50
MOST_SITEMAPS = 2000
MOST_FAILING = 10  # pages in a row without an answer: the site is down, and asking on helps nobody
MB = 1_000_000
GONE = (404, 410)


class WebOptions(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a corpus says of its site: where its sitemap is, or a site whose robots.txt names it.

    `include` and `exclude` are held against paths. `hosts` are further hosts whose pages are read; `private_hosts` may
    be in a private network. `principals` may see the pages, everyone where it is empty. Without `trust_lastmod` the
    server is asked about every page, whatever the sitemap says.
    """

    sitemap: str | None = None
    site: str | None = None
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    private_hosts: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    user_agent: str = "Holdfast"
    delay_s: float = 1.0
    trust_lastmod: bool = True
    max_page_mb: float = 10.0
    max_pages: int = 50_000


class WebFeed:
    """The pages of a site; `options` as in `WebOptions`. Keeps nothing itself."""

    def __init__(self, *, sleep: Callable[[float], Awaitable[None]] = asyncio.sleep, **options: Any) -> None:
        try:
            self._options = chosen = msgspec.convert(options, WebOptions, strict=True)
        except msgspec.ValidationError as error:
            raise Misconfigured(
                "HF100", f"a setting of the source is wrong: {error}", "check the settings of the corpus"
            ) from error
        self._start = chosen.sitemap or chosen.site or ""
        host = urlsplit(self._start).hostname
        if not host:
            raise Misconfigured(
                "HF100", "the source 'web' needs a sitemap or a site", 'add sitemap = "https://.../sitemap.xml"'
            )
        self._globs = Globs(chosen.include, chosen.exclude)
        self._robot = chosen.user_agent.partition("/")[0].strip()
        self._most = int(chosen.max_page_mb * MB)
        self._fetcher = partial(
            Fetcher,
            user_agent=chosen.user_agent,
            delay_s=chosen.delay_s,
            sites=(host, *chosen.hosts),
            private_hosts=chosen.private_hosts,
            sleep=sleep,
        )

    async def pages(self, cursor: Json, landed: Landed) -> AsyncIterator[FeedPage]:
        """See `Feed`. A page that could not be fetched keeps the text it had; one that is gone loses it."""
        after = cursor.get("after") if isinstance(cursor, dict) else None
        async with self._fetcher() as fetcher:
            visit = _Visit(fetcher, self._robot, self._most, self._options.trust_lastmod)
            listed = await self._listed(visit)
            present = {KIND: frozenset(listed)}
            urls = [url for url in sorted(listed) if after is None or url > after]
            for start in range(0, len(urls), PAGE):
                batch = urls[start : start + PAGE]
                known = await asyncio.to_thread(_known, landed, batch)
                items = [item for url in batch if (item := await visit.item(url, listed[url], known.get(url)))]
                yield FeedPage(
                    items=tuple(items),
                    cursor={"after": batch[-1]},
                    present=None if start else present,
                    counts=None if start else {KIND: len(listed)},
                )
        yield FeedPage(items=(), cursor={"after": None}, present=present, counts={KIND: len(listed)})

    async def fetch(self, ids: Sequence[str]) -> FeedPage:
        """See `Feed`."""
        async with self._fetcher() as fetcher:
            visit = _Visit(fetcher, self._robot, self._most)
            found = [await visit.item(url, "", None) for url in ids]
        return FeedPage(items=tuple(item for item in found if item is not None), cursor=None)

    def documents(self, landed: Landed, only: Collection[str] | None = None) -> Iterator[RawDocument | Passed]:
        """See `Feed`. Pages that name one address as their own are one document."""
        for document_id, items in landed.documents(only):
            yield from documents_of(document_id, items, self._options.principals)

    async def _listed(self, visit: _Visit) -> dict[str, str]:
        """Every page that the sitemaps name and the settings ask for, with when it changed.

        Raises Misconfigured (HF109): a sitemap that is missing would make its pages look gone.
        """
        waiting = [self._options.sitemap] if self._options.sitemap else await visit.sitemaps(self._start)
        seen: set[str] = set()
        listed: dict[str, str] = {}
        while waiting:
            url = waiting.pop(0)
            if url in seen:
                continue
            seen.add(url)
            if len(seen) > MOST_SITEMAPS:
                raise _unread(self._start, f"more than {MOST_SITEMAPS} sitemaps", "name one of them as the sitemap")
            found = await visit.sitemap(url)
            waiting += [urljoin(url, further) for further in found.sitemaps]
            for page, changed in found.pages.items():
                address = urldefrag(urljoin(url, page)).url
                if self._globs.match(_path(address)):
                    listed[address] = changed
            if len(listed) > self._options.max_pages:
                said = f"more than {self._options.max_pages} pages"
                raise _unread(self._start, said, "raise max_pages, or choose among them with include and exclude")
        if not listed:
            raise _unread(self._start, "no page that is asked for", "check the sitemap, include and exclude")
        return listed


class _Visit:
    """One reading of a site: what its robots.txt files say is asked once."""

    def __init__(self, fetcher: Fetcher, robot: str, most: int, trust_lastmod: bool = True) -> None:
        self._fetcher = fetcher
        self._trust_lastmod = trust_lastmod
        self._failing = 0
        self._robot = robot
        self._most = most
        self._robots: dict[str, Robots | None] = {}

    async def sitemaps(self, site: str) -> list[str]:
        """The sitemaps that a site's robots.txt names, else the usual place. Raises Misconfigured (HF109)."""
        robots = await self.robots(site)
        if robots is None:
            raise _unread(site, "a robots.txt that cannot be read", "try again later, or name the sitemap")
        return list(robots.sitemaps) or [urljoin(site, "/sitemap.xml")]

    async def robots(self, url: str) -> Robots | None:
        """What concerns us in the robots.txt of a URL's host; None where the server fails to give it."""
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc}"
        if place not in self._robots:
            answer = await self._fetcher.get(f"{place}/robots.txt", MB)
            if answer.status == 200:
                found: Robots | None = read_robots(answer.body.decode("utf-8", "replace"), self._robot)
            else:  # the standard: what is not there forbids nothing, what fails forbids everything
                found = Robots() if 400 <= answer.status < 500 and answer.status != 429 else None
            if found is not None and found.delay_s:
                self._fetcher.slow_down(parts.hostname or "", found.delay_s)
            self._robots[place] = found
        return self._robots[place]

    async def sitemap(self, url: str) -> Any:
        """Raises Misconfigured (HF109)."""
        answer = await self._fetcher.get(url, MOST_BYTES)
        if answer.problem or answer.status != 200:
            raise _unread(url, answer.problem or f"an answer of {answer.status}", "check the address of the sitemap")
        try:
            return await asyncio.to_thread(read_sitemap, answer.body)
        except ValueError as error:
            raise _unread(url, f"no sitemap that can be read: {error}", "check the address of the sitemap") from error

    async def item(self, url: str, listed: str, known: Item | None) -> Item | None:
        """The page as it is now; None where it is as it was."""
        before = None if known is None or known.data is None else msgspec.convert(known.data, Kept)
        refused = await self._refused(url)
        if refused is not None:
            return self._made(url, refused, "", known)
        as_listed = before is not None and listed and before.listed == listed and not before.problem
        if as_listed and self._trust_lastmod:
            return None
        headers = {}
        if before is not None and (before.body or before.reason):
            headers = {"If-None-Match": before.etag} if before.etag else {}
            headers |= {"If-Modified-Since": before.modified} if before.modified else {}
        answer = await self._fetcher.get(url, self._most, headers)
        self._failing = self._failing + 1 if answer.status == 0 or answer.status in AGAIN else 0
        if self._failing >= MOST_FAILING:
            raise _unread(
                url,
                f"no answer, like {MOST_FAILING - 1} pages before it: {answer.problem or answer.status}",
                "sync again when the site is back; what was read is kept",
            )
        if answer.status == 304 and before is not None:
            assert known is not None
            now = msgspec.structs.replace(before, listed=listed, problem="")
            return None if now == before else Item(kind=KIND, id=url, document=known.document, data=as_data(now))
        return self._answered(url, listed, answer, known)

    def _answered(self, url: str, listed: str, answer: Fetched, known: Item | None) -> Item | None:
        if answer.status in GONE:
            gone = Kept(url=url, listed=listed, reason=f"its server says that it is gone ({answer.status})")
            return self._made(url, gone, "", known)
        if answer.status == 200 and not answer.problem:
            kept, canonical = kept_page(answer, listed, self._robot)
            return self._made(url, kept, canonical, known)
        problem = answer.problem or f"its server answered {answer.status}"
        return self._made(url, Kept(url=url, problem=problem), "", known)

    async def _refused(self, url: str) -> Kept | None:
        """Why a page is not asked for; None where it may be."""
        if not self._fetcher.is_ours(url):
            host = urlsplit(url).hostname or url[:80]
            return Kept(url=url, reason=f"on another site ({host}): add it to hosts to have it read")
        robots = await self.robots(url)
        if robots is None:
            return Kept(url=url, problem="its robots.txt cannot be read, so that nobody knows what is allowed")
        parts = urlsplit(url)
        if not robots.allows(parts.path + (f"?{parts.query}" if parts.query else "")):
            return Kept(url=url, reason="robots.txt asks not to read it")
        return None

    def _made(self, url: str, kept: Kept, canonical: str, known: Item | None) -> Item | None:
        """The item; None where it is the one that is known. What is known stays where there was a problem."""
        if kept.problem and known is not None and known.data is not None:
            kept = msgspec.structs.replace(msgspec.convert(known.data, Kept), problem=kept.problem)
            canonical = known.document
        ours = canonical if canonical and self._fetcher.is_ours(canonical) else url
        item = Item(kind=KIND, id=url, document=ours, data=as_data(kept))
        return None if known is not None and item == known else item


def _known(landed: Landed, urls: Sequence[str]) -> dict[str, Item]:
    return {url: item for url in urls if (item := landed.get(KIND, url)) is not None}


def _path(url: str) -> str:
    return urlsplit(url).path.lstrip("/")


def _unread(url: str, said: str, fix: str) -> Misconfigured:
    return Misconfigured("HF109", f"'{url}' gives {said}", fix)
