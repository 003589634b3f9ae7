"""From results to standings: an estimate and an interval for each measure, weighed against the bar.

Knows nothing of how a case is asked or scored.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain
from statistics import fmean
from types import MappingProxyType
from typing import Literal

from msgspec.structs import replace

from holdfast.evals import statistics
from holdfast.evals.agreement import Agreement, alike, corrected_share, share_by_error_rates
from holdfast.evals.certifying import Trust
from holdfast.evals.measures import confusions, derived, noise
from holdfast.evals.scoring import total_usd
from holdfast.evals.statistics import Interval
from holdfast.evaluation import Case, CaseResult, Evaluation, ScoreValue, Standing
from holdfast.judgement import Judging, Measure
from holdfast.runtime.feature import Bar
from holdfast.runtime.feature import at_most as is_at_most

_QUANTILES = MappingProxyType({"p50_ms": 0.5, "p95_ms": 0.95, "p99_ms": 0.99})
_ABSTAINING = 0.1
"""The share of answers that a judge may give no verdict on; with more, the rest is no picture of the whole."""
_NO_JUDGES: Mapping[str, Trust] = MappingProxyType({})


def standings(
    results: Sequence[CaseResult],
    bar: Bar | None,
    *,
    strict: bool,
    trust: Mapping[str, Trust] = _NO_JUDGES,
    release: str = "",
) -> tuple[Standing, ...]:
    """How every measure stands. What the bar names comes first, in its order, also where nothing was measured.

    `trust` says of each judge what its scores are worth: with a certificate its share is corrected by what people say
    of its verdicts, without one its limit is neither met nor missed. `release` is the id of what was asked.

    Repeats of a case are one observation, their mean, so that intervals speak of other cases. With `strict` a limit is
    missed where the interval reaches beyond it, and `unmeasured` where the interval has no end on that side.
    """
    limits = {} if bar is None else bar.limits
    measured = chain(_scores(results, trust, release), derived(results), _latencies(results), _costs(results))
    found = {standing.name: standing for standing in measured}
    names = [*limits, *(name for name in found if name not in limits and name != "p99_ms")]
    return tuple(
        _informing(judged) if (each := trust.get(name)) is not None and not each.judging.gates else judged
        for name in names
        for judged in (
            _judged(found.get(name, Standing(name=name, measure="mean", n=0)), limits.get(name), strict=strict),
        )
    )


def summed_up(
    evaluation: Evaluation,
    cases: Sequence[Case],
    results: Sequence[CaseResult],
    bar: Bar | None,
    trust: Mapping[str, Trust] = _NO_JUDGES,
) -> Evaluation:
    """The evaluation with everything that follows from its results, and from what its judges are worth."""
    failed = [result for result in results if not result.passed]
    names = {result.case for result in failed}
    costs = [*(result.spent_usd for result in results), *(each.judging.certifying_usd for each in trust.values())]
    return replace(
        evaluation,
        done=len(results),
        failed=len(failed),
        must_pass_failed=tuple(case.id for case in cases if case.must_pass and case.id in names),
        spent_usd=total_usd(costs),
        standings=standings(results, bar, strict=evaluation.strict, trust=trust, release=evaluation.release),
        confusions=confusions(results),
        judging=tuple(_judging(name, each, results) for name, each in trust.items()),
    )


def _judging(name: str, trust: Trust, results: Sequence[CaseResult]) -> Judging:
    """A judge with how far it varied, and what it cost."""
    twice, differed, variance = noise(name, results)
    spent_usd = total_usd(score.spent_usd for result in results for score in result.scores if score.scorer == name)
    return replace(trust.judging, twice=twice, differed=differed, variance=variance, spent_usd=spent_usd)


def _scores(results: Sequence[CaseResult], trust: Mapping[str, Trust], release: str) -> Iterable[Standing]:
    by_scorer: defaultdict[str, list[tuple[str, ScoreValue]]] = defaultdict(list)
    abstained: Counter[str] = Counter()
    judged: defaultdict[str, set[str]] = defaultdict(set)
    for result in results:
        for score in result.scores:
            if score.value is None and score.scorer in trust:
                abstained[score.scorer] += 1
                continue
            if score.detail is not None:
                judged[score.scorer].add(result.case)
            # a scorer that failed has not shown that the answer is good
            by_scorer[score.scorer].append((result.case, 0.0 if score.value is None else score.value))
    for name, given in by_scorer.items():
        if abstained[name] > _ABSTAINING * (len(given) + abstained[name]):
            continue  # what is left says nothing of the rest: not measured
        if name in trust and (counts := trust[name].counts) is not None and isinstance(given[0][1], bool):
            verdicts = [(case, float(value)) for case, value in given if isinstance(value, bool)]
            yield _corrected(name, verdicts, judged[name], counts, of_release=trust[name].of_release(release))
            continue
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


def _corrected(
    name: str, values: Sequence[tuple[str, float]], judged: Collection[str], counts: Agreement, *, of_release: bool
) -> Standing:
    """A judge's share, corrected: by the labels themselves where they are of answers such as these.

    A case without an answer was never judged: it is none of the good ones, whatever the judge's errors are.
    """
    verdicts, everything = _by_case([each for each in values if each[0] in judged]), _by_case(values)
    if not verdicts:
        return replace(_share(name, values), raw=0.0)
    by_labels = of_release and alike(counts, verdicts)
    found = corrected_share(counts, verdicts) if by_labels else share_by_error_rates(counts, verdicts)
    answered = len(verdicts) / len(everything)
    low, high = (None if bound is None else bound * answered for bound in (found.low, found.high))
    standing = _standing(name, "share", len(everything), Interval(found.estimate * answered, low, high))
    return replace(standing, raw=fmean(everything), corrected="ppi" if by_labels else "error_rates")


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
    at_most = is_at_most(standing.name)
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


def _informing(standing: Standing) -> Standing:
    """The standing of a judge that may not gate."""
    return standing if standing.limit is None else replace(standing, verdict="informs")
