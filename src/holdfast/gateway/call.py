"""One call to the gateway: its deadline, what its caller has heard, and every attempt made for it.

Does not know in which order rungs are asked, or when one is asked again.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from holdfast.contracts import Delta, Embedder, Hear, Models, Reset, deaf
from holdfast.gateway.attempt import Hosts
from holdfast.gateway.budget import Budget
from holdfast.gateway.capability import UNKNOWN, AllFacts, Facts
from holdfast.gateway.fault import Fault
from holdfast.gateway.health import Health
from holdfast.gateway.meaning import Meaning
from holdfast.gateway.prices import Prices
from holdfast.gateway.provider import Provider
from holdfast.gateway.rung import HandedIn, Hosted
from holdfast.gateway.transport import Transport
from holdfast.gateway.waiting import Pace
from holdfast.records import Attempt, Generate
from holdfast.release import ModelSlot


class Shared:
    """What all calls of one gateway share."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        *,
        models: Models = MappingProxyType({}),
        embedder: Embedder | None = None,
        prices: Prices | None = None,
        pace: Pace | None = None,
        facts: AllFacts = MappingProxyType({}),
    ) -> None:
        self.providers = providers
        self.models = models
        self.prices = prices or Prices()
        self.pace = pace or Pace()
        self.facts = facts
        self.chance: Callable[[], float] = random.random
        self.turn = itertools.count()
        self.meaning = Meaning(embedder) if embedder is not None else None
        self.transport = Transport()
        self.hosts = Hosts(self.transport, self.pace)
        self.ready = False
        self.keep_time(time.monotonic)

    async def get_ready(self) -> None:
        """Load what calls through a proxy need, in a thread: half a second that no attempt pays for."""
        if not self.ready:
            if any(provider.proxy for provider in self.providers.values()):
                await self.transport.warm()
            self.ready = True

    def keep_time(self, clock: Callable[[], float]) -> None:
        """Start health and budgets afresh, by this monotonic clock."""
        self.clock = clock
        self.standing = Health(clock)
        self.retries = Budget(clock, per_request=0.1, per_s=1.0, most=10.0, first=10.0)
        self.hedges = Budget(clock, per_request=0.05, per_s=0.0, most=10.0, first=1.0)

    def facts_of(self, rung: Hosted) -> Facts:
        """What the project says of a model."""
        return self.facts.get(f"{rung.provider.name}:{rung.model}", UNKNOWN)

    def window_of(self, rung: Hosted) -> int | None:
        """How many tokens a model can read, where that is known."""
        return self.facts_of(rung).context_window or self.prices.context_window(rung.provider.name, rung.model)


class Voice:
    """What the caller was told so far."""

    __slots__ = ("_hear", "_said")

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._said: list[str] = []

    @property
    def heard(self) -> str:
        return "".join(self._said)

    def say(self, text: str) -> None:
        if text:
            self._said.append(text)
            self._hear(Delta(text))

    def reset(self, reason: str) -> None:
        """Void what was said, if anything was."""
        if self._said:
            self._said.clear()
            self._hear(Reset(reason))


class Call:
    """One request on its way up a ladder."""

    def __init__(self, shared: Shared, effect: Generate, slot: ModelSlot, hear: Hear) -> None:
        self.shared = shared
        self.effect = effect
        self.slot = slot
        self.voice = Voice(hear)
        self.loop = asyncio.get_running_loop()
        self.started_at = self.loop.time()
        self.deadline_at = self.started_at + slot.deadline_ms / 1000
        self.attempts: list[Attempt] = []
        self.over: list[tuple[str, Fault]] = []
        """Each rung that was left, as the ladder names it, and why."""
        self.final = False
        """Nothing more may be asked: the policy of the slot says that a broken answer is an error."""
        self.streaming = slot.upstream == "stream" or hear is not deaf
        # What nobody has heard is asked for again whole: a seam saves a little money, and can only make it worse.
        self.continues = slot.rescue == "continue" and effect.schema is None and hear is not deaf

    @property
    def left_s(self) -> float:
        return self.deadline_at - self.loop.time()

    def since_start_ms(self) -> float:
        return (self.loop.time() - self.started_at) * 1000

    def note(self, attempt: Attempt) -> None:
        self.attempts.append(attempt)


def name_of(rung: Hosted | HandedIn) -> str:
    """The provider's name of a rung."""
    return rung.provider.name if isinstance(rung, Hosted) else rung.name
