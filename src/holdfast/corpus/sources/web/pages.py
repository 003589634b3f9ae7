"""A web page as it is kept: its text, what it says of itself, or why it is not read. Knows nothing of fetching."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urldefrag, urljoin

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from holdfast.corpus.formats.sniff import EXPECTED
from holdfast.corpus.sources.values import moment_of
from holdfast.corpus.sources.web.fetching import Fetched
from holdfast.corpus.sources.web.robots import forbids_index
from holdfast.corpus.text import decode
from holdfast.messages import Json
from holdfast.sources import Item, MediaType, Passed, RawDocument

KIND = "page"
HEAD_BYTES = 200_000
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{2,40})", re.IGNORECASE)
_TYPES: Mapping[str, MediaType] = {
    "text/html": "text/html; page",
    "application/xhtml+xml": "text/html; page",
    "text/plain": "text/plain",
    "text/markdown": "text/markdown",
    "text/csv": "text/csv",
    **{media_type: media_type for media_type in EXPECTED},
}


class Kept(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The data of an item. `body` is base64 where `binary`. `reason`: it does not become a document, and why.

    `problem`: it could not be fetched the last time; what is known from before stays. `listed` is what its sitemap says
    of when it changed, `etag` and `modified` are its server's validators.
    """

    url: str
    media_type: str = ""
    body: str = ""
    binary: bool = False
    locale: str = ""
    listed: str = ""
    etag: str = ""
    modified: str = ""
    reason: str = ""
    problem: str = ""


def kept_page(fetched: Fetched, listed: str, robot: str) -> tuple[Kept, str]:
    """What an answer of 200 is kept as, and the URL that it names as its own, empty where it names none."""
    said, _, parameters = fetched.headers.get("content-type", "").partition(";")
    media_type = _TYPES.get(said.strip().lower())
    bare = Kept(
        url=fetched.url,
        listed=listed,
        etag=fetched.headers.get("etag", ""),
        modified=fetched.headers.get("last-modified", ""),
    )
    if forbids_index(fetched.robots, robot):
        return replace(bare, reason="its server asks not to index it (noindex)"), ""
    if media_type is None:
        return replace(bare, reason=f"not a kind that is read ({said.strip()[:80] or 'no Content-Type'})"), ""
    if media_type in EXPECTED:
        body = base64.b64encode(fetched.body).decode()
        return replace(bare, media_type=media_type, body=body, binary=True), ""
    declared = parameters.lower().partition("charset=")[2].strip(" \"'").partition(";")[0]
    if not declared and (found := _CHARSET.search(fetched.body[:4096])):
        declared = found[1].decode("ascii")
    page = replace(bare, media_type=media_type, body=decode(fetched.body, declared or None)[0])
    if media_type != "text/html; page":
        return page, ""
    head = _Head(page.body[:HEAD_BYTES], fetched.url, robot)
    if head.noindex:
        return replace(bare, reason="it asks not to be indexed (noindex)"), ""
    return replace(page, locale=head.locale), head.canonical


class _Head:
    """What stands in the head of a page."""

    def __init__(self, html: str, url: str, robot: str) -> None:
        from selectolax.lexbor import LexborHTMLParser

        tree = LexborHTMLParser(html)
        directives = [
            element.attributes.get("content") or ""
            for element in tree.css("meta[name]")
            if (element.attributes.get("name") or "").strip().lower() in ("robots", robot.lower())
        ]
        self.noindex = bool(forbids_index(directives, robot))
        root = tree.css_first("html[lang]")
        self.locale = ((root.attributes.get("lang") if root is not None else None) or "").strip()[:35]
        link = tree.css_first("link[rel=canonical][href]")
        href = ((link.attributes.get("href") if link is not None else None) or "").strip()
        try:
            self.canonical = urldefrag(urljoin(url, href)).url if href else ""
        except ValueError:
            self.canonical = ""


def documents_of(
    document_id: str, items: Iterable[Item], principals: tuple[str, ...]
) -> Iterable[RawDocument | Passed]:
    """The document that pages with one address of their own make, and why others of them make none."""
    pages = [(item, msgspec.convert(item.data, Kept)) for item in items if item.data is not None]
    bodies = [(item, page) for item, page in pages if page.body and not page.reason]
    chosen = min(bodies, key=lambda pair: (pair[0].id != document_id, pair[0].id), default=None)
    for item, page in pages:
        if chosen is not None and item is chosen[0]:
            yield _document(document_id, page, principals)
            if page.problem:
                reason = f"{page.problem}; what was read before stays"
                yield Passed(id=f"{item.id}#now", reason=reason, failed=True)
        elif page.reason:
            yield Passed(id=item.id, reason=page.reason)
        elif page.problem:
            yield Passed(id=item.id, reason=page.problem, failed=True)
        else:
            yield Passed(
                id=item.id, reason=f"a copy: it names {document_id} as its address" if page.body else "empty page"
            )


def _document(document_id: str, page: Kept, principals: tuple[str, ...]) -> RawDocument:
    media_type: MediaType = _TYPES.get(page.media_type.partition(";")[0], "text/plain")
    return RawDocument(
        id=document_id,
        body=base64.b64decode(page.body) if page.binary else page.body,
        media_type=media_type,
        url=document_id,
        locale=page.locale or None,
        updated_at=moment_of(page.listed) or _dated(page.modified),
        principals=principals,
    )


def _dated(value: str) -> datetime | None:
    try:
        at = parsedate_to_datetime(value) if value else None
    except (ValueError, TypeError):
        return None
    return None if at is None else at if at.tzinfo else at.replace(tzinfo=UTC)


def as_data(kept: Kept) -> dict[str, Json]:
    data: dict[str, Json] = msgspec.to_builtins(kept)
    return data
