"""From results to standings: an estimate and an interval for each measure, weighed against the bar.

Knows nothing of how a case is asked or scored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain
from statistics import fmean
from types import MappingProxyType
from typing import Literal

from msgspec.structs import replace

from holdfast.evals import statistics
from holdfast.evals.statistics import Interval
from holdfast.evaluation import Case, CaseResult, Evaluation, ScoreValue, Standing
from holdfast.runtime.feature import AT_MOST, Bar

_QUANTILES = MappingProxyType({"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99})
Measure = Literal["share", "mean", "quantile"]


def standings(results: Sequence[CaseResult], bar: Bar | None, *, strict: bool) -> tuple[Standing, ...]:
    """How every measure stands. What the bar names comes first, in its order, also where nothing was measured.

    Repeats of a case are one observation, their mean, so that intervals speak of other cases. With `strict` a limit is
    missed where the interval reaches beyond it, and `unmeasured` where the interval has no end on that side.
    """
    limits = {} if bar is None else bar.limits
    found = {standing.name: standing for standing in chain(_scores(results), _latencies(results), _costs(results))}
    names = [*limits, *(name for name in found if name not in limits and name != "p99_ms")]
    return tuple(
        _judged(found.get(name, Standing(name=name, measure="mean", n=0)), limits.get(name), strict=strict)
        for name in names
    )


def summed_up(
    evaluation: Evaluation, cases: Sequence[Case], results: Sequence[CaseResult], bar: Bar | None
) -> Evaluation:
    """The evaluation with everything that follows from its results."""
    failed = [result for result in results if not result.passed]
    names = {result.case for result in failed}
    costs = [result.spent_usd for result in results]
    return replace(
        evaluation,
        done=len(results),
        failed=len(failed),
        must_pass_failed=tuple(case.id for case in cases if case.must_pass and case.id in names),
        spent_usd=None if None in costs else round(sum(cost for cost in costs if cost is not None), 9),
        standings=standings(results, bar, strict=evaluation.strict),
    )


def _scores(results: Sequence[CaseResult]) -> Iterable[Standing]:
    by_scorer: defaultdict[str, list[tuple[str, ScoreValue]]] = defaultdict(list)
    for result in results:
        for score in result.scores:
            # a scorer that failed has not shown that the answer is good
            by_scorer[score.scorer].append((result.case, 0.0 if score.value is None else score.value))
    for name, given in by_scorer.items():
        values = [value for _, value in given]
        if any(isinstance(value, str) for value in values):
            labels = Counter(value for value in values if isinstance(value, str))
            for label in sorted(labels):
                yield _share(f"{name}={label}", [(case, float(value == label)) for case, value in given])
        else:
            numbers = [(case, float(value)) for case, value in given if not isinstance(value, str)]
            yield _share(name, numbers) if any(isinstance(value, bool) for value in values) else _mean(name, numbers)


def _share(name: str, values: Sequence[tuple[str, float]]) -> Standing:
    by_case = _by_case(values)
    whole = all(value in (0.0, 1.0) for value in by_case)
    found = statistics.share(sum(by_case), len(by_case)) if whole else statistics.mean_score(by_case)
    return _standing(name, "share", len(by_case), found)


def _mean(name: str, values: Sequence[tuple[str, float]]) -> Standing:
    by_case = _by_case(values)
    in_bounds = all(0 <= value <= 1 for value in by_case)
    found = statistics.mean_score(by_case) if in_bounds else statistics.mean(by_case)
    return _standing(name, "mean", len(by_case), found)


def _latencies(results: Sequence[CaseResult]) -> Iterable[Standing]:
    timed = _by_case([(result.case, result.ms) for result in results if result.ms is not None])
    for name, q in _QUANTILES.items() if timed else ():
        yield _standing(name, "quantile", len(timed), statistics.quantile(timed, q))


def _costs(results: Sequence[CaseResult]) -> Iterable[Standing]:
    """The mean cost of an answer; none where any price is not known."""
    costs = [(result.case, result.cost_usd) for result in results]
    known = [(case, cost) for case, cost in costs if cost is not None]
    if known and len(known) == len(costs):
        by_case = _by_case(known)
        found = statistics.mean(by_case)
        low = None if found.low is None else max(0.0, found.low)
        yield _standing("cost_usd", "mean", len(by_case), Interval(found.estimate, low, found.high))


def _by_case(values: Iterable[tuple[str, float]]) -> list[float]:
    """One value for each case: the mean of its repeats."""
    grouped: defaultdict[str, list[float]] = defaultdict(list)
    for case, value in values:
        grouped[case].append(value)
    return [fmean(each) for each in grouped.values()]


def _standing(name: str, measure: Measure, n: int, found: Interval) -> Standing:
    return Standing(name=name, measure=measure, n=n, estimate=found.estimate, low=found.low, high=found.high)


def _judged(standing: Standing, limit: float | None, *, strict: bool) -> Standing:
    """The standing with its verdict. A limit that is reached exactly is met."""
    if limit is None:
        return standing
    at_most = standing.name in AT_MOST
    sign = -1 if at_most else 1
    verdict: Literal["met", "missed", "unmeasured"] = "met"
    bound = standing.high if at_most else standing.low
    if standing.estimate is None:
        verdict = "unmeasured"
    elif sign * standing.estimate < sign * limit:
        verdict = "missed"
    elif strict and bound is None:
        verdict = "unmeasured"
    elif strict and bound is not None and sign * bound < sign * limit:
        verdict = "missed"
    return replace(standing, limit=limit, at_most=at_most, verdict=verdict)
