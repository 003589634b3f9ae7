"""A sync: source -> clean -> chunk -> skip what is unchanged -> embed -> write -> prove -> publish.

Knows nothing of where documents come from or of how a version is searched.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial

from msgspec.structs import replace

from holdfast.contracts import Progress
from holdfast.corpus.access import narrows
from holdfast.corpus.admitting import Admission
from holdfast.corpus.build import Build, sweep
from holdfast.corpus.checks.examine import Passing
from holdfast.corpus.last_sync import keep_last_sync
from holdfast.corpus.ledger import Ledger, check_reconciled, what_is_red
from holdfast.corpus.outcomes import Outcomes, grouped_outcomes, keep_outcomes
from holdfast.corpus.prepare import Prepared
from holdfast.corpus.preparing import Preparing
from holdfast.corpus.probing import Probed, probe
from holdfast.corpus.quality import QualityReport, SyncReport, grouped
from holdfast.corpus.survey import How, Parts, Survey
from holdfast.corpus.vectors import VectorCache
from holdfast.corpus.version import Version
from holdfast.corpus.work import Work
from holdfast.errors import StoreFailed
from holdfast.sources import Passed, RawDocument

NO_ENCODER = "no encoder is installed: run `holdfast models pull`, then sync again"


class Sync:
    """One run, for one corpus. Run twice over the same source, the second publishes nothing.

    Stopped anywhere (an error, Ctrl-C, kill -9), the version before still serves and the next sync starts clean; what
    was fetched of a feed is not fetched again, and what was embedded is not embedded again.
    """

    def __init__(self, parts: Parts, how: How, progress: Progress) -> None:
        self._parts = parts
        self._how = how
        self._admission = Admission(parts.settings, parts.folder, how.accept)
        self._progress = progress
        self._work = Work()
        self._survey = Survey(parts, how, self._work, progress)
        self._build: Build | None = None
        self._cache = None if parts.embedder is None else VectorCache(parts.vectors, parts.embedder)
        self._preparing = Preparing(parts.settings, parts.embedder)
        self._ahead: Future[list[Prepared | Passed]] | None = None
        self._embedded = self._written_chunks = 0
        self._narrowed: list[str] = []  # documents that somebody may not see any more

    async def run(self) -> SyncReport:
        """Bring the corpus up to date. Waits while another sync of it runs.

        Raises Misconfigured (HF109) when the source cannot be read, StoreFailed: HF601 when the disk does not take
        it, HF603 when what is on disk is damaged, HF604 when more than half of the documents would vanish, HF611 when
        the ledger does not add up, HF621 when what was made breaks a limit of the corpus.
        """
        started, work = time.perf_counter(), self._work
        async with self._parts.folder.lock(self._progress):
            try:
                await work.in_thread(partial(self._survey.begin, await self._parts.named()))
                await self._survey.read(self._take)
                await work.in_thread(self._write_ahead)
                report = await work.in_thread(partial(self._end, started))
            finally:
                if self._build is not None:
                    self._build.abandon()
                await asyncio.to_thread(self._preparing.close)
                self._survey.close()
            if report.published:  # a release may have been made meanwhile: ask again which versions are named
                named = await self._parts.named()
                await work.in_thread(partial(sweep, self._parts.folder, self._parts.settings.keep, named))
        return report

    # ------------------------------------------------------------ documents

    def _take(self, batch: Sequence[tuple[RawDocument, str]]) -> None:
        """Start on a batch, cleaning and chunking it, and write the one before meanwhile."""
        before, self._ahead = self._ahead, self._preparing.begin(batch)
        self._write(before)

    def _write_ahead(self) -> None:
        self._write(self._ahead)

    def _write(self, batch: Future[list[Prepared | Passed]] | None) -> None:
        """Embed and write a batch, once it is prepared."""
        prepared: list[Prepared] = []
        with self._work.timed("prepare"):
            for made in () if batch is None else batch.result():
                if isinstance(made, Passed):
                    self._survey.tally.passed.append(made)
                else:
                    prepared.append(made)
        texts = [chunk.index_text for one in prepared for chunk in one.chunks]
        vectors = None
        if self._cache is not None:
            with self._work.timed("embed"):
                vectors, missing = self._cache.embed(texts, fresh=self._how.full, stopped=lambda: self._work.stopped)
            self._embedded += missing
        if self._work.stopped or not prepared:
            return
        with self._work.timed("write"):
            build, row = self._building(), 0
            for one in prepared:
                rows = None if vectors is None else vectors[row : row + len(one.chunks)]
                build.put(one, rows)
                self._survey.count(one.entry.id, one.entry.hash)
                known = None if self._survey.base is None else self._survey.base.entry(one.entry.id)
                if known is not None and narrows(known.principals, one.entry.principals):
                    self._narrowed.append(one.entry.id)
                row += len(one.chunks)
        self._written_chunks += len(texts)
        self._progress("index", self._written_chunks, None)

    def _building(self) -> Build:
        if self._build is None:
            self._build = Build(self._parts.folder, self._survey.plan, self._survey.reusable)
        return self._build

    # ------------------------------------------------------------ after

    def _end(self, started: float) -> SyncReport:
        """Prove what was written, publish it if it adds up, and report; the report is kept."""
        survey = self._survey
        if survey.brakes:
            raise self._braked()
        removed, version, probed = survey.removed, survey.base, Probed(0, 0, 0, ())
        if self._build is not None or removed or survey.reusable is None:
            build = self._building()
            with self._work.timed("write"):
                for document_id in removed:
                    build.drop(document_id)
            self._progress("prove", 0, None)
            with self._work.timed("finish"):
                version = build.finish()
            with self._work.timed("prove"):
                probed = probe(version, build.written)
        assert version is not None
        with self._work.timed("examine"):
            try:
                quality = self._quality(version, survey.base)
            except StoreFailed:
                self._forget([*removed, *self._narrowed])
                raise
        report = self._report(version, probed, quality, len(removed), started)
        assert report.ledger is not None
        check_reconciled(report.corpus, report.ledger)
        if self._build is not None:
            self._publish(self._build)
        self._keep(version, report)
        return report

    def _forget(self, documents: Sequence[str]) -> None:
        """Publish the base without these: what is gone, or for fewer people, must not answer on because something else
        keeps the new version back. They come back, as they are then, with the next version that is let pass."""
        base = self._survey.base
        if base is None or not documents:
            return
        if self._build is not None:
            self._build.abandon()
        self._build = build = Build(self._parts.folder, self._survey.plan, base)
        for document_id in documents:
            build.drop(document_id)
        build.finish()
        build.publish()

    def _publish(self, build: Build) -> None:
        with self._work.timed("finish"):
            build.publish()
        if self._cache is not None:
            with self._work.timed("tidy"):
                self._cache.tidy()

    def _keep(self, version: Version, report: SyncReport) -> None:
        """Note how far this sync has looked; then what is gone may be forgotten, and not before."""
        survey = self._survey
        keep_last_sync(self._parts.folder, report)
        outcomes = Outcomes(
            version=version.manifest.number,
            source=self._parts.told,
            mark=survey.seen.mark,
            groups=grouped_outcomes(survey.tally.passed),
        )
        keep_outcomes(self._parts.folder, outcomes)
        if survey.landing is not None and survey.seen.mark is not None:
            survey.landing.forget(survey.seen.mark)

    def _braked(self) -> StoreFailed:
        """The error that stops a source that has gone wrong from emptying the corpus. What landed stays as it is."""
        survey, name = self._survey, self._parts.settings.name
        total = 0 if survey.base is None else len(survey.base.places)
        return StoreFailed(
            "HF604",
            f"this sync would remove {len(survey.removed)} of the {total} documents of corpus '{name}'; nothing was "
            "changed",
            f"if that is right: holdfast sync {name} --full",
        )

    def _ledger(self, version: Version, probed: Probed) -> Ledger:
        survey = self._survey
        tally, seen = survey.tally, survey.seen
        failed = sum(one.failed for one in tally.passed)
        chunks, vectors = version.tables
        ledger = Ledger(
            source=seen.counts,
            fetched=seen.fetched,
            kept=len(tally.kept_ids),
            skipped=len(tally.passed) - failed,
            failed=failed,
            documents=len(version.places),
            chunks=chunks,
            indexed=version.indexed(),
            vectors=None if version.manifest.encoder is None else vectors,
            written=0 if self._build is None else len(self._build.written),
            retrievable=probed.retrievable,
            searched=probed.searched,
            found=probed.found,
            unaccounted=seen.unaccounted,
            damaged=probed.damaged,
        )
        return replace(ledger, red=what_is_red(ledger))

    def _quality(self, version: Version, base: Version | None) -> QualityReport:
        """What is wrong with the data; refused here where it breaks a limit, before anything is published."""
        if self._build is None:
            return self._admission.standing(version)
        tally = self._survey.tally
        passed = [(one.id, one.reason) for one in tally.passed]
        failed = [one.id for one in tally.passed if one.failed]
        return self._admission.admit(version, base, Passing(self._survey.seen.fetched, passed, failed))

    def _report(
        self, version: Version, probed: Probed, quality: QualityReport, removed: int, started: float
    ) -> SyncReport:
        survey, tally, number = self._survey, self._survey.tally, version.manifest.number
        ledger = self._ledger(version, probed)
        self._work.seconds["total"] = time.perf_counter() - started
        pointer = survey.pointer
        return SyncReport(
            corpus=self._parts.settings.name,
            version=f"v{number}",
            previous=None if pointer is None else f"v{pointer.newest}",
            published=pointer is None or number != pointer.newest,
            read=ledger.fetched,
            kept=ledger.kept,
            passed=grouped(tally.passed),
            added=tally.added,
            changed=tally.changed,
            removed=removed,
            unchanged=tally.unchanged,
            chunks=version.manifest.chunks,
            embedded=self._embedded,
            reused=0 if self._cache is None else self._written_chunks - self._embedded,
            findings=quality.findings,
            seconds={stage: round(seconds, 4) for stage, seconds in self._work.seconds.items()},
            encoder=version.manifest.encoder,
            lexical_only=None if version.manifest.encoder is not None else NO_ENCODER,
            ledger=ledger,
            accepted=quality.accepted,
        )
