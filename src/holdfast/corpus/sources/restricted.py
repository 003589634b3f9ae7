"""A source or a feed whose documents are for some people only, where it does not say so itself.

Knows nothing of any kind of source.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Sequence

from msgspec.structs import replace

from holdfast.messages import Json
from holdfast.sources import Feed, FeedPage, Hearing, Landed, Passed, RawDocument, Source


def restricted(source: Source | Feed, principals: tuple[str, ...]) -> Source | Feed:
    """The same, with `principals` for every document that names nobody who may see it; none: the same as it is."""
    if not principals:
        return source
    return RestrictedFeed(source, principals) if isinstance(source, Feed) else RestrictedSource(source, principals)


class RestrictedSource:
    """A `Source` over another."""

    def __init__(self, source: Source, principals: tuple[str, ...]) -> None:
        self._source = source
        self._principals = principals

    async def read(self) -> AsyncIterator[RawDocument | Passed]:
        """See `Source`."""
        async for item in self._source.read():
            yield _for(item, self._principals)


class RestrictedFeed:
    """A `Feed` over another."""

    def __init__(self, feed: Feed, principals: tuple[str, ...]) -> None:
        self._feed = feed
        self._principals = principals

    def pages(self, cursor: Json, landed: Landed) -> AsyncIterator[FeedPage]:
        """See `Feed`."""
        return self._feed.pages(cursor, landed)

    async def fetch(self, ids: Sequence[str]) -> FeedPage:
        """See `Feed`."""
        return await self._feed.fetch(ids)

    def documents(self, landed: Landed, only: Collection[str] | None = None) -> Iterator[RawDocument | Passed]:
        """See `Feed`."""
        for item in self._feed.documents(landed, only):
            yield _for(item, self._principals)

    def heard(self, message: Json) -> Sequence[str]:
        """See `Hearing`; of a feed that is none, nothing is heard."""
        return self._feed.heard(message) if isinstance(self._feed, Hearing) else ()


def _for(item: RawDocument | Passed, principals: tuple[str, ...]) -> RawDocument | Passed:
    if isinstance(item, RawDocument) and not item.principals:
        return replace(item, principals=principals)
    return item
