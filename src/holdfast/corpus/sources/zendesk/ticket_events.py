"""The comments of tickets: in bulk from the export of events, and of one ticket where that is not enough.

Knows nothing of tickets beyond their ids and what their comments say.

The export goes by time. Where one second holds more events than a page, it would give the same page for ever: then the
tickets that could have an event in that second are read one at a time, and the export goes on with the next second.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace

from holdfast.corpus.sources.values import moment_of, text_of
from holdfast.corpus.sources.zendesk import ticket_items as items_of
from holdfast.corpus.sources.zendesk.client import Client, Emptiness, Row, rows_of
from holdfast.corpus.sources.zendesk.options import Options
from holdfast.corpus.sources.zendesk.people import People
from holdfast.corpus.sources.zendesk.refusal import Refusal
from holdfast.corpus.sources.zendesk.ticket_items import COMMENT, DELETED, TICKET
from holdfast.messages import Json
from holdfast.sources import Item, Landed

OVERLAP_S = 300
FULL_PAGE_ROWS = 1000
TICKETS_A_PAGE = 20


class EventsState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far the export is read, in seconds since 1970.

    `second`: the one whose tickets are being read one at a time, up to and with the id `after`. `floor`: the first
    second that need not be read again.
    """

    since: int = 0
    second: int = 0
    after: str = ""
    floor: int = 0


class Comments:
    """The comments of an account, through an open client."""

    def __init__(self, options: Options, client: Client, people: People) -> None:
        self._options = options
        self._client = client
        self._people = people
        self._root = f"{options.origin}/api/v2"

    async def changes(
        self, state: EventsState, landed: Landed, latest: int
    ) -> AsyncIterator[tuple[list[Item], EventsState]]:
        """Every comment since the state; `latest` is the last second that may be asked for."""
        if state.second:
            async for items, moved in self._one_second(state, landed, latest):
                state = moved
                yield items, state
        start: int | None = max(state.floor, state.since - OVERLAP_S, 0)
        while start is not None and start <= latest:
            stuck = 0
            async for items, moved, second in self._from(start, state, landed):
                state, stuck = moved, second
                yield items, state
            start = None
            if stuck:
                state = replace(state, second=stuck, after="")
                async for items, moved in self._one_second(state, landed, latest):
                    state = moved
                    yield items, state
                start = stuck + 1

    async def _from(
        self, start: int, state: EventsState, landed: Landed
    ) -> AsyncIterator[tuple[list[Item], EventsState, int]]:
        """The export from a second on, to its end or to a second that it does not get past: that comes last, else 0."""
        url = f"{self._root}/incremental/ticket_events.json?start_time={start}&include=comment_events"
        before: set[str] = set()
        patience = Emptiness("ticket_events")
        while True:
            body = await self._client.get(url, "ticket_events")
            rows, following = rows_of(body, "ticket_events"), text_of(body.get("next_page"))
            ids, end = {text_of(row.get("id")) for row in rows}, body.get("end_time")
            reached = end if rows and isinstance(end, int) else 0
            new = bool(ids - before)
            if new:
                state = replace(state, since=max(state.since, reached))
                yield await self._events(rows, landed), state, 0
            says = body.get("end_of_stream")
            if not following or says is True or (says is None and not new and len(rows) < FULL_PAGE_ROWS):
                return
            if rows and (not new or following == url):
                yield [], state, max(reached, start)
                return
            patience.met(len(rows))
            url, before = following, ids

    async def of_ticket(self, ticket_id: str, landed: Landed | None = None, *, closed: bool = False) -> list[Item]:
        """All comments of a ticket as they are now; what landed and is not among them, or is a note, is gone.

        `closed`: none of them may be kept.
        """
        rows: list[Row] = []
        url = f"{self._root}/tickets/{ticket_id}/comments.json"
        try:
            async for some in self._client.listed(url, "comments"):
                rows += some
        except Refusal as error:
            if error.status not in (404, 410):
                raise
        people = await self._people.of(row.get("author_id") for row in rows)
        items: list[Item] = []
        for row in rows:
            items += self._items(row, ticket_id, people, None, closed=closed, known=True)
        there = {item.id for item in items if item.kind == COMMENT}
        if landed is not None:
            kept = await asyncio.to_thread(_comments_of, ticket_id, landed)
            items += [items_of.gone(COMMENT, own, ticket_id) for own in sorted(kept - there)]
        return items

    # ------------------------------------------------------------ inside

    async def _events(self, rows: Iterable[Row], landed: Landed) -> list[Item]:
        """The comments in a page of events, and all of a ticket's where an event says too little."""
        told = [(text_of(row.get("ticket_id")), row, child) for row in rows for child in rows_of(row, "child_events")]
        again = {
            ticket_id
            for ticket_id, _, child in told
            if items_of.asks_again(child) or (items_of.is_comment(child) and not items_of.has_body(child))
        }
        comments = [one for one in told if items_of.is_comment(one[2]) and one[0] and one[0] not in again]
        closed, known = await asyncio.to_thread(_standing, comments, landed, self._options.internal_notes)
        people = await self._people.of(child.get("author_id") for _, _, child in comments)
        items: list[Item] = []
        for ticket_id, row, child in comments:
            at = row.get("created_at") or _moment(row.get("timestamp"))
            is_known = text_of(child.get("id")) in known
            items += self._items(child, ticket_id, people, at, closed=ticket_id in closed, known=is_known)
        gone = await asyncio.to_thread(_closed, again, landed, self._options.internal_notes)
        for ticket_id in sorted(again):
            items += await self.of_ticket(ticket_id, landed, closed=ticket_id in gone)
        return items

    def _items(
        self, row: Row, ticket_id: str, people: dict[int, items_of.Person], at: Json, *, closed: bool, known: bool
    ) -> list[Item]:
        """A comment's items; one that may not be kept is gone, where it is `known` or may be."""
        merge = items_of.merge_item(row, ticket_id)
        items = [] if merge is None else [merge]
        own = text_of(row.get("id"))
        if closed or not (items_of.is_public(row) or self._options.internal_notes):
            return [*items, items_of.gone(COMMENT, own, ticket_id)] if known else items
        author = row.get("author_id")
        who = people.get(author, items_of.Person()) if isinstance(author, int) else items_of.Person()
        return [*items, items_of.comment_item(row, ticket_id, who, at)]

    async def _one_second(
        self, state: EventsState, landed: Landed, latest: int
    ) -> AsyncIterator[tuple[list[Item], EventsState]]:
        """The comments of every ticket that may have one in that second, a few tickets at a time."""
        second = state.second
        ids = await asyncio.to_thread(_alive_in, second, state.after, landed, self._options.internal_notes)
        for begin in range(0, len(ids), TICKETS_A_PAGE):
            items: list[Item] = []
            some = ids[begin : begin + TICKETS_A_PAGE]
            for ticket_id in some:
                items += await self.of_ticket(ticket_id, landed)
            state = replace(state, after=some[-1])
            yield items, state
        floor = second + 1 if second < latest - OVERLAP_S else state.floor
        yield [], replace(state, second=0, after="", since=max(state.since, second + 1), floor=floor)


