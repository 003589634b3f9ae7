"""The failure catalogue in a database, by the contract `Findings`.

Knows nothing of threads, nor of how anything is found.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from holdfast.finding import Counted, Finding, Stock, Totals
from holdfast.identity import to_json
from holdfast.store.codec import at_micros, micros
from holdfast.store.keeper import Keeper
from holdfast.store.readers import Reader, Readers
from holdfast.store.writer import Writer
from holdfast.stores import StockQuery

ANSWERED = frozenset({"ok", "degraded", "blocked"})
"""The outcomes that have a time which somebody waited for an answer."""
_SCATTERED = 2**32


class SqlFindings:
    """What looks found, and what a look counts."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def totals(self, query: StockQuery) -> Totals:
        """See `Findings`."""

        def read(reader: Reader) -> Totals:
            values = _window(query)
            limits = {"slower": query.slower_than_ms, "dearer": query.dearer_than_usd}
            rows = reader.connection.execute(self._sql["count_live"], values | limits).fetchall()
            counted = tuple(_counted(row) for row in rows)
            answered = sum(each.recordings for each in counted if each.outcome in ANSWERED)
            if not answered:
                return Totals(counted=counted)
            place = {"place": math.ceil(0.95 * answered) - 1}
            row = reader.connection.execute(self._sql["time_at"], values | place).fetchone()
            return Totals(counted=counted, p95_ms=None if row is None else row[0])

        return await self._readers.read(read)

    async def spread(self, query: StockQuery, most: int, of: int) -> tuple[str, ...]:
        """See `Findings`."""
        below = _SCATTERED if of <= most else _SCATTERED * most // of
        values = _window(query) | {"below": below, "most": most}
        return await self._readers.read(
            lambda reader: tuple(id_ for (id_,) in reader.connection.execute(self._sql["spread"], values))
        )

    async def keep(self, stock: Stock, tenant: str = "") -> Stock:
        """See `Findings`."""
        place, at = (tenant, stock.feature), micros(stock.looked_at)

        def keep(keeper: Keeper) -> None:
            execute = keeper.connection.execute
            if execute(self._sql["keep_look"], (*place, micros(stock.since), at, stock.recordings)).rowcount == 0:
                return
            for finding in stock.findings:
                self._keep(keeper, finding, place, at)

        await self._writer.change(keep)
        kept = await self.kept(stock.feature, tenant)
        return stock if kept is None else kept

    async def kept(self, feature: str, tenant: str = "") -> Stock | None:
        """See `Findings`."""

        def read(reader: Reader) -> Stock | None:
            execute = reader.connection.execute
            look = execute(self._sql["look"], (tenant, feature)).fetchone()
            if look is None:
                return None
            examples: dict[int, list[str]] = defaultdict(list)
            for number, recording in execute(self._sql["examples_of"], (tenant, feature)).fetchall():
                examples[number].append(recording)
            rows = execute(self._sql["findings_of"], (tenant, feature)).fetchall()
            findings = [_finding(row, examples[row[0]], look[1]) for row in rows]
            return Stock(
                feature=feature,
                since=at_micros(look[0]),
                looked_at=at_micros(look[1]),
                recordings=look[2],
                findings=in_order(findings),
            )

        return await self._readers.read(read)

    def _keep(self, keeper: Keeper, finding: Finding, place: tuple[str, str], at: int) -> None:
        execute = keeper.connection.execute
        bare = finding if finding.of_data else replace(finding, examples=())
        content = keeper.codec.scrubbed(to_json(bare)).decode()
        times = (micros(finding.first_seen_at), micros(finding.last_seen_at), at)
        row = execute(self._sql["keep_finding"], (*place, *finding.key, *times, content)).fetchone()
        execute(self._sql["forget_examples"], (row[0],))
        for number, example in enumerate(() if finding.of_data else finding.examples):
            execute(self._sql["add_example"], (row[0], number, place[0], example))


def in_order(findings: list[Finding]) -> tuple[Finding, ...]:
    """Those of now by code, then the past ones, the last seen first."""
    now = sorted((each for each in findings if not each.past), key=lambda each: each.key)
    past = sorted((each for each in findings if each.past), key=lambda each: each.key)
    return (*now, *sorted(past, key=lambda each: each.last_seen_at, reverse=True))


def _window(query: StockQuery) -> dict[str, Any]:
    return {
        "tenant": query.tenant,
        "feature": query.feature,
        "since": micros(query.since),
        "until": micros(query.until),
    }


def _counted(row: tuple[Any, ...]) -> Counted:
    outcome, slot, guard, failure, recordings, priced, cost_usd, slower, dearer, first, last = row
    return Counted(
        outcome=outcome,
        slot=slot,
        guard=guard,
        failure=failure,
        recordings=recordings,
        priced=priced,
        cost_usd=cost_usd,
        slower=slower,
        dearer=dearer,
        first_at=at_micros(first),
        last_at=at_micros(last),
    )


def _finding(row: tuple[int, int, int, int, str], examples: list[str], last_look: int) -> Finding:
    _, first_seen, last_seen, looked_at, content = row
    found = msgspec.json.decode(content, type=Finding)
    times: dict[str, datetime] = {"first_seen_at": at_micros(first_seen), "last_seen_at": at_micros(last_seen)}
    shown = found.examples if found.of_data else tuple(examples)
    return replace(found, examples=shown, past=looked_at < last_look, **times)
