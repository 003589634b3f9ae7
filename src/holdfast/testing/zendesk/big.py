"""A large account that takes no room: every ticket is made when it is asked for, and is the same each time.

Does not know who asks.
"""

from __future__ import annotations

import html
import zlib

from holdfast.testing.zendesk.account import Account
from holdfast.testing.zendesk.clock import MONDAY_MORNING_S, Clock, iso
from holdfast.testing.zendesk.sample_words import NOTE_WORD
from holdfast.testing.zendesk.support import SCRUBBED
from holdfast.testing.zendesk.support_rows import Comment, CustomValue, Event, Status, Ticket

STEP_S = 20
"""From one ticket to the next; all that happens to a ticket happens within."""
_TOPICS = (
    ("refund", "The refund has not arrived yet", "Refunds are paid out within five working days of the approval."),
    (
        "invoice",
        "The invoice shows a wrong address",
        "It is changed under Billing, before the invoice is drawn.",
    ),
    (
        "login",
        "I cannot sign in any more",
        "After six attempts the sign-in is locked for an hour, and then opens.",
    ),
    ("parcel", "My parcel is late", "A parcel that is a week late is sent again without any cost."),
    ("printer", "The printer prints blank pages", "Blank pages come from a dry cartridge; clean the nozzles twice."),
    ("plan", "How do I change my plan", "A plan is changed under Account, and the change counts from the next month."),
    ("export", "The export stops halfway", "Large exports are cut into parts; each comes as a mail of its own."),
    (
        "webhook",
        "The webhook is not called",
        "A webhook is paused after ten failures, and resumed by hand.",
    ),
    ("battery", "The battery is empty by noon", "Background updates empty the battery; allow them on power only."),
    ("seat", "I need one more seat", "A seat is added under Members, and is billed for the rest of the month."),
)
_DETAILS = ("since Monday", "on two machines", "in the mobile app", "after the update", "for our whole team", "in Oslo")


