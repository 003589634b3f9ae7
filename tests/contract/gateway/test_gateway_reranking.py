"""Scores come from the reranker that was named, one for each text, within the time it was given."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiohttp import web
from tests.contract.gateway.ladders import KEY, PRICE, QUICK, kinds

from holdfast.errors import EffectFailed, Misconfigured
from holdfast.gateway import Gateway, Prices
from holdfast.gateway.provider import BUILT_IN, RerankShape, speaker
from holdfast.gateway.wire.reranking import RERANK_WIRES, url_of
from holdfast.records import Done, Rerank, Reranked

TEXTS = ("a short one", "one that is somewhat longer", "middling length")
QUERY = "which?"


class Vendor:
    """An API of one shape that scores a text by its length; its first answers are those of `first`."""

    def __init__(self, shape: RerankShape, first: list[web.Response]) -> None:
        self.shape = shape
        self.first = first
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.delay_s = 0.0

    async def answer(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.bodies.append(body)
        self.keys.append(request.headers.get("authorization"))
        await asyncio.sleep(self.delay_s)
        if self.first:
            return self.first.pop(0)
        texts = body["texts" if self.shape == "tei" else "documents"]
        name = "score" if self.shape == "tei" else "relevance_score"
        rows = [{"index": at, name: len(text) / 100} for at, text in enumerate(texts)]
        rows.sort(key=lambda row: -row[name])  # as vendors do: best first, not in the order of the texts
        listed = RERANK_WIRES[self.shape].listed
        return web.json_response(
            rows if listed is None else {listed: rows, "model": "m-1", "usage": {"total_tokens": 9}}
        )


Build = Callable[..., Any]


@pytest.fixture(params=sorted(RERANK_WIRES))
def shape(request: pytest.FixtureRequest) -> RerankShape:
    return request.param


@pytest.fixture
async def reranking(shape: RerankShape) -> AsyncIterator[Build]:
    async with AsyncExitStack() as stack:

        async def build(*first: web.Response, keys: tuple[str, ...] = (KEY,)) -> tuple[Gateway, Vendor]:
            vendor = Vendor(shape, list(first))
            app = web.Application()
            app.router.add_post("/v1/rerank", vendor.answer)
            runner = web.AppRunner(app, shutdown_timeout=0.1)
            await runner.setup()
            stack.push_async_callback(runner.cleanup)
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            port = runner.addresses[0][1]
            main = speaker("main", f"http://127.0.0.1:{port}/v1", api_key=keys, rerank=shape)
            gateway = Gateway({"main": main}, prices=Prices({"main:m": PRICE}), pace=QUICK)
            stack.push_async_callback(gateway.close)
            return gateway, vendor

        yield build


def asked(*texts: str) -> Rerank:
    return Rerank(reranker="main:m", query=QUERY, texts=texts or TEXTS)


async def test_each_text_has_its_own_score_in_the_order_of_the_texts(reranking: Build) -> None:
    gateway, vendor = await reranking()
    done: Done = await gateway.rerank(asked(), 2000)
    assert done.result == Reranked(scores=tuple(len(text) / 100 for text in TEXTS))
    assert vendor.bodies[0]["query"] == QUERY
    assert vendor.keys == [f"Bearer {KEY}"]


async def test_the_call_is_an_attempt_with_its_price(reranking: Build, shape: RerankShape) -> None:
    gateway, _ = await reranking()
    (attempt,) = (await gateway.rerank(asked(), 2000)).attempts
    assert (attempt.provider, attempt.model, attempt.error) == ("main", "m", None)
    assert attempt.usage is not None
    assert attempt.usage.estimated == (shape == "tei")
    assert attempt.cost_usd == attempt.usage.input_tokens


async def test_no_texts_need_no_call(reranking: Build) -> None:
    gateway, vendor = await reranking()
    assert await gateway.rerank(Rerank(reranker="main:m", query=QUERY, texts=()), 2000) == Done(Reranked(scores=()))
    assert not vendor.bodies


async def test_a_fault_that_may_pass_is_asked_again_and_counted(reranking: Build) -> None:
    gateway, vendor = await reranking(web.Response(status=503))
    done = await gateway.rerank(asked(), 2000)
    assert isinstance(done.result, Reranked)
    assert len(vendor.bodies) == len(done.attempts) == 2


async def test_another_key_steps_in_for_one_that_is_revoked(reranking: Build) -> None:
    gateway, vendor = await reranking(
        web.json_response({"message": "invalid api token"}, status=401), keys=("k-1", "k-2")
    )
    assert isinstance((await gateway.rerank(asked(), 2000)).result, Reranked)
    assert sorted(map(str, vendor.keys)) == ["Bearer k-1", "Bearer k-2"]


@pytest.mark.parametrize(
    "body",
    [
        "{}",
        "not json",
        '{"results": [], "data": []}',
        '{"results": [{"index": 0}], "data": [{"index": 0}]}',
        '{"results": [{"index": 7, "relevance_score": 1.0}], "data": [{"index": 7, "relevance_score": 1.0}]}',
        '[{"index": 0, "score": "high"}]',
        pytest.param("[" * 100_000, id="nested-too-deep"),
        *(
            pytest.param(f'{{"results": [{row}], "data": [{row}]}}', id=name)
            for name, score in (("greater-than-any-float", "9" * 400), ("yes", "true"))
            for row in [f'{{"index": 0, "relevance_score": {score}}}']
        ),
    ],
)
async def test_anything_but_one_sound_score_for_each_text_is_a_fault(reranking: Build, body: str) -> None:
    answers = [web.Response(text=body, content_type="application/json") for _ in range(9)]
    gateway, _ = await reranking(*answers)
    with pytest.raises(EffectFailed) as failed:
        await gateway.rerank(asked("only one"), 2000)
    assert set(kinds(failed.value.attempts)) == {"garbled"}


async def test_what_takes_longer_than_its_time_fails_in_time(reranking: Build) -> None:
    gateway, vendor = await reranking()
    vendor.delay_s = 5.0
    with pytest.raises(EffectFailed) as failed:
        await asyncio.wait_for(gateway.rerank(asked(), 150), 2)
    assert failed.value.code == "HF302"


async def test_a_provider_that_does_not_rerank_says_what_to_write() -> None:
    gateway = Gateway({"main": speaker("main", "http://127.0.0.1:1/v1", api_key="k")})
    with pytest.raises(Misconfigured, match=r"main:m.* rerank"):
        await gateway.rerank(asked(), 100)
    await gateway.close()


def test_the_built_in_rerankers_are_where_their_vendors_have_them() -> None:
    assert {name: url_of(provider) for name, provider in BUILT_IN.items() if provider.rerank} == {
        "cohere": "https://api.cohere.com/v2/rerank",
        "jina": "https://api.jina.ai/v1/rerank",
        "voyage": "https://api.voyageai.com/v1/rerank",
        "vllm": "http://localhost:8000/v1/rerank",
    }
