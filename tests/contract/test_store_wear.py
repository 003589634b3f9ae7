"""Wear, in every store: each decision counts once on each of its cases."""

from __future__ import annotations

import math

from holdfast.evals.wear import WORN, Wear, case_key, note_decision, warning, wear_of
from holdfast.evaluation import Case
from holdfast.stores import Store

CASES = tuple(Case(id=name, input={"body": name}) for name in "abcd")


async def test_a_decision_counts_once_on_each_of_its_cases(store: Store) -> None:
    await store.wear.add("gate_1", "answer", ["x", "y"])
    await store.wear.add("gate_1", "answer", ["y", "x"])
    await store.wear.add("gate_2", "answer", ["y"])
    await store.wear.add("gate_1", "sort", ["x"])
    await store.wear.add("gate_1", "answer", ["x"], "acme")
    await store.wear.add("gate_9", "answer", [])
    assert dict(await store.wear.of("answer")) == {"x": 1, "y": 2}
    assert dict(await store.wear.of("sort")) == {"x": 1}
    assert dict(await store.wear.of("answer", "acme")) == {"x": 1}
    assert dict(await store.wear.of("other")) == {}


async def test_a_set_is_as_worn_as_its_cases_are_and_fresh_ones_freshen_it(store: Store) -> None:
    for number in range(WORN):
        await note_decision(store, "answer", CASES[:2], f"gate_{number}")
    worn = await wear_of(store, "answer", CASES[:2])
    assert worn == Wear(feature="answer", cases=2, decisions=WORN, most=WORN)
    assert worn.worn
    assert "2 cases of 'answer' have decided 30 gates" in (warning(worn) or "")
    fresher = await wear_of(store, "answer", CASES)
    assert (fresher.decisions, fresher.most, fresher.worn, warning(fresher)) == (WORN / 2, WORN, False, None)
    assert (await wear_of(store, "answer", ())).most_optimism == 0


async def test_a_case_that_is_renamed_or_labelled_anew_is_as_worn_as_before(store: Store) -> None:
    await note_decision(store, "answer", CASES[:1], "gate_1")
    again = Case(id="renamed", input={"body": "a"}, facts=("5",), tags=("t",), must_pass=True)
    assert (await wear_of(store, "answer", [again])).decisions == 1
    assert (await wear_of(store, "answer", [Case(id="a", input={"body": "other"})])).decisions == 0
    assert case_key(again) == case_key(CASES[0])


def test_what_many_decisions_may_flatter_is_hoeffdings_bound() -> None:
    wear = Wear(feature="answer", cases=100, decisions=10, most=10)
    assert math.isclose(wear.most_optimism, math.sqrt(10 * math.log(2) / 200))
    assert Wear(feature="answer", cases=1, decisions=1000, most=1000).most_optimism == 1
