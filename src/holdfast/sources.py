"""Where documents come from, as contracts: sources that are read whole, and feeds that say what changed.

Knows nothing of any kind of source, or of what becomes of a document.

A `Source` gives everything there is, each time. A `Feed` is for what is too big for that: it gives pages of items as
its API has them, each with a cursor to go on from; they are kept in a `Landing`, page by page, and documents are made
from what has landed. A page is kept whole or not at all, so that a sync which was stopped goes on where it was.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, TypeAlias, runtime_checkable

from msgspec import Struct

from holdfast.messages import Json

MediaType = Literal[
    "text/html",  # an article: every word counts
    "text/html; page",  # a web page: its article is wanted, its navigation is not
    "text/markdown",
    "text/plain",
    "text/csv",
    "message/rfc822",
    "application/vnd.holdfast.conversation+json",  # a `Conversation`
    "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
]
"""What cleaning knows how to read."""


class RawDocument(Struct, frozen=True, kw_only=True, tag_field="kind", tag="document"):
    """A document as its source holds it, not yet cleaned. `id` is the source's own and stays the same over time."""

    id: str
    body: str | bytes
    media_type: MediaType
    title: str | None = None
    url: str | None = None
    section: tuple[str, ...] = ()
    locale: str | None = None
    updated_at: datetime | None = None
    principals: tuple[str, ...] = ()
    metadata: dict[str, Json] = {}


class Passed(Struct, frozen=True, kw_only=True, tag_field="kind", tag="passed"):
    """Something the source holds that does not become a document, and why (`draft`, `empty body`).

    `failed`: it should have become one, and could not be fetched or read.
    """

    id: str
    reason: str
    failed: bool = False


class Turn(Struct, frozen=True, kw_only=True):
    """What one person said in a ticket or an exchange of mails. An `agent` answers for the company."""

    role: Literal["customer", "agent", "system"]
    body: str
    media_type: Literal["text/html", "text/plain"] = "text/plain"
    author: str = ""
    at: datetime | None = None


class Conversation(Struct, frozen=True, kw_only=True):
    """A ticket's comments, the oldest first: the body of a document, as JSON."""

    turns: tuple[Turn, ...]


class Source(Protocol):
    """Where documents come from. Reads everything that is there now; what is not read any more was deleted."""

    def read(self) -> AsyncIterator[RawDocument | Passed]:
        """Every item once. Raises Misconfigured (HF109) when the source as a whole cannot be read."""
        ...


class Item(Struct, frozen=True, kw_only=True):
    """A thing as a feed's API gave it, named by `kind` and `id`. `data` None: it is gone.

    `document` is the id of the document it is part of; empty where it may be part of many, as a section is.
    """

    kind: str
    id: str
    document: str = ""
    data: dict[str, Json] | None


class FeedPage(Struct, frozen=True, kw_only=True):
    """What a feed gives at a time. Once it is kept, reading may go on from `cursor`.

    `present` names, by kind, every id that the source has now: what else was kept of that kind is gone, unless a later
    `present` has it again. `counts` is how many of a kind the source itself says it has, where it says so.
    """

    items: tuple[Item, ...]
    cursor: Json
    present: Mapping[str, frozenset[str]] | None = None
    counts: Mapping[str, int] | None = None


class Landed(Protocol):
    """What has landed of a feed, what is gone left out. For threads: it reads a disk."""

    def get(self, kind: str, item_id: str) -> Item | None: ...

    def rows(self, kind: str) -> Iterator[Item]:
        """All of a kind, by id."""
        ...

    def documents(self, only: Collection[str] | None = None) -> Iterator[tuple[str, tuple[Item, ...]]]:
        """Each document's id with its items, by id, a few in memory at a time; of `only` these where it is given."""
        ...


@runtime_checkable
class Feed(Protocol):
    """A source that says what changed. It keeps nothing: run twice, or stopped halfway, it goes on from a cursor."""

    def pages(self, cursor: Json, landed: Landed) -> AsyncIterator[FeedPage]:
        """What changed since `cursor`, None: everything; ends when it has caught up. An item may come again.

        Raises Misconfigured (HF109) when it cannot be read.
        """
        ...

    async def fetch(self, ids: Sequence[str]) -> FeedPage:
        """The items of these documents as they are now, those that are gone too; its cursor means nothing.

        Raises Misconfigured (HF109).
        """
        ...

    def documents(self, landed: Landed, only: Collection[str] | None = None) -> Iterator[RawDocument | Passed]:
        """What the items make, each document once; of `only` these where it is given. Pure, for a thread."""
        ...


class Landing(Landed, Protocol):
    """The place where a feed's pages are kept. One writer at a time; a page is kept whole or not at all."""

    @property
    def cursor(self) -> Json:
        """That of the last page kept, None before the first."""
        ...

    def keep(self, page: FeedPage, *, moves: bool = True) -> None:
        """Keep a page, on disk when this returns; kept twice is kept once. `moves` False leaves the cursor alone.

        Raises StoreFailed (HF601).
        """
        ...

    def counts(self) -> Mapping[str, tuple[int, int | None]]:
        """By kind: how many there are here, and how many the source last said it has."""
        ...

    def document_ids(self) -> Iterator[str]:
        """The id of every document that has an item here, in order, without reading the items."""
        ...

    def touched(self, since: int) -> frozenset[str] | None:
        """The documents with an item that changed after the mark `since`, or that is gone since.

        None where an item of many documents changed, or the mark is none of what has landed here since `clear`.
        """
        ...

    @property
    def mark(self) -> int:
        """A number that every page that changes something raises; for `touched`."""
        ...

    def forget(self, mark: int) -> None:
        """Remove from the disk for good what was gone already at `mark`. Raises StoreFailed (HF601)."""
        ...

    def clear(self) -> None:
        """Forget everything, the cursor too; no mark from before counts any more."""
        ...

    def close(self) -> None:
        """Let go of the file. A second time does nothing."""
        ...


OpenLanding: TypeAlias = Callable[[Path], Landing]
"""Opens or makes the landing that is kept in a file. Raises StoreFailed (HF600, HF601, HF603)."""


@runtime_checkable
class Hearing(Protocol):
    """A feed whose vendor tells of changes as they happen."""

    def heard(self, message: Json) -> Sequence[str]:
        """The ids of the documents that a message may be about; empty: it says nothing of any.

        What else the message says is not believed: the documents are fetched.
        """
        ...


@runtime_checkable
class Probing(Protocol):
    """A source or a feed that can say, before anything is synced, whether it will be let in and to what."""

    async def probe(self) -> str:
        """What can be read, in one line. Raises Misconfigured (HF109, or a code of its own) where a sync would."""
        ...
