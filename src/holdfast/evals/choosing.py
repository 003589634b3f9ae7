"""Which recordings a trial is made of: a sample that the same expression gives again, and what it cost.

Knows nothing of replays. Recordings are taken in the order of a hash of their ids. That is a random order which needs
no seed, so that any first part of the sample is a sample too.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime

from msgspec.structs import replace

from holdfast.records import RecordingSummary
from holdfast.stores import RecordingQuery, Store, with_release_names
from holdfast.where import Expression, Is, Not, fields_of, joined

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class Chosen:
    """`ids` in the order in which they are taken; `releases` those that answered them. `cost_usd` is what they cost
    when they were recorded, without the `unpriced` ones."""

    matching: int
    ids: tuple[str, ...]
    releases: tuple[str, ...]
    cost_usd: float
    unpriced: int


async def choose(store: Store, where: Expression, at: datetime, limit: int, tenant: str = "") -> Chosen:
    """At most `limit` of the recordings for which the expression holds and that had started before `at`.

    Replays and cancelled requests are left out unless the expression speaks of them. Reads summaries, page by page,
    and keeps no more of them than it gives.
    """
    matching = 0
    best: list[tuple[int, str, RecordingSummary]] = []
    async for summary in matching_recordings(store, where, at, tenant):
        matching += 1
        entry = (-place(summary.id), summary.id, summary)
        if len(best) < limit:
            heapq.heappush(best, entry)
        else:
            heapq.heappushpop(best, entry)
    taken = [summary for _, _, summary in sorted(best, reverse=True)]
    costs = [summary.cost_usd for summary in taken if summary.cost_usd is not None]
    return Chosen(
        matching=matching,
        ids=tuple(summary.id for summary in taken),
        releases=tuple(dict.fromkeys(summary.release for summary in taken)),
        cost_usd=sum(costs),
        unpriced=len(taken) - len(costs),
    )


async def matching_recordings(
    store: Store, where: Expression, at: datetime, tenant: str
) -> AsyncIterator[RecordingSummary]:
    """Every one of them, newest first, read page by page."""
    spoken = fields_of(where)
    whole = joined(
        await with_release_names(where, store.releases),
        None if "replay_of" in spoken else Is("replay_of", "=", None),
        None if "outcome" in spoken else Not(Is("outcome", "=", "cancelled")),
    )
    query = RecordingQuery(where=whole, until=at, tenant=tenant, limit=_PAGE)
    while page := await store.recordings.find(query):
        for summary in page:
            yield summary
        if len(page) < _PAGE:
            return
        query = replace(query, before=page[-1].id)


def place(recording_id: str) -> int:
    """Where a recording stands in that random order."""
    return int.from_bytes(hashlib.sha256(recording_id.encode()).digest()[:8], "big")
