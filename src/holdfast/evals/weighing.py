"""The measures of both sides weighed against each other: how far apart, how sure, worse or not.

Knows nothing of verdicts. Intervals speak of these cases; `generalised` speaks of cases like them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import NormalDist, fmean

from holdfast.evals import permutation, power, resampling
from holdfast.evals.multiplicity import holm
from holdfast.evals.observed import CLUSTER, Evidence, Pair
from holdfast.evals.slices import shrunk
from holdfast.evaluation import Case, CaseResult
from holdfast.gate import Generalising, Measured, Ratio, Slice

ALPHA_WORSE = 0.02
"""How rarely cases that are no worse may be called so, the declared slices included."""
ALPHA_MEASURE = 0.01
"""The same, of all guarded measures together."""
ALPHA_NOT_WORSE = 0.04
"""How rarely what is worse by the margin may pass for no worse."""
_LEAST_ERROR = 0.02
_SEED = 20_2611


def error_of(pairs: Sequence[Pair], margin: float = 0.0) -> float:
    """The standard error of the mean difference; with a margin, as if the candidate were worse by it."""
    variance = power.variances(
        [(pair.stratum.baseline, pair.stratum.candidate) for pair in pairs], steady=[pair.steady for pair in pairs]
    )
    return power.standard_error(
        variance,
        [len(pair.stratum.baseline) for pair in pairs],
        [len(pair.stratum.candidate) for pair in pairs],
        least=power.worse_by(margin, [pair.stratum.baseline for pair in pairs]),
    )


def measured(name: str, pairs: Sequence[Pair], margin: float, p_worse: float, alpha: float) -> Measured:
    """A measure of both sides: `worse` where that is shown at `alpha`, `not worse` where it is within the margin."""
    difference = fmean(pair.stratum.difference for pair in pairs)
    low, high = _around(difference, error_of(pairs))
    sure = difference - NormalDist().inv_cdf(1 - ALPHA_NOT_WORSE) * error_of(pairs, margin)
    worse = p_worse <= alpha and difference < 0
    return Measured(
        name=name,
        cases=len(pairs),
        baseline=fmean(fmean(pair.stratum.baseline) for pair in pairs),
        candidate=fmean(fmean(pair.stratum.candidate) for pair in pairs),
        difference=difference,
        low=low,
        high=high,
        p_worse=p_worse,
        state="worse" if worse else "not worse" if sure > -margin else "unclear",
    )


def _around(difference: float, error: float) -> tuple[float, float]:
    half = NormalDist().inv_cdf(1 - ALPHA_NOT_WORSE / 2) * error
    return max(-1.0, difference - half), min(1.0, difference + half)


def drift(pairs: Sequence[Pair], declared: Sequence[str]) -> tuple[float, dict[str, float]]:
    """How often chance alone would do as badly: on all cases, and on each declared slice; adjusted together."""
    within = {tag: [pair for pair in pairs if tag in pair.case.tags] for tag in declared}
    p_values = [
        permutation.stratified([pair.stratum for pair in some], seed=_SEED) for some in (pairs, *within.values())
    ]
    whole, *each = holm(p_values)
    return whole, dict(zip(within, each, strict=True))


def guarded(evidence: Evidence, names: Sequence[str], margin: float) -> tuple[Measured, ...]:
    """Every other measure, by flipping the signs of the cases' differences, adjusted for all of them together."""
    found = [(name, pairs) for name in names if (pairs := evidence.both(name))]
    p_values = holm(
        [permutation.sign_flip([pair.stratum.difference for pair in pairs], seed=_SEED) for _, pairs in found]
    )
    return tuple(
        measured(name, pairs, margin, p, ALPHA_MEASURE) for (name, pairs), p in zip(found, p_values, strict=True)
    )


def sliced(pairs: Sequence[Pair], declared: dict[str, float]) -> tuple[Slice, ...]:
    """Every tag of at least two cases, the declared ones first, then the worst."""
    tags = {tag: None for tag in declared} | {
        tag: None for pair in pairs for tag in pair.case.tags if not tag.startswith(CLUSTER)
    }
    within = {tag: [pair for pair in pairs if tag in pair.case.tags] for tag in tags}
    within = {tag: some for tag, some in within.items() if len(some) > 1 or (tag in declared and some)}
    if not within:
        return ()
    differences = [fmean(pair.stratum.difference for pair in some) for some in within.values()]
    errors = [max(error_of(some), _LEAST_ERROR) for some in within.values()]
    drawn = shrunk(differences, errors)
    bounds = [_around(*each) for each in zip(differences, errors, strict=True)]
    found = [
        Slice(
            tag=tag,
            cases=len(some),
            baseline=fmean(fmean(pair.stratum.baseline) for pair in some),
            candidate=fmean(fmean(pair.stratum.candidate) for pair in some),
            difference=difference,
            shrunk=towards,
            declared=tag in declared,
            p_worse=declared.get(tag),
            worse=declared.get(tag, 1.0) <= ALPHA_WORSE and difference < 0,
            low=low,
            high=high,
        )
        for (tag, some), difference, towards, (low, high) in zip(
            within.items(), differences, drawn, bounds, strict=True
        )
    ]
    return tuple(sorted(found, key=lambda each: (not each.declared, each.shrunk, each.tag)))


def generalised(pairs: Sequence[Pair], cluster_of: Callable[[Case], str]) -> Generalising:
    """The difference with the interval for cases like these."""
    clusters: dict[str, list[float]] = {}
    for pair in pairs:
        clusters.setdefault(cluster_of(pair.case), []).append(pair.stratum.difference)
    found = resampling.clustered_mean(list(clusters.values()), seed=_SEED)
    return Generalising(low=found.interval.low, high=found.interval.high, method=found.method, clusters=found.clusters)


def ratios(evidence: Evidence) -> tuple[Ratio, ...]:
    """Cost and time of an answer, the candidate's to the baseline's, case by case."""
    found = []
    for name in ("cost_usd", "ms"):
        sides: list[tuple[float, float]] = []
        for case in evidence.cases:
            before, after = (_mean(side.get(case.id, ()), name) for side in (evidence.bank, evidence.candidate))
            if before is not None and after is not None:
                sides.append((before, after))
        ratio = resampling.log_ratio([b for b, _ in sides], [c for _, c in sides], seed=_SEED)
        if ratio is not None and ratio.low is not None and ratio.high is not None:
            found.append(
                Ratio(
                    name="cost_usd" if name == "cost_usd" else "ms",
                    cases=len(sides),
                    ratio=ratio.estimate,
                    low=ratio.low,
                    high=ratio.high,
                )
            )
    return tuple(found)


def _mean(results: Sequence[CaseResult], name: str) -> float | None:
    values = [value for result in results if (value := getattr(result, name)) is not None]
    return fmean(values) if values else None
