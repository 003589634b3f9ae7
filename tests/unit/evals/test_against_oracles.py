"""The gate's statistics agree with scipy and statsmodels: to 1e-9 where they are exact, within chance where sampled."""

from __future__ import annotations

import itertools
import random
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import stats

from holdfast.evals import beta, counts, evalues, multiplicity, permutation, resampling, shares, statistics
from holdfast.evals.permutation import Stratum

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of the packages that it builds on
    from statsmodels.stats import contingency_tables as contingency
    from statsmodels.stats import multitest, proportion

EXACT = 1e-9
SHARES = [(0, 20), (1, 20), (10, 20), (19, 20), (20, 20), (3, 7), (970, 1000), (1, 1)]


@pytest.mark.parametrize(("passed", "n"), SHARES)
def test_intervals_of_shares(passed: int, n: int) -> None:
    wilson, jeffreys = statistics.share(passed, n), shares.jeffreys(passed, n)
    assert (wilson.low, wilson.high) == pytest.approx(
        proportion.proportion_confint(passed, n, method="wilson"), abs=EXACT
    )
    low, high = stats.beta(passed + 0.5, n - passed + 0.5).ppf([0.025, 0.975])
    assert jeffreys is not None
    assert jeffreys.low == pytest.approx(0.0 if passed == 0 else low, abs=EXACT)
    assert jeffreys.high == pytest.approx(1.0 if passed == n else high, abs=EXACT)


def test_the_beta_distribution_and_student_s_t() -> None:
    for a, b, x in itertools.product((0.5, 1.5, 5.5, 40.5, 700.5), (0.5, 2.0, 60.5), (1e-6, 0.1, 0.5, 0.9, 0.999)):
        assert beta.beta_cdf(x, a, b) == pytest.approx(stats.beta(a, b).cdf(x), abs=EXACT)
    for p, df in itertools.product((0.01, 0.4, 0.5, 0.6, 0.9, 0.975, 0.995, 0.9999), (1, 2, 3, 4, 7, 30, 120, 5000)):
        assert beta.t_quantile(p, df) == pytest.approx(stats.t(df).ppf(p), rel=1e-7 if df == 1 else EXACT, abs=EXACT)
    assert shares.below(0.9, 3, 2) == pytest.approx(stats.beta(3.5, 2.5).cdf(0.9), abs=EXACT)


@pytest.mark.parametrize(("lost", "won"), [(0, 0), (1, 0), (5, 1), (3, 3), (2, 9), (40, 22)])
def test_mid_p_of_discordant_pairs(lost: int, won: int) -> None:
    fair = stats.binom(lost + won, 0.5)
    assert counts.mid_p_mcnemar(lost, won) == pytest.approx(fair.sf(lost - 1) - fair.pmf(lost) / 2, abs=EXACT)
    exact = contingency.mcnemar([[0, lost], [won, 0]], exact=True).pvalue
    wanted = exact - fair.pmf(lost) if lost != won else 1.0
    assert counts.mid_p_mcnemar(lost, won, two_sided=True) == pytest.approx(wanted, abs=EXACT)


def test_the_tail_of_the_hypergeometric() -> None:
    for failed, drawn, failures, n in itertools.product(range(6), (5,), (0, 1, 4, 9), (15, 20)):
        if failed <= failures:
            wanted = stats.hypergeom(n, failures, drawn).sf(failed - 1)
            assert counts.hypergeometric_tail(failed, drawn, failures, n) == pytest.approx(wanted, abs=EXACT)
    table = [[4, 1], [1, 9]]
    fisher = stats.fisher_exact(table, alternative="greater").pvalue
    assert counts.hypergeometric_tail(4, 5, 5, 15) == pytest.approx(fisher, abs=EXACT)


def test_passes_of_unequal_trials() -> None:
    chances = [0.1, 0.5, 0.97, 1.0, 0.0]
    wanted = [0.0] * 6
    for outcome in itertools.product((0, 1), repeat=5):
        wanted[sum(outcome)] += float(np.prod([c if o else 1 - c for c, o in zip(chances, outcome, strict=True)]))
    assert counts.passes(chances) == pytest.approx(wanted, abs=EXACT)
    binomial = stats.binom(10, 0.9)
    mid = 2 * (binomial.cdf(6) + binomial.pmf(7) / 2)
    assert counts.mid_p_of_passes(7, [0.9] * 10) == pytest.approx(mid, abs=EXACT)


