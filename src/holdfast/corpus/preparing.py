"""How a corpus prepares documents in bulk: a few of them here, many or risky ones in processes of their own.

Knows nothing of where documents come from, nor of what becomes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from holdfast.contracts import Embedder
from holdfast.corpus.cleaned import Unreadable
from holdfast.corpus.prepare import Prepared, assemble, chunk_limit, prepare
from holdfast.corpus.settings import CorpusSettings
from holdfast.sources import Passed, RawDocument

if TYPE_CHECKING:
    from holdfast.corpus.workers import Workers

WORTH_BYTES = 2_000_000
"""So much is prepared here before processes are started: starting them costs as long as preparing as much again."""
RISKY_BYTES = 1_000_000
SAFE = frozenset(
    {
        *("text/html", "text/html; page", "text/markdown", "text/plain", "text/csv"),
        "application/vnd.holdfast.conversation+json",
    }
)
"""What is cleaned in linear time and memory by code of ours. What other formats cost is for their bytes to say."""

Batch = Sequence[tuple[RawDocument, str]]


class Preparing:
    """Prepares batches of documents, each with its hash, in their order. Not for several threads at once.

    What cannot be read is Passed as failed; so is what takes too long or needs too much memory, once processes are at
    work. Ends with `close`.
    """

    def __init__(self, settings: CorpusSettings, embedder: Embedder | None) -> None:
        self._limit = chunk_limit(settings, embedder)
        self._count = None if embedder is None else embedder.count_tokens
        self._tokenizer = None if embedder is None else getattr(embedder, "tokenizer_json", None)
        self._workers: Workers | None = None
        self._ahead: ThreadPoolExecutor | None = None
        self._bytes = 0

    def __call__(self, batch: Batch) -> list[Prepared | Passed]:
        """The documents of a batch prepared. Raises OSError where no process can be started."""
        sizes = [len(raw.body) for raw, _ in batch]
        self._bytes += sum(sizes)
        risky = any(size > RISKY_BYTES for size in sizes) or any(raw.media_type not in SAFE for raw, _ in batch)
        if self._workers is None and not risky and self._bytes < WORTH_BYTES:
            return [self._here(raw, raw_hash) for raw, raw_hash in batch]
        answers = self._pool().prepare(batch)
        made: list[Prepared | Passed] = []
        for (raw, raw_hash), answer in zip(batch, answers, strict=True):
            one = answer.prepared or answer.passed
            if one is None:
                assert answer.cleaned is not None
                one = assemble(raw, raw_hash, answer.cleaned, max_tokens=self._limit, count_tokens=self._count)
            made.append(one)
        return made

    def begin(self, batch: Batch) -> Future[list[Prepared | Passed]]:
        """Starts on a batch, which goes on while the caller does something else. They are prepared one by one."""
        if self._ahead is None:
            self._ahead = ThreadPoolExecutor(1, "preparing")
        return self._ahead.submit(self, batch)

    def close(self) -> None:
        """End what was started: a batch in hand is waited for, its documents being bounded. Closed twice is once."""
        if self._ahead is not None:
            self._ahead.shutdown(cancel_futures=True)
        if self._workers is not None:
            self._workers.close()

    def _here(self, raw: RawDocument, raw_hash: str) -> Prepared | Passed:
        try:
            return prepare(raw, raw_hash, max_tokens=self._limit, count_tokens=self._count)
        except Unreadable as error:
            return Passed(id=raw.id, reason=str(error), failed=True)

    def _pool(self) -> Workers:
        if self._workers is None:
            from holdfast.corpus.worker import Setup
            from holdfast.corpus.workers import Workers

            chunks = self._count is None or self._tokenizer is not None
            self._workers = Workers(Setup(max_tokens=self._limit, tokenizer=self._tokenizer, chunks=chunks))
        return self._workers
