"""What changed in the Help Centers of an account, page by page: the incremental export, and a sweep over all ids.

Knows the API's lists; how an article becomes items is `article_items`, and documents are made elsewhere.

The export says what changed, never what is gone, and its pages can be cut in the middle of a second. So everything is
listed too, in every language: what is not listed was archived, and what is listed and not as it was kept is read again.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import TypeVar

import msgspec
from msgspec import Struct

from holdfast.corpus.sources.values import text_of, truth_of
from holdfast.corpus.sources.zendesk import article_items as items_of
from holdfast.corpus.sources.zendesk.article_items import ARTICLE, ATTACHMENT, CATEGORY, SECTION, SEGMENT, TRANSLATION
from holdfast.corpus.sources.zendesk.attached import media_type_of
from holdfast.corpus.sources.zendesk.client import LARGEST_FILE_BYTES, Client, Row, rows_of
from holdfast.corpus.sources.zendesk.limits import Clock
from holdfast.corpus.sources.zendesk.options import Options
from holdfast.corpus.sources.zendesk.refusal import Refusal
from holdfast.errors import Misconfigured
from holdfast.messages import Json
from holdfast.sources import FeedPage, Item, Landed

OVERLAP_S = 300
"""How far behind its end the export is read again: clocks differ, and rows appear late."""
BATCH = 50
API = "/api/v2/help_center"

T = TypeVar("T")


class ArticlesState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far reading has come. `since` is the end of the export by host, in seconds since 1970."""

    made: str
    since: dict[str, int] = {}
    swept_at: float = 0.0


