"""What an account held before a test touched it, made as it is read. Does not know what became of it since."""

from __future__ import annotations

from typing import Protocol

from holdfast.testing.zendesk.support_rows import Comment, Event, Ticket


class Past(Protocol):
    """Tickets 1 to `count`, each the same whenever it is asked for, none kept in memory.

    Whatever happened to ticket N happened before anything did to ticket N + 1, so that both orders are one.
    """

    count: int
    ended_s: int
    """When the last of it happened."""

    def ticket(self, ticket_id: int) -> Ticket: ...

    def generated_s(self, ticket_id: int) -> int:
        """The ticket's `generated_timestamp`, without making the ticket."""
        ...

    def listed(self, ticket_id: int) -> bool:
        """Whether lists have it, which is neither deleted nor archived; without making the ticket."""
        ...

    def comments(self, ticket_id: int) -> list[Comment]: ...

    def events(self, ticket_id: int) -> list[Event]:
        """The oldest first."""
        ...

    def first_since(self, at_s: int) -> int:
        """The first ticket to which something happened at or after this moment; `count` + 1 where there is none."""
        ...


class Nothing:
    """The past of an account that was empty."""

    count = 0
    ended_s = 0

    def ticket(self, ticket_id: int) -> Ticket:
        raise KeyError(ticket_id)

    def generated_s(self, ticket_id: int) -> int:
        raise KeyError(ticket_id)

    def listed(self, ticket_id: int) -> bool:
        raise KeyError(ticket_id)

    def comments(self, ticket_id: int) -> list[Comment]:
        raise KeyError(ticket_id)

    def events(self, ticket_id: int) -> list[Event]:
        raise KeyError(ticket_id)

    def first_since(self, _at_s: int) -> int:
        return 1
