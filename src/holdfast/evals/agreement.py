"""How far a judge agrees with people, and what a share of its verdicts says once that is known.

Pure statistics, standard library alone. Knows nothing of who judged what. Chance is seeded: the same counts give the
same intervals.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from statistics import NormalDist, fmean, pvariance, variance

from msgspec import Struct

from holdfast.evals.beta import t_quantile
from holdfast.evals.statistics import LEVEL
from holdfast.judgement import Interval

_DRAWS = 2000
_DRAWN_MOST = 2_000_000
_SEED = 20_251_002


class Agreement(Struct, frozen=True):
    """Counts of two raters' verdicts on the same answers; the first rater is who is believed (people), the second is
    the judge. Either may pass or fail an answer."""

    good_passed: float
    good_failed: float
    bad_passed: float
    bad_failed: float

    @property
    def n(self) -> float:
        return self.good_passed + self.good_failed + self.bad_passed + self.bad_failed


def kappa(counts: Agreement) -> float | None:
    """Agreement beyond chance (Cohen 1960); None where chance explains all, as when nobody fails anything."""
    n = counts.n
    if not n:
        return None
    good, passed = counts.good_passed + counts.good_failed, counts.good_passed + counts.bad_passed
    agreed = (counts.good_passed + counts.bad_failed) / n
    chance = (good * passed + (n - good) * (n - passed)) / (n * n)
    return None if chance == 1 else (agreed - chance) / (1 - chance)


def kappa_interval(counts: Agreement, level: float = LEVEL) -> Interval | None:
    """Kappa with a percentile bootstrap interval over answers (2,000 draws, fewer for more than 1,000 answers); None
    where there is no kappa.

    A draw without a kappa counts as 0: it shows no agreement beyond chance.
    """
    estimate = kappa(counts)
    if estimate is None:
        return None
    chance, n = random.Random(_SEED), int(counts.n)
    cells = (counts.good_passed, counts.good_failed, counts.bad_passed, counts.bad_failed)
    found = []
    for _ in range(max(400, min(_DRAWS, _DRAWN_MOST // n))):
        drawn = chance.choices(range(4), cells, k=n)
        found.append(kappa(Agreement(*(drawn.count(cell) for cell in range(4)))) or 0.0)
    low, high = _between(found, level)
    return Interval(estimate, low, high)


def balanced(counts: Agreement, level: float = LEVEL) -> Interval:
    """Balanced accuracy, the mean of sensitivity and specificity, with the interval of its posterior under Jeffreys'
    priors. Where one of the two has no answer to be measured on, it may be anything: the interval is then wide."""
    good, bad = counts.good_passed + counts.good_failed, counts.bad_passed + counts.bad_failed
    chance = random.Random(_SEED)
    draws = [
        0.5 * chance.betavariate(counts.good_passed + 0.5, counts.good_failed + 0.5)
        + 0.5 * chance.betavariate(counts.bad_failed + 0.5, counts.bad_passed + 0.5)
        for _ in range(2 * _DRAWS)
    ]
    low, high = _between(draws, level)
    sensitivity = counts.good_passed / good if good else 0.5
    specificity = counts.bad_failed / bad if bad else 0.5
    return Interval((sensitivity + specificity) / 2, low, high)


def alike(labelled: Agreement, judged: Sequence[float]) -> bool:
    """Whether the judge passes about as many of the labelled answers as of these (two shares, 5 %): where it does not,
    the labelled ones are no sample of these."""
    n, size = labelled.n, len(judged)
    passed, now = labelled.good_passed + labelled.bad_passed, math.fsum(judged)
    pooled = (passed + now) / (n + size)
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / n + 1 / size))
    return abs(passed / n - now / size) <= NormalDist().inv_cdf((1 + LEVEL) / 2) * deviation


def share_by_error_rates(labelled: Agreement, judged: Sequence[float], level: float = LEVEL) -> Interval:
    """The share of good answers among those judged, by the judge's error rates (Rogan and Gladen 1978), within 0..1.

    It needs no more of the labelled answers than that the judge errs on them as it does on these: they may be of
    another release, and half of them bad on purpose. The interval is of 2,000 draws from Jeffreys' posteriors of both
    error rates and of the judge's share. A draw in which the judge does no better than chance could be any share.
    """
    good, bad = labelled.good_passed + labelled.good_failed, labelled.bad_passed + labelled.bad_failed
    size, passed = len(judged), math.fsum(judged)
    chance = random.Random(_SEED)
    draws = []
    for _ in range(_DRAWS):
        sensitivity = chance.betavariate(labelled.good_passed + 0.5, labelled.good_failed + 0.5)
        specificity = chance.betavariate(labelled.bad_failed + 0.5, labelled.bad_passed + 0.5)
        share = chance.betavariate(passed + 0.5, size - passed + 0.5)
        known = sensitivity + specificity > 1
        draws.append(_unmixed(share, sensitivity, specificity) if known else chance.random())
    low, high = _between(draws, level)
    sensitivity = labelled.good_passed / good if good else 0.5
    specificity = labelled.bad_failed / bad if bad else 0.5
    known = sensitivity + specificity > 1
    estimate = _unmixed(passed / size, sensitivity, specificity) if known else fmean(draws)
    return Interval(estimate, min(low, estimate), max(high, estimate))


def _unmixed(share: float, sensitivity: float, specificity: float) -> float:
    return min(1.0, max(0.0, (share + specificity - 1) / (sensitivity + specificity - 1)))


def corrected_share(labelled: Agreement, judged: Sequence[float], level: float = LEVEL) -> Interval:
    """The share of good answers among those judged, corrected by what people say of the judge's verdicts: PPI++
    (Angelopoulos, Duchi and Zrnic 2023, power tuning), within 0..1.

    `judged` has the judge's value for each case. The labelled answers must be such as these, taken at random: those of
    another release would hide what has changed since. The variances are those of the counts with half an answer more in
    every cell, and the quantile is Student's with Welch's degrees of freedom: with 50 labels the plain normal interval
    covers about 90 % where it says 95.
    """
    n, size = labelled.n, len(judged)
    people = (labelled.good_passed + labelled.good_failed) / n
    judge = (labelled.good_passed + labelled.bad_passed) / n
    weight = _weight(labelled, judged)
    estimate = weight * fmean(judged) + people - weight * judge
    of_judged = weight * weight * _smoothed_variance(judged) / size
    of_labels = _residual_variance(labelled, weight) / n
    total = of_judged + of_labels
    freedom = total * total / (of_judged * of_judged / max(1, size - 1) + of_labels * of_labels / max(1.0, n - 1))
    half = t_quantile((1 + level) / 2, max(1, math.floor(freedom))) * math.sqrt(total)
    estimate = min(1.0, max(0.0, estimate))
    return Interval(estimate, max(0.0, estimate - half), min(1.0, estimate + half))


def _weight(labelled: Agreement, judged: Sequence[float]) -> float:
    """How much the judge's verdicts are leant on, in 0..1: the weight of the least variance."""
    n = labelled.n
    people = (labelled.good_passed + labelled.good_failed) / n
    judge = (labelled.good_passed + labelled.bad_passed) / n
    together = labelled.good_passed / n - people * judge
    spread = judge * (1 - judge) + n / len(judged) * pvariance(judged)
    return 0.0 if not spread else min(1.0, max(0.0, together / spread))


def _residual_variance(labelled: Agreement, weight: float) -> float:
    """The variance of what people say less the weighted verdict, over labels, with half an answer more in each cell."""
    cells = (
        (labelled.good_passed + 0.5, 1 - weight),
        (labelled.good_failed + 0.5, 1.0),
        (labelled.bad_passed + 0.5, -weight),
        (labelled.bad_failed + 0.5, 0.0),
    )
    n = sum(count for count, _ in cells)
    mean = sum(count * value for count, value in cells) / n
    return sum(count * (value - mean) ** 2 for count, value in cells) / (n - 1)


def _smoothed_variance(judged: Sequence[float]) -> float:
    """The variance of values in 0..1, with one more at either end, so that equal values do not seem certain."""
    return variance([*judged, 0.0, 1.0])


def _between(draws: Sequence[float], level: float) -> tuple[float, float]:
    ordered = sorted(draws)
    tail = (1 - level) / 2
    return ordered[int(tail * len(ordered))], ordered[min(len(ordered) - 1, int((1 - tail) * len(ordered)))]
