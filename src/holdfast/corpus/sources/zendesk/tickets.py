"""What changed among the tickets of an account, page by page: the tickets by cursor, then their comments in bulk.

Knows the API's exports; what is kept of a ticket is decided in `ticket_items`, and documents are made elsewhere.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Sequence
from urllib.parse import quote

import msgspec
from msgspec import Struct

from holdfast.corpus.sources.values import moment_of, text_of
from holdfast.corpus.sources.zendesk import ticket_items as items_of
from holdfast.corpus.sources.zendesk.client import Client, Emptiness, Row, rows_of
from holdfast.corpus.sources.zendesk.options import Options
from holdfast.corpus.sources.zendesk.people import People
from holdfast.corpus.sources.zendesk.refusal import Refusal
from holdfast.corpus.sources.zendesk.ticket_events import Comments, EventsState
from holdfast.corpus.sources.zendesk.ticket_items import BRAND, COMMENT, CONTENT, DELETED, FIELD, MERGE, TICKET
from holdfast.messages import Json
from holdfast.sources import FeedPage, Item, Landed

API = "/api/v2"
NOT_YET_S = 120
"""The exports leave the last minute out, and refuse to begin in it."""
OVERLAP_S = 300


class TicketsState(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How far reading has come. `since` is the last `generated_timestamp`, for when Zendesk forgets its `cursor`."""

    made: str
    cursor: str = ""
    since: int = 0
    events: EventsState = EventsState()


