"""The tickets of a simulated account, and everything that may befall them. Does not know how they are asked for."""

from __future__ import annotations

import html
from bisect import bisect_left, insort
from collections.abc import Iterator, Sequence

from holdfast.messages import Json
from holdfast.testing.zendesk.clock import Clock, iso
from holdfast.testing.zendesk.happening import Happening
from holdfast.testing.zendesk.past import Nothing, Past
from holdfast.testing.zendesk.people import People
from holdfast.testing.zendesk.support_rows import (
    Attachment,
    Comment,
    CustomValue,
    Event,
    SideConversation,
    SideMessage,
    Status,
    Ticket,
)

MOST_COMMENTS = 5000
"""A ticket takes no more."""
SCRUBBED = "SCRUBBED"
SYSTEM = -1
"""The author of what no person wrote."""


class Support:
    """Tickets, what was written on them, and the events that say so.

    Every method moves the ticket's `generated_timestamp`, which exports go by; most also move `updated_at`.
    """

    def __init__(self, people: People, ids: Iterator[int], happenings: list[Happening]) -> None:
        self.people = people
        self.clock: Clock = people.clock
        self.past: Past = Nothing()
        self.archived: set[int] = set()
        """Closed long ago: in exports, in no list."""
        self.side_conversations: dict[int, list[SideConversation]] = {}
        self.files: dict[int, bytes] = {}
        self.host = "https://acme.zendesk.com"
        self._tickets: dict[int, Ticket] = {}
        self._comments: dict[int, list[Comment]] = {}
        self._events: list[tuple[int, int, Event]] = []
        self._order: list[tuple[int, int]] = []
        self._ids = ids
        self._happenings = happenings

    # What there is

    def ticket(self, ticket_id: int) -> Ticket | None:
        """The ticket, a deleted one too."""
        if ticket_id in self._tickets:
            return self._tickets[ticket_id]
        return self.past.ticket(ticket_id) if 1 <= ticket_id <= self.past.count else None

    def comments(self, ticket_id: int) -> list[Comment]:
        """All of a ticket's, the oldest first, internal notes too."""
        if ticket_id in self._comments:
            return self._comments[ticket_id]
        return self.past.comments(ticket_id) if 1 <= ticket_id <= self.past.count else []

    def ids(self) -> Iterator[int]:
        """Every ticket's, the deleted ones' too."""
        yield from range(1, self.past.count + 1)
        yield from (number for number in sorted(self._tickets) if number > self.past.count)

    def listed(self, ticket_id: int) -> bool:
        """Whether lists have it: it is neither deleted nor archived."""
        own = self._tickets.get(ticket_id)
        if own is None:
            return 1 <= ticket_id <= self.past.count and self.past.listed(ticket_id)
        return own.status != "deleted" and ticket_id not in self.archived

    def changed_since(self, at_s: int, after_id: int = 0) -> Iterator[tuple[int, int]]:
        """(`generated_timestamp`, id) in that order, from this moment on, and at this moment from the next id on."""
        since = self._order[bisect_left(self._order, (at_s, after_id + 1)) :]
        before = (
            (self.past.generated_s(number), number)
            for number in range(self.past.first_since(at_s), self.past.count + 1)
            if number not in self._tickets
        )
        for key in before:
            if key >= (at_s, after_id + 1):
                yield key
        yield from since

    def events_since(self, at_s: int) -> Iterator[Event]:
        """In the order in which they happened, as they stand now: a comment is shown as it was redacted."""
        for number in range(self.past.first_since(at_s), self.past.count + 1):
            now = {comment.id: comment for comment in self._comments.get(number, ())}
            for event in self.past.events(number):
                if event.comment is not None:
                    event.comment = now.get(event.comment.id, event.comment)
                if event.at_s >= at_s:
                    yield event
        yield from (event for _, _, event in self._events[bisect_left(self._events, at_s, key=lambda kept: kept[0]) :])

    # What may befall it

    def create(
        self,
        subject: str | None,
        text: str,
        requester_id: int,
        *,
        status: Status = "open",
        text_html: str | None = None,
        custom: Sequence[CustomValue] = (),
    ) -> Ticket:
        """A ticket whose first comment is its description."""
        number = max(self.past.count, max(self._tickets, default=0)) + 1
        user = self.people.users.get(requester_id)
        made = Ticket(id=number, requester_id=requester_id, submitter_id=requester_id, subject=subject, status=status)
        made.raw_subject, made.description = subject, text
        made.custom_fields = made.fields = list(custom)
        made.organization_id = None if user is None else user.organization_id
        made.via = {"channel": "web", "source": {"from": {}, "to": {}, "rel": None}}
        made.url = f"{self.host}/api/v2/tickets/{number}.json"
        made.created_at = iso(self.clock.now())
        self._tickets[number], self._comments[number] = made, []
        self._moved(made, updated=True)
        self._tell("ticket.created", made, {})
        self.comment(number, text, requester_id, html_body=text_html)
        return made

    def comment(
        self,
        ticket_id: int,
        text: str,
        author_id: int,
        *,
        public: bool = True,
        html_body: str | None = None,
        attachments: Sequence[Attachment] = (),
    ) -> Comment:
        """Say something on a ticket. Raises ValueError on the 5001st comment."""
        ticket, comments = self._own(ticket_id)
        if len(comments) >= MOST_COMMENTS:
            raise ValueError(f"ticket {ticket_id} has {MOST_COMMENTS} comments and takes no more")
        made = Comment(
            id=next(self._ids),
            author_id=author_id,
            body=text,
            html_body=f'<div class="zd-comment" dir="auto">{html_body or html.escape(text)}</div>',
            plain_body=text,
            public=public,
            audit_id=next(self._ids),
            attachments=list(attachments),
            via={"channel": "web", "source": {"from": {}, "to": {}, "rel": None}},
            metadata={
                "system": {"client": "Mozilla/5.0", "ip_address": "203.0.113.7", "location": "Oslo"},
                "custom": {},
            },
            created_at=iso(self.clock.now()),
        )
        comments.append(made)
        self._happened(ticket, author_id, comment=made)
        self._tell("ticket.comment_added", ticket, {"comment": {"id": str(made.id), "is_public": public}})
        return made

    def attachment(self, file_name: str, content_type: str, data: bytes, *, malware: bool = False) -> Attachment:
        """A file for a comment."""
        made = Attachment(id=next(self._ids), file_name=file_name, content_type=content_type, size=len(data))
        made.content_url = made.mapped_content_url = f"{self.host}/attachments/token/{made.id}/?name={file_name}"
        made.malware_scan_result = "malware_found" if malware else "malware_not_found"
        self.files[made.id] = data
        return made

    def update(self, ticket_id: int, updater_id: int = SYSTEM, **changed: Json) -> Ticket:
        """Set fields of the ticket by name; of the system's doing `updated_at` does not tell."""
        ticket, _ = self._own(ticket_id)
        changes: list[dict[str, Json]] = []
        for name, value in changed.items():
            before = getattr(ticket, name)
            changes.append({"event_type": "Change", name: value, "previous_value": before})
            setattr(ticket, name, value)
        ticket.fields = ticket.custom_fields
        self._happened(ticket, updater_id, changes=changes, updated=updater_id != SYSTEM)
        if "status" in changed:
            self._tell("ticket.status_changed", ticket, {"current": changed["status"]})
        return ticket

    def delete(self, ticket_id: int) -> None:
        """It is in no list any more; exports have it as `deleted`."""
        self.update(ticket_id, 1, status="deleted")
        self._tell("ticket.soft_deleted", self._tickets[ticket_id], {})

    def restore(self, ticket_id: int) -> None:
        self.update(ticket_id, 1, status="open")
        self._tell("ticket.undeleted", self._tickets[ticket_id], {})

    def scrub(self, ticket_id: int) -> None:
        """Delete it for good: exports still have the row, and none of its words."""
        ticket, comments = self._own(ticket_id)
        ticket.status = "deleted"
        ticket.subject = ticket.raw_subject = ticket.description = SCRUBBED
        ticket.custom_fields = ticket.fields = []
        ticket.tags = []
        for comment in comments:
            comment.body = comment.html_body = comment.plain_body = SCRUBBED
            comment.attachments, comment.metadata = [], {}
        self._happened(ticket, SYSTEM, updated=False)
        self._tell("ticket.permanently_deleted", ticket, {})

    def archive(self, ticket_id: int) -> None:
        """Close it, and take it out of the lists."""
        self.update(ticket_id, status="closed")
        self.archived.add(ticket_id)

    def merge(self, ticket_id: int, into_id: int, agent_id: int) -> None:
        """Close a ticket in favour of another; a comment on each says so."""
        ticket, comments = self._own(ticket_id)
        target, _ = self._own(into_id)
        last = comments[-1].body if comments else ""
        closing = self.comment(ticket_id, f"This request was closed and merged into request #{into_id}.", agent_id)
        told = f'Request #{ticket_id} "{ticket.subject}" was closed and merged into this request. Last comment: {last}'
        telling = self.comment(into_id, told, agent_id, public=all(one.public for one in comments[-1:]))
        source: Json = {"from": {"ticket_id": ticket_id, "subject": ticket.subject}, "to": {}, "rel": "merge"}
        telling.via = closing.via = {"channel": "system", "source": source}
        self.update(ticket_id, agent_id, status="closed", tags=[*ticket.tags, "closed_by_merge"])
        self._tell("ticket.merged", ticket, {"target_ticket_id": str(target.id)})

    def follow_up(self, ticket_id: int, text: str, requester_id: int) -> Ticket:
        """A new ticket in reply to a closed one; each names the other."""
        closed, _ = self._own(ticket_id)
        made = self.create(f"Re: {closed.subject}", text, requester_id)
        made.via = {
            "channel": "web",
            "source": {"from": {"ticket_id": ticket_id, "subject": closed.subject}, "to": {}, "rel": "follow_up"},
        }
        self.update(ticket_id, followup_ids=[*closed.followup_ids, made.id])
        return made

    def redact(self, ticket_id: int, comment_id: int, text: str) -> None:
        """Black out these words of a comment, in every place that shows it."""
        ticket, comments = self._own(ticket_id)
        comment = next(one for one in comments if one.id == comment_id)
        black = "▇" * len(text)
        comment.body = comment.body.replace(text, black)
        comment.html_body = comment.html_body.replace(html.escape(text), black).replace(text, black)
        comment.plain_body = comment.plain_body.replace(text, black)
        if comment is comments[0]:
            ticket.description = ticket.description.replace(text, black)
        self._happened(ticket, 1, changes=[{"event_type": "CommentRedactionEvent", "comment_id": comment_id}])
        self._tell("ticket.comment_redacted", ticket, {"comment": {"id": str(comment_id)}})

    def make_private(self, ticket_id: int, comment_id: int) -> None:
        """Turn a public comment into an internal note."""
        ticket, comments = self._own(ticket_id)
        next(one for one in comments if one.id == comment_id).public = False
        change: dict[str, Json] = {"event_type": "CommentPrivacyChange", "comment_id": comment_id, "public": False}
        self._happened(ticket, 1, changes=[change])
        self._tell("ticket.comment_made_private", ticket, {"comment": {"id": str(comment_id)}})

    def side_conversation(self, ticket_id: int, subject: str, text: str, to: str) -> SideConversation:
        now = iso(self.clock.now())
        number = f"{next(self._ids):08x}-0000-11ee-8000-000000000000"
        made = SideConversation(id=number, ticket_id=ticket_id, subject=subject, preview_text=text[:120])
        made.messages = [SideMessage(subject=subject, body=text, html_body=html.escape(text), to=[{"email": to}])]
        made.url = f"{self.host}/api/v2/tickets/{ticket_id}/side_conversations/{number}"
        made.participants = [{"email": to}]
        made.created_at = made.updated_at = made.message_added_at = now
        self.side_conversations.setdefault(ticket_id, []).append(made)
        return made

    def _own(self, ticket_id: int) -> tuple[Ticket, list[Comment]]:
        """The ticket and its comments, taken over from the past when they are first touched."""
        if ticket_id not in self._tickets:
            comments = self.comments(ticket_id)
            self._tickets[ticket_id] = self.past.ticket(ticket_id)
            self._comments[ticket_id] = comments
        return self._tickets[ticket_id], self._comments[ticket_id]

    def _moved(self, ticket: Ticket, *, updated: bool) -> None:
        now = self.clock.now()
        at = bisect_left(self._order, (ticket.generated_timestamp, ticket.id))
        if self._order[at : at + 1] == [(ticket.generated_timestamp, ticket.id)]:
            del self._order[at]
        ticket.generated_timestamp = now
        insort(self._order, (now, ticket.id))
        if updated:
            ticket.updated_at = iso(now)

    def _happened(
        self,
        ticket: Ticket,
        updater_id: int,
        *,
        comment: Comment | None = None,
        changes: Sequence[dict[str, Json]] = (),
        updated: bool = True,
    ) -> None:
        self._moved(ticket, updated=updated)
        children = [{"id": next(self._ids), **change} for change in changes]
        number = next(self._ids) if comment is None else comment.audit_id
        now = self.clock.now()
        made = Event(id=number, ticket_id=ticket.id, at_s=now, updater_id=updater_id, comment=comment, changes=children)
        insort(self._events, (now, number, made), key=lambda kept: kept[:2])

    def _tell(self, kind: str, ticket: Ticket, event: dict[str, Json]) -> None:
        detail: dict[str, Json] = {
            "id": str(ticket.id),
            "subject": ticket.subject,
            "status": ticket.status.upper(),
            "requester_id": str(ticket.requester_id),
            "is_public": ticket.is_public,
            "created_at": ticket.created_at,
            "updated_at": ticket.updated_at,
        }
        self._happenings.append(Happening(kind, f"zen:ticket:{ticket.id}", detail, event, self.clock.now()))
