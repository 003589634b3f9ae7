"""A ladder between two scriptable vendors, and what a listener hears of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from holdfast.contracts import Delta, Event, Reset
from holdfast.gateway import Gateway, Pace, Price, Prices, Provider
from holdfast.gateway.capability import Facts
from holdfast.records import Attempt, Done, Generate, Generated, Message, ToolCall
from holdfast.release import ModelSlot
from holdfast.testing import Act, Rule, Vendor

KEY = "sk-a-secret-of-some-length"
QUICK = Pace(backoff_ms=1, backoff_cap_ms=2, retry_after_cap_ms=100, settle_ms=100, hang_ms=50)
PRICE = Price(input_usd_per_mtok=1_000_000, output_usd_per_mtok=2_000_000)  # one USD a token in, two a token out
ASKED = (Message(role="system", text="Be brief."), Message(role="user", text="How are you?"))


CALL = ToolCall(id="call_1", name="look_up", arguments={"order": 7, "deep": {"a": [1, 2]}})


def kinds(attempts: tuple[Attempt, ...]) -> list[str | None]:
    """What became of each attempt: the kind of its fault, None where it answered."""
    return [attempt.error and attempt.error.partition(":")[0] for attempt in attempts]


def slot(**changes: object) -> ModelSlot:
    """A slot with limits that a test can wait for."""
    times = {"deadline_ms": 5_000, "connect_ms": 1_000, "first_token_ms": 1_000, "idle_ms": 1_000, "retries": 2}
    return ModelSlot(models=("unused",), **{**times, **changes})


@dataclass
class Ladder:
    """A gateway between a main vendor (rung 0, `main:m`) and a spare one (rung 1, `spare:m`), and what was heard."""

    gateway: Gateway
    main: Vendor
    spare: Vendor
    heard: list[Event] = field(default_factory=list)
    more: asyncio.Event = field(default_factory=asyncio.Event)

    async def ask(self, *models: str, effect: Generate | None = None, **limits: object) -> Done:
        if effect is None:
            effect = Generate(slot="answer", models=models or ("main:m", "spare:m"), messages=ASKED)
        return await self.gateway.generate(effect, slot(**limits), self.hear)

    def hear(self, event: Event) -> None:
        self.heard.append(event)
        self.more.set()

    async def has_shown(self, text: str) -> None:
        """Wait until a reader of the stream sees just this."""
        while self.visible() != text:
            self.more.clear()
            await self.more.wait()

    async def text(self, *models: str, **limits: object) -> str:
        done = await self.ask(*models, **limits)
        assert isinstance(done.result, Generated)
        assert self.visible() == done.result.text
        return done.result.text

    def visible(self) -> str:
        """What a reader of the stream sees at the end."""
        shown: list[str] = []
        for event in self.heard:
            if isinstance(event, Reset):
                shown.clear()
            elif isinstance(event, Delta):
                shown.append(event.text)
        return "".join(shown)

    @property
    def resets(self) -> int:
        return sum(isinstance(event, Reset) for event in self.heard)


@dataclass
class Clock:
    """A monotonic clock that a test moves."""

    now_s: float = 1_000.0

    def __call__(self) -> float:
        return self.now_s


@asynccontextmanager
async def between(
    main: Sequence[Act] | Rule,
    spare: Sequence[Act] | Rule,
    *,
    facts: Facts | None = None,
    keys: tuple[str, ...] = (KEY,),
) -> AsyncIterator[Ladder]:
    """A ladder between two vendors of OpenAI's dialect; `facts` are those of both models."""
    async with Vendor(main) as first, Vendor(spare) as second:
        gateway = Gateway(
            {
                "main": Provider(name="main", base_url=first.base_url, api_key=keys),
                "spare": Provider(name="spare", base_url=second.base_url, api_key=KEY),
            },
            prices=Prices({"main:m": PRICE, "spare:m": PRICE}),
            pace=QUICK,
            facts={} if facts is None else {"main:m": facts, "spare:m": facts},
        )
        try:
            yield Ladder(gateway, first, second)
        finally:
            await gateway.close()
