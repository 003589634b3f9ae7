"""What became of each case lately, over the evaluations that are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from holdfast.evals.last_results import LastResult
from holdfast.evals.listing import case_set
from holdfast.evals.wear import note_decision
from holdfast.evaluation import Case, CaseResult, Evaluation
from holdfast.testing import MemoryStore

AT = datetime(2026, 3, 1, tzinfo=UTC)
CASES = (Case(id="a", input=1, tags=("t",)), Case(id="b", input=2, tags=("t", "u")), Case(id="c", input=3))


async def keep(store: MemoryStore, number: int, came: dict[str, str], **fields: Any) -> None:
    """An evaluation of these cases; `came` has for each of them a + or a - for every time it was asked."""
    evaluation = Evaluation(
        **{"id": f"ev_{number}", "feature": "answer", "release": "r_1", "code_hash": "c", "started_at": AT, "cases": 3}
        | fields
    )
    await store.evaluations.add(evaluation, CASES)
    for case, times in came.items():
        for repeat, passed in enumerate(times):
            result = CaseResult(
                case=case, repeat=repeat, recording="rec", outcome="ok", ms=1, cost_usd=0, spent_usd=0,
                wrong=() if passed == "+" else ("wrong",),
            )  # fmt: skip
            await store.evaluations.add_result(evaluation.id, result)


async def listed(store: MemoryStore, cases: tuple[Case, ...] = CASES, share: float = 0.0) -> dict[str, str]:
    found = await case_set(store, "answer", cases, share)
    return {each.case.id: _said(each.last) for each in found.cases}


def _said(last: LastResult | None) -> str:
    return "-" if last is None else f"{last.came} {last.passed}/{last.asked} {last.evaluation}"


async def test_the_release_and_the_code_that_were_asked_last_count() -> None:
    store = MemoryStore()
    await keep(store, 1, {"a": "---", "b": "+", "c": "+"}, release="r_0")
    await keep(store, 2, {"a": "++", "b": "+"})
    await keep(store, 3, {"a": "+", "b": "-"})
    await keep(store, 4, {"a": "-"}, feature="other")
    assert await listed(store) == {"a": "passed 3/3 ev_3", "b": "flaky 1/2 ev_3", "c": "passed 1/1 ev_1"}
    await keep(store, 5, {"a": "-"}, code_hash="d")
    assert (await listed(store))["a"] == "failed 0/1 ev_5"


async def test_what_a_case_came_to_before_it_was_changed_does_not_count() -> None:
    store = MemoryStore()
    await keep(store, 1, {"a": "-", "b": "-"})
    changed = (Case(id="a", input=1, facts=("5",)), Case(id="b", input=2, tags=("other",), must_pass=True))
    assert await listed(store, changed) == {"a": "-", "b": "failed 0/1 ev_1"}


async def test_slices_are_tags_and_sets_know_their_wear() -> None:
    store = MemoryStore()
    await keep(store, 1, {"a": "+", "b": "+-"})
    cases = (*CASES, *(Case(id=f"more-{number}", input=number + 9) for number in range(30)))
    await note_decision(store, "answer", CASES, "gate_1")
    found = await case_set(store, "answer", cases, 0.3)
    assert [(s.tag, s.cases, s.passed, s.failed, s.flaky) for s in found.slices] == [
        ("t", 2, 1, 0, 1),
        ("u", 1, 0, 0, 1),
    ]
    assert found.audit is not None
    assert found.working.cases + found.audit.cases == 33
    assert sum(each.set == "audit" for each in found.cases) == found.audit.cases
    assert found.working.decisions * found.working.cases + found.audit.decisions * found.audit.cases == 3
    assert (await case_set(store, "answer", CASES, 0.0)).audit is None
