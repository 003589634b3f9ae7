"""The gateway keeps its word on the server's event loop too, whose clock is coarser, and on several loops in turn."""

from __future__ import annotations

import asyncio

import pytest
import uvloop
from tests.contract.gateway.ladders import ASKED, PRICE, QUICK, between, kinds, slot

from holdfast.contracts import deaf
from holdfast.errors import EffectFailed, attempts_of
from holdfast.gateway import Gateway, Prices, Provider
from holdfast.records import Generate
from holdfast.testing import Act, Vendor
from holdfast.testing.rules import always, deterministic, in_turn

EFFECT = Generate(slot="answer", models=("main:m",), messages=ASKED)


def gateway_to(vendor: Vendor) -> Gateway:
    provider = Provider(name="main", base_url=vendor.base_url, api_key="a-key-for-the-test")
    return Gateway({"main": provider}, prices=Prices({"main:m": PRICE}), pace=QUICK)


async def everything() -> None:
    acts = [Act(), Act(before_headers_ms=60_000), Act(stall_after=1), Act(before_headers_ms=60_000)]
    async with Vendor(acts) as vendor:
        gateway = gateway_to(vendor)
        done = await gateway.generate(EFFECT, slot(), deaf)
        assert 0 < (done.attempts[0].first_token_ms or 0) <= done.attempts[0].ms
        for limits, expected in (({"deadline_ms": 50}, "deadline"), ({"idle_ms": 50}, "stalled")):
            with pytest.raises(EffectFailed) as failed:
                await gateway.generate(EFFECT, slot(**limits), deaf)
            assert kinds(failed.value.attempts) == [expected]
        task = asyncio.create_task(gateway.generate(EFFECT, slot(), deaf))
        await vendor.received(4)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as stopped:
            await task
        assert kinds(attempts_of(stopped.value)) == ["cancelled"]
        await asyncio.wait_for(vendor.requests[3].hung_up.wait(), 2)
        await gateway.close()
        await gateway.close()


async def late_and_broken() -> None:
    text = "All is well with you today, and it will be as well tomorrow."
    rule = in_turn(Act(text=text, before_text_ms=60_000), Act(text=text, cut_after=7), deterministic(text, "anchor"))
    async with between(rule, always(Act())) as climb:
        times = climb.gateway.standing.model("main", "m").streamed
        for _ in range(20):
            times.add(30.0)
        done = await climb.ask("main:m")
        assert climb.visible() == text
        assert sorted(attempt.detail.part for attempt in done.attempts) == ["first", "hedge", "rescue"]
        await asyncio.wait_for(climb.main.requests[0].hung_up.wait(), 2)


@pytest.mark.parametrize("scene", [everything, late_and_broken])
def test_the_servers_event_loop_is_served_as_well(scene) -> None:
    uvloop.run(scene())


def test_one_gateway_serves_one_loop_after_another() -> None:
    gateway = Gateway({})

    async def once() -> None:
        async with Vendor() as vendor:
            gateway.providers = gateway_to(vendor).providers
            gateway.prices = Prices({"main:m": PRICE})
            await gateway.generate(EFFECT, slot(), deaf)
            await gateway.close()

    for _ in range(2):
        asyncio.run(once())
