"""Agreement with people and shares corrected by it, beside scipy and statsmodels, and how often the intervals hold."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.proportion import proportion_confint

from holdfast.evals.agreement import (
    Agreement,
    alike,
    balanced,
    corrected_share,
    kappa,
    kappa_interval,
    share_by_error_rates,
)
from holdfast.evals.beta import beta_cdf, beta_quantile
from holdfast.evals.shares import jeffreys

COUNTS = st.builds(Agreement, *[st.integers(0, 60)] * 4)


@given(COUNTS)
@settings(deadline=None)
def test_kappa_is_that_of_statsmodels(counts: Agreement) -> None:
    found = kappa(counts)
    passed, good = counts.good_passed + counts.bad_passed, counts.good_passed + counts.good_failed
    if (passed, good) in ((0, 0), (counts.n, counts.n)):
        assert found is None, "where both say the same of all, chance explains everything"
        return
    table = [[counts.good_passed, counts.good_failed], [counts.bad_passed, counts.bad_failed]]
    assert found == pytest.approx(cohens_kappa(table, return_results=False), abs=1e-9)


@pytest.mark.parametrize("counts", [Agreement(40, 10, 5, 45), Agreement(80, 5, 5, 10), Agreement(20, 3, 4, 13)])
def test_the_interval_of_kappa_is_near_the_asymptotic_one(counts: Agreement) -> None:
    oracle = cohens_kappa([[counts.good_passed, counts.good_failed], [counts.bad_passed, counts.bad_failed]])
    found = kappa_interval(counts)
    assert found is not None
    assert found.low == pytest.approx(oracle.kappa_low, abs=0.05)
    assert found.high == pytest.approx(oracle.kappa_upp, abs=0.05)
    assert found == kappa_interval(counts)


@given(st.integers(1, 400), st.data())
@settings(max_examples=60)
def test_jeffreys_is_that_of_statsmodels_but_at_the_ends(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, n))
    found = jeffreys(k, n)
    low, high = proportion_confint(k, n, method="jeffreys")
    assert found is not None
    assert found.low == pytest.approx(0.0 if k == 0 else low, abs=1e-9)
    assert found.high == pytest.approx(1.0 if k == n else high, abs=1e-9)
    assert jeffreys(0, 0) is None


@given(st.floats(0.001, 0.999), st.floats(0.5, 300), st.floats(0.5, 300))
@settings(max_examples=80)
def test_the_beta_distribution_is_that_of_scipy(x: float, a: float, b: float) -> None:
    assert beta_cdf(x, a, b) == pytest.approx(stats.beta.cdf(x, a, b), abs=1e-9)
    quantile = beta_quantile(x, a, b)
    assert stats.beta.cdf(quantile, a, b) == pytest.approx(x, abs=1e-7)


def test_balanced_accuracy_is_measured_on_both_kinds_of_answer() -> None:
    counts = Agreement(45, 5, 9, 21)
    found = balanced(counts)
    assert found.estimate == pytest.approx((45 / 50 + 21 / 30) / 2)
    assert found.low is not None
    assert found.high is not None
    assert found.low < found.estimate < found.high
    only_good = balanced(Agreement(50, 0, 0, 0))
    assert only_good.low is not None
    assert only_good.low < 0.55, "a judge that was never shown a bad answer has shown nothing of bad ones"


@given(COUNTS.filter(lambda counts: counts.n > 1), st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=80))
def test_a_corrected_share_is_a_share_with_its_interval_around_it(counts: Agreement, judged: list[float]) -> None:
    found = corrected_share(counts, judged)
    assert found.low is not None
    assert found.high is not None
    assert 0 <= found.low <= found.estimate <= found.high <= 1


def test_a_judge_that_says_nothing_of_people_leaves_what_people_say() -> None:
    found = corrected_share(Agreement(40, 40, 10, 10), [1.0, 0.0] * 100)
    assert found.estimate == pytest.approx(0.8, abs=0.01)


def test_a_judge_that_agrees_always_is_believed() -> None:
    found = corrected_share(Agreement(90, 0, 0, 10), [1.0] * 700 + [0.0] * 300)
    assert found.estimate == pytest.approx(0.7, abs=0.05)


@pytest.mark.parametrize(
    ("good", "sensitivity", "specificity", "labels"), [(0.95, 0.9, 0.7, 50), (0.85, 0.9, 0.7, 50), (0.7, 0.8, 0.8, 80)]
)
def test_the_raw_share_of_a_judge_is_biased_and_the_corrected_one_covers(
    good: float, sensitivity: float, specificity: float, labels: int
) -> None:
    chance, rounds, cases = random.Random(7), 400, 300
    raw_covers = covers = 0
    raw_bias = bias = 0.0

    def answer() -> tuple[bool, bool]:
        is_good = chance.random() < good
        return is_good, chance.random() < (sensitivity if is_good else 1 - specificity)

    for _ in range(rounds):
        judged = [float(answer()[1]) for _ in range(cases)]
        cells = [0, 0, 0, 0]
        for is_good, passed in (answer() for _ in range(labels)):
            cells[2 * (not is_good) + (not passed)] += 1
        found = corrected_share(Agreement(*cells), judged)
        low, high = proportion_confint(sum(judged), cases, method="wilson")
        raw_covers += low <= good <= high
        assert found.low is not None
        assert found.high is not None
        covers += found.low <= good <= found.high
        raw_bias += sum(judged) / cases - good
        bias += found.estimate - good
    assert raw_bias / rounds < -0.03
    assert raw_covers / rounds < 0.75
    assert abs(bias / rounds) < 0.01
    assert covers / rounds > 0.89


@pytest.mark.parametrize(("before", "now"), [(0.95, 0.6), (0.5, 0.9), (0.8, 0.8)])
def test_error_rates_cover_a_share_that_has_changed_since_the_labels(before: float, now: float) -> None:
    chance, rounds, cases, labels = random.Random(5), 100, 100, 100
    covers = ppi_covers = taken_for_alike = 0
    for _ in range(rounds):
        cells = [0, 0, 0, 0]
        for _ in range(labels):
            is_good = chance.random() < before
            passed = chance.random() < (0.9 if is_good else 0.1)
            cells[2 * (not is_good) + (not passed)] += 1
        judged = [float(chance.random() < (0.9 if chance.random() < now else 0.1)) for _ in range(cases)]
        found, by_labels = share_by_error_rates(Agreement(*cells), judged), corrected_share(Agreement(*cells), judged)
        assert None not in (found.low, found.high, by_labels.low, by_labels.high)
        covers += found.low <= now <= found.high  # type: ignore[operator]
        ppi_covers += by_labels.low <= now <= by_labels.high  # type: ignore[operator]
        taken_for_alike += alike(Agreement(*cells), judged)
    assert covers / rounds > 0.9
    assert (ppi_covers / rounds > 0.9) == (before == now), "labels of other answers must not be leant on"
    assert (taken_for_alike / rounds > 0.9) == (before == now)


def test_a_judge_no_better_than_chance_could_mean_any_share() -> None:
    found = share_by_error_rates(Agreement(5, 5, 5, 5), [1.0, 0.0] * 20)
    assert found.low is not None
    assert found.high is not None
    assert found.high - found.low > 0.8
