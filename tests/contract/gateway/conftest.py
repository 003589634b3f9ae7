from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import get_args

import pytest
from tests.contract.gateway.ladders import KEY, PRICE, QUICK, Ladder

from holdfast.gateway import Gateway, Pace, Prices, Provider
from holdfast.gateway.provider import Dialect
from holdfast.testing import Act, Vendor


@pytest.fixture(params=get_args(Dialect))
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return request.param


@pytest.fixture
async def ladder(dialect: Dialect) -> AsyncIterator[Callable[..., object]]:
    """Builds a ladder whose main vendor follows the given acts; the spare one answers `spare`."""
    async with AsyncExitStack() as stack:

        async def build(*acts: Act, keys: tuple[str, ...] = (KEY,), pace: Pace = QUICK) -> Ladder:
            main = await stack.enter_async_context(Vendor(acts or (Act(),)))
            spare = await stack.enter_async_context(Vendor([Act(text="The spare answers.")]))
            gateway = Gateway(
                {
                    "main": Provider(name="main", dialect=dialect, base_url=main.base_url, api_key=keys),
                    "spare": Provider(name="spare", dialect="openai", base_url=spare.base_url, api_key=KEY),
                },
                prices=Prices({"main:m": PRICE, "spare:m": PRICE}),
                pace=pace,
            )
            stack.push_async_callback(gateway.close)
            return Ladder(gateway, main, spare)

        yield build
