from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from holdfast.gateway import Gateway
from holdfast.gateway.prices import Price, Prices
from holdfast.records import Usage
from holdfast.testing import FakeModel

USAGE = Usage(input_tokens=1000, output_tokens=200, cache_read_tokens=3000, cache_write_tokens=400, reasoning_tokens=50)


async def cost(prices: Prices, provider: str, model: str, base_url: str = "") -> float | None:
    await prices.learn(provider, model, base_url)
    return prices.cost_usd(provider, model, USAGE)


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("openai", "gpt-5-mini"),
        ("anthropic", "claude-haiku-4-5"),
        ("anthropic", "claude-sonnet-4-5"),
        ("xai", "grok-4"),
    ],
)
async def test_the_table_gives_what_genai_prices_gives(provider: str, model: str) -> None:
    from genai_prices import Usage as Counted
    from genai_prices import calc_price

    counted = Counted(input_tokens=4400, cache_read_tokens=3000, cache_write_tokens=400, output_tokens=250)
    expected = calc_price(counted, model, provider_id={"xai": "x-ai"}.get(provider, provider)).total_price
    assert expected > Decimal(0)
    assert await cost(Prices(), provider, model) == pytest.approx(float(expected), rel=1e-9)


async def test_a_provider_is_also_found_by_its_address() -> None:
    prices = Prices()
    assert await cost(prices, "acme", "gpt-5-mini", "https://api.openai.com/v1") == await cost(
        prices, "openai", "gpt-5-mini"
    )


async def test_an_unknown_price_is_none_and_never_nothing() -> None:
    prices = Prices()
    assert await cost(prices, "openai", "a-model-nobody-knows") is None
    assert await cost(prices, "acme", "gpt-5-mini", "http://localhost:1/v1") is None
    assert prices.cost_usd("openai", "never-looked-up", USAGE) is None


async def test_the_projects_price_goes_before_the_vendors_word_and_that_before_the_table() -> None:
    price = Price(input_usd_per_mtok=1, output_usd_per_mtok=10, cache_read_usd_per_mtok=0.1)
    prices = Prices({"openai:gpt-5-mini": price})
    own = (1000 * 1 + 3000 * 0.1 + 400 * 1 + 250 * 10) / 1_000_000
    assert await cost(prices, "openai", "gpt-5-mini") == pytest.approx(own)
    assert prices.cost_usd("openai", "gpt-5-mini", USAGE, charged_usd=7.0) == pytest.approx(own)
    assert prices.cost_usd("openai", "gpt-5", USAGE, charged_usd=7.0) == 7.0


async def test_many_callers_wait_for_one_table_and_a_cancelled_one_harms_nobody() -> None:
    prices = Prices()
    first = asyncio.create_task(prices.learn("openai", "gpt-5"))
    others = [asyncio.create_task(prices.learn("openai", "gpt-5-mini")) for _ in range(5)]
    await asyncio.sleep(0)
    first.cancel()
    await asyncio.gather(*others)
    assert first.cancelled() or first.done()
    assert prices.cost_usd("openai", "gpt-5-mini", USAGE) is not None


async def test_what_a_rung_costs_is_known_by_the_projects_price_or_the_table_and_else_not_at_all() -> None:
    own = Price(input_usd_per_mtok=2.0, output_usd_per_mtok=8.0)
    gateway = Gateway({}, models={"fake": FakeModel()}, prices=Prices({"fake:big": own}))
    assert await gateway.price_usd("fake:big") == 10.0
    assert await gateway.price_usd("fake:small") is None
    assert await gateway.price_usd("extractive") is None
    assert await gateway.price_usd("nobody:x") is None
    await gateway.close()
