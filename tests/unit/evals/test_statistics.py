"""Intervals agree with published values, and cover what they say they cover."""

from __future__ import annotations

import random

import pytest

from holdfast.evals.beta import t_quantile
from holdfast.evals.statistics import mean, mean_score, quantile, share


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_agrees_with_newcombe_1998_table_1(successes: int, n: int, low: float, high: float) -> None:
    found = share(successes, n)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=6e-5))
    assert share(n - successes, n).high == pytest.approx(1 - low, abs=5e-5)


@pytest.mark.parametrize(
    ("p", "df", "value"),
    [
        (0.975, 1, 12.7062), (0.975, 2, 4.3027), (0.975, 3, 3.1824), (0.975, 4, 2.7764), (0.975, 5, 2.5706),
        (0.975, 10, 2.2281), (0.975, 30, 2.0423), (0.975, 120, 1.9799), (0.995, 3, 5.8409), (0.95, 4, 2.1318),
        (0.6, 7, 0.2632), (0.025, 10, -2.2281), (0.5, 9, 0.0),
    ],
)  # fmt: skip
def test_quantiles_of_t_are_those_of_the_tables(p: float, df: int, value: float) -> None:
    assert t_quantile(p, df) == pytest.approx(value, abs=6e-5)


def test_the_interval_of_a_mean_is_that_of_a_textbook() -> None:
    found = mean([9.0, 10.0, 11.0, 12.0, 13.0])  # mean 11, s 1.5811, t(4) 2.7764
    assert (found.estimate, found.low, found.high) == (
        11.0,
        pytest.approx(9.0368, abs=1e-4),
        pytest.approx(12.9632, abs=1e-4),
    )
    assert mean([3.0]).low is None


@pytest.mark.parametrize(
    ("n", "q", "low", "high"),
    [(20, 0.5, 6, 15), (10, 0.5, 2, 9), (5, 0.5, None, None), (71, 0.95, 63, None), (72, 0.95, 64, 72)],
)
def test_bounds_of_quantiles_are_those_of_the_binomial(n: int, q: float, low: int | None, high: int | None) -> None:
    found = quantile([float(value) for value in range(n, 0, -1)], q)
    assert (found.low, found.high) == (low, high)


def test_a_score_that_never_varies_is_not_taken_for_certain() -> None:
    found = mean_score([1.0] * 20)
    assert (found.estimate, found.high) == (1.0, 1.0)
    assert found.low == pytest.approx(0.8389, abs=1e-4)


def test_a_score_stays_within_its_bounds() -> None:
    found = mean_score([1.0, 1.0, 0.9])
    assert found.high == 1.0
    assert found.low is not None
    assert found.low >= 0


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    chance = random.Random(7)
    trials = 400
    hits = {"share": 0, "score": 0, "quantile": 0}
    for _ in range(trials):
        truths = [float(chance.random() < 0.85) for _ in range(60)]
        found = share(sum(truths), 60)
        hits["share"] += (found.low or 0) <= 0.85 <= (found.high or 1)
        scores = [chance.betavariate(4, 1) for _ in range(60)]
        found = mean_score(scores)
        hits["score"] += (found.low or 0) <= 0.8 <= (found.high or 1)
        found = quantile([chance.random() for _ in range(100)], 0.95)
        hits["quantile"] += (found.low or 0) <= 0.95 <= (found.high or 1)
    assert all(0.92 <= hit / trials <= 1 for hit in hits.values()), hits