class Tickets:
    """The tickets of an account, through an open client. One run of it; nothing is kept between runs."""

    def __init__(self, options: Options, client: Client) -> None:
        self._options = options
        self._client = client
        self._root = f"{options.origin}{API}"
        self._people = People(client, self._root)
        self._comments = Comments(options, client, self._people)
        self._start = 0 if options.since is None else int(options.since.timestamp())

    async def pages(self, cursor: Json, landed: Landed) -> AsyncIterator[FeedPage]:
        """What changed since the cursor; see `Feed.pages`."""
        state, fresh = self._state(cursor)
        if fresh and not self._options.internal_notes and (notes := await asyncio.to_thread(_notes, landed)):
            yield FeedPage(items=tuple(notes), cursor=cursor)
        about, chosen = await self._surroundings(msgspec.to_builtins(state))
        yield about
        async for items, moved in self._tickets(state, landed, chosen):
            state = moved
            yield FeedPage(items=tuple(items), cursor=msgspec.to_builtins(state))
        latest = int(self._client.now()) - NOT_YET_S
        async for items, events in self._comments.changes(state.events, landed, latest):
            state = msgspec.structs.replace(state, events=events)
            yield FeedPage(items=tuple(items), cursor=msgspec.to_builtins(state))

    async def fetch(self, ids: Sequence[str]) -> tuple[Item, ...]:
        """The items of these tickets as they are now."""
        about, chosen = await self._surroundings(None)
        items: list[Item] = [item for item in about.items if item.kind != FIELD]
        for own in dict.fromkeys(ids):
            body = await self._client.find(f"{self._root}/tickets/{own}.json", "ticket")
            if body is None or items_of.is_deleted(body["ticket"]):
                items += [items_of.deleted_item({"id": own}), items_of.gone(TICKET, own, own)]
                continue
            items += await self._living([body["ticket"]], chosen)
            items += await self._comments.of_ticket(own, closed=not self._shown(body["ticket"]))
        return tuple(items)

    # ------------------------------------------------------------ before

    def _state(self, cursor: Json) -> tuple[TicketsState, bool]:
        """How far a cursor says reading has come, and whether it begins anew: other settings made what is there."""
        begin = TicketsState(made=self._options.made, since=self._start, events=EventsState(since=self._start))
        try:
            state = msgspec.convert(cursor, TicketsState)
        except msgspec.ValidationError:
            return begin, True
        return (state, False) if state.made == begin.made else (begin, True)

    async def _surroundings(self, cursor: Json) -> tuple[FeedPage, frozenset[str]]:
        """Brands, dynamic content, fields with options, and their ids; without those that may not be read."""
        items: list[Item] = []
        for name, place, key, make in (
            (FIELD, "ticket_fields", "ticket_fields", items_of.field_item),
            (BRAND, "brands", "brands", items_of.brand_item),
            (CONTENT, "dynamic_content/items", "items", items_of.content_item),
        ):
            try:
                async for rows in self._client.listed(f"{self._root}/{place}.json", key):
                    items += [item for row in rows if (item := make(row)) is not None]
            except Refusal as error:
                if error.status not in (403, 404):
                    raise
                if name == BRAND and self._options.brands:
                    raise
        kinds = (FIELD, BRAND, CONTENT)
        present = {kind: frozenset(item.id for item in items if item.kind == kind) for kind in kinds}
        chosen = present[FIELD]
        return FeedPage(items=tuple(items), cursor=cursor, present=present), chosen

    # ------------------------------------------------------------ tickets

    async def _tickets(
        self, state: TicketsState, landed: Landed, chosen: Collection[str]
    ) -> AsyncIterator[tuple[list[Item], TicketsState]]:
        """The cursor export to its end. An empty page is not the end unless it says so."""
        patience = Emptiness("tickets")
        while True:
            try:
                body = await self._client.get(self._export(state), "tickets")
            except Refusal as error:
                if not state.cursor or error.status not in (400, 404, 410, 422):
                    raise
                since = max(self._start, state.since - OVERLAP_S)
                state = msgspec.structs.replace(state, cursor="", since=since)  # it was forgotten: begin where it was
                continue
            rows = rows_of(body, "tickets")
            self._people.take(rows_of(body, "users"))
            stamps = [row["generated_timestamp"] for row in rows if isinstance(row.get("generated_timestamp"), int)]
            cursor = text_of(body.get("after_cursor")) or state.cursor
            state = msgspec.structs.replace(state, cursor=cursor, since=max([state.since, *stamps]))
            if rows or body.get("end_of_stream") is True:
                yield await self._changed(rows, landed, chosen), state
            if body.get("end_of_stream") is True:
                return
            patience.met(len(rows))

    def _export(self, state: TicketsState) -> str:
        place = f"{self._root}/incremental/tickets/cursor.json?include=users"
        if state.cursor:
            return f"{place}&cursor={quote(state.cursor, safe='')}"
        latest = int(self._client.now()) - NOT_YET_S
        return f"{place}&start_time={max(0, min(state.since, latest))}"

    async def _changed(self, rows: Sequence[Row], landed: Landed, chosen: Collection[str]) -> list[Item]:
        deleted = [row for row in rows if items_of.is_deleted(row)]
        closed = [row for row in rows if not items_of.is_deleted(row) and not self._shown(row)]
        emptied = {text_of(row.get("id")) for row in (*deleted, *closed)}
        items = await asyncio.to_thread(_emptied, emptied, {text_of(row.get("id")) for row in deleted}, landed)
        items += [items_of.deleted_item(row) for row in deleted]
        living = [row for row in rows if not items_of.is_deleted(row)]
        shown = [text_of(row.get("id")) for row in living if self._shown(row)]
        opened = await asyncio.to_thread(_closed_before, shown, landed)
        items += await self._living(living, chosen)
        for row in living:
            own = text_of(row.get("id"))
            if own in opened or (self._shown(row) and self._older(row)):
                items += await self._comments.of_ticket(own, landed)
        return items

    async def _living(self, rows: Iterable[Row], chosen: Collection[str]) -> list[Item]:
        rows = list(rows)
        people = await self._people.of(row.get("requester_id") for row in rows)
        items: list[Item] = []
        for row in rows:
            requester = people.get(row.get("requester_id", 0), items_of.Person())
            items.append(items_of.ticket_item(row, chosen, requester, notes=self._options.internal_notes))
            own = text_of(row.get("id"))
            items.append(items_of.gone(DELETED, own, own))  # it may have been brought back
        return items

    def _shown(self, row: Row) -> bool:
        return self._options.internal_notes or row.get("is_public") is True

    def _older(self, row: Row) -> bool:
        """Whether it has comments from before the events that are read: those are asked for one ticket at a time."""
        created = moment_of(row.get("created_at"))
        return self._start > 0 and (created is None or created.timestamp() < self._start)


def _notes(landed: Landed) -> list[Item]:
    """The notes that landed while they were asked for, as gone."""
    kept = landed.rows(COMMENT)
    return [items_of.gone(COMMENT, i.id, i.document) for i in kept if (i.data or {}).get("public") is not True]


def _emptied(ids: Collection[str], deleted: Collection[str], landed: Landed) -> list[Item]:
    """What was kept of tickets that may not be kept any more, as gone; of those not deleted their comments."""
    kinds = {own: (TICKET, COMMENT, MERGE) if own in deleted else (COMMENT,) for own in ids}
    return [
        items_of.gone(item.kind, item.id, item.document)
        for document, items in (landed.documents(ids) if ids else ())
        for item in items
        if item.kind in kinds[document]
    ]


def _closed_before(ids: Collection[str], landed: Landed) -> set[str]:
    """Those of the tickets of which nothing was kept before: they were deleted, or had nothing public in them."""
    found = set()
    for own in ids:
        ticket = landed.get(TICKET, own)
        internal = ticket is not None and (ticket.data or {}).get("is_public") is not True
        if internal or landed.get(DELETED, own) is not None:
            found.add(own)
    return found
