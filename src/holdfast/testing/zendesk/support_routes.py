"""The routes of the Support API that list and show. Knows nothing of exports, limits or faults."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec
from msgspec import Struct, structs

from holdfast.testing.zendesk.access import Refused
from holdfast.testing.zendesk.call import Call, route
from holdfast.testing.zendesk.clock import iso
from holdfast.testing.zendesk.exchange import Answer, not_found, problem
from holdfast.testing.zendesk.help_center_rows import Brand
from holdfast.testing.zendesk.paging import Row, page
from holdfast.testing.zendesk.support import SCRUBBED
from holdfast.testing.zendesk.support_rows import Comment, Rating, SideConversation, Ticket


class _Numbered(Struct, frozen=True):
    """A ticket's place in a list, before it is made."""

    id: int


def _found(call: Call) -> Ticket:
    """The ticket that the path names. One that was deleted is not found."""
    ticket = call.account.support.ticket(call.number())
    if ticket is None or ticket.status == "deleted":
        raise not_found()
    return ticket


def tickets(call: Call) -> Answer:
    """What is neither deleted nor archived."""
    support = call.account.support
    answer = page("tickets", [_Numbered(n) for n in support.ids() if support.listed(n)], call.asked, call.root)
    assert not isinstance(answer.body, bytes)
    placed = answer.body["tickets"]
    assert isinstance(placed, list)
    return _with_users(call, answer, [support.ticket(place.id) for place in placed])


def _with_users(call: Call, answer: Answer, rows: list[Ticket | None]) -> Answer:
    assert not isinstance(answer.body, bytes)
    shown = [row for row in rows if row is not None]
    body = {**answer.body, "tickets": shown}
    if "users" in call.include:
        people = call.account.people.users
        body["users"] = [people[n] for n in sorted({row.requester_id for row in shown}) if n in people]
    answer.body = body
    return answer


def ticket(call: Call) -> Answer:
    return Answer(200, {"ticket": _found(call)})


def show_many(call: Call) -> Answer:
    """Those of the ids that exist, archived ones too; deleted ones are left out without a word."""
    rows = [row for row in map(call.account.support.ticket, call.ids()) if row is not None and row.status != "deleted"]
    answer = Answer(200, {"count": len(rows), "next_page": None, "previous_page": None}, rows="tickets")
    return _with_users(call, answer, list(rows))


def counted(call: Call) -> Answer:
    support = call.account.support
    value = sum(1 for number in support.ids() if support.listed(number))
    return Answer(200, {"count": {"value": value, "refreshed_at": iso(call.account.clock.now())}})


def comments(call: Call) -> Answer:
    """The oldest first, internal notes too; files lead to the server that was asked."""
    found = _found(call)
    rows = [_reachable(comment, call.root) for comment in call.account.support.comments(found.id)]
    answer = page("comments", rows, call.asked, call.root)
    if "users" in call.include:
        assert not isinstance(answer.body, bytes)
        people = call.account.people.users
        answer.body = {**answer.body, "users": [people[n] for n in sorted({r.author_id for r in rows}) if n in people]}
    return answer


def _reachable(comment: Comment, root: str) -> Comment:
    files = [
        structs.replace(file, content_url=f"{root}/attachments/token/{file.id}/?name={file.file_name}")
        for file in comment.attachments
    ]
    return structs.replace(comment, attachments=files) if files else comment


def deleted(call: Call) -> Answer:
    """What was deleted and is not yet scrubbed."""
    support = call.account.support
    found = [support.ticket(n) for n in support.ids() if not support.listed(n) and n not in support.archived]
    rows = [
        _Deleted(id=one.id, subject=one.subject, deleted_at=one.updated_at)
        for one in found
        if one is not None and one.status == "deleted" and one.subject != SCRUBBED
    ]
    return page("deleted_tickets", rows, call.asked, call.root)


class _Deleted(Struct, frozen=True, kw_only=True):
    id: int
    subject: str | None
    deleted_at: str
    previous_state: str = "open"


def side_conversations(call: Call) -> Answer:
    rows = call.account.support.side_conversations.get(_found(call).id, [])
    return page("side_conversations", rows, call.asked, call.root)


def side_messages(call: Call) -> Answer:
    for row in call.account.support.side_conversations.get(_found(call).id, []):
        if row.id == call.part["name"]:
            return Answer(200, {"events": _messages(row), "count": len(row.messages), "next_page": None})
    raise not_found()


def _messages(row: SideConversation) -> list[dict[str, object]]:
    return [
        {
            "id": f"{row.id}-{n}",
            "side_conversation_id": row.id,
            "type": "create" if n == 0 else "reply",
            "message": said,
        }
        for n, said in enumerate(row.messages)
    ]


class _WithRating(Struct, kw_only=True):
    id: int
    ticket_id: int
    requester_id: int
    score: str
    comment: str | None


