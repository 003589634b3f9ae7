"""What a sync would do, and what it would cost: everything but embedding and writing is done, and nothing is kept.

Knows nothing of how anything is published. Pages of a feed that are fetched for it do stay: the sync needs them too.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from functools import partial

from msgspec import Struct

from holdfast.contracts import Embedder, Progress
from holdfast.corpus.preparing import Preparing
from holdfast.corpus.quality import PassedGroup, grouped
from holdfast.corpus.survey import How, Parts, Survey
from holdfast.corpus.vectors import VectorCache
from holdfast.corpus.work import Work
from holdfast.sources import Passed, RawDocument

MEASURED_CHUNKS = 16
BYTES_OF_A_NUMBER = 4


class Forecast(Struct, frozen=True, kw_only=True):
    """What the next sync would do. `embeds` of the `chunks` that the corpus would have go through the encoder, which
    takes about `seconds` (None: there is no encoder, or nothing to embed). `writes_bytes` are of text and vectors, the
    index not counted. `brakes`: it would be refused, for so much is removed.
    """

    corpus: str
    current: str | None
    added: int
    changed: int
    removed: int
    unchanged: int
    passed: tuple[PassedGroup, ...]
    chunks: int
    embeds: int
    seconds: float | None
    writes_bytes: int
    brakes: bool


async def foresee(parts: Parts, how: How, progress: Progress) -> Forecast:
    """Compare the source with the newest version, and count. Waits while a sync runs; changes nothing that is found.

    Raises what a sync raises: Misconfigured (HF109), StoreFailed (HF600, HF601, HF603).
    """
    work = Work()
    survey = Survey(parts, how, work, progress)
    counting = _Counting(parts, how, survey)
    async with parts.folder.lock(progress):
        try:
            await work.in_thread(partial(survey.begin, await parts.named()))
            await survey.read(counting.take)
            return await work.in_thread(counting.forecast)
        finally:
            await asyncio.to_thread(counting.close)
            survey.close()


class _Counting:
    """What would be written, as it is told of it."""

    def __init__(self, parts: Parts, how: How, survey: Survey) -> None:
        self._embedder: Embedder | None = parts.embedder
        self._name = parts.settings.name
        self._full = how.full
        self._survey = survey
        self._cache = None if parts.embedder is None else VectorCache(parts.vectors, parts.embedder)
        self._preparing = Preparing(parts.settings, parts.embedder)
        self._missing: set[int] = set()
        self._sample: list[str] = []
        self._replaced: set[str] = set()
        self._chunks = self._bytes = 0

    def take(self, batch: Sequence[tuple[RawDocument, str]]) -> None:
        """Prepare a batch and count it."""
        for made in self._preparing(batch):
            if isinstance(made, Passed):
                self._survey.tally.passed.append(made)
                continue
            self._survey.count(made.entry.id, made.entry.hash)
            self._replaced.add(made.entry.id)
            self._chunks += len(made.chunks)
            self._bytes += len(made.document.text.encode("utf-8", "replace"))
            self._bytes += sum(len(chunk.text.encode("utf-8", "replace")) for chunk in made.chunks)
            if self._cache is not None:
                missing = self._cache.missing([chunk.index_text for chunk in made.chunks], fresh=self._full)
                room = MEASURED_CHUNKS - len(self._sample)
                self._sample += [text for key, text in missing.items() if key not in self._missing][: max(0, room)]
                self._missing |= missing.keys()

    def close(self) -> None:
        """End what was started for it."""
        self._preparing.close()

    def forecast(self) -> Forecast:
        """What was counted; embeds a few chunks to see how long that takes."""
        survey, tally = self._survey, self._survey.tally
        removed, stay = survey.removed, 0
        if (base := survey.reusable) is not None:
            left = {*removed, *self._replaced}
            stay = sum(entry.chunks for entry in base.entries() if entry.id not in left)
        width = 0 if self._embedder is None else self._embedder.dimensions * BYTES_OF_A_NUMBER
        return Forecast(
            corpus=self._name,
            current=None if survey.pointer is None else f"v{survey.pointer.newest}",
            added=tally.added,
            changed=tally.changed,
            removed=len(removed),
            unchanged=tally.unchanged,
            passed=grouped(tally.passed),
            chunks=stay + self._chunks,
            embeds=len(self._missing),
            seconds=self._seconds(),
            writes_bytes=self._bytes + self._chunks * width,
            brakes=survey.brakes,
        )

    def _seconds(self) -> float | None:
        if self._embedder is None or not self._sample:
            return None
        self._embedder.embed(self._sample[:1])  # the first call of all pays for what later ones do not
        started = time.perf_counter()
        self._embedder.embed(self._sample)
        return round((time.perf_counter() - started) / len(self._sample) * len(self._missing), 2)
