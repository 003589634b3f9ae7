"""What every store promises of diagnoses: kept whole, found by what they are of, erased with whom they are about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from tests.contract.store_samples import SECRET, recording

from holdfast.diagnosis import Decided, Decision, Diagnosis, Fix, Tried, Verifier
from holdfast.errors import NotFound
from holdfast.identity import new_id
from holdfast.judgement import Interval
from holdfast.stores import DiagnosisQuery, Store

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def diagnosis(of: str, **fields: Any) -> Diagnosis:
    usual: dict[str, Any] = {
        "id": new_id("dg"), "feature": "answer", "started_at": NOW, "verdict": "ranking", "sure_at": 0.85,
        "verifier": Verifier(name="facts", sensitivity=0.95, specificity=0.95),
        "tried": (Tried(substitution="again", passed=0, asked=2),),
        "fixes": (Fix(part="ranking", advice="more", passed=4, asked=4, share=Interval(1.0, 0.5, 1.0),
                      changes={"help.k": 40}),),
    }  # fmt: skip
    return Diagnosis(recording=of, **{**usual, **fields})


async def recorded(store: Store, **fields: Any) -> str:
    one = recording("question", **fields)
    await store.recordings.add(one)
    return one.id


async def ids(store: Store, **asked: Any) -> list[str]:
    return [each.id for each in await store.diagnoses.find(DiagnosisQuery(**asked))]


async def test_a_diagnosis_is_kept_once_and_whole(store: Store) -> None:
    one = diagnosis(await recorded(store))
    await store.diagnoses.add(one)
    await store.diagnoses.add(diagnosis(one.recording, id=one.id, verdict="data"))
    assert await store.diagnoses.get(one.id) == one
    with pytest.raises(NotFound, match="no diagnosis"):
        await store.diagnoses.get(one.id, "another")


async def test_a_diagnosis_of_a_recording_that_is_gone_is_not_kept(store: Store) -> None:
    one = diagnosis("rec_nowhere")
    with pytest.raises(NotFound, match="no recording"):
        await store.diagnoses.add(one)
    with pytest.raises(NotFound, match="no diagnosis"):
        await store.diagnoses.get(one.id)


async def test_diagnoses_are_found_newest_first_by_what_they_are_of(store: Store) -> None:
    first, second, theirs = await recorded(store), await recorded(store), await recorded(store, tenant="t")
    verdicts = ["ranking", "data", "ranking", "unknown"]
    for n, verdict in enumerate(verdicts):
        of, feature = (first, "answer") if n < 3 else (second, "triage")
        at = NOW + timedelta(days=n)
        await store.diagnoses.add(diagnosis(of, id=f"dg_{n}", verdict=verdict, feature=feature, started_at=at))
    await store.diagnoses.add(diagnosis(theirs, id="dg_t", tenant="t"))
    assert await ids(store) == ["dg_3", "dg_2", "dg_1", "dg_0"]
    assert await ids(store, recording=first) == ["dg_2", "dg_1", "dg_0"]
    assert await ids(store, feature="triage") == ["dg_3"]
    assert await ids(store, verdict="ranking", since=NOW + timedelta(days=1)) == ["dg_2"]
    assert await ids(store, before="dg_2", limit=1) == ["dg_1"]
    assert await ids(store, tenant="t") == ["dg_t"]
    with pytest.raises(NotFound, match="no diagnosis"):
        await ids(store, before="dg_2", tenant="t")


async def test_verdicts_are_counted_by_feature_or_in_all_since_a_moment(store: Store) -> None:
    of = await recorded(store)
    for n, verdict in enumerate(["data", "ranking", "ranking"]):
        await store.diagnoses.add(diagnosis(of, verdict=verdict, started_at=NOW + timedelta(days=n)))
    await store.diagnoses.add(diagnosis(of, feature="triage"))
    assert dict(await store.diagnoses.counts("answer")) == {"data": 1, "ranking": 2}
    assert dict(await store.diagnoses.counts("answer", NOW + timedelta(days=2))) == {"ranking": 1}
    assert dict(await store.diagnoses.counts("answer", None, "t")) == {}
    assert dict(await store.diagnoses.counts()) == {"data": 1, "ranking": 3}


async def test_erasing_a_subject_erases_the_diagnoses_of_its_recordings(store: Store) -> None:
    hers, his = await recorded(store, subject="anna"), await recorded(store, subject="carl")
    for n, of in enumerate((hers, his)):
        await store.diagnoses.add(diagnosis(of, id=f"dg_{n}"))
    assert (await store.recordings.delete_subject("anna")).diagnoses == 1
    assert await ids(store) == ["dg_1"]
    assert (await store.recordings.delete_subject("anna")).diagnoses == 0


async def test_no_secret_is_kept_in_a_diagnosis(store: Store) -> None:
    one = diagnosis(await recorded(store), because=(f"it said {SECRET}",))
    await store.diagnoses.add(one)
    assert SECRET not in (await store.diagnoses.get(one.id)).because[0]


async def test_what_was_decided_is_noted_and_the_rest_of_the_diagnosis_stays(store: Store) -> None:
    one = diagnosis(await recorded(store))
    await store.diagnoses.add(one)
    for rule in ("First.", f"Then, never {SECRET}."):
        decision = Decision(right="neither", rule=rule, expected={"text": "5 days"}, by="ada")
        decided = Decided(decision=decision, at=NOW, case="c", file="evals/a.jsonl", rules_file="evals/a.rules.md")
        noted = await store.diagnoses.decide(one.id, decided)
        assert noted == await store.diagnoses.get(one.id)
        assert await store.diagnoses.find(DiagnosisQuery()) == (noted,)
        assert noted.decided is not None
        assert noted.decided.decision.rule == rule.replace(SECRET, "[secret]")
        assert msgspec.structs.replace(noted, decided=None) == one
    for missing in (("dg_none", ""), (one.id, "t")):
        with pytest.raises(NotFound, match="no diagnosis"):
            await store.diagnoses.decide(missing[0], decided, missing[1])


async def test_what_was_learned_of_a_version_of_a_feature_is_replaced_as_a_whole(store: Store) -> None:
    assert await store.diagnoses.learned("answer", "a1") is None
    await store.diagnoses.keep_learned("answer", "a1", {"effects": {"again": 0.5}})
    await store.diagnoses.keep_learned("answer", "a2", {"effects": {}})
    await store.diagnoses.keep_learned("answer", "a1", {"effects": {"again": 0.25}})
    assert await store.diagnoses.learned("answer", "a1") == {"effects": {"again": 0.25}}
    assert await store.diagnoses.learned("answer", "a1", "t") is None