class ManyTickets:
    """A past of `count` tickets by topics, each with two to five comments.

    Every comment holds a word of its own, `zqpublic{ticket}x{n}` or, in an internal note, `zqnote{ticket}x{n}` besides
    `NOTE_WORD`. Of fifty tickets one is deleted, of two hundred one is scrubbed, of forty one was merged into the
    ticket before it; the older half of what is closed is archived.
    """

    def __init__(self, count: int, seed: int, account: Account, customers: int) -> None:
        self.count = count
        self.ended_s = account.clock.now()
        self._seed = seed
        self._began_s = self.ended_s - count * STEP_S
        users = sorted(account.people.users)
        self._agents, self._customers = users[1 : len(users) - customers], users[len(users) - customers :]
        self._host = account.support.host

    def _drawn(self, ticket_id: int, what: int, below: int) -> int:
        return zlib.crc32(b"%d/%d/%d" % (self._seed, ticket_id, what)) % below

    def _at_s(self, ticket_id: int) -> int:
        return self._began_s + (ticket_id - 1) * STEP_S

    def scrubbed(self, ticket_id: int) -> bool:
        return ticket_id % 200 == 11

    def deleted(self, ticket_id: int) -> bool:
        """Whether it was deleted, scrubbed or not."""
        return ticket_id % 50 == 7 or self.scrubbed(ticket_id)

    def merged(self, ticket_id: int) -> bool:
        return ticket_id % 40 == 3

    def listed(self, ticket_id: int) -> bool:
        archived = ticket_id * 2 <= self.count and self._status(ticket_id) == "closed"
        return not archived and not self.deleted(ticket_id)

    def _status(self, ticket_id: int) -> Status:
        if self.deleted(ticket_id):
            return "deleted"
        if self.merged(ticket_id):
            return "closed"
        statuses: tuple[Status, ...] = ("open", "pending", "hold", "solved", "closed", "closed", "closed")
        return statuses[self._drawn(ticket_id, 1, len(statuses))]

    def generated_s(self, ticket_id: int) -> int:
        return self._at_s(ticket_id) + STEP_S - 1

    def first_since(self, at_s: int) -> int:
        return min(max(1, (at_s - self._began_s) // STEP_S + 1), self.count + 1)

    def ticket(self, ticket_id: int) -> Ticket:
        topic, question, _ = _TOPICS[self._drawn(ticket_id, 2, len(_TOPICS))]
        detail = _DETAILS[self._drawn(ticket_id, 3, len(_DETAILS))]
        scrubbed = self.scrubbed(ticket_id)
        subject = SCRUBBED if scrubbed else None if ticket_id % 90 == 1 else f"{question} {detail}"
        requester = self._requester(ticket_id)
        at_s, generated_s = self._at_s(ticket_id), self.generated_s(ticket_id)
        values = [] if scrubbed else [CustomValue(id=1, value=topic), CustomValue(id=2, value=None)]
        return Ticket(
            id=ticket_id,
            requester_id=requester,
            submitter_id=requester,
            subject=subject,
            raw_subject=subject,
            description=self.comments(ticket_id)[0].body,
            status=self._status(ticket_id),
            tags=[] if scrubbed else [topic, *(["closed_by_merge"] if self.merged(ticket_id) else [])],
            via={"channel": "email", "source": {"from": {}, "to": {}, "rel": None}},
            custom_fields=values,
            fields=values,
            url=f"{self._host}/api/v2/tickets/{ticket_id}.json",
            created_at=iso(at_s),
            updated_at=iso(generated_s),
            generated_timestamp=generated_s,
        )

    def _requester(self, ticket_id: int) -> int:
        return self._customers[self._drawn(ticket_id, 4, len(self._customers))]

    def comments(self, ticket_id: int) -> list[Comment]:
        _, question, answer = _TOPICS[self._drawn(ticket_id, 2, len(_TOPICS))]
        detail = _DETAILS[self._drawn(ticket_id, 3, len(_DETAILS))]
        agent = self._agents[self._drawn(ticket_id, 5, len(self._agents))]
        customer = self._requester(ticket_id)
        said = [
            (customer, True, f"{question} {detail}. Please help me with order {ticket_id}."),
            (agent, False, f"{NOTE_WORD}: the customer is on an old contract, do not say so."),
            (agent, True, answer),
            (customer, True, "Thank you, that was it."),
            (agent, False, f"{NOTE_WORD}: credit of order {ticket_id} is blocked."),
        ][: 2 + self._drawn(ticket_id, 6, 4)]
        if self.merged(ticket_id):
            said.append((agent, True, f"This request was closed and merged into request #{ticket_id - 1}."))
        return [self._comment(ticket_id, number, *one) for number, one in enumerate(said)]

    def _comment(self, ticket_id: int, number: int, author_id: int, public: bool, text: str) -> Comment:
        text = f"{text} zq{'public' if public else 'note'}{ticket_id}x{number}"
        scrubbed = self.scrubbed(ticket_id)
        shown = SCRUBBED if scrubbed else text
        comment_id = ticket_id * 100 + number * 2
        return Comment(
            id=comment_id,
            author_id=author_id,
            body=shown,
            html_body=shown if scrubbed else f'<div class="zd-comment" dir="auto"><p>{html.escape(text)}</p></div>',
            plain_body=shown,
            public=public,
            audit_id=comment_id + 1,
            via={"channel": "email", "source": {"from": {}, "to": {}, "rel": None}},
            metadata={"system": {"client": "Mail", "ip_address": "203.0.113.9", "location": "Oslo"}, "custom": {}},
            created_at=iso(self._at_s(ticket_id) + number * 3),
        )

    def events(self, ticket_id: int) -> list[Event]:
        at_s = self._at_s(ticket_id)
        made = [
            Event(
                id=comment.audit_id,
                ticket_id=ticket_id,
                at_s=at_s + number * 3,
                updater_id=comment.author_id,
                via="Mail",
                comment=comment,
            )
            for number, comment in enumerate(self.comments(ticket_id))
        ]
        status = self._status(ticket_id)
        change = {"id": ticket_id * 100 + 98, "event_type": "Change", "status": status, "previous_value": "new"}
        last_s = self.generated_s(ticket_id)
        last = Event(id=ticket_id * 100 + 99, ticket_id=ticket_id, at_s=last_s, updater_id=-1, changes=[dict(change)])
        return [*made, last]


def big_account(tickets: int = 100_000, *, seed: int = 0, customers: int = 2_000, agents: int = 20) -> Account:
    """An account with this many tickets in the past, as `ManyTickets` describes them; whatever befalls them later is
    kept in memory. The same arguments give the same account. Everything happened more than an hour ago."""
    account = Account(clock=Clock(MONDAY_MORNING_S - tickets * STEP_S))
    for number in range(agents):
        account.people.user(f"Agent {number}", f"agent{number}@acme.example", "agent")
    for number in range(customers):
        account.people.user(f"Customer {number}", f"customer{number}@example.com")
    account.clock.advance(tickets * STEP_S)
    account.support.past = ManyTickets(tickets, seed, account, customers)
    account.clock.advance(3600)
    return account