class Articles:
    """The Help Centers of an account, through an open client. One run of it; nothing is kept between runs."""

    def __init__(self, options: Options, client: Client, clock: Clock) -> None:
        self._options = options
        self._client = client
        self._clock = clock
        self._locales = frozenset(items_of.lower(locale) for locale in options.locales)

    async def pages(self, cursor: Json, landed: Landed) -> AsyncIterator[FeedPage]:
        """What changed since the cursor; see `Feed.pages`."""
        state = _state(cursor, self._options.made)
        locales = {host: await self._wanted(host) for host in self._options.help_centers}
        yield await self._tree(locales, msgspec.to_builtins(state))
        if not self._options.anonymous:
            for host in locales:
                async for items, since in self._changes(host, state.since.get(host, 0), landed):
                    state = msgspec.structs.replace(state, since={**state.since, host: since})
                    yield FeedPage(items=tuple(items), cursor=msgspec.to_builtins(state))
        if self._clock.now() - state.swept_at >= self._options.sweep_every_s:
            swept = msgspec.structs.replace(state, swept_at=self._clock.now())
            async for page in self._sweep(locales, landed, msgspec.to_builtins(state), msgspec.to_builtins(swept)):
                yield page

    async def fetch(self, ids: Sequence[str]) -> tuple[Item, ...]:
        """The items of the articles that these documents are of, as they are now."""
        items: list[Item] = []
        for article_id in dict.fromkeys(items_of.article_of(document) for document in ids):
            items += await self._one(article_id)
        return tuple(items)

    # ------------------------------------------------------------ where articles stand

    async def _wanted(self, host: str) -> tuple[str, ...]:
        """The languages of a Help Center that are wanted, its default first."""
        body = await self._client.get(f"{host}{API}/locales", "locales")
        default = text_of(body.get("default_locale"))
        there = [text_of(locale) for locale in body["locales"] if text_of(locale)]
        there.sort(key=lambda locale: (items_of.lower(locale) != items_of.lower(default), locale))
        return tuple(one for one in there if not self._locales or items_of.lower(one) in self._locales)

    async def _tree(self, locales: dict[str, tuple[str, ...]], cursor: Json) -> FeedPage:
        """Sections and categories with their names in every language, and who user segments are."""
        items: dict[tuple[str, str], Item] = {}
        for host, wanted in locales.items():
            for kind, name in ((CATEGORY, "categories"), (SECTION, "sections")):
                for place, localized in self._places(wanted):
                    async for rows in self._client.listed(f"{host}{API}{place}/{name}", name):
                        for row in rows:
                            item = items_of.tree_item(kind, row, localized=localized)
                            items.setdefault((kind, item.id), item)
        for row in await self._segments():
            item = items_of.segment_item(row)
            items[SEGMENT, item.id] = item
        kinds = (CATEGORY, SECTION, SEGMENT)
        present = {kind: frozenset(own for of, own in items if of == kind) for kind in kinds}
        return FeedPage(items=tuple(items.values()), cursor=cursor, present=present)

    def _places(self, wanted: Iterable[str]) -> list[tuple[str, bool]]:
        """The lists to read, as parts of a path, and whether each is in one more language than the plain one."""
        if self._options.anonymous:  # who may not read the plain list: the first language stands for it
            return [(f"/{locale.lower()}", number > 0) for number, locale in enumerate(wanted)]
        return [("", False), *((f"/{locale.lower()}", True) for locale in wanted)]

    async def _segments(self) -> list[Row]:
        """User segments, where they may be read. Where they may not, nobody is let in because of what one says."""
        if self._options.anonymous:
            return []
        found: list[Row] = []
        try:
            async for rows in self._client.listed(f"{self._options.origin}{API}/user_segments", "user_segments"):
                found += rows
        except Refusal as error:
            if error.status not in (403, 404):
                raise
            return []
        return found

    # ------------------------------------------------------------ what changed

    async def _changes(self, host: str, since: int, landed: Landed) -> AsyncIterator[tuple[list[Item], int]]:
        """The export from `since`, in batches; each with how far it is read when the batch is kept."""
        start = max(0, since - OVERLAP_S)
        url: str | None = _export(host, start)
        met: set[tuple[str, str]] = set()
        asked: set[str] = set()
        while url and url not in asked:
            asked.add(url)
            body = await self._client.get(url, "articles")
            rows = _with_translations(body)
            end = body.get("end_time")
            reached = max(since, end) if rows and isinstance(end, int) else since  # of an empty page the end is 1
            for begin in range(0, len(rows), BATCH):
                last = begin + BATCH >= len(rows)
                yield await self._items(host, rows[begin : begin + BATCH], landed), reached if last else since
            since = reached
            new = {(text_of(row.get("id")), text_of(row.get("updated_at"))) for row in rows} - met
            met |= new
            url = text_of(body.get("next_page")) or None
            if url and rows and not new:  # more of one second than a page holds: go on after it, the sweep has the rest
                start = max(start, since) + 1
                url = _export(host, start)

    async def _items(self, host: str, rows: Sequence[Row], landed: Landed, *, listed: bool = False) -> list[Item]:
        """The items of those articles that are not kept as they are. `listed`: they are in one language each."""
        kept = await _in_thread(lambda: [_kept(row, landed) for row in rows])
        items: list[Item] = []
        for row, (article, translation) in zip(rows, kept, strict=True):
            if not items_of.differs(row, article, translation):
                continue
            if self._options.anonymous:
                items += _only_listed(row, article)
            elif listed and not items_of.is_original(row):
                items += await self._one(text_of(row.get("id")), (host,), article)
            else:
                items += await self._whole(host, row, article, landed)
        return items

    async def _whole(self, host: str, row: Row, known: Row | None, landed: Landed | None = None) -> list[Item]:
        """An article with all its translations."""
        article_id = text_of(row.get("id"))
        inline = row.get("translations")
        translations: list[Row] = list(rows_of(row, "translations"))
        if not isinstance(inline, list):
            url = f"{host}{API}/articles/{article_id}/translations"
            try:
                async for some in self._client.listed(url, "translations"):
                    translations += some
            except Refusal as error:
                if error.status not in (404, 410):
                    raise
                return self._gone(article_id, known)  # archived since it was listed
        files = await self._files(host, article_id, landed) if self._options.attachments else []
        return items_of.article_items(row, translations, files, known, self._locales)

    async def _one(self, article_id: str, hosts: Sequence[str] = (), known: Row | None = None) -> list[Item]:
        """An article by its id, wherever it is; as gone where it is nowhere."""
        for host in hosts or self._options.help_centers:
            if self._options.anonymous:
                if items := await self._every_language(host, article_id, known):
                    return items
            elif (body := await self._client.find(f"{host}{API}/articles/{article_id}", "article")) is not None:
                return await self._whole(host, body["article"], known)
        locales = [one for host in self._options.help_centers for one in await self._wanted(host)]
        return self._gone(article_id, known, locales)

    async def _every_language(self, host: str, article_id: str, known: Row | None) -> list[Item]:
        """An article as everybody sees it, asked for in each language."""
        items: list[Item] = []
        for locale in await self._wanted(host):
            body = await self._client.find(f"{host}{API}/{locale.lower()}/articles/{article_id}", "article")
            if body is not None and items_of.lower(body["article"].get("locale")) == items_of.lower(locale):
                items += _only_listed(body["article"], known)
        return items

    def _gone(self, article_id: str, known: Row | None, locales: Iterable[str] = ()) -> list[Item]:
        article = known or {}
        source = text_of(article.get("source_locale"))
        named = {items_of.lower(one) for one in (*article.get("locales", ()), *locales)}
        return [
            *items_of.gone_items(article_id, source, named, whole=True),
            *items_of.gone_files(article_id, article.get("files", ())),
        ]

    async def _files(self, host: str, article_id: str, landed: Landed | None) -> list[Row]:
        """The files of an article that may become documents, read where they were not read before."""
        url = f"{host}{API}/articles/{article_id}/attachments"
        found: list[Row] = []
        async for rows in self._client.listed(url, "article_attachments"):
            for row in rows:
                if truth_of(row.get("inline")):
                    continue  # a picture in the text
                own = text_of(row.get("id"))
                before = None if landed is None else await asyncio.to_thread(landed.get, ATTACHMENT, own)
                found.append(await self._file(row, None if before is None else before.data))
        return found

    async def _file(self, row: Row, before: Row | None) -> Row:
        told = {name: row.get(name) for name in ("id", "file_name", "content_type", "size", "updated_at")}
        if before is not None and "content" in before and all(before.get(name) == told[name] for name in told):
            return {**told, "content": before["content"]}
        size = row.get("size")
        if media_type_of(told) is None:
            return {**told, "unread": "not a kind of file that is read"}
        if isinstance(size, int) and size > LARGEST_FILE_BYTES:
            return {**told, "unread": f"larger than {LARGEST_FILE_BYTES} bytes"}
        if text_of(row.get("malware_scan_result")) == "malware_found":
            return {**told, "unread": "Zendesk found malware in it"}
        try:
            content = await self._client.file(text_of(row.get("content_url")))
        except Refusal as error:
            return {**told, "unread": f"the host answered {error.status}"}
        except Misconfigured as error:
            return {**told, "unread": error.message, "again": True}
        return {**told, "content": base64.b64encode(content).decode()}

    # ------------------------------------------------------------ what is there

    async def _sweep(
        self, locales: dict[str, tuple[str, ...]], landed: Landed, cursor: Json, swept: Json
    ) -> AsyncIterator[FeedPage]:
        """Every list in every language: what is not as it was kept, and at the end all that is there."""
        articles: set[str] = set()
        plain: set[str] = set()
        translations: set[str] = set()
        said: int | None = 0
        for host, wanted in locales.items():
            for place, _ in self._places(wanted):
                url = f"{host}{API}{place}/articles"
                async for rows in self._client.listed(url, "articles", sort_by="created_at", sort_order="asc"):
                    for row in rows:
                        own = text_of(row.get("id"))
                        (plain if place == "" else articles).add(own)
                        translations.add(items_of.translation_id(own, text_of(row.get("locale"))))
                    if items := await self._items(host, rows, landed, listed=True):
                        yield FeedPage(items=tuple(items), cursor=cursor)
            said = await self._count(host, said)
        # the count is of the plain lists: it says nothing where another list had more
        counts = {ARTICLE: said} if said is not None and articles <= plain else None
        articles |= plain
        present = await _in_thread(lambda: _present(landed, articles, translations))
        yield FeedPage(items=(), cursor=swept, present=present, counts=counts)

    async def _count(self, host: str, before: int | None) -> int | None:
        """How many articles the Help Center says it has, with those counted before; None where it does not say."""
        if before is None or self._options.anonymous:
            return None
        body = await self._client.get(f"{host}{API}/articles", "articles", per_page=1)
        count = body.get("count")
        return before + count if isinstance(count, int) else None


