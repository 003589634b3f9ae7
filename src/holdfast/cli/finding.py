"""Recordings by id, by `last`, or by an expression. Knows nothing of what is done with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from holdfast.cli.leaving import NothingToDo
from holdfast.stores import RecordingQuery, with_release_names
from holdfast.where import Expression, Is, parse

if TYPE_CHECKING:
    from holdfast.records import Recording, RecordingSummary
    from holdfast.stores import Store

LAST = "last"
_PAGE = 200


async def found(
    store: Store, where: Expression | None, limit: int | None = None, text: str | None = None
) -> AsyncIterator[RecordingSummary]:
    """The recordings for which an expression holds, of those in which `text` was asked, newest first."""
    where = await with_release_names(where, store.releases)
    query = RecordingQuery(where=where, text=text, limit=_PAGE if limit is None else min(limit, _PAGE))
    given = 0
    while page := await store.recordings.find(query):
        for summary in page:
            yield summary
            given += 1
            if given == limit:
                return
        if len(page) < query.limit:
            return
        query = replace(query, before=page[-1].id)


async def one(store: Store, name: str) -> Recording:
    """The recording of that id; `last` is the newest that is not itself a replay. Raises NotFound (HF203)."""
    if name != LAST:
        return await store.recordings.get(name)
    async for summary in found(store, Is("replay_of", "=", None), 1):
        return await store.recordings.get(summary.id, summary.tenant)
    raise NothingToDo("HF203", "there is no recording yet", "holdfast run FEATURE INPUT")


def parsed(where: str | None) -> Expression | None:
    return None if where is None else parse(where)