@pytest.mark.parametrize("p_values", [[0.01, 0.04, 0.03, 0.005], [0.5], [0.2, 0.2, 0.9, 1.0, 0.0]])
def test_adjusted_p_values(p_values: list[float]) -> None:
    assert multiplicity.holm(p_values) == pytest.approx(multitest.multipletests(p_values, method="holm")[1], abs=EXACT)
    wanted = stats.false_discovery_control(p_values)
    assert multiplicity.benjamini_hochberg(p_values) == pytest.approx(wanted, abs=EXACT)
    assert multiplicity.holm([]) == multiplicity.benjamini_hochberg([]) == []


def strata(seed: int, cases: int, baseline: int, candidate: int, fall: float = 0.0) -> list[Stratum]:
    draw = random.Random(seed)
    found = []
    for _ in range(cases):
        p = draw.choice((0.98, 0.98, 0.6, 0.1))
        sides = ((p, baseline), (max(0.0, p - fall), candidate))
        found.append(Stratum(*(tuple(float(draw.random() < chance) for _ in range(size)) for chance, size in sides)))
    return found


def exact_by_all_shuffles(some: Sequence[Stratum]) -> float:
    """By every way of labelling the answers within their cases."""
    spread: dict[float, float] = {0.0: 1.0}
    for each in some:
        values, k = each.baseline + each.candidate, len(each.candidate)
        ways = list(itertools.combinations(range(len(values)), k))
        added: dict[float, float] = {}
        for chosen, (before, weight) in itertools.product(ways, spread.items()):
            mean = sum(values[place] for place in chosen) / k
            rest = sum(values[place] for place in range(len(values)) if place not in chosen) / len(each.baseline)
            total = round(before + mean - rest, 9)
            added[total] = added.get(total, 0.0) + weight / len(ways)
        spread = added
    seen = sum(each.difference for each in some)
    return sum(weight for total, weight in spread.items() if total <= seen + 1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_shuffles_within_cases(seed: int) -> None:
    some = strata(seed, cases=8, baseline=4, candidate=2, fall=0.2)
    wanted = exact_by_all_shuffles(some)
    assert permutation.stratified(some, weighed=False) == pytest.approx(wanted, abs=EXACT)
    uneven = [*some, Stratum((1.0, 0.5, 0.75), (0.25,))]
    wanted = exact_by_all_shuffles(uneven)
    assert permutation.stratified(uneven, weighed=False) == pytest.approx(
        wanted, abs=4 * (wanted / 20_000) ** 0.5 + 1e-4
    )


def test_one_case_alone_is_fishers_exact_test() -> None:
    one = [Stratum((1.0,) * 9 + (0.0,), (0.0, 0.0, 1.0))]
    assert permutation.stratified(one, weighed=False) == pytest.approx(
        stats.fisher_exact([[9, 1], [1, 2]], alternative="greater").pvalue, abs=EXACT
    )


@pytest.mark.parametrize("weighed", [True, False])
def test_the_level_of_the_shuffles_holds_and_the_fall_is_found(weighed: bool) -> None:
    alarms = [permutation.stratified(strata(n, 40, 8, 3), weighed=weighed, draws=999) <= 0.05 for n in range(400)]
    found = [permutation.stratified(strata(n, 40, 8, 3, 0.15), weighed=weighed, draws=999) <= 0.05 for n in range(100)]
    assert sum(alarms) <= stats.binom(400, 0.05).ppf(0.999)
    assert sum(found) > 70


def test_where_nothing_differs_nothing_is_found() -> None:
    assert permutation.stratified([Stratum((1.0, 1.0), (1.0,)), Stratum((0.0,), (0.0,))]) == 1.0
    assert permutation.sign_flip([0.0, 0.0]) == 1.0


@pytest.mark.parametrize("size", [6, 12, 40])
def test_flipped_signs(size: int) -> None:
    draw = random.Random(size)
    differences = [round(draw.gauss(-0.2, 0.5), 3) for _ in range(size)]
    oracle = stats.permutation_test(
        (np.array(differences),), np.sum, permutation_type="samples", alternative="less", n_resamples=200_000,
        rng=np.random.default_rng(1),
    ).pvalue  # fmt: skip
    tolerance = EXACT if size <= 12 else 5 * (oracle / 20_000) ** 0.5 + 1e-4
    assert permutation.sign_flip(differences) == pytest.approx(oracle, abs=tolerance)


def test_the_interval_of_a_mean_over_many_clusters() -> None:
    draw = random.Random(3)
    values = [draw.expovariate(1.0) for _ in range(40)]
    oracle: Any = stats.bootstrap(
        (np.array(values),), np.mean, n_resamples=40_000, method="BCa", rng=np.random.default_rng(1)
    )
    found = resampling.clustered_mean([[each] for each in values])
    assert (found.method, found.clusters) == ("BCa bootstrap", 40)
    assert found.interval.low == pytest.approx(oracle.confidence_interval.low, abs=0.02)
    assert found.interval.high == pytest.approx(oracle.confidence_interval.high, abs=0.03)


def test_few_clusters_are_bounded_by_t_and_say_so() -> None:
    found = resampling.clustered_mean([[0.1], [0.3], [-0.2], [0.0]])
    wanted = stats.ttest_1samp([0.1, 0.3, -0.2, 0.0], 0).confidence_interval()
    assert found.method == "t with 3 df"
    assert (found.interval.low, found.interval.high) == pytest.approx((wanted.low, wanted.high), abs=1e-4)
    assert resampling.clustered_mean([[0.5, 0.4]]).interval.low is None
    assert resampling.clustered_mean([[0.0], [0.0]]).interval.low is None


def width(of: statistics.Interval) -> float:
    assert of.low is not None
    assert of.high is not None
    return of.high - of.low


def test_clusters_widen_the_interval_that_single_cases_would_give() -> None:
    draw = random.Random(5)
    clusters = [[centre + draw.gauss(0, 0.1) for _ in range(10)] for centre in (draw.gauss(0, 1) for _ in range(30))]
    whole = resampling.clustered_mean(clusters).interval
    single = resampling.clustered_mean([[value] for cluster in clusters for value in cluster]).interval
    assert width(whole) > 2 * width(single)


def test_a_ratio_is_the_same_whichever_pairs_are_dear() -> None:
    draw = random.Random(4)
    baseline = [10 ** draw.uniform(-4, 0) for _ in range(60)]
    candidate = [each * 1.3 * 10 ** draw.gauss(0, 0.02) for each in baseline]
    found = resampling.log_ratio(baseline, candidate)
    assert found is not None
    low, high = found.low or 0.0, found.high or 0.0
    assert low < 1.3 < high < 1.05 * low
    assert resampling.log_ratio([0.0, 1.0], [1.0, 1.0]) is None


def test_e_values_are_below_one_on_average_by_chance_and_multiply() -> None:
    draw = np.random.default_rng(7)
    means = np.concatenate([np.full(20, 0.1), np.full(20, -0.1)])  # no fall on average, though half of the cases fell
    cases = [np.clip(draw.normal(means, 0.3), -1, 1) for _ in range(4_000)]
    worse = np.array([evalues.worse(list(each)) for each in cases])
    assert worse.mean() < 1 + 4 * worse.std() / len(worse) ** 0.5
    inferior = np.array([evalues.not_worse(list(np.clip(each - 0.06, -1, 1)), 0.05) for each in cases])
    assert inferior.mean() < 1 + 4 * inferior.std() / len(inferior) ** 0.5
    looks = worse.reshape(-1, 4).cumprod(axis=1).max(axis=1)
    assert (looks >= 40).mean() <= 0.025 + 4 * (0.025 / len(looks)) ** 0.5
    assert evalues.worse([-0.2] * 60) > 40
    assert evalues.not_worse([0.0] * 150, 0.05) > 40
