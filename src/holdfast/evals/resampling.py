"""Intervals by resampling: of a mean over clusters that could have been others, and of paired ratios.

Knows nothing of what the values are. Seeded: the same values give the same interval.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist, fmean

from msgspec import Struct

from holdfast.evals.beta import t_quantile
from holdfast.evals.statistics import LEVEL, Interval

DRAWS = 9_999
_AT_ONCE = 500
FEW = 20
"""Clusters below which resampling them says too little (Cameron, Gelbach and Miller 2008)."""


class Generalised(Struct, frozen=True):
    """A mean with the interval for cases like these, and how it was found over how many clusters."""

    interval: Interval
    method: str
    clusters: int


def clustered_mean(clusters: Sequence[Sequence[float]], *, seed: int = 0, level: float = LEVEL) -> Generalised:
    """The mean of all values, where whole clusters could as well have been others.

    By the bias-corrected and accelerated bootstrap (Efron 1987); below 20 clusters by Student's t with one degree of
    freedom less than there are clusters. One cluster alone, or values without any spread, bound nothing.
    """
    sums = [math.fsum(cluster) for cluster in clusters]
    sizes = [len(cluster) for cluster in clusters]
    count, estimate = len(clusters), math.fsum(sums) / sum(sizes)
    off = [total - size * estimate for total, size in zip(sums, sizes, strict=True)]
    if count < 2 or not any(abs(each) > 1e-12 for each in off):
        return Generalised(Interval(estimate, None, None), "too few clusters or no spread", count)
    if count < FEW:
        error = math.sqrt(count / (count - 1) * math.fsum(each * each for each in off)) / sum(sizes)
        half = t_quantile((1 + level) / 2, count - 1) * error
        return Generalised(Interval(estimate, estimate - half, estimate + half), f"t with {count - 1} df", count)
    low, high = _bca(sums, sizes, estimate, seed, level)
    return Generalised(Interval(estimate, low, high), "BCa bootstrap", count)


def log_ratio(
    baseline: Sequence[float], candidate: Sequence[float], *, seed: int = 0, level: float = LEVEL
) -> Interval | None:
    """How many times as much the candidate takes, pair by pair: the geometric mean of the ratios, with its interval.

    Pairs in which either side is not above 0 say nothing; None where fewer than two are left.
    """
    rates = [math.log(c / b) for b, c in zip(baseline, candidate, strict=True) if b > 0 and c > 0]
    if len(rates) < 2:
        return None
    found = clustered_mean([[each] for each in rates], seed=seed, level=level).interval
    low, high = (None if each is None else math.exp(each) for each in (found.low, found.high))
    ratio = math.exp(fmean(rates))
    return Interval(ratio, ratio if low is None else low, ratio if high is None else high)


def _bca(sums: Sequence[float], sizes: Sequence[int], estimate: float, seed: int, level: float) -> tuple[float, float]:
    import numpy as np

    totals, counts = np.array(sums), np.array(sizes, dtype=float)
    random, found = np.random.default_rng(seed), []
    for size in (_AT_ONCE,) * (DRAWS // _AT_ONCE) + (DRAWS % _AT_ONCE,):
        chosen = random.integers(0, len(totals), size=(size, len(totals)))
        found.append(totals[chosen].sum(axis=1) / counts[chosen].sum(axis=1))
    means = np.sort(np.concatenate(found))
    normal = NormalDist()
    share = ((means < estimate).mean() + (means <= estimate).mean()) / 2
    bias = normal.inv_cdf(min(max(float(share), 1 / DRAWS), 1 - 1 / DRAWS))
    left_out = (totals.sum() - totals) / (counts.sum() - counts)
    off = left_out.mean() - left_out
    spread = float((off**2).sum())
    acceleration = float((off**3).sum()) / (6 * spread**1.5) if spread else 0.0

    def bound(p: float) -> float:
        shifted = bias + normal.inv_cdf(p)
        return float(np.quantile(means, normal.cdf(bias + shifted / (1 - acceleration * shifted))))

    return bound((1 - level) / 2), bound((1 + level) / 2)
