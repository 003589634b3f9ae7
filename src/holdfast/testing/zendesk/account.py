"""A simulated Zendesk account: its help centers, its tickets, its people, and who may ask. Knows nothing of HTTP."""

from __future__ import annotations

import itertools

from holdfast.testing.zendesk.access import Access
from holdfast.testing.zendesk.clock import Clock
from holdfast.testing.zendesk.happening import Happening
from holdfast.testing.zendesk.help_center import HelpCenter
from holdfast.testing.zendesk.people import People
from holdfast.testing.zendesk.support import Support

ADMIN = "ada@acme.example"
TOKEN = "only-for-tests"  # noqa: S105 it opens a simulated account and nothing else


class Account:
    """`Account()` has one admin, whom `ADMIN` and `TOKEN` let in, one brand, and nothing else.

    `clock` is the account's own: it dates everything, and says what of an export is too young. It stands still until it
    is told to advance. `happenings` is what webhooks would be told, in order.
    """

    def __init__(self, subdomain: str = "acme", *, clock: Clock | None = None) -> None:
        self.subdomain = subdomain
        self.clock = clock or Clock()
        self.happenings: list[Happening] = []
        self._ids = itertools.count(360_000_000_001)
        self.access = Access(self.clock)
        self.people = People(self.clock, self._ids)
        self.help_center = HelpCenter(self.clock, self._ids, self.happenings, subdomain)
        self.support = Support(self.people, self._ids, self.happenings)
        self.support.host = f"https://{subdomain}.zendesk.com"
        self.cursors_since = 0
        """Cursors of exports count from here; `expire_cursors` makes those that were given out worthless."""
        self.admin = self.people.user("Ada Admin", ADMIN, "admin")
        self.access.grant(self.admin, TOKEN)

    def expire_cursors(self) -> None:
        """Every export that is under way has to begin anew: its cursor is refused."""
        self.cursors_since += 1
