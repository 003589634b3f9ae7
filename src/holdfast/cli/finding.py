"""Recordings by id, by `last`, or by an expression. Knows nothing of what is done with them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from msgspec.structs import replace

from holdfast.cli.leaving import NothingToDo
from holdfast.cli.where import Expression, matches, narrowed, parse

if TYPE_CHECKING:
    from holdfast.records import Recording, RecordingSummary
    from holdfast.stores import Store

LAST = "last"
_PAGE = 200


async def found(
    store: Store, expression: Expression | None, limit: int | None = None, text: str | None = None
) -> AsyncIterator[RecordingSummary]:
    """The recordings for which an expression holds, of those in which `text` was asked, newest first."""
    query = replace(narrowed(expression), text=text, limit=_PAGE if limit is None else min(limit, _PAGE))
    given = 0
    while page := await store.recordings.find(query):
        for summary in page:
            if expression is None or matches(expression, summary):
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
    async for summary in found(store, None):
        if summary.replay_of is None:
            return await store.recordings.get(summary.id, summary.tenant)
    raise NothingToDo("HF203", "there is no recording yet", "holdfast run FEATURE INPUT")


def parsed(where: str | None) -> Expression | None:
    return None if where is None else parse(where)
