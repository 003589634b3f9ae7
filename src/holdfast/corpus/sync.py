"""A sync: source -> clean -> chunk -> skip what is unchanged -> embed -> write -> prove -> publish.

Knows nothing of where documents come from or of how a version is searched.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TypeVar

from holdfast.contracts import Embedder, Progress
from holdfast.corpus.admitting import Admission
from holdfast.corpus.build import Build, Plan, sweep
from holdfast.corpus.checks.examine import Passing
from holdfast.corpus.last_sync import keep_last_sync
from holdfast.corpus.prepare import Prepared, chunk_limit, hash_of, prepare, recipe
from holdfast.corpus.quality import QualityReport, SyncReport, grouped
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.storage import CorpusFolder, Pointer
from holdfast.corpus.vectors import VectorCache
from holdfast.corpus.version import Opened, Version
from holdfast.errors import StoreFailed
from holdfast.sources import Passed, RawDocument, Source

BATCH_DOCUMENTS = 32
BRAKE_AT_LEAST = 10
BRAKE_SHARE = 0.5
NO_ENCODER = "no encoder is installed: run `holdfast models pull`, then sync again"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Parts:
    """What a sync works with. `named` gives the numbers of versions that some release names."""

    settings: CorpusSettings
    folder: CorpusFolder
    opened: Opened
    source: Source
    embedder: Embedder | None
    vectors: Path
    named: Callable[[], Awaitable[Collection[int]]]


@dataclass(slots=True)
class _Tally:
    """What has been counted so far."""

    read: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    embedded: int = 0
    written_chunks: int = 0
    kept_ids: set[str] = field(default_factory=set)
    passed: list[tuple[str, str]] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)


class Sync:
    """One run, for one corpus. Run twice over the same source, the second publishes nothing.

    Stopped anywhere (an error, Ctrl-C, kill -9), the version before still serves and the next sync starts clean;
    what was embedded is not embedded again.
    """

    def __init__(self, parts: Parts, *, full: bool, progress: Progress, accept: str | None = None) -> None:
        self._parts = parts
        self._admission = Admission(parts.settings, parts.folder, accept)
        self._full = full
        self._progress = progress
        self._tally = _Tally()
        self._build: Build | None = None
        self._base: Version | None = None
        self._plan: Plan | None = None
        self._cache = None if parts.embedder is None else VectorCache(parts.vectors, parts.embedder)
        self._stopped = threading.Event()

    async def run(self) -> SyncReport:
        """Bring the corpus up to date. Waits while another sync of it runs.

        Raises Misconfigured (HF109) when the source cannot be read, StoreFailed: HF601 when the disk does not take
        it, HF603 when what is on disk is damaged, HF604 when more than half of the documents would vanish, HF621 when
        what was made breaks a limit of the corpus.
        """
        started = time.perf_counter()
        async with self._parts.folder.lock(self._progress):
            pointer = await self._in_thread(partial(self._begin, await self._parts.named()))
            try:
                await self._read()
                report = await self._in_thread(partial(self._end, pointer, started))
            finally:
                if self._build is not None:
                    self._build.abandon()
            if report.published:  # a release may have been made meanwhile: ask again which versions are named
                await self._in_thread(partial(self._sweep, await self._parts.named()))
        return report

    # ------------------------------------------------------------ before

    def _begin(self, named: Collection[int]) -> Pointer | None:
        """Clear away leftovers and open the newest version, which is what the source is compared with."""
        parts = self._parts
        pointer = self._pointer()
        try:
            self._sweep(named)
            if pointer is not None:
                self._base = parts.opened.version(pointer.newest)
        except StoreFailed:
            if not self._full:
                raise
            self._base = None  # --full makes everything anew, which is also how damage is repaired
        embedder = parts.embedder
        self._plan = Plan(
            number=1 if pointer is None else pointer.newest + 1,
            recipe=recipe(parts.settings, embedder),
            language=parts.settings.language,
            encoder=None if embedder is None else embedder.name,
            dimensions=0 if embedder is None else embedder.dimensions,
        )
        return pointer

    def _sweep(self, named: Collection[int]) -> None:
        sweep(self._parts.folder, self._parts.settings.keep, named)

    def _pointer(self) -> Pointer | None:
        folder = self._parts.folder
        try:
            return folder.pointer()
        except StoreFailed:
            numbers = folder.numbers()
            if not self._full or not numbers:
                raise
            folder.point(Pointer(current=numbers[-1], newest=numbers[-1]))
            return folder.pointer()

    @property
    def _reusable(self) -> Version | None:
        """The base, where its chunks are what this sync would make of the same documents."""
        assert self._plan is not None
        if self._full or self._base is None or self._base.manifest.recipe != self._plan.recipe:
            return None
        return self._base

    # ------------------------------------------------------------ documents

    async def _read(self) -> None:
        tally, batch = self._tally, list[tuple[RawDocument, str]]()
        seen: set[str] = set()
        mark = time.perf_counter()
        async for item in self._parts.source.read():
            tally.read += 1
            if isinstance(item, Passed):
                tally.passed.append((item.id, item.reason))
                if item.failed:
                    tally.failed.append(item.id)
            elif item.id in seen:
                tally.passed.append((item.id, "the id is used by an earlier document"))
            else:
                seen.add(item.id)
                if (raw_hash := self._changed(item)) is not None:
                    batch.append((item, raw_hash))
            if tally.read % BATCH_DOCUMENTS == 0:
                self._progress("read", tally.read, None)
            if len(batch) >= BATCH_DOCUMENTS:
                self._spent("read", mark)
                await self._in_thread(partial(self._take, batch))
                batch, mark = [], time.perf_counter()
        self._spent("read", mark)
        self._progress("read", tally.read, tally.read)
        if batch:
            await self._in_thread(partial(self._take, batch))

    def _changed(self, raw: RawDocument) -> str | None:
        """The document's hash; None where the document is in the base as it is."""
        raw_hash = hash_of(raw)
        if (base := self._reusable) is not None:
            known = base.entry(raw.id)
            if known is not None and known.hash == raw_hash:
                self._tally.unchanged += 1
                self._tally.kept_ids.add(raw.id)
                return None
        return raw_hash

    def _take(self, batch: list[tuple[RawDocument, str]]) -> None:
        """Clean, chunk, embed and write a batch."""
        embedder, settings = self._parts.embedder, self._parts.settings
        limit = chunk_limit(settings, embedder)
        count = None if embedder is None else embedder.count_tokens
        prepared: list[Prepared] = []
        with self._timed("prepare"):
            for raw, raw_hash in batch:
                made = prepare(raw, raw_hash, max_tokens=limit, count_tokens=count)
                if isinstance(made, Passed):
                    self._tally.passed.append((made.id, made.reason))
                else:
                    prepared.append(made)
        texts = [chunk.index_text for one in prepared for chunk in one.chunks]
        vectors = None
        if self._cache is not None:
            with self._timed("embed"):
                vectors, missing = self._cache.embed(texts, fresh=self._full, stopped=self._stopped.is_set)
            self._tally.embedded += missing
        if self._stopped.is_set() or not prepared:
            return
        with self._timed("write"):
            build, row = self._building(), 0
            for one in prepared:
                rows = None if vectors is None else vectors[row : row + len(one.chunks)]
                build.put(one, rows)
                self._count(one)
                row += len(one.chunks)
        self._tally.written_chunks += len(texts)
        self._progress("index", self._tally.written_chunks, None)

    def _count(self, one: Prepared) -> None:
        tally = self._tally
        tally.kept_ids.add(one.entry.id)
        known = None if self._base is None else self._base.entry(one.entry.id)
        if known is None:
            tally.added += 1
        elif known.hash != one.entry.hash:
            tally.changed += 1
        else:
            tally.unchanged += 1  # as the source has it, but made anew

    def _building(self) -> Build:
        if self._build is None:
            assert self._plan is not None
            self._build = Build(self._parts.folder, self._plan, self._reusable)
        return self._build

    # ------------------------------------------------------------ after

    def _end(self, pointer: Pointer | None, started: float) -> SyncReport:
        """Publish what changed, if anything did, and report; the report is kept."""
        base, tally = self._base, self._tally
        removed = [] if base is None else [known for known in base.places if known not in tally.kept_ids]
        self._brake(removed)
        version = base
        if self._build is not None or removed or self._reusable is None:
            build = self._building()
            with self._timed("write"):
                for document_id in removed:
                    build.drop(document_id)
            self._progress("prove", 0, None)
            with self._timed("finish"):
                version = build.finish()
            with self._timed("examine"):
                quality = self._admission.admit(version, base, Passing(tally.read, tally.passed, tally.failed))
            with self._timed("finish"):
                build.publish()
            if self._cache is not None:
                with self._timed("tidy"):
                    self._cache.tidy()
        else:
            assert version is not None
            quality = self._admission.standing(version)
        report = self._report(pointer, version, quality, len(removed), started)
        keep_last_sync(self._parts.folder, report)
        return report

    def _brake(self, removed: list[str]) -> None:
        """Stop before a source that has gone wrong empties the corpus."""
        total = 0 if self._base is None else len(self._base.places)
        if self._full or len(removed) < BRAKE_AT_LEAST or len(removed) <= BRAKE_SHARE * total:
            return
        name = self._parts.settings.name
        raise StoreFailed(
            "HF604",
            f"this sync would remove {len(removed)} of the {total} documents of corpus '{name}'; nothing was changed",
            f"if that is right: holdfast sync {name} --full",
        )

    def _report(
        self, pointer: Pointer | None, version: Version, quality: QualityReport, removed: int, started: float
    ) -> SyncReport:
        tally = self._tally
        self._spent("total", started)
        return SyncReport(
            corpus=self._parts.settings.name,
            version=f"v{version.manifest.number}",
            previous=None if pointer is None else f"v{pointer.newest}",
            published=pointer is None or version.manifest.number != pointer.newest,
            read=tally.read,
            kept=len(tally.kept_ids),
            passed=grouped(tally.passed),
            added=tally.added,
            changed=tally.changed,
            removed=removed,
            unchanged=tally.unchanged,
            chunks=version.manifest.chunks,
            embedded=tally.embedded,
            reused=0 if self._cache is None else tally.written_chunks - tally.embedded,
            findings=quality.findings,
            seconds={stage: round(seconds, 4) for stage, seconds in tally.seconds.items()},
            encoder=version.manifest.encoder,
            lexical_only=None if version.manifest.encoder is not None else NO_ENCODER,
            accepted=quality.accepted,
        )

    # ------------------------------------------------------------ threads and clocks

    async def _in_thread(self, work: Callable[[], T]) -> T:
        """Do CPU-bound work off the loop. When cancelled, ask it to stop and wait: nothing writes afterwards."""
        running = asyncio.ensure_future(asyncio.to_thread(work))
        try:
            return await asyncio.shield(running)
        except asyncio.CancelledError:
            self._stopped.set()
            await asyncio.wait([running])
            if not running.cancelled():
                running.exception()  # looked at, so that the loop does not report what the cancelling caused
            raise

    @contextmanager
    def _timed(self, stage: str) -> Iterator[None]:
        mark = time.perf_counter()
        yield
        self._spent(stage, mark)

    def _spent(self, stage: str, mark: float) -> None:
        self._tally.seconds[stage] = self._tally.seconds.get(stage, 0.0) + time.perf_counter() - mark
