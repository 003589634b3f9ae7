"""What a sync looks at: everything a source has, or of a feed what changed since the newest version was made.

Knows nothing of cleaning, of versions, or of what becomes of a document.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from functools import partial
from itertools import islice
from typing import Protocol, TypeAlias

from msgspec import Struct

from holdfast.contracts import Progress
from holdfast.corpus.ledger import MAX_NAMED, SourceCount
from holdfast.corpus.outcomes import Outcomes
from holdfast.corpus.work import Work
from holdfast.sources import Feed, Landing, Passed, RawDocument, Source

Offered: TypeAlias = RawDocument | Passed
BATCH = 32
FETCH_BATCH = 100
ROUNDS = 3  # a source that is written to while it is read is asked again until its own count agrees


class Known(Struct, frozen=True):
    """What is known from the sync before: the documents of the newest version, if they can stay as they are, and what
    was passed over then."""

    documents: Collection[str]
    outcomes: Outcomes


class Seen(Struct, frozen=True, kw_only=True):
    """What there was: `fetched` items of the source in all, those that stay too. `unaccounted` were fetched and never
    offered, a few of their ids. `mark` is the landing's."""

    fetched: int
    counts: tuple[SourceCount, ...] = ()
    unaccounted: tuple[str, ...] = ()
    mark: int | None = None


class Intake(Protocol):
    """One reading of a source."""

    async def fetch(self) -> None:
        """Bring here what has to be here before it can be looked at."""
        ...

    async def stays(self, known: Known | None) -> tuple[frozenset[str], tuple[Passed, ...]]:
        """The documents of `known` that need not be looked at, and what was passed over and need not be either.

        `known` None: everything is to be looked at.
        """
        ...

    def batches(self) -> AsyncIterator[Sequence[Offered]]:
        """All the rest, a few at a time."""
        ...

    async def seen(self) -> Seen:
        """After the last batch: what there was."""
        ...


class WholeSource:
    """A source that is read whole each time."""

    def __init__(self, source: Source, progress: Progress) -> None:
        self._source = source
        self._progress = progress
        self._read = 0

    async def fetch(self) -> None:
        """There is nothing to fetch: it is read as it is looked at."""

    async def stays(self, known: Known | None) -> tuple[frozenset[str], tuple[Passed, ...]]:
        """Nothing: only reading tells what changed."""
        del known
        return frozenset(), ()

    async def batches(self) -> AsyncIterator[Sequence[Offered]]:
        """See `Intake`."""
        batch: list[Offered] = []
        async for item in self._source.read():
            self._read += 1
            batch.append(item)
            if len(batch) == BATCH:
                self._progress("read", self._read, None)
                yield batch
                batch = []
        self._progress("read", self._read, self._read)
        if batch:
            yield batch

    async def seen(self) -> Seen:
        """As much as was read."""
        return Seen(fetched=self._read)


class LandedFeed:
    """A feed, of which pages are kept first and documents made afterwards. `only`: just these documents are fetched."""

    def __init__(
        self, feed: Feed, landing: Landing, work: Work, progress: Progress, only: Collection[str] | None
    ) -> None:
        self._feed = feed
        self._landing = landing
        self._work = work
        self._progress = progress
        self._only = None if only is None else frozenset(only)
        self._look: frozenset[str] | None = None
        self._offered: set[str] = set()
        self._staying = 0
        self._before = 0
        self._mark = 0

    async def fetch(self) -> None:
        """Keep page after page, each on disk before the next is asked for; stopped, the next sync goes on from there.

        Raises what the feed raises, and StoreFailed (HF601).
        """
        self._before = await self._work.in_thread(lambda: self._landing.mark)
        if self._only is not None:
            await self._fetch_only(sorted(self._only))
            return
        for _ in range(ROUNDS):
            await self._fetch_pages()
            counts = await self._work.in_thread(self._landing.counts)
            if all(said is None or said == here for here, said in counts.values()):
                break

    async def _fetch_only(self, ids: Sequence[str]) -> None:
        for start in range(0, len(ids), FETCH_BATCH):
            page = await self._feed.fetch(ids[start : start + FETCH_BATCH])
            await self._work.in_thread(partial(self._landing.keep, page, moves=False))
            # an item may be of documents that were not asked for, as an article is of all its translations
            self._only = (self._only or frozenset()) | {item.document for item in page.items if item.document}
            self._progress("fetch", min(start + FETCH_BATCH, len(ids)), len(ids))

    async def _fetch_pages(self) -> None:
        fetched, pages = 0, self._feed.pages(self._landing.cursor, self._landing)
        try:
            async for page in pages:
                await self._work.in_thread(partial(self._landing.keep, page))
                fetched += len(page.items)
                self._progress("fetch", fetched, None)
        finally:
            if (close := getattr(pages, "aclose", None)) is not None:
                await close()  # lets go of its connections now

    async def stays(self, known: Known | None) -> tuple[frozenset[str], tuple[Passed, ...]]:
        """What no item changed of since the mark of `known`, as long as it is here at all."""
        kept, passed = await self._work.in_thread(partial(self._stays, known))
        self._staying = len(kept) + len(passed)
        return kept, passed

    def _stays(self, known: Known | None) -> tuple[frozenset[str], tuple[Passed, ...]]:
        self._mark = self._landing.mark
        mark = None if known is None else known.outcomes.mark
        if known is None or mark is None:
            return frozenset(), ()
        if self._only is not None:
            # An item may have left a document that was not asked for. What else changed is for the next whole sync.
            look = self._only | (self._landing.touched(self._before) or frozenset())
            self._look, self._mark = look, mark
            kept = frozenset(known.documents) - look
            return kept, tuple(one for one in known.outcomes.passed() if one.id not in look)
        touched = self._landing.touched(mark)
        if touched is None:
            return frozenset(), ()
        here = frozenset(self._landing.document_ids())
        passed = tuple(one for one in known.outcomes.passed() if one.id in here and one.id not in touched)
        kept = (here & frozenset(known.documents)) - touched
        self._look = here - kept - {one.id for one in passed}
        return kept, passed

    async def batches(self) -> AsyncIterator[Sequence[Offered]]:
        """See `Intake`."""
        making = self._feed.documents(self._landing, self._look)
        try:
            while batch := await self._work.in_thread(partial(_some, making)):
                self._offered.update(one.id for one in batch)
                self._progress("read", len(self._offered), None if self._look is None else len(self._look))
                yield batch
        finally:
            if (close := getattr(making, "close", None)) is not None:
                await self._work.in_thread(close)

    async def seen(self) -> Seen:
        """How many documents have landed, and which of them were to be looked at and were not offered."""
        return await self._work.in_thread(self._seen)

    def _seen(self) -> Seen:
        counts = tuple(SourceCount(kind, here, said) for kind, (here, said) in self._landing.counts().items())
        here = frozenset(self._landing.document_ids())
        missing = here - self._offered if self._look is None else (here & self._look) - self._offered
        named = tuple(sorted(missing)[: MAX_NAMED + 1])
        if self._only is not None:  # what the source last counted is older than what was fetched now
            fetched = self._staying + len(self._offered) + len(missing)
            return Seen(fetched=fetched, unaccounted=named, mark=self._mark)
        return Seen(fetched=len(here), counts=counts, unaccounted=named, mark=self._mark)


def _some(making: Iterator[Offered]) -> list[Offered]:
    return list(islice(making, BATCH))
