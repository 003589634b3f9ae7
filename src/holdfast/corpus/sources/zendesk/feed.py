"""A Zendesk account as a feed: the articles of its Help Centers, or its tickets.

Knows which of the two is asked for; knows nothing of where items are kept.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from holdfast.corpus.sources.zendesk import article_documents, ticket_documents
from holdfast.corpus.sources.zendesk.articles import Articles
from holdfast.corpus.sources.zendesk.client import Client
from holdfast.corpus.sources.zendesk.limits import Clock
from holdfast.corpus.sources.zendesk.options import read_options
from holdfast.corpus.sources.zendesk.probe import probe
from holdfast.corpus.sources.zendesk.tickets import Tickets
from holdfast.messages import Json
from holdfast.sources import FeedPage, Landed, Passed, RawDocument

PROBE_PATIENCE = "60s"


class ZendeskFeed:
    """A `Feed` of one account; the options are those of `Options`. Reads nothing before it is asked.

    Raises Misconfigured (HF100) for options that cannot work.
    """

    def __init__(self, *, clock: Clock | None = None, **options: Any) -> None:
        self._options = read_options(options)
        self._clock = clock or Clock()

    async def pages(self, cursor: Json, landed: Landed) -> AsyncIterator[FeedPage]:
        """See `Feed.pages`. Raises Misconfigured: HF109, HF113 when it refuses, HF114 when it never answers."""
        async with Client(self._options, self._clock) as client:
            async for page in self._reader(client).pages(cursor, landed):
                yield page

    async def fetch(self, ids: Sequence[str]) -> FeedPage:
        """See `Feed.fetch`. Raises Misconfigured as `pages` does."""
        async with Client(self._options, self._clock) as client:
            return FeedPage(items=await self._reader(client).fetch(ids), cursor=None)

    def documents(self, landed: Landed, only: Collection[str] | None = None) -> Iterator[RawDocument | Passed]:
        """See `Feed.documents`."""
        if self._options.content == "articles":
            return article_documents.documents(self._options, landed, only)
        return ticket_documents.documents(self._options, landed, only)

    def heard(self, message: Json) -> Sequence[str]:
        """The documents that a webhook's message may be about: the article or the ticket it names, none else.

        Takes Zendesk's own events (`zen:event-type:article.published`, with `detail.id`) and what triggers send as
        `{"article_id": ...}` or `{"ticket_id": ...}`. What else a message says is not believed.
        """
        kind = self._options.content.removesuffix("s")
        if not isinstance(message, dict):
            return ()
        named = message.get(f"{kind}_id")
        told, detail = str(message.get("type", "")), message.get("detail")
        if named is None and told.startswith(f"zen:event-type:{kind}.") and isinstance(detail, dict):
            named = detail.get("id")
        own = str(named) if isinstance(named, int | str) else ""
        return (own,) if own.isascii() and own.isdigit() else ()

    async def probe(self) -> str:
        """See `Probing`. Raises Misconfigured as `pages` does, after a minute at most."""
        hurried = replace(self._options, patience=PROBE_PATIENCE)
        async with Client(hurried, self._clock) as client:
            return await probe(hurried, client)

    def _reader(self, client: Client) -> Articles | Tickets:
        if self._options.content == "articles":
            return Articles(self._options, client, self._clock)
        return Tickets(self._options, client)
