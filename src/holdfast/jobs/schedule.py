"""When corpora are due to be synced.

Knows nothing of clocks or of syncing. Time is cut into intervals that are the same for everybody, and each gives one
job with an id of its own, so that no restart and no second engine asks twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

import msgspec

from holdfast.job import Job
from holdfast.jobs.asking import SyncAsked, corpus_of
from holdfast.settings import CorpusPart


class Schedule:
    """The corpora with `every`. The interval in which it is made is passed over: `holdfast up` has synced already."""

    def __init__(self, corpora: Mapping[str, CorpusPart], now: float) -> None:
        self._every_s = {name: part.every_s for name, part in corpora.items() if part.every_s is not None}
        self._last = {name: int(now // every_s) for name, every_s in self._every_s.items()}

    def due(self, now: float, unfinished: Iterable[Job]) -> Iterator[Job]:
        """The syncs whose interval has begun since the last time. None for a corpus that is being synced still."""
        busy = {corpus_of(job) for job in unfinished if not _is_of_a_few(job)}
        for name, every_s in self._every_s.items():
            interval = int(now // every_s)
            if interval <= self._last[name]:
                continue
            self._last[name] = interval
            if name not in busy:
                yield Job(
                    id=f"job_sync_{name}_{every_s}s_{interval}",
                    kind="sync",
                    asked=msgspec.to_builtins(SyncAsked(name)),
                    created_at=datetime.fromtimestamp(now, UTC),
                )


def _is_of_a_few(job: Job) -> bool:
    """Whether it syncs named documents only, which does not do what is due."""
    return isinstance(job.asked, dict) and job.asked.get("only") is not None
