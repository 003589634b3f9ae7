"""What is new, what has changed and what is gone, of a source beside the newest version of its corpus.

Knows nothing of what is done about it: a sync writes it, a forecast counts it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeAlias

from holdfast.contracts import Embedder, Progress
from holdfast.corpus.build import Plan, sweep
from holdfast.corpus.intake import Intake, Known, LandedFeed, Offered, Seen, WholeSource
from holdfast.corpus.outcomes import read_outcomes
from holdfast.corpus.prepare import hash_of, recipe
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.storage import CorpusFolder, Pointer
from holdfast.corpus.version import Opened, Version
from holdfast.corpus.work import Work
from holdfast.errors import StoreFailed
from holdfast.sources import Feed, Landing, OpenLanding, Passed, RawDocument, Source

BATCH_DOCUMENTS = 32
BRAKE_AT_LEAST = 10
BRAKE_SHARE = 0.5
TWICE = "the id is used by an earlier document"

Take: TypeAlias = Callable[[list[tuple[RawDocument, str]]], None]
"""Told of a batch of documents that are not in the base as they are, each with its hash; called in a thread."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a sync works with. `told` is a hash of what the source was told; `named` gives the numbers of versions that
    some release names."""

    settings: CorpusSettings
    folder: CorpusFolder
    opened: Opened
    source: Source | Feed
    told: str
    landings: OpenLanding
    embedder: Embedder | None
    vectors: Path
    named: Callable[[], Awaitable[Collection[int]]]


@dataclass(frozen=True, slots=True)
class How:
    """`full`: make everything anew, and read a feed from its start. `only`: just these documents of a feed.

    `anew`: what of a feed has landed is thrown away first; a forecast never does. `accept`: who lets limits be broken.
    """

    full: bool = False
    only: Collection[str] | None = None
    anew: bool = False
    accept: str | None = None


@dataclass(slots=True)
class Tally:
    """What has been counted so far."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    kept_ids: set[str] = field(default_factory=set)
    passed: list[Passed] = field(default_factory=list)


