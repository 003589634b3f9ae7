"""What follows from all scores of a scorer together, and how judges stand."""

from __future__ import annotations

from typing import Any

import pytest

from holdfast.evals.certifying import Trust
from holdfast.evals.measures import confusions, noise
from holdfast.evals.standing import standings
from holdfast.evaluation import CaseResult, Confusion, Score, Standing
from holdfast.judgement import Changed, Classified, Consistency, Detail, Field, Fields, Judged, Judging
from holdfast.records import Failure
from holdfast.runtime.feature import Bar


def result(case: str, value: Any, detail: Detail | None = None, repeat: int = 0, **fields: Any) -> CaseResult:
    score = Score(scorer="s", value=value, detail=detail, **fields)
    return CaseResult(
        case=case, repeat=repeat, recording="r", outcome="ok", ms=1.0, cost_usd=0.0, spent_usd=0.0, scores=(score,)
    )


def stands(results: list[CaseResult], bar: Bar | None = None, **fields: Any) -> dict[str, Standing]:
    return {each.name: each for each in standings(results, bar, strict=False, **fields)}


def classified(case: str, expected: str, got: str, confidence: float | None = None) -> CaseResult:
    return result(case, expected == got, Classified(expected=expected, got=got, confidence=confidence))


def test_classes_have_macro_f1_calibration_and_confusions() -> None:
    results = [classified(f"a{n}", "a", "a", 0.9) for n in range(8)] + [classified("b", "b", "a", 0.8)]
    found = stands(results, Bar(s_macro_f1=0.9, s_ece=0.05))
    assert found["s"].estimate == pytest.approx(8 / 9)
    macro = found["s_macro_f1"]
    assert macro.estimate == pytest.approx((16 / 17 + 0) / 2)
    assert macro.low is not None
    assert macro.high is not None
    assert macro.low <= macro.estimate <= macro.high
    assert (macro.measure, macro.verdict) == ("whole", "missed")
    ece = found["s_ece"]
    assert ece.estimate == pytest.approx((8 * 0.1 + 0.8) / 9)
    assert (ece.at_most, ece.verdict) == (True, "missed")
    assert found["s_brier"].estimate == pytest.approx((8 * 0.01 + 0.64) / 9)
    assert confusions(results) == (Confusion("s", "a", "a", 8), Confusion("s", "b", "a", 1))


def test_without_confidence_there_is_no_calibration() -> None:
    found = stands([classified("a", "x", "x")])
    assert "s_ece" not in found
    assert found["s_macro_f1"].low is None, "one case bounds nothing"


def test_fields_have_an_f1_of_their_own_over_all_cases() -> None:
    one = Fields((Field(name="total", right=1), Field(name="names", right=1, lost=1)))
    other = Fields((Field(name="total", extra=1, lost=1),))
    found = stands([result("a", 0.8, one), result("b", 0.0, other)], Bar(**{"s.total": 0.6}))
    assert found["s.total"].estimate == pytest.approx(0.5)
    assert found["s.total"].verdict == "missed"
    assert found["s.names"].estimate == pytest.approx(2 / 3)


def test_flip_rates_are_means_over_cases_and_controls_stand_beside_them() -> None:
    def changed(same: bool, *, control: bool = False) -> Changed:
        return Changed(change="c", changed="t", recording="r", same=same, control=control)

    one = Consistency((changed(True), changed(False), changed(True, control=True)))
    other = Consistency((changed(True),))
    found = stands([result("a", 0.5, one), result("b", 1.0, other)])
    assert found["s_flip_rate"].estimate == 0.25
    assert (found["s_flip_rate"].n, found["s_control_rate"].n) == (2, 1)
    assert found["s_control_rate"].estimate == 0.0


INFORMS = {"s": Trust(Judging(scorer="s", judge="j", gates=False))}


def test_a_judge_s_abstentions_are_left_out_until_they_are_too_many() -> None:
    error = Failure(code="HF309", message="no verdict", fix="f")
    given = [result(f"a{n}", True) for n in range(19)] + [result("x", None, error=error)]
    assert stands(given, trust=INFORMS)["s"].n == 19
    assert stands(given)["s"].estimate == 0.95, "any other scorer that fails has not shown that the answer is good"
    half = [*given[-1:], result("a", True)]
    found = stands(half, Bar(s=0.5), trust=INFORMS)["s"]
    assert (found.estimate, found.verdict) == (None, "informs")


def test_the_judge_s_own_part_of_the_spread_is_half_the_squared_difference() -> None:
    def judged(case: str, value: bool, again: bool | None, repeat: int = 0) -> CaseResult:
        detail = Judged(again=None if again is None else float(again))
        return result(case, value, detail, repeat)

    results = [judged("a", True, False), judged("b", False, False), judged("c", True, None), judged("d", False, None)]
    twice, differed, variance = noise("s", results)
    assert (twice, differed) == (2, 1)
    assert variance is not None
    assert variance.judge == pytest.approx((1 / 2 / 2) / 0.25)
    assert variance.answers is None
    repeated = [judged("a", True, True), judged("a", False, False, 1), judged("b", True, True)]
    _, _, spread = noise("s", repeated)
    assert spread is not None
    assert spread.judge == 0.0
    assert spread.answers == 1.0
    assert noise("s", [judged("a", True, True)]) == (1, 0, None), "nothing varies"
