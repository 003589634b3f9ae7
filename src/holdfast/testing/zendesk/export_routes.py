"""The incremental exports of Support: by cursor, and by time. Knows nothing of limits or faults."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

from holdfast.testing.zendesk.call import Call, route
from holdfast.testing.zendesk.clock import iso, seconds
from holdfast.testing.zendesk.exchange import Answer, problem
from holdfast.testing.zendesk.paging import address, pointed, pointer, whole
from holdfast.testing.zendesk.support_rows import Event, Ticket

MOST_A_PAGE = 1000
TOO_YOUNG_S = 60
"""What changed within the last minute is in no export yet."""


def _size(call: Call) -> int:
    return 0 if call.emptied else max(1, min(whole(call.asked, "per_page", MOST_A_PAGE), MOST_A_PAGE))


def _start(call: Call) -> int:
    if "start_time" not in call.asked.query:
        raise problem(400, "InvalidValue", "Parameter start_time is required")
    start_s = whole(call.asked, "start_time", 0)
    if start_s > call.account.clock.now() - TOO_YOUNG_S:
        raise problem(422, "StartTimeTooRecent", "Too recent start_time. Use a start_time older than 1 minute")
    return start_s


def _position(call: Call) -> tuple[int, int]:
    """Where to go on: the cursor's (time, id). Raises Problem (400) for one that expired or is none."""
    text = call.asked.query.get("cursor")
    if text is None:
        return _start(call), 0
    when, _, rest = pointed(text).partition(".0||")
    number, _, since = rest.rstrip("|").partition("|")
    if not (when.isdecimal() and number.isdecimal() and since == str(call.account.cursors_since)):
        raise problem(400, "InvalidCursor", "The cursor is invalid or has expired. Start again with start_time")
    return int(when), int(number)


def _cursored(call: Call, name: str, keys: Iterator[tuple[int, int]], size: int) -> tuple[Answer, list[int]]:
    """A page of an export by cursor, its rows still to be filled in, and their ids."""
    latest_s = call.account.clock.now() - TOO_YOUNG_S
    old = itertools.takewhile(lambda key: key[0] <= latest_s, keys)
    taken = list(itertools.islice(old, size + 1))
    more, taken = len(taken) > size, taken[:size]
    when, number = taken[-1] if taken else _position(call)
    cursor = pointer(f"{when}.0||{number}|{call.account.cursors_since}|")
    body: dict[str, object] = {
        name: [],
        "after_cursor": cursor,
        "after_url": address(call.root, call.asked, {"cursor": cursor, "start_time": None}),
        "before_cursor": None,
        "before_url": None,
        "end_of_stream": not more,
    }
    return Answer(200, body, rows=name), [number for _, number in taken]


def tickets(call: Call) -> Answer:
    """By cursor: archived and deleted tickets too, unless `exclude_deleted`, which may leave a page empty."""
    keys = call.account.support.changed_since(*_position(call))
    answer, ids = _cursored(call, "tickets", keys, _size(call))
    return _filled(call, answer, _tickets(call, ids))


def _tickets(call: Call, ids: Iterable[int]) -> list[Ticket]:
    without = call.asked.query.get("exclude_deleted") == "true"
    rows = [ticket for ticket in map(call.account.support.ticket, ids) if ticket is not None]
    return [row for row in rows if row.status != "deleted"] if without else rows


def _filled(call: Call, answer: Answer, rows: Sequence[object]) -> Answer:
    assert not isinstance(answer.body, bytes)
    answer.body = {**answer.body, answer.rows: rows}
    if "users" in call.include and answer.rows == "tickets":
        people = call.account.people.users
        ids = {row.requester_id for row in rows if isinstance(row, Ticket)}
        answer.body = {**answer.body, "users": [people[number] for number in sorted(ids) if number in people]}
    return answer


def users(call: Call) -> Answer:
    """By cursor: deleted, suspended and merged users too."""
    position = _position(call)
    every = sorted((seconds(row.updated_at), row.id) for row in call.account.people.users.values())
    answer, ids = _cursored(call, "users", iter([key for key in every if key > position]), _size(call))
    return _filled(call, answer, [call.account.people.users[number] for number in ids])


