"""Evaluations, in every store: what is kept of them, and which recordings are theirs.

Knows nothing of how a case is asked or scored.
"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from tests.contract.store_samples import NOW, SECRET, recording
from tests.contract.test_store import found, summary

from holdfast.errors import NotFound
from holdfast.evaluation import Case, CaseResult, Evaluation, Gold, Score, Standing
from holdfast.stores import EvaluationQuery, RecordingQuery, Store


def evaluation(number: int, **fields: Any) -> Evaluation:
    values = {"feature": "answer", "release": "r_1", "code_hash": "c", "started_at": NOW, "cases": 2} | fields
    return Evaluation(id=f"ev_{number:03d}", **values)


def result(case: str, repeat: int = 0, **fields: Any) -> CaseResult:
    values = {"recording": f"rec_{case}_{repeat}", "outcome": "ok", "ms": 1.5, "cost_usd": None, "spent_usd": 0.0}
    return CaseResult(case=case, repeat=repeat, **values | fields)


CASES = (Case(id="a", input={"body": "ü"}, facts=("5",), gold=(Gold(document="d"),)), Case(id="b", input=[1, None]))


async def test_an_evaluation_comes_back_with_its_cases_and_results(store: Store) -> None:
    begun = evaluation(1, pins={"help": "v3"})
    results = (result("b", scores=(Score(scorer="facts", value=0.5), Score(scorer="x", value=True))), result("a", 1))
    await store.evaluations.add(begun, CASES)
    await store.evaluations.add(replace(begun, repeat=9), ())
    for each in results:
        await store.evaluations.add_result(begun.id, each)
    assert await store.evaluations.get(begun.id) == begun
    assert await store.evaluations.cases(begun.id) == CASES
    assert await store.evaluations.results(begun.id) == results
    finished = replace(begun, finished_at=NOW, standings=(Standing(name="facts", measure="mean", n=2, estimate=0.5),))
    await store.evaluations.change(finished)
    assert await store.evaluations.get(begun.id) == finished
    assert await store.evaluations.cases(begun.id) == CASES


async def test_a_second_result_of_the_same_case_and_repeat_changes_nothing(store: Store) -> None:
    await store.evaluations.add(evaluation(1), CASES)
    first = result("a")
    for each in (first, result("a", recording="rec_other"), result("a", 1)):
        await store.evaluations.add_result("ev_001", each)
    assert await store.evaluations.results("ev_001") == (first, result("a", 1))


async def test_evaluations_are_listed_newest_first_in_pages_of_their_feature_and_tenant(store: Store) -> None:
    for number in (2, 0, 3, 1):
        feature = "sort" if number == 3 else "answer"
        await store.evaluations.add(evaluation(number, feature=feature), CASES)
    await store.evaluations.add(evaluation(9, tenant="acme"), CASES)

    async def ids(**query: Any) -> list[str]:
        return [each.id for each in await store.evaluations.find(EvaluationQuery(**query))]

    assert await ids() == ["ev_003", "ev_002", "ev_001", "ev_000"]
    assert await ids(feature="answer", limit=2) == ["ev_002", "ev_001"]
    assert await ids(before="ev_001") == ["ev_000"]
    assert await ids(tenant="acme") == ["ev_009"]
    with pytest.raises(NotFound, match="HF208"):
        await ids(before="ev_009")


async def test_what_is_asked_of_an_unknown_evaluation_is_not_found(store: Store) -> None:
    await store.evaluations.add(evaluation(1, tenant="acme"), CASES)
    for asked in (
        store.evaluations.get("ev_001"),
        store.evaluations.cases("ev_001"),
        store.evaluations.results("ev_001"),
        store.evaluations.add_result("ev_001", result("a")),
        store.evaluations.change(evaluation(1)),
    ):
        with pytest.raises(NotFound, match="HF208"):
            await asked


async def test_secrets_never_reach_the_store_in_a_case_or_its_result(store: Store) -> None:
    await store.evaluations.add(evaluation(1), (Case(id="a", input=f"key {SECRET}"),))
    await store.evaluations.add_result("ev_001", result("a", wrong=(f"said {SECRET}",)))
    assert (await store.evaluations.cases("ev_001"))[0].input == "key [secret]"
    assert (await store.evaluations.results("ev_001"))[0].wrong == ("said [secret]",)


async def test_recordings_of_an_evaluation_are_listed_only_when_it_is_named(store: Store) -> None:
    live, asked = recording("one"), recording("two", evaluation="ev_001")
    other = recording("three", evaluation="ev_002")
    for each in (live, asked, other):
        await store.recordings.add(each)
    assert await found(store) == [live.id]
    assert await found(store, evaluation="ev_001") == [asked.id]
    assert await found(store, evaluation="ev_003") == []
    assert await store.recordings.get(asked.id) == asked
    assert await store.recordings.find(RecordingQuery(evaluation="ev_002")) == (summary(other),)
