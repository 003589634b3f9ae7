"""What every store promises of trials: kept as they come, read in order, and erased with whom they are about."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace
from tests.contract.store_samples import SECRET, recording

from holdfast.errors import NotFound
from holdfast.identity import new_id
from holdfast.stores import PairQuery, RecordingQuery, Store, TrialQuery
from holdfast.trial import Pair, PairVerdict, Trial

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def trial(**fields: Any) -> Trial:
    usual: dict[str, Any] = {"where": "subject=anna", "changes": {"answer.models": ["x"]}, "limit": 10, "margin": 0.05}
    return Trial(**{"id": new_id("tr"), "started_at": NOW, **usual, **fields})


def pair(of: str, verdict: PairVerdict = "same", **fields: Any) -> Pair:
    return Pair(recording=of, verdict=verdict, outcome_before="ok", **fields)


async def recorded(store: Store, count: int, **fields: Any) -> list[str]:
    many = [recording(f"question {n}", **fields) for n in range(count)]
    for each in many:
        await store.recordings.add(each)
    return [each.id for each in many]


async def ids(store: Store, of: Trial, **asked: Any) -> list[str]:
    return [each.recording for each in await store.trials.pairs(PairQuery(trial=of.id, tenant=of.tenant, **asked))]


async def test_a_trial_is_kept_once_and_changed_as_a_whole(store: Store) -> None:
    one = trial()
    await store.trials.add(one)
    await store.trials.add(replace(one, where="ms>1"))
    assert await store.trials.get(one.id) == one
    done = replace(one, done=3, finished_at=NOW)
    await store.trials.change(done)
    assert await store.trials.get(one.id) == done
    with pytest.raises(NotFound, match="no trial"):
        await store.trials.change(trial())
    with pytest.raises(NotFound, match="no trial"):
        await store.trials.get(one.id, "another")


async def test_trials_are_found_newest_first_page_by_page_within_a_tenant(store: Store) -> None:
    many = [trial(id=f"tr_{n}", tenant="t" if n % 2 else "") for n in range(1, 7)]
    for each in many:
        await store.trials.add(each)
    newest = await store.trials.find(TrialQuery(limit=2))
    assert [each.id for each in newest] == [each.id for each in reversed(many) if each.tenant == ""][:2]
    rest = await store.trials.find(TrialQuery(before=newest[-1].id))
    assert [each.id for each in rest] == [each.id for each in reversed(many) if each.tenant == ""][2:]
    with pytest.raises(NotFound, match="no trial"):
        await store.trials.find(TrialQuery(before=newest[0].id, tenant="t"))


async def test_pairs_come_in_order_of_arrival_by_verdict_and_page_by_page(store: Store) -> None:
    one, names = trial(), await recorded(store, 6)
    await store.trials.add(one)
    verdicts: list[PairVerdict] = ["same", "worse", "same", "better", "worse", "same"]
    await store.trials.add_pairs(one.id, [pair(n, v) for n, v in zip(names[:4], verdicts[:4], strict=True)])
    await store.trials.add_pairs(one.id, [pair(n, v) for n, v in zip(names[4:], verdicts[4:], strict=True)])
    assert await ids(store, one) == names
    assert await ids(store, one, verdict="worse") == [names[1], names[4]]
    assert await ids(store, one, limit=2, after=names[1]) == names[2:4]
    assert await ids(store, one, verdict="same", after=names[0]) == [names[2], names[5]]
    with pytest.raises(NotFound, match="no recording"):
        await ids(store, one, after="rec_nowhere")


async def test_a_second_pair_of_a_recording_changes_nothing_and_one_of_no_recording_is_not_kept(store: Store) -> None:
    one, (name,) = trial(), await recorded(store, 1)
    await store.trials.add(one)
    await store.trials.add_pairs(one.id, [pair(name, "worse", why=("outcome: ok, then failed",))])
    await store.trials.add_pairs(one.id, [pair(name, "better"), pair("rec_nowhere")])
    (kept,) = await store.trials.pairs(PairQuery(trial=one.id))
    assert (kept.verdict, kept.why) == ("worse", ("outcome: ok, then failed",))
    with pytest.raises(NotFound, match="no trial"):
        await store.trials.add_pairs(one.id, [pair(name)], "another")


async def test_erasing_a_subject_erases_its_pairs_and_the_trials_that_name_it(store: Store) -> None:
    named, other = trial(), trial(where="subject=annabel")
    await store.trials.add(named, ["ben", "anna"])
    await store.trials.add(other, ["annabel"])
    (hers,), (his,) = await recorded(store, 1, subject="anna"), await recorded(store, 1, subject="carl")
    await store.trials.add_pairs(other.id, [pair(hers), pair(his)])
    assert (await store.recordings.delete_subject("anna")).trials == 1
    assert await ids(store, other) == [his]
    assert [each.id for each in await store.trials.find(TrialQuery())] == [other.id]
    assert (await store.recordings.delete_subject("anna")).trials == 0


async def test_no_secret_is_kept_in_a_trial(store: Store) -> None:
    one, (name,) = trial(where=f'text~"{SECRET}"'), await recorded(store, 1)
    await store.trials.add(one)
    await store.trials.add_pairs(one.id, [pair(name, why=(f"said {SECRET}",))])
    assert SECRET not in (await store.trials.get(one.id)).where
    assert SECRET not in (await store.trials.pairs(PairQuery(trial=one.id)))[0].why[0]


async def test_whole_recordings_are_read_together_in_the_order_of_their_ids(store: Store) -> None:
    many = [recording(f"question {n}", tenant="t") for n in range(3)]
    for each in many:
        await store.recordings.add(each)
    asked = [many[2].id, "rec_nowhere", many[0].id]
    assert await store.recordings.whole(asked, "t") == (many[2], many[0])
    assert await store.recordings.whole(asked) == ()
    assert len(await store.recordings.find(RecordingQuery(tenant="t"))) == 3
