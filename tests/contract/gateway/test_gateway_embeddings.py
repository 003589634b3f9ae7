"""Vectors come from the encoder that was named and from no other; every try is counted and paid for once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from tests.contract.gateway.ladders import KEY, PRICE, QUICK, kinds, slot

from holdfast.errors import EffectFailed, Misconfigured, attempts_of
from holdfast.gateway import Gateway, Prices
from holdfast.gateway.provider import Dialect, speaker
from holdfast.records import Done, Embed, Embedded, Usage
from holdfast.testing import Act, Vendor
from holdfast.testing.speech.embeddings import vector

TEXTS = ("one", "two", "three", "four", "five")


class Encoding:
    """A gateway to one vendor, and that vendor."""

    def __init__(self, gateway: Gateway, vendor: Vendor) -> None:
        self.gateway = gateway
        self.vendor = vendor

    async def embed(self, *texts: str, encoder: str = "main:m", dimensions: int | None = None, **limits: int) -> Done:
        effect = Embed(encoder=encoder, texts=texts or TEXTS, dimensions=dimensions)
        return await self.gateway.embed(effect, slot(**limits))


@pytest.fixture(params=["openai", "openai-responses", "azure", "gemini"])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return request.param


@pytest.fixture
async def encoding(dialect: Dialect) -> AsyncIterator[Callable[..., Any]]:
    async with AsyncExitStack() as stack:

        async def build(*acts: Act, keys: tuple[str, ...] = (KEY,), **fields: Any) -> Encoding:
            vendor = await stack.enter_async_context(Vendor(acts or (Act(),)))
            main = speaker("main", vendor.base_url, dialect, api_key=keys, **fields)
            gateway = Gateway({"main": main}, prices=Prices({"main:m": PRICE}), pace=QUICK)
            stack.push_async_callback(gateway.close)
            return Encoding(gateway, vendor)

        yield build


async def test_each_text_has_its_vector_and_the_call_its_price(encoding, dialect) -> None:
    asking = await encoding(Act(usage=Usage(input_tokens=7)))
    done = await asking.embed(dimensions=4)
    assert isinstance(done.result, Embedded)
    for got, text in zip(done.result.vectors, TEXTS, strict=True):
        assert got == pytest.approx(vector(text, 4), abs=1e-6)
    (attempt,) = done.attempts
    assert (attempt.provider, attempt.model, attempt.rung, attempt.error) == ("main", "m", 0, None)
    counted = Usage(input_tokens=sum(map(len, TEXTS)) // 4, estimated=True)
    assert attempt.usage == (counted if dialect == "gemini" else Usage(input_tokens=7))
    assert attempt.cost_usd == attempt.usage.input_tokens


async def test_no_texts_need_no_call(encoding) -> None:
    asking = await encoding()
    assert await asking.gateway.embed(Embed(encoder="main:m", texts=()), slot()) == Done(Embedded(vectors=()))
    assert not asking.vendor.requests


async def test_many_texts_are_sent_in_as_many_requests_as_the_vendor_wants(encoding) -> None:
    asking = await encoding(embed_inputs=2)
    done = await asking.embed()
    assert [len(request.asked.inputs) for request in asking.vendor.requests] == [2, 2, 1]
    assert [
        got == pytest.approx(vector(text, 8), abs=1e-6) for got, text in zip(done.result.vectors, TEXTS, strict=True)
    ]
    assert len(done.attempts) == 3


@pytest.mark.parametrize(
    "act",
    [
        pytest.param(Act(status=500), id="500"),
        pytest.param(Act(hang_up=True), id="reset"),
        pytest.param(Act(body=b'{"data": [], "embeddings": []}'), id="no vectors"),
        pytest.param(
            Act(body=b'{"data": [{"embedding": [1]}, {"embedding": [1, 2]}], "embeddings": []}'), id="two lengths"
        ),
        pytest.param(Act(body=b'{"data": [{"emb'), id="JSON cut short"),
        pytest.param(Act(body=b'{"error": {"message": "x", "type": "server_error"}}'), id="error under a 200"),
    ],
)
async def test_a_passing_fault_is_tried_again_over_a_connection_of_its_own(encoding, act) -> None:
    asking = await encoding(act, Act())
    done = await asking.embed("one", "two")
    assert [attempt.error is None for attempt in done.attempts] == [False, True]
    assert [attempt.detail.part for attempt in done.attempts] == ["first", "retry"]
    assert asking.vendor.connections == 2


async def test_what_will_not_pass_ends_the_call_and_no_other_model_is_asked(encoding) -> None:
    asking = await encoding(Act(status=404))
    with pytest.raises(EffectFailed) as failed:
        await asking.embed()
    assert failed.value.code == "HF301"
    assert kinds(failed.value.attempts) == ["no_model"]
    assert len(asking.vendor.requests) == 1


async def test_another_key_is_tried_before_the_call_ends(encoding) -> None:
    asking = await encoding(Act(status=401), Act(), keys=("key-one", "key-two"))
    done = await asking.embed()
    assert [attempt.detail.key for attempt in done.attempts] == [0, 1]


async def test_batches_of_different_dimensions_are_a_fault(encoding) -> None:
    asking = await encoding(Act(dimensions=8), Act(dimensions=4), embed_inputs=3)
    with pytest.raises(EffectFailed) as failed:
        await asking.embed(retries=0)
    assert "8 dimensions, then 4" in failed.value.message


async def test_the_deadline_holds(encoding) -> None:
    asking = await encoding(Act(before_headers_ms=5_000))
    with pytest.raises(EffectFailed) as failed:
        await asking.embed(deadline_ms=60)
    assert failed.value.code == "HF302"
    assert kinds(failed.value.attempts) == ["deadline"]


async def test_a_call_that_is_cancelled_says_what_was_tried(encoding) -> None:
    asking = await encoding(Act(before_headers_ms=5_000))
    call = asyncio.create_task(asking.embed())
    await asking.vendor.received(1)
    call.cancel()
    with pytest.raises(asyncio.CancelledError) as stopped:
        await call
    assert kinds(attempts_of(stopped.value)) == ["cancelled"]


async def test_what_is_not_set_up_is_named(encoding) -> None:
    asking = await encoding(keys=())
    for encoder, code in (("main:m", "HF104"), ("nobody:m", "HF100"), ("extractive", "HF100")):
        with pytest.raises(Misconfigured) as failed:
            await asking.embed(encoder=encoder)
        assert failed.value.code == code
    asking.gateway.providers = {"claude": speaker("claude", asking.vendor.base_url, "anthropic", api_key=KEY)}
    with pytest.raises(Misconfigured) as failed:
        await asking.embed(encoder="claude:m")
    assert "no embeddings" in failed.value.message


async def test_a_route_that_keeps_failing_is_left_alone_and_told_of(encoding) -> None:
    asking = await encoding(Act(status=500))
    for _ in range(5):
        with pytest.raises(EffectFailed):
            await asking.embed(retries=0)
    with pytest.raises(EffectFailed) as failed:
        await asking.embed(deadline_ms=500)
    assert kinds(failed.value.attempts) == ["resting"]
    assert (failed.value.origin, failed.value.retry_after_s) == ("gateway", 5)
    assert len(asking.vendor.requests) == 5
    (route,) = asking.gateway.health().routes
    assert (route.provider, route.model, route.state, route.asked) == ("main", "m", "open", 5)


async def test_a_key_that_is_used_up_rests_and_the_other_is_asked_alone(encoding) -> None:
    spent = Act(status=429, body=b'{"error": {"code": "insufficient_quota", "message": "You exceeded your quota"}}')
    asking = await encoding(spent, Act(), keys=("key-one", "key-two"))
    assert len((await asking.embed()).attempts) == 2
    for _ in range(3):
        assert [attempt.detail.key for attempt in (await asking.embed()).attempts] == [1]
    assert {route.state for route in asking.gateway.health().routes} == {"exhausted", "closed"}


async def test_a_vendor_that_asks_for_a_pause_gets_it_and_the_caller_is_told_how_long(encoding) -> None:
    asking = await encoding(Act(status=429, headers={"retry-after": "90"}))
    for code, kind in (("HF311", "rate_limited"), ("HF301", "resting")):
        with pytest.raises(EffectFailed) as failed:
            await asking.embed()
        assert (failed.value.code, kinds(failed.value.attempts)) == (code, [kind])
        assert 88 <= (failed.value.retry_after_s or 0) <= 90
    assert len(asking.vendor.requests) == 1


async def test_a_short_pause_is_waited_for(encoding) -> None:
    asking = await encoding(Act(status=429, headers={"retry-after-ms": "300"}), Act())
    with pytest.raises(EffectFailed):
        await asking.embed()
    assert kinds((await asking.embed()).attempts) == [None]


async def test_retries_of_vectors_come_out_of_the_budget_of_all_calls(encoding) -> None:
    asking = await encoding(Act(status=500))
    while asking.gateway.retries.spend():
        pass
    with pytest.raises(EffectFailed) as failed:
        await asking.embed()
    assert kinds(failed.value.attempts) == ["server_error"]
