"""A Zendesk to test against: an account that lives in memory, and a server that behaves as Zendesk's API does over it.

Knows nothing of how Holdfast reads a help desk.

    async with ZendeskServer(sample_account(1)) as server:
        ...  # point a source at server.url, with server.auth
"""

from holdfast.testing.zendesk import faults
from holdfast.testing.zendesk.access import Access, Viewer
from holdfast.testing.zendesk.account import ADMIN, TOKEN, Account
from holdfast.testing.zendesk.big import ManyTickets, big_account
from holdfast.testing.zendesk.clock import Clock
from holdfast.testing.zendesk.exchange import Asked, Seen
from holdfast.testing.zendesk.limits import ENTERPRISE, HIGH_VOLUME, NO_LIMITS, PROFESSIONAL, TEAM, Limits
from holdfast.testing.zendesk.sample import sample_account
from holdfast.testing.zendesk.sample_words import NOTE_WORD
from holdfast.testing.zendesk.server import ZendeskServer
from holdfast.testing.zendesk.webhooks import Webhook

__all__ = [
    "ADMIN",
    "ENTERPRISE",
    "HIGH_VOLUME",
    "NOTE_WORD",
    "NO_LIMITS",
    "PROFESSIONAL",
    "TEAM",
    "TOKEN",
    "Access",
    "Account",
    "Asked",
    "Clock",
    "Limits",
    "ManyTickets",
    "Seen",
    "Viewer",
    "Webhook",
    "ZendeskServer",
    "big_account",
    "faults",
    "sample_account",
]