def ratings(call: Call) -> Answer:
    """What customers said of the answers they got, as rows of their own."""
    support = call.account.support
    rows = []
    for number in support.ids():
        one = support.ticket(number) if support.listed(number) else None
        if one is not None and isinstance(one.satisfaction_rating, Rating):
            said = one.satisfaction_rating
            rows.append(
                _WithRating(
                    id=said.id, ticket_id=number, requester_id=one.requester_id, score=said.score, comment=said.comment
                )
            )
    return page("satisfaction_ratings", rows, call.asked, call.root)


def listed(name: str, rows: Callable[[Call], Iterable[Row]]) -> Callable[[Call], Answer]:
    """The route that lists a small table."""
    return lambda call: page(name, rows(call), call.asked, call.root)


def shown(name: str, rows: Callable[[Call], Iterable[Row]]) -> Callable[[Call], Answer]:
    """The route for one row of it."""

    def one(call: Call) -> Answer:
        for row in rows(call):
            if row.id == call.number():
                return Answer(200, {name: row})
        raise not_found()

    return one


def many(name: str, rows: Callable[[Call], Iterable[Row]]) -> Callable[[Call], Answer]:
    """The route for the rows with `?ids=`; those that are not there are left out."""

    def asked_for(call: Call) -> Answer:
        wanted = set(call.ids())
        found = [row for row in rows(call) if row.id in wanted]
        return Answer(200, {name: found, "count": len(found), "next_page": None, "previous_page": None}, rows=name)

    return asked_for


def _users(call: Call) -> Iterable[Row]:
    people = call.account.people
    return [row for row in people.users.values() if row.id not in people.gone]


def _active_users(call: Call) -> Iterable[Row]:
    return [row for row in call.account.people.users.values() if row.active]


def _organizations(call: Call) -> Iterable[Row]:
    return call.account.people.organizations.values()


def _brands(call: Call) -> Iterable[Brand]:
    """Each with the address at which this server has its help center."""
    for row in call.account.help_center.brands.values():
        yield structs.replace(row, brand_url=call.roots.get(row.id, f"https://{row.subdomain}.zendesk.com"))


def me(call: Call) -> Answer:
    return Answer(200, {"user": call.viewer.user})


def token(call: Call) -> Answer:
    """`POST /oauth/tokens`: client credentials, or a refresh token, for a new pair."""
    try:
        said = msgspec.json.decode(call.asked.body, type=dict[str, str | int])
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise problem(400, "invalid_request", "The request is missing a required parameter") from error
    client, secret = str(said.get("client_id", "")), str(said.get("client_secret", ""))
    access, lasts_s = call.account.access, int(said.get("expires_in", 1800))
    try:
        if said.get("grant_type") == "client_credentials":
            bearer = access.issue(client, secret, str(said.get("scope", "read")), lasts_s)
        elif said.get("grant_type") == "refresh_token":
            bearer = access.refresh(client, secret, str(said.get("refresh_token", "")))
        else:
            raise problem(400, "unsupported_grant_type", "The authorization grant type is not supported")
    except Refused as error:
        raise problem(401, "invalid_client", "Client authentication failed") from error
    given = {"access_token": bearer.access_token, "refresh_token": bearer.refresh_token, "token_type": "bearer"}
    return Answer(200, {**given, "scope": bearer.scope, "expires_in": bearer.lasts_s})


SUPPORT = (
    route("tickets", "tickets", tickets),
    route("tickets/count", "tickets", counted),
    route("tickets/show_many", "tickets", show_many),
    route("tickets/{id}", "tickets", ticket),
    route("tickets/{id}/comments", "comments", comments),
    route("tickets/{id}/side_conversations", "side_conversations", side_conversations),
    route("tickets/{id}/side_conversations/{name}/events", "side_conversations", side_messages),
    route("deleted_tickets", "deleted_tickets", deleted),
    route("satisfaction_ratings", "satisfaction_ratings", ratings),
    route("users", "users", listed("users", _active_users)),
    route("users/me", "users", me, "anybody"),
    route("users/show_many", "users", many("users", _users)),
    route("users/{id}", "users", shown("user", _users)),
    route("organizations", "organizations", listed("organizations", _organizations)),
    route("organizations/show_many", "organizations", many("organizations", _organizations)),
    route("organizations/{id}", "organizations", shown("organization", _organizations)),
    route("groups", "groups", listed("groups", lambda call: call.account.people.groups.values())),
    route("ticket_fields", "ticket_fields", listed("ticket_fields", lambda call: call.account.people.fields.values())),
    route("brands", "brands", listed("brands", _brands)),
    route(
        "dynamic_content/items", "dynamic_content", listed("items", lambda call: call.account.people.dynamic.values())
    ),
)
