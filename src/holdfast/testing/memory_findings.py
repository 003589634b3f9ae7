"""The failure catalogue in memory, by the contract `Findings`.

Knows nothing of durability, nor of how anything is found.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping

import msgspec
from msgspec.structs import replace

from holdfast.finding import Counted, Finding, Stock, Totals
from holdfast.identity import to_json
from holdfast.store.codec import Codec, Packed, Row, at_micros, micros
from holdfast.store.findings import ANSWERED, in_order
from holdfast.stores import StockQuery


class MemoryFindings:
    """What looks found, by tenant and feature. `check` raises where the store is closed; `recordings` are those that
    are there."""

    def __init__(self, check: Callable[[], None], codec: Codec, recordings: Mapping[tuple[str, str], Packed]) -> None:
        self._check = check
        self._codec = codec
        self._recordings = recordings
        self._looks: dict[tuple[str, str], Stock] = {}

    async def totals(self, query: StockQuery) -> Totals:
        """See `Findings`."""
        groups: dict[tuple[str | None, ...], list[Row]] = defaultdict(list)
        for row in self._rows(query):
            groups[row.outcome, row.degraded, row.blocked, row.failure].append(row)
        times = sorted(row.ms for row in self._rows(query) if row.outcome in ANSWERED)
        return Totals(
            counted=tuple(_counted(groups[name], query) for name in sorted(groups, key=str)),
            p95_ms=times[math.ceil(0.95 * len(times)) - 1] if times else None,
        )

    async def spread(self, query: StockQuery, most: int, of: int) -> tuple[str, ...]:
        """See `Findings`."""
        rows = self._rows(query)
        step = max(1.0, of / most)
        places = (int(place * step) for place in range(most))
        return tuple(rows[place].id for place in places if place < len(rows))

    async def keep(self, stock: Stock, tenant: str = "") -> Stock:
        """See `Findings`."""
        self._check()
        before = self._looks.get((tenant, stock.feature))
        if before is not None and before.looked_at >= stock.looked_at:
            return before
        earlier = {each.key: each for each in (() if before is None else before.findings)}
        found = []
        for finding in stock.findings:
            there = finding.examples if finding.of_data else self._there(tenant, finding.examples)
            kept = msgspec.json.decode(self._codec.scrubbed(to_json(replace(finding, examples=there))), type=Finding)
            found.append(_since(kept, earlier.pop(kept.key, kept)))
        past = [replace(each, past=True) for each in earlier.values()]
        self._looks[tenant, stock.feature] = replace(stock, findings=in_order([*found, *past]))
        return self._looks[tenant, stock.feature]

    async def kept(self, feature: str, tenant: str = "") -> Stock | None:
        """See `Findings`."""
        self._check()
        return self._looks.get((tenant, feature))

    def forget(self, recordings: Collection[tuple[str, str]]) -> None:
        """Take those recordings out of the examples."""
        for (tenant, feature), stock in self._looks.items():
            findings = tuple(
                each if each.of_data else replace(each, examples=self._there(tenant, each.examples, recordings))
                for each in stock.findings
            )
            self._looks[tenant, feature] = replace(stock, findings=findings)

    def _there(self, tenant: str, ids: Collection[str], gone: Collection[tuple[str, str]] = ()) -> tuple[str, ...]:
        return tuple(each for each in ids if (tenant, each) in self._recordings and (tenant, each) not in gone)

    def _rows(self, query: StockQuery) -> list[Row]:
        """The live recordings of the window, newest first."""
        self._check()
        since, until = micros(query.since), micros(query.until)
        found = [
            packed.row
            for packed in self._recordings.values()
            if (packed.row.tenant, packed.row.feature) == (query.tenant, query.feature)
            and since <= packed.row.started_at < until
            and packed.row.evaluation is None
            and packed.row.replay_of is None
        ]
        return sorted(reversed(found), key=lambda row: row.started_at, reverse=True)


def _since(found: Finding, before: Finding) -> Finding:
    return replace(
        found,
        first_seen_at=min(found.first_seen_at, before.first_seen_at),
        last_seen_at=max(found.last_seen_at, before.last_seen_at),
    )


def _counted(rows: list[Row], query: StockQuery) -> Counted:
    one, costs = rows[0], [row.cost_usd for row in rows if row.cost_usd is not None]
    return Counted(
        outcome=one.outcome,
        slot=one.degraded,
        guard=one.blocked,
        failure=one.failure,
        recordings=len(rows),
        priced=len(costs),
        cost_usd=math.fsum(costs),
        slower=sum(row.ms > query.slower_than_ms for row in rows),
        dearer=sum(cost > query.dearer_than_usd for cost in costs),
        first_at=at_micros(min(row.started_at for row in rows)),
        last_at=at_micros(max(row.started_at for row in rows)),
    )
