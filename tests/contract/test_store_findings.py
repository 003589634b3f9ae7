"""What every store promises of findings: counted without reading, kept since first seen, past when seen no more."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tests.contract.store_samples import NOW, SECRET, recording

from holdfast.finding import Finding, Stock
from holdfast.judgement import Interval
from holdfast.records import Blocked, Degraded, Failure
from holdfast.stores import StockQuery, Store

DAY = timedelta(days=1)


async def recorded(store: Store, **fields: Any) -> str:
    one = recording("question", **{"feature": "answer", "started_at": NOW, **fields})
    await store.recordings.add(one)
    return one.id


def window(**fields: Any) -> StockQuery:
    return StockQuery(**{"feature": "answer", "since": NOW - DAY, "until": NOW + DAY, **fields})


def finding(**fields: Any) -> Finding:
    usual: dict[str, Any] = {
        "code": "HD201", "about": "answer", "slot": "write", "said": "cut off", "fix": "raise it", "count": 3,
        "of": 40, "share": Interval(0.075, 0.02, 0.19), "first_seen_at": NOW, "last_seen_at": NOW,
    }  # fmt: skip
    return Finding(**{**usual, **fields})


def look(*found: Finding, days: int = 0) -> Stock:
    return Stock(feature="answer", since=NOW - DAY, looked_at=NOW + days * DAY, recordings=40, findings=found)


async def test_recordings_of_a_window_are_counted_by_how_they_ended(store: Store) -> None:
    for ms, cost in ((100.0, 0.01), (300.0, None), (200.0, 0.03)):
        await recorded(store, outcome="ok", ms=ms, cost_usd=cost)
    degraded = Degraded(slot="write", rung=1, model="b", reason="x")
    at = NOW + timedelta(hours=1)
    await recorded(store, outcome="degraded", degraded=degraded, ms=400.0, cost_usd=0.02, started_at=at)
    await recorded(store, outcome="blocked", blocked=Blocked(guard="grounded", reason="x"), ms=50.0, cost_usd=0.0)
    failure = Failure(code="HF301", message="m", fix="f")
    await recorded(store, outcome="failed", failure=failure, output=None, ms=9000.0, cost_usd=0.0)
    totals = await store.findings.totals(window(slower_than_ms=150.0, dearer_than_usd=0.015))
    found = {(each.outcome, each.slot, each.guard, each.failure): each for each in totals.counted}
    assert set(found) == {
        ("ok", None, None, None),
        ("degraded", "write", None, None),
        ("blocked", None, "grounded", None),
        ("failed", None, None, "HF301"),
    }
    fine = found["ok", None, None, None]
    assert (fine.recordings, fine.priced, fine.slower, fine.dearer) == (3, 2, 2, 1)
    assert abs(fine.cost_usd - 0.04) < 1e-9
    assert (fine.first_at, found["degraded", "write", None, None].last_at) == (NOW, at)
    assert (totals.recordings, totals.p95_ms) == (6, 400.0)


async def test_what_is_no_live_recording_of_the_window_is_not_counted(store: Store) -> None:
    kept = await recorded(store)
    await recorded(store, replay_of="rec_1")
    await recorded(store, evaluation="ev_1")
    await recorded(store, tenant="t")
    await recorded(store, feature="triage")
    await recorded(store, started_at=NOW - 2 * DAY)
    await recorded(store, started_at=NOW + DAY)
    assert (await store.findings.totals(window())).recordings == 1
    assert await store.findings.spread(window(), 10, 1) == (kept,)
    assert (await store.findings.totals(window(feature="nothing"))).p95_ms is None
    assert await store.findings.spread(window(feature="nothing"), 10, 0) == ()


async def test_a_spread_takes_all_where_they_are_few_and_some_of_every_time_where_they_are_many(store: Store) -> None:
    ids = [await recorded(store, started_at=NOW + timedelta(seconds=n)) for n in range(200)]
    assert await store.findings.spread(window(), 200, 200) == tuple(reversed(ids))
    some = await store.findings.spread(window(), 40, 200)
    assert some == await store.findings.spread(window(), 40, 200)
    assert 36 <= len(some) <= 40
    places = sorted(ids.index(each) for each in some)
    assert [sum(50 * q <= place < 50 * q + 50 for place in places) >= 7 for q in range(4)] == [True] * 4


async def test_a_finding_is_kept_since_it_was_first_seen_and_is_past_when_it_is_seen_no_more(store: Store) -> None:
    assert await store.findings.kept("answer") is None
    first, other = finding(), finding(code="HD404", slot="", of=None, share=None)
    assert await store.findings.keep(look(first, other)) == look(first, other)
    again = finding(count=7, first_seen_at=NOW + DAY, last_seen_at=NOW + DAY)
    stock = await store.findings.keep(look(again, days=1))
    assert stock.looked_at == NOW + DAY
    assert [(each.code, each.past, each.count) for each in stock.findings] == [("HD201", False, 7), ("HD404", True, 3)]
    assert (stock.findings[0].first_seen_at, stock.findings[0].last_seen_at) == (NOW, NOW + DAY)
    assert stock.findings[1].last_seen_at == NOW
    back = await store.findings.keep(look(other, days=2))
    assert [(each.code, each.past) for each in back.findings] == [("HD404", False), ("HD201", True)]
    assert await store.findings.kept("answer") == back
    assert await store.findings.kept("answer", "t") is None
    assert await store.findings.kept("triage") is None


async def test_the_same_finding_of_two_slots_is_two(store: Store) -> None:
    stock = await store.findings.keep(look(finding(slot="b"), finding(slot="a"), finding(about="other", slot="a")))
    assert [each.key for each in stock.findings] == [
        ("HD201", "answer", "a"), ("HD201", "answer", "b"), ("HD201", "other", "a"),
    ]  # fmt: skip


async def test_a_look_that_comes_late_changes_nothing(store: Store) -> None:
    kept = await store.findings.keep(look(finding(), days=1))
    assert await store.findings.keep(look(finding(count=99))) == kept
    assert await store.findings.keep(look(days=1)) == kept


async def test_erasing_a_subject_takes_its_recordings_out_of_the_examples(store: Store) -> None:
    hers, his = await recorded(store, subject="anna"), await recorded(store, subject="carl")
    data = finding(code="HD502", about="help", examples=("refunds.md",))
    stock = await store.findings.keep(look(finding(examples=(hers, his, "rec_gone")), data))
    assert [each.examples for each in stock.findings] == [(hers, his), ("refunds.md",)]
    await store.recordings.delete_subject("anna")
    left = await store.findings.kept("answer")
    assert left is not None
    assert [each.examples for each in left.findings] == [(his,), ("refunds.md",)]
    assert left.findings[0].count == 3


async def test_examples_are_replaced_by_those_of_the_last_look(store: Store) -> None:
    one, two = await recorded(store), await recorded(store)
    await store.findings.keep(look(finding(examples=(one,))))
    stock = await store.findings.keep(look(finding(examples=(two, one)), days=1))
    assert stock.findings[0].examples == (two, one)


async def test_no_secret_is_kept_in_a_finding(store: Store) -> None:
    stock = await store.findings.keep(look(finding(said=f"it said {SECRET}")))
    assert SECRET not in stock.findings[0].said