def _timed(call: Call, name: str, keyed: Iterator[tuple[int, object]]) -> Answer:
    """A page of an export by time. It begins with what was at its `start_time`, so the last rows of a page come again
    on the next; where more rows than a page holds share one second, `next_page` is this page, for ever."""
    size = _size(call)
    latest_s = call.account.clock.now() - TOO_YOUNG_S
    old = itertools.takewhile(lambda pair: pair[0] <= latest_s, keyed)
    taken = list(itertools.islice(old, size + 1))
    more, taken = len(taken) > size, taken[:size]
    end_s = taken[-1][0] if taken else _start(call) if call.emptied else None
    following = None if end_s is None else address(call.root, call.asked, {"start_time": str(end_s)})
    rows = [row for _, row in taken]
    body = {name: rows, "count": len(rows), "end_time": end_s, "next_page": following, "end_of_stream": not more}
    return Answer(200, body, rows=name)


def tickets_by_time(call: Call) -> Answer:
    support = call.account.support
    keys = support.changed_since(_start(call))
    pairs = ((at_s, support.ticket(number)) for at_s, number in keys)
    return _timed(call, "tickets", pairs)


def users_by_time(call: Call) -> Answer:
    start_s = _start(call)
    rows = sorted(call.account.people.users.values(), key=lambda row: (row.updated_at, row.id))
    pairs = ((seconds(row.updated_at), row) for row in rows)
    return _timed(call, "users", (pair for pair in pairs if pair[0] >= start_s))


def organizations_by_time(call: Call) -> Answer:
    start_s = _start(call)
    rows = sorted(call.account.people.organizations.values(), key=lambda row: (row.updated_at, row.id))
    pairs = ((seconds(row.updated_at), row) for row in rows)
    return _timed(call, "organizations", (pair for pair in pairs if pair[0] >= start_s))


def events(call: Call) -> Answer:
    """By time: what happened on tickets; comments have their words only with `include=comment_events`."""
    worded = "comment_events" in call.include
    pairs = ((event.at_s, _shown(event, worded)) for event in call.account.support.events_since(_start(call)))
    return _timed(call, "ticket_events", pairs)


def _shown(event: Event, worded: bool) -> dict[str, object]:
    children: list[object] = [{"via": event.via, "via_reference_id": None, **change} for change in event.changes]
    if event.comment is not None:
        children.append(_comment(event, worded))
    return {
        "id": event.id,
        "ticket_id": event.ticket_id,
        "timestamp": event.at_s,
        "created_at": iso(event.at_s),
        "updater_id": event.updater_id,
        "via": event.via,
        "system": {"client": "Mozilla/5.0", "ip_address": "203.0.113.7", "location": "Oslo, Norway"},
        "event_type": "Audit",
        "child_events": children,
    }


def _comment(event: Event, worded: bool) -> dict[str, object]:
    comment = event.comment
    assert comment is not None
    said: dict[str, object] = {
        "id": comment.id,
        "event_type": "Comment",
        "via": event.via,
        "via_reference_id": None,
        "comment_present": True,
        "comment_public": comment.public,
    }
    if not worded:
        return said
    return said | {
        "type": comment.type,
        "author_id": comment.author_id,
        "body": comment.body,
        "html_body": comment.html_body,
        "plain_body": comment.plain_body,
        "public": comment.public,
        "attachments": comment.attachments,
        "audit_id": comment.audit_id,
        "data": comment.data,
        "created_at": comment.created_at,
    }


EXPORTS = (
    route("incremental/tickets/cursor", "tickets", tickets, "admin"),
    route("incremental/tickets", "tickets", tickets_by_time, "admin"),
    route("incremental/ticket_events", "ticket_events", events, "admin"),
    route("incremental/users/cursor", "users", users, "admin"),
    route("incremental/users", "users", users_by_time, "admin"),
    route("incremental/organizations", "organizations", organizations_by_time, "admin"),
)
