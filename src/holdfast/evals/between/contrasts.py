"""Differences between sets of changes, with their intervals, from answers that were asked side by side.

Knows nothing of what was asked, nor of how.

Answers of one repeat of one case share everything that did not change, so that they vary together: a difference is
taken within each repeat, and how much it varies is seen from one repeat to the next. Intervals are for these cases.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist, fmean
from typing import TypeAlias

from holdfast.evals.between.shapley import Chosen, Weights
from holdfast.evals.permutation import Stratum, stratified
from holdfast.evals.power import PRIOR_VARIANCE, detectable_drop, standard_error, variances
from holdfast.evals.statistics import LEVEL, Interval, mean_score

Place: TypeAlias = tuple[str, int]
"""A case, and which repeat of it."""
Values: TypeAlias = Mapping[Chosen, Mapping[Place, float]]
"""What each set of changes came to, in 0..1, as far as it was asked."""

ALPHA = 0.05
"""How often a fall may be said to be there that is none."""
_PRIOR_ANSWERS = 10
"""Differences that what is usual counts for beside those that were seen, where these vary less."""


@dataclass(frozen=True, slots=True)
class Contrast:
    """A difference with its interval, and the standard error that it is made with."""

    interval: Interval
    error: float


def contrast(values: Values, weights: Weights, level: float = LEVEL) -> Contrast | None:
    """The weighed sum of the sets' mean values, over the places where all of them were answered; None where there are
    none. A set without weight is not looked at."""
    told = {chosen: weight for chosen, weight in weights.items() if weight}
    each = [values.get(chosen, {}) for chosen in told]
    places = set(each[0]).intersection(*each[1:]) if each else set()
    by_case: dict[str, list[float]] = {}
    for case, repeat in sorted(places):
        total = math.fsum(weight * values[chosen][case, repeat] for chosen, weight in told.items())
        by_case.setdefault(case, []).append(total)
    if not by_case:
        return None
    estimate = fmean(fmean(found) for found in by_case.values())
    squares = math.fsum((one - fmean(found)) ** 2 for found in by_case.values() for one in found)
    free = sum(len(found) - 1 for found in by_case.values())
    usual = PRIOR_VARIANCE * math.fsum(weight * weight for weight in told.values())
    variance = max((squares + usual * _PRIOR_ANSWERS) / (free + _PRIOR_ANSWERS), squares / max(free, 1))
    error = math.sqrt(variance * math.fsum(1 / len(found) for found in by_case.values())) / len(by_case)
    return Contrast(_around(estimate, error, level), error)


def shares_apart(a: Sequence[float], b: Sequence[float]) -> tuple[Interval, float]:
    """How much more often B passes than A, where they are other questions, and how often chance would look as bad.

    Newcombe's interval (1998) of two means in 0..1; the p value is that of shuffled labels.
    """
    one, other = mean_score(a), mean_score(b)
    apart = other.estimate - one.estimate
    low = apart - math.hypot(other.estimate - (other.low or 0.0), _bound(one.high) - one.estimate)
    high = apart + math.hypot(_bound(other.high) - other.estimate, one.estimate - (one.low or 0.0))
    return Interval(apart, low, high), stratified([Stratum(tuple(a), tuple(b))], weighed=False)


def answers_apart(pairs: Sequence[tuple[Sequence[float], Sequence[float]]]) -> tuple[Interval, float]:
    """How much more often the second side passes than the first, case by case, where each was asked by itself; and how
    often chance would look as bad."""
    strata = [Stratum(tuple(first), tuple(second)) for first, second in pairs]
    vary = variances([(each.baseline, each.candidate) for each in strata], steady=[False] * len(strata))
    error = standard_error(vary, [len(each.baseline) for each in strata], [len(each.candidate) for each in strata])
    estimate = fmean(each.difference for each in strata)
    return _around(estimate, error, LEVEL), stratified(strata, weighed=False)


def least_found(cases: int, repeat: int) -> float:
    """The least fall that is found 4 times of 5, before anything is known of how answers vary."""
    vary = variances([()] * cases, steady=[False] * cases)
    return detectable_drop(standard_error(vary, [repeat] * cases, [repeat] * cases), alpha=ALPHA)


def _around(estimate: float, error: float, level: float) -> Interval:
    half = NormalDist().inv_cdf((1 + level) / 2) * error
    return Interval(estimate, max(-1.0, estimate - half), min(1.0, estimate + half))


def _bound(value: float | None) -> float:
    return 1.0 if value is None else value
