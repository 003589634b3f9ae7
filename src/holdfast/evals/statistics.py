"""How sure an estimate is: 95 % intervals of shares, means and quantiles.

Knows nothing of what was measured. Values are taken as independent: repeats of one case are averaged before they come.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean, stdev

from holdfast.evals.beta import t_quantile
from holdfast.judgement import Interval as Interval

LEVEL = 0.95


def share(successes: float, n: int, level: float = LEVEL) -> Interval:
    """A share of `n` trials, with Wilson's score interval (Wilson 1927; Brown, Cai and DasGupta 2001).

    `successes` may be a sum of values in 0..1, whose variance is at most that of trials: the interval is then wider
    than it need be, never too narrow.
    """
    z = NormalDist().inv_cdf((1 + level) / 2)
    p, square = successes / n, z * z
    centre = (p + square / (2 * n)) / (1 + square / n)
    half = z / (1 + square / n) * math.sqrt(max(0.0, p * (1 - p) / n + square / (4 * n * n)))
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(p, low, high)


def mean(values: Sequence[float], level: float = LEVEL) -> Interval:
    """A mean with Student's t interval; one value alone bounds nothing."""
    n, estimate = len(values), fmean(values)
    if n < 2:
        return Interval(estimate, None, None)
    half = t_quantile((1 + level) / 2, n - 1) * stdev(values) / math.sqrt(n)
    return Interval(estimate, estimate - half, estimate + half)


def mean_score(values: Sequence[float], level: float = LEVEL) -> Interval:
    """A mean of values in 0..1: Student's t interval within 0..1. Where all values are equal, their spread says nothing
    of the values not seen, and Wilson's interval is given instead."""
    if max(values) == min(values):
        return share(math.fsum(values), len(values), level)
    found = mean(values, level)
    low = None if found.low is None else max(0.0, found.low)
    return Interval(found.estimate, low, None if found.high is None else min(1.0, found.high))


def quantile(values: Sequence[float], q: float, level: float = LEVEL) -> Interval:
    """The quantile `q`, with the interval between order statistics that holds for any distribution (Conover 1999, 3.2).

    The estimate interpolates between the two nearest values. A bound that this many values cannot give is None: the
    upper one of a 95th percentile needs 72 values.
    """
    ordered, n = sorted(values), len(values)
    place = (n - 1) * q
    below = math.floor(place)
    above = min(below + 1, n - 1)
    estimate = ordered[below] + (ordered[above] - ordered[below]) * (place - below)
    tail, total = (1 - level) / 2, 0.0
    low = high = None
    for k in range(n):  # total: the chance that at most k values lie below the true quantile
        ways = math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)
        total += math.exp(ways + k * math.log(q) + (n - k) * math.log1p(-q))
        if total <= tail:
            low = ordered[k]
        if high is None and total >= 1 - tail:
            high = ordered[k]
    return Interval(estimate, low, high)