class Survey:
    """One comparison of a source with the newest version. For the holder of the corpus's lock."""

    def __init__(self, parts: Parts, how: How, work: Work, progress: Progress) -> None:
        self.tally = Tally()
        self.pointer: Pointer | None = None
        self.base: Version | None = None
        self.landing: Landing | None = None
        self.seen = Seen(fetched=0)
        self._parts = parts
        self._how = how
        self._work = work
        self._progress = progress
        self._plan: Plan | None = None
        self._known: Known | None = None

    @property
    def plan(self) -> Plan:
        """What the next version will say of itself. After `begin`."""
        assert self._plan is not None
        return self._plan

    @property
    def reusable(self) -> Version | None:
        """The base, where its chunks are what this sync would make of the same documents."""
        if self._how.full or self.base is None or self.base.manifest.recipe != self.plan.recipe:
            return None
        return self.base

    def begin(self, named: Collection[int]) -> None:
        """Clear away leftovers, open the newest version, and what has landed where the source is a feed.

        Raises StoreFailed (HF600, HF601, HF603).
        """
        parts, full = self._parts, self._how.full
        self.pointer = self._pointed()
        try:
            sweep(parts.folder, parts.settings.keep, named)
            if self.pointer is not None:
                self.base = parts.opened.version(self.pointer.newest)
        except StoreFailed:
            if not full:
                raise
            self.base = None  # --full makes everything anew, which is also how damage is repaired
        embedder = parts.embedder
        self._plan = Plan(
            number=1 if self.pointer is None else self.pointer.newest + 1,
            recipe=recipe(parts.settings, embedder),
            language=parts.settings.language,
            encoder=None if embedder is None else embedder.name,
            dimensions=0 if embedder is None else embedder.dimensions,
        )
        self._known = self._before()
        if isinstance(parts.source, Feed):
            self.landing = parts.landings(parts.folder.landing)
            if self._how.anew:
                self.landing.clear()

    def close(self) -> None:
        """Let go of what has landed."""
        if self.landing is not None:
            self.landing.close()

    async def read(self, take: Take) -> None:
        """Fetch, compare, and have `take` told of what is new or changed.

        Raises what the source raises, and what `take` does.
        """
        intake, tally, batch = self._intake(), self.tally, list[tuple[RawDocument, str]]()
        with self._work.timed("read"):
            await intake.fetch()
            stays, passed = await intake.stays(self._known)
        tally.kept_ids |= stays
        tally.unchanged += len(stays)
        tally.passed += passed
        offered = set(stays)
        async for some in intake.batches():
            with self._work.timed("read"):
                batch += self._changed(some, offered)
            if len(batch) >= BATCH_DOCUMENTS:
                await self._work.in_thread(partial(take, batch))
                batch = []
        if batch:
            await self._work.in_thread(partial(take, batch))
        self.seen = await intake.seen()

    def count(self, document_id: str, raw_hash: str) -> None:
        """Note that a document was kept."""
        tally = self.tally
        tally.kept_ids.add(document_id)
        known = None if self.base is None else self.base.entry(document_id)
        if known is None:
            tally.added += 1
        elif known.hash != raw_hash:
            tally.changed += 1
        else:
            tally.unchanged += 1  # as the source has it, but made anew

    @property
    def removed(self) -> list[str]:
        """The documents of the base that the source has no more. After `read`."""
        return [] if self.base is None else [one for one in self.base.places if one not in self.tally.kept_ids]

    @property
    def brakes(self) -> bool:
        """Whether so many documents are removed that somebody has to say that it is right."""
        total = 0 if self.base is None else len(self.base.places)
        removed = len(self.removed)
        return not self._how.full and removed >= BRAKE_AT_LEAST and removed > BRAKE_SHARE * total

    # ------------------------------------------------------------ inside

    def _intake(self) -> Intake:
        source = self._parts.source
        if self.landing is None or not isinstance(source, Feed):
            assert not isinstance(source, Feed)
            return WholeSource(source, self._progress)
        mark = None if self._known is None else self._known.outcomes.mark
        only = None if mark is None else self._how.only  # before the first whole sync there is nothing to add to
        return LandedFeed(source, self.landing, self._work, self._progress, only)

    def _before(self) -> Known | None:
        """What the newest version and the sync that made it left; None where everything is to be looked at."""
        outcomes = read_outcomes(self._parts.folder)
        base = self.reusable
        if base is None or outcomes is None:
            return None
        if (outcomes.version, outcomes.source) != (base.manifest.number, self._parts.told):
            return None
        return Known(base.places.keys(), outcomes)

    def _changed(self, some: Collection[Offered], offered: set[str]) -> list[tuple[RawDocument, str]]:
        """Those that are to be prepared; the rest is counted."""
        tally, found = self.tally, list[tuple[RawDocument, str]]()
        for item in some:
            if isinstance(item, Passed):
                tally.passed.append(item)
            elif item.id in offered:
                tally.passed.append(Passed(id=item.id, reason=TWICE))
            else:
                offered.add(item.id)
                raw_hash = hash_of(item)
                if self._stands(item.id, raw_hash):
                    tally.unchanged += 1
                    tally.kept_ids.add(item.id)
                else:
                    found.append((item, raw_hash))
        return found

    def _stands(self, document_id: str, raw_hash: str) -> bool:
        known = None if self.reusable is None else self.reusable.entry(document_id)
        return known is not None and known.hash == raw_hash

    def _pointed(self) -> Pointer | None:
        folder = self._parts.folder
        try:
            return folder.pointer()
        except StoreFailed:
            numbers = folder.numbers()
            if not self._how.full or not numbers:
                raise
            folder.point(Pointer(current=numbers[-1], newest=numbers[-1]))
            return folder.pointer()
