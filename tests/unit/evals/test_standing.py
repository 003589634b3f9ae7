"""How results stand against a bar, and what an evaluation may still spend."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from holdfast.evals.budget import Budget
from holdfast.evals.standing import standings, summed_up
from holdfast.evals.verdict import verdict_of
from holdfast.evaluation import Case, CaseResult, Evaluation, Score, ScoreValue, Standing
from holdfast.runtime.feature import Bar


def result(
    case: str, repeat: int = 0, wrong: tuple[str, ...] = (), cost: float | None = 0.0, **scores: Any
) -> CaseResult:
    given = tuple(Score(scorer=name, value=value) for name, value in scores.items())
    return CaseResult(
        case=case, repeat=repeat, recording=f"rec_{case}", outcome="ok", ms=10.0, cost_usd=cost, spent_usd=cost,
        scores=given, wrong=wrong,
    )  # fmt: skip


def stand(values: list[ScoreValue], bar: Bar | None = None, *, strict: bool = False) -> dict[str, Standing]:
    results = [result(str(number), mine=value) for number, value in enumerate(values)]
    return {each.name: each for each in standings(results, bar, strict=strict)}


def test_a_bar_is_missed_by_the_estimate_and_strictly_by_the_interval() -> None:
    values: list[ScoreValue] = [True] * 18 + [False] * 2
    assert stand(values, Bar(mine=0.9))["mine"].verdict == "met"
    assert stand(values, Bar(mine=0.91))["mine"].verdict == "missed"
    assert stand(values, Bar(mine=0.9), strict=True)["mine"].verdict == "missed"
    assert stand(values, Bar(mine=0.69), strict=True)["mine"].verdict == "met"
    assert stand(values)["mine"].verdict is None


def test_an_upper_limit_is_missed_from_above_and_unmeasured_where_the_cases_are_too_few() -> None:
    assert stand([True] * 20, Bar(p95_ms=10))["p95_ms"].verdict == "met"
    assert stand([True] * 20, Bar(p95_ms=9))["p95_ms"].verdict == "missed"
    assert stand([True] * 20, Bar(p95_ms=10), strict=True)["p95_ms"].verdict == "unmeasured"
    assert stand([True] * 80, Bar(p95_ms=10), strict=True)["p95_ms"].verdict == "met"


def test_what_the_bar_names_and_nothing_measured_is_said() -> None:
    found = stand([True], Bar(facts=0.5))
    assert (found["facts"].verdict, found["facts"].n, found["facts"].estimate) == ("unmeasured", 0, None)


def test_repeats_of_a_case_are_one_observation() -> None:
    results = [result("a", n, mine=n < 2) for n in range(4)] + [result("b", n, mine=True) for n in range(4)]
    found = {each.name: each for each in standings(results, None, strict=False)}["mine"]
    assert (found.n, found.estimate) == (2, 0.75)
    assert found.low == 0.0


def test_labels_are_counted() -> None:
    found = stand(["good", "bad", "good", "good"])
    assert found["mine=good"].estimate == 0.75
    assert found["mine=bad"].n == 4


def test_a_scorer_that_failed_has_shown_nothing_good() -> None:
    failed = replace(result("b"), scores=(Score(scorer="mine", value=None),))
    found = {each.name: each for each in standings([result("a", mine=1.0), failed], None, strict=False)}
    assert found["mine"].estimate == 0.5


def test_a_cost_that_is_not_known_is_not_a_smaller_one() -> None:
    results = [result("a", cost=0.5), result("b", cost=None)]
    found = {each.name: each for each in standings(results, Bar(cost_usd=1), strict=False)}
    assert (found["cost_usd"].estimate, found["cost_usd"].verdict) == (None, "unmeasured")


BEGUN = Evaluation(
    id="ev_1", feature="f", release="r", code_hash="c", started_at=datetime(2026, 1, 1, tzinfo=UTC), cases=2
)
CASES = (Case(id="a", input=1, must_pass=True), Case(id="b", input=1))


@pytest.mark.parametrize(
    ("wrong_a", "wrong_b", "strict", "finished", "verdict"),
    [
        ((), (), False, True, "met"),
        ((), ("w",), False, True, "met"),
        (("w",), (), False, True, "missed"),
        ((), (), True, False, "inconclusive"),
        ((), (), False, False, "met"),
    ],
)
def test_a_case_that_must_pass_decides_by_itself(
    wrong_a: tuple[str, ...], wrong_b: tuple[str, ...], strict: bool, finished: bool, verdict: str
) -> None:
    begun = replace(BEGUN, strict=strict, finished_at=BEGUN.started_at if finished else None)
    summary = summed_up(begun, CASES, [result("a", wrong=wrong_a), result("b", wrong=wrong_b)], None)
    assert verdict_of(summary) == verdict
    assert summary.failed == len(wrong_a) + len(wrong_b)
    assert summary.must_pass_failed == (("a",) if wrong_a else ())


def test_the_budget_asks_one_case_first_and_then_as_many_as_it_can_pay() -> None:
    budget = Budget(1.0)
    assert budget.decides()
    budget.begin()
    assert not budget.decides(), "nothing is known of the price yet"
    budget.end(0.3)
    for _ in range(2):
        assert budget.decides()
        budget.begin()
    assert not budget.decides(), "a third one might take it above"
    budget.end(0.1)
    assert budget.decides(), "the second was cheap: 0.4 spent, one at 0.3 in flight, one more at 0.3 makes 1.0"
    budget.begin()
    budget.end(0.3)
    budget.end(0.3)
    assert budget.decides()
    assert "could exceed $1" in str(budget.stopped)


def test_a_budget_that_cannot_be_watched_stops_and_no_budget_never_does() -> None:
    budget = Budget(1.0, [0.1, None])
    assert budget.decides()
    assert "price is not known" in str(budget.stopped)
    free = Budget(None, [None])
    assert free.decides()
    assert free.stopped is None
