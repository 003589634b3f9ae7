"""What tokens cost: the project's own prices first, then the snapshot that genai-prices carries.

Does not know budgets. Never fetches prices: a table that changes by itself has changed bills before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from holdfast.records import Usage

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import ConditionalPrice, ModelInfo, ModelPrice
    from genai_prices.types import Provider as Vendor

_MAX_KNOWN = 4096  # names of models come from outside: the lookups that are kept are bounded


class Price(Struct, frozen=True, kw_only=True):
    """USD per million tokens. Cached tokens cost as much as fresh ones where no price of their own is given; reasoning
    is paid as output."""

    input_usd_per_mtok: float
    output_usd_per_mtok: float
    cache_read_usd_per_mtok: float | None = None
    cache_write_usd_per_mtok: float | None = None

    def cost_usd(self, usage: Usage) -> float:
        fresh = self.input_usd_per_mtok
        read = fresh if self.cache_read_usd_per_mtok is None else self.cache_read_usd_per_mtok
        write = fresh if self.cache_write_usd_per_mtok is None else self.cache_write_usd_per_mtok
        total = (
            usage.input_tokens * fresh
            + usage.cache_read_tokens * read
            + usage.cache_write_tokens * write
            + (usage.output_tokens + usage.reasoning_tokens) * self.output_usd_per_mtok
        )
        return total / 1_000_000


_Pricing: TypeAlias = Callable[[Usage], float]

_NAMES: Mapping[str, str] = MappingProxyType({"xai": "x-ai"})


class Prices:
    """Prices by provider and model. `overrides` has `provider:model` as its keys and goes before everything else."""

    def __init__(self, overrides: Mapping[str, Price] = MappingProxyType({})) -> None:
        self._overrides = dict(overrides)
        self._windows: dict[tuple[str, str], int | None] = {}
        self._known: dict[tuple[str, str], _Pricing | None] = {}
        self._loading: Future[DataSnapshot] | None = None

    async def warm(self) -> None:
        """Read the price table in a thread, where that was not done yet."""
        await asyncio.wrap_future(self._load())

    def begin(self, provider: str, model: str) -> None:
        """Start to read the price table in a thread, if this model needs it, so that it is there when the answer is:
        half a second of CPU, once, a good part of which holds every other thread up. Later calls do nothing."""
        if self._loading is None and f"{provider}:{model}" not in self._overrides:
            self._load()

    def _load(self) -> Future[DataSnapshot]:
        if self._loading is None:
            reader = ThreadPoolExecutor(1, thread_name_prefix="holdfast-prices")
            self._loading = reader.submit(_load)
            reader.shutdown(wait=False)
        return self._loading

    async def learn(self, provider: str, model: str, base_url: str = "") -> None:
        """Look the price up, so that `cost_usd` knows it. Waits for the table the first time.

        A provider that is not known by its name is looked for by its `base_url`.
        """
        if (provider, model) in self._known or f"{provider}:{model}" in self._overrides:
            return
        snapshot = await asyncio.wrap_future(self._load())
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
            self._windows.clear()
        found = _found(snapshot, provider, model, base_url)
        self._windows[provider, model] = None if found is None else found[1].context_window
        self._known[provider, model] = None if found is None else _pricing(*found)

    def context_window(self, provider: str, model: str) -> int | None:
        """How many tokens the model can read, by the table as far as it was looked up; None where that is not known."""
        return self._windows.get((provider, model))

    def cost_usd(self, provider: str, model: str, usage: Usage, charged_usd: float | None = None) -> float | None:
        """What this usage costs in USD: by the project's price, else as the vendor said, else by the table as far as it
        was looked up; None where the price is not known, never 0 instead."""
        override = self._overrides.get(f"{provider}:{model}")
        if override is not None:
            return override.cost_usd(usage)
        if charged_usd is not None:
            return charged_usd
        pricing = self._known.get((provider, model))
        return None if pricing is None else pricing(usage)


def _load() -> DataSnapshot:
    from genai_prices.data_snapshot import get_snapshot

    return get_snapshot()


def _found(snapshot: DataSnapshot, provider: str, model: str, base_url: str) -> tuple[Vendor, ModelInfo] | None:
    found = None
    for provider_id, url in ((_NAMES.get(provider, provider), None), (None, base_url)):
        try:
            found = found or snapshot.find_provider_model(model, None, provider_id, url or None)
        except LookupError:
            continue
    return found


def _pricing(vendor: Vendor, info: ModelInfo) -> _Pricing:
    plain = _plain(info.prices)
    if plain is not None:
        return plain.cost_usd

    def by_table(usage: Usage) -> float:
        """Prices in tiers or by date: the table's own arithmetic."""
        from genai_prices import Usage as Counted

        counted = Counted(
            input_tokens=usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens,
            cache_read_tokens=usage.cache_read_tokens,
            cache_write_tokens=usage.cache_write_tokens,
            output_tokens=usage.output_tokens + usage.reasoning_tokens,
        )
        return float(info.calc_price(counted, vendor, genai_request_timestamp=datetime.now(UTC)).total_price)

    return by_table


def _plain(prices: ModelPrice | list[ConditionalPrice]) -> Price | None:
    """The price where it is four numbers at most; None where it depends on the day or on how long the request is."""
    if isinstance(prices, list):
        return None
    read, write = prices.cache_read_mtok, prices.cache_write_mtok
    needed = (prices.input_mtok, prices.output_mtok)
    if not all(isinstance(price, Decimal) for price in needed) or prices.requests_kcount is not None:
        return None
    if not all(price is None or isinstance(price, Decimal) for price in (read, write)):
        return None
    return Price(
        input_usd_per_mtok=_float(prices.input_mtok),
        output_usd_per_mtok=_float(prices.output_mtok),
        cache_read_usd_per_mtok=None if read is None else _float(read),
        cache_write_usd_per_mtok=None if write is None else _float(write),
    )


def _float(price: object) -> float:
    assert isinstance(price, Decimal)
    return float(price)
