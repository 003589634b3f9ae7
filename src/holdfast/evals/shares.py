"""Shares of trials as a Bayesian sees them: the chance of a share, and Jeffreys' interval.

Knows nothing of what a trial is.
"""

from __future__ import annotations

from holdfast.evals.beta import beta_cdf, beta_quantile
from holdfast.evals.statistics import LEVEL, Interval


def below(rate: float, passed: float, failed: float) -> float:
    """The chance that the true share lies below `rate`, after so many trials passed and failed (Jeffreys' prior)."""
    return beta_cdf(rate, passed + 0.5, failed + 0.5)


def jeffreys(successes: float, n: float, level: float = LEVEL) -> Interval | None:
    """A share of `n` trials with Jeffreys' interval (Brown, Cai and DasGupta 2001), which reaches 0 without successes
    and 1 without failures. None without a trial."""
    if not n:
        return None
    tail, failures = (1 - level) / 2, n - successes
    low = 0.0 if successes == 0 else beta_quantile(tail, successes + 0.5, failures + 0.5)
    high = 1.0 if failures == 0 else beta_quantile(1 - tail, successes + 0.5, failures + 0.5)
    return Interval(successes / n, low, high)
