"""What tests of the Zendesk feed build on: a feed over a simulated account, with a clock that nobody waits for.

Knows nothing of what is being tested.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from holdfast.corpus.sources.zendesk.feed import ZendeskFeed
from holdfast.corpus.sources.zendesk.limits import Clock
from holdfast.sources import Conversation, Passed, RawDocument
from holdfast.testing.memory_landing import MemoryLanding
from holdfast.testing.zendesk import ADMIN, NO_LIMITS, TOKEN, Account, Limits, ZendeskServer
from holdfast.testing.zendesk.help_center_rows import Article, Section
from holdfast.testing.zendesk.support_rows import User

PRIVATE = "CANARY-7f3a"
"""Stands in what nobody asked for, and so may never come up."""


class Time:
    """Passes when somebody sleeps; `slept` says how long each time."""

    def __init__(self, at_s: float) -> None:
        self.at_s = at_s
        self.slept: list[float] = []

    def now(self) -> float:
        return self.at_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at_s += seconds

    @property
    def clock(self) -> Clock:
        return Clock(now=self.now, sleep=self.sleep, chance=lambda: 0.5)


class Reading:
    """A feed, where it lands, and the server it reads."""

    def __init__(self, server: ZendeskServer, time: Time, **options: Any) -> None:
        self.server = server
        self.account = server.account
        self.time = time
        self.landing = MemoryLanding()
        self.options = {"base_url": server.url, "email": ADMIN, "token": TOKEN, **options}

    @property
    def feed(self) -> ZendeskFeed:
        options = {name: value for name, value in self.options.items() if value is not None}
        return ZendeskFeed(clock=self.time.clock, **options)

    async def sync(self, stop_after: int | None = None) -> None:
        """Keep every page, or only so many."""
        pages = self.feed.pages(self.landing.cursor, self.landing)
        kept = 0
        async for page in pages:
            self.landing.keep(msgspec.json.decode(msgspec.json.encode(page), type=type(page)))  # as a disk would
            kept += 1
            if kept == stop_after:
                break
        await pages.aclose()

    async def fetch(self, *ids: str) -> None:
        self.landing.keep(await self.feed.fetch(ids), moves=False)

    @property
    def offered(self) -> dict[str, RawDocument | Passed]:
        """What the feed makes of what landed, each id once."""
        found = list(self.feed.documents(self.landing))
        assert len({one.id for one in found}) == len(found)
        assert {one.id for one in found} == set(self.landing.document_ids())
        return {one.id: one for one in found}

    @property
    def documents(self) -> dict[str, RawDocument]:
        return {own: one for own, one in self.offered.items() if isinstance(one, RawDocument)}

    @property
    def passed(self) -> dict[str, str]:
        return {own: one.reason for own, one in self.offered.items() if isinstance(one, Passed)}

    @property
    def kept_text(self) -> str:
        """Everything that landed and is not gone for good, as one text."""
        kept = [msgspec.json.encode(one.item) for one in self.landing._items.values()]
        return b"\n".join(kept).decode()


@asynccontextmanager
async def reading(account: Account, limits: Limits = NO_LIMITS, **options: Any) -> AsyncIterator[Reading]:
    """A feed over a server of this account; `options` are the feed's own, None takes one away."""
    time = Time(account.clock.now())
    async with ZendeskServer(account, limits=limits, clock_s=time.now) as server:
        yield Reading(server, time, **options)


def turns(document: RawDocument) -> list[tuple[str, str]]:
    """Who said what, in a ticket."""
    said = msgspec.json.decode(document.body, type=Conversation)
    return [(turn.role, plain(turn.body)) for turn in said.turns]


def plain(body: str) -> str:
    """A comment's words, without what Zendesk wraps around them."""
    return body.removeprefix('<div class="zd-comment" dir="auto">').removesuffix("</div>")


def desk() -> tuple[Account, User, User]:
    """An account with a customer and an agent, and no ticket yet."""
    made = Account()
    return made, made.people.user("Kim", "kim@example.com"), made.people.user("Ada", "agent@acme.example", "agent")


def pass_time(made: Account, seconds: int = 3600) -> None:
    made.clock.advance(seconds)


def help_center(articles: int = 2) -> tuple[Account, Section]:
    made = Account()
    section = made.help_center.section("Plans", made.help_center.category("Billing"))
    for number in range(articles):
        made.clock.advance(60)
        made.help_center.article(f"Title {number}", f"<p>Words {number}</p>", section)
    made.clock.advance(3600)
    return made, section


def first(made: Account) -> Article:
    return next(iter(made.help_center.articles.values()))