def _moment(timestamp: Json) -> str | None:
    """A time in seconds since 1970 as it is written elsewhere."""
    return datetime.fromtimestamp(timestamp, UTC).isoformat() if isinstance(timestamp, int) else None


def _standing(
    comments: Iterable[tuple[str, Row, Row]], landed: Landed, notes: bool
) -> tuple[frozenset[str], frozenset[str]]:
    """Those of the comments' tickets that may keep none, and those of the comments that were kept before."""
    told = [(ticket_id, text_of(child.get("id"))) for ticket_id, _, child in comments]
    known = frozenset(own for _, own in told if landed.get(COMMENT, own) is not None)
    return _closed({ticket_id for ticket_id, _ in told}, landed, notes), known


def _closed(tickets: Iterable[str], landed: Landed, notes: bool) -> frozenset[str]:
    """The tickets that were deleted, and without notes those in which nothing is public."""
    found = set()
    for own in tickets:
        ticket = landed.get(TICKET, own)
        internal = ticket is not None and (ticket.data or {}).get("is_public") is not True and not notes
        if internal or (ticket is None and landed.get(DELETED, own) is not None):
            found.add(own)
    return frozenset(found)


def _comments_of(ticket_id: str, landed: Landed) -> set[str]:
    return {item.id for _, items in landed.documents([ticket_id]) for item in items if item.kind == COMMENT}


def _alive_in(second: int, after: str, landed: Landed, notes: bool) -> list[str]:
    """The tickets behind `after` that were there in that second and changed in it or later."""
    found = []
    for item in landed.rows(TICKET):
        data = item.data or {}
        created, updated = moment_of(data.get("created_at")), moment_of(data.get("updated_at"))
        generated = data.get("generated_timestamp")
        last = max(generated if isinstance(generated, int) else 0, 0 if updated is None else updated.timestamp())
        here = created is None or created.timestamp() < second + 1
        if item.id > after and here and last >= second and (notes or data.get("is_public") is True):
            found.append(item.id)
    return found
