"""Streams cut at a random byte, one after the other: the answer is whole, no character lost or doubled."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import AsyncExitStack

import pytest
from tests.contract.gateway.ladders import ASKED, KEY, PRICE, QUICK, Ladder, slot

from holdfast.gateway import Gateway, Prices, Provider
from holdfast.gateway.provider import Dialect
from holdfast.records import Generate, Generated
from holdfast.testing import Act, Asked, Rule, Vendor
from holdfast.testing.rules import deterministic, without_prefill

TEXT = (
    "A bill has three parts: what you used, what that costs, and what is due. It is sent on the first of the month.\n\n"
    "Refunds take some days:\n\n- to a card: five days\n- to a bank: seven days\n- as credit: at once\n\n"
    "Änderungen gelten sofort, auch für “Zitate”. 退款需要五天。 Write to us where anything is unclear, and we will "
    "see to it. A bill has three parts: what you used, what that costs, and what is due."
)
STREAM_BYTES: dict[Dialect, int] = {"anthropic": 9_800, "openai": 17_000}
"""About as long as the answer's stream is, so that nearly every cut is within it."""
AT_ONCE = 8


def cut_once(rule: Rule, cuts: Callable[[], int]) -> Rule:
    """The rule, with every answer that is begun afresh cut off after so many bytes; what goes on with one is not."""

    def cutting(asked: Asked) -> Act:
        act = rule(asked)
        begun = any(turn.role == "assistant" for turn in asked.messages)
        if begun:
            return act
        how = cuts()
        return Act(text=act.text, cut_after_bytes=how, cut="reset" if how % 2 else "close")

    return cutting


async def cut_streams(count: int, dialect: Dialect, seed: int) -> tuple[int, int]:
    """How many of so many cut streams were answered whole, and how many of those by going on with what was heard."""
    chance = random.Random(seed)
    whole = deterministic(TEXT, "anchor")
    rules = {"main": cut_once(whole, lambda: chance.randrange(STREAM_BYTES[dialect])), "spare": whole}
    if dialect == "openai":
        rules["spare"] = without_prefill(whole)
    async with AsyncExitStack() as stack:
        vendors = {name: await stack.enter_async_context(Vendor(rule)) for name, rule in rules.items()}
        # What is cut is gone on with on the other rung, so that each stream is cut once.
        gateway = Gateway(
            {
                name: Provider(
                    name=name,
                    dialect=dialect,
                    base_url=vendor.base_url,
                    api_key=KEY,
                    prefill="last_message" if dialect == "anthropic" else "none",
                )
                for name, vendor in vendors.items()
            },
            prices=Prices({"main:m": PRICE, "spare:m": PRICE}),
            pace=QUICK,
        )
        stack.push_async_callback(gateway.close)
        complete = rescued = 0

        async def one() -> None:
            nonlocal complete, rescued
            # The vendor is cut every time: its breaker would rightly leave it alone.
            gateway.keep_time(gateway.clock)
            climb = Ladder(gateway, vendors["main"], vendors["spare"])
            effect = Generate(slot="answer", models=("main:m", "spare:m"), messages=ASKED)
            done = await gateway.generate(effect, slot(retries=0, hedge="off"), climb.hear)
            assert isinstance(done.result, Generated)
            right = done.result.text == climb.visible() == TEXT
            complete += right
            rescued += right and any(attempt.detail.part == "rescue" for attempt in done.attempts)

        for begun in range(0, count, AT_ONCE):
            await asyncio.gather(*(one() for _ in range(min(AT_ONCE, count - begun))))
            for vendor in vendors.values():
                vendor.requests.clear()
    return complete, rescued


@pytest.mark.parametrize("dialect", ["anthropic", "openai"])
async def test_a_hundred_streams_cut_at_a_random_byte_come_out_whole(dialect) -> None:
    complete, rescued = await cut_streams(100, dialect, seed=7)
    assert complete == 100
    assert rescued > 50


@pytest.mark.soak
@pytest.mark.timeout(1_800)
@pytest.mark.parametrize("dialect", ["anthropic", "openai"])
async def test_five_thousand_streams_cut_at_a_random_byte_come_out_whole(dialect) -> None:
    complete, rescued = await cut_streams(5_000, dialect, seed=11)
    print(f"{dialect}: {complete} of 5000 whole, {rescued} of them gone on with")  # noqa: T201
    assert complete >= 4_975