def _state(cursor: Json, made: str) -> ArticlesState:
    """How far a cursor says reading has come; everything is read anew where other settings made it."""
    try:
        state = msgspec.convert(cursor, ArticlesState)
    except msgspec.ValidationError:
        return ArticlesState(made=made)
    return state if state.made == made else ArticlesState(made=made)


def _export(host: str, start: int) -> str:
    return f"{host}{API}/incremental/articles?start_time={start}&include=translations"


def _with_translations(body: Row) -> tuple[Row, ...]:
    """The articles of a page, each with its own of the translations that came beside them."""
    beside: dict[str, list[Row]] = {}
    for one in rows_of(body, "translations"):
        beside.setdefault(text_of(one.get("source_id")), []).append(one)
    rows = rows_of(body, "articles")
    return tuple(
        {**row, "translations": found} if (found := beside.get(text_of(row.get("id")))) else row for row in rows
    )


def _kept(row: Row, landed: Landed) -> tuple[Row | None, Row | None]:
    """An article and its translation as they are kept, for one as it is listed."""
    own = text_of(row.get("id"))
    article = landed.get(ARTICLE, own)
    translation = landed.get(TRANSLATION, items_of.translation_id(own, text_of(row.get("locale"))))
    return None if article is None else article.data, None if translation is None else translation.data


def _only_listed(row: Row, known: Row | None) -> list[Item]:
    """An article as somebody without an account sees it: everything that is known of it is in the list."""
    made = items_of.article_items({"user_segment_id": None, **row}, [items_of.as_translation(row)], (), None, ())
    before = set(() if known is None else known.get("locales", ()))
    article, *translations = made
    if known is not None and not items_of.is_original(row):
        data = {**known, "locales": sorted(before | {items_of.lower(row.get("locale"))})}
    else:
        data = {**(article.data or {}), "locales": sorted(before | {items_of.lower(row.get("locale"))})}
    return [msgspec.structs.replace(article, data=data), *translations]


def _present(landed: Landed, articles: set[str], translations: set[str]) -> dict[str, frozenset[str]]:
    """What is there, with what no list names: unpublished translations, and files, of articles that are listed."""
    kept, files = set(translations), set()
    for item in landed.rows(TRANSLATION):
        data = item.data or {}
        if text_of(data["article"].get("id")) in articles and (data.get("draft") or data.get("hidden")):
            kept.add(item.id)
    for item in landed.rows(ATTACHMENT):
        if text_of((item.data or {})["article"].get("id")) in articles:
            files.add(item.id)
    return {ARTICLE: frozenset(articles), TRANSLATION: frozenset(kept), ATTACHMENT: frozenset(files)}


async def _in_thread(work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work)
