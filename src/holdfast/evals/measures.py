"""What follows from all scores of a scorer together: F1 of classes and fields, calibration, flip rates, judges' noise.

Knows nothing of bars.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from statistics import fmean, pvariance, variance
from typing import TypeAlias, TypeVar

from holdfast.evals import statistics
from holdfast.evals.classes import brier, calibration_error, macro_f1
from holdfast.evals.fields import f1
from holdfast.evaluation import CaseResult, Confusion, Standing
from holdfast.judgement import Classified, Consistency, Detail, Field, Fields, Interval, Judged, Measure, Variance

T = TypeVar("T")
ByCase: TypeAlias = "dict[str, list[T]]"
_MOST_FIELDS = 50
_SEED = 20_251_002
_DRAWS = 1000
_DRAWN_MOST = 400_000


def derived(results: Sequence[CaseResult]) -> Iterator[Standing]:
    """The measures that are of all cases together, for every scorer that gives details, unrounded.

    `NAME_macro_f1`, `NAME_ece`, `NAME_brier`, `NAME_flip_rate`, `NAME_control_rate`, and `NAME.FIELD` for the F1 of a
    field. Intervals of figures that are no mean are percentile bootstraps over cases, seeded.
    """
    for name, details in _details(results).items():
        if classified := _of(details, Classified):
            yield _whole(f"{name}_macro_f1", classified, macro_f1)
            sure = {case: known for case, each in classified.items() if (known := _sure(each))}
            if sure:
                yield _whole(f"{name}_ece", sure, calibration_error)
                losses = [fmean(map(brier, each)) for each in sure.values()]
                yield _standing(f"{name}_brier", "mean", len(losses), statistics.mean_score(losses))
        if compared := _of(details, Fields):
            yield from _fields(name, compared)
        if changed := _of(details, Consistency):
            for control, suffix in ((False, "flip_rate"), (True, "control_rate")):
                rates = [rate for each in changed.values() if (rate := _flipped(each, control=control)) is not None]
                if rates:
                    yield _standing(f"{name}_{suffix}", "mean", len(rates), statistics.mean_score(rates))


def confusions(results: Sequence[CaseResult]) -> tuple[Confusion, ...]:
    """How often each class was given for each, by scorer; the most frequent first."""
    found = []
    for name, details in _details(results).items():
        pairs = Counter((each.expected, each.got) for each in _flat(_of(details, Classified)))
        found += [Confusion(name, expected, got, count) for (expected, got), count in pairs.most_common()]
    return tuple(found)


def noise(scorer: str, results: Sequence[CaseResult]) -> tuple[int, int, Variance | None]:
    """How many answers a judge was asked of twice, on how many it differed, and where the spread of its values is from.

    The judge's own part is half the mean squared difference of two verdicts on one answer; that of answers what is left
    between repeats of one case; that of cases the rest. No part is below 0. None where the judge's was not measured.
    """
    values: defaultdict[str, list[float]] = defaultdict(list)
    pairs = []
    for result in results:
        for score in result.scores:
            if score.scorer == scorer and isinstance(score.value, bool | float):
                values[result.case].append(float(score.value))
                if isinstance(score.detail, Judged) and score.detail.again is not None:
                    pairs.append((float(score.value), score.detail.again))
    differed = sum(one != other for one, other in pairs)
    total = pvariance([value for each in values.values() for value in each]) if values else 0.0
    if not pairs or not total:
        return len(pairs), differed, None
    judge = min(1.0, fmean((one - other) ** 2 / 2 for one, other in pairs) / total)
    several = [each for each in values.values() if len(each) > 1]
    within = fmean(variance(each) for each in several) / total if several else None
    answers = None if within is None else max(0.0, min(1.0, within) - judge)
    return len(pairs), differed, Variance(cases=max(0.0, 1 - judge - (answers or 0.0)), answers=answers, judge=judge)


def _details(results: Sequence[CaseResult]) -> dict[str, ByCase[Detail]]:
    """The details of each scorer's scores, by case."""
    found: defaultdict[str, defaultdict[str, list[Detail]]] = defaultdict(lambda: defaultdict(list))
    for result in results:
        for score in result.scores:
            if score.detail is not None:
                found[score.scorer][result.case].append(score.detail)
    return {name: dict(details) for name, details in found.items()}


def _of(details: ByCase[Detail], kind: type[T]) -> ByCase[T]:
    found: ByCase[T] = {}
    for case, listed in details.items():
        for each in listed:
            if isinstance(each, kind):
                found.setdefault(case, []).append(each)
    return found


def _flat(by_case: ByCase[T]) -> list[T]:
    return [each for listed in by_case.values() for each in listed]


def _sure(classified: Sequence[Classified]) -> list[Classified]:
    return [each for each in classified if each.confidence is not None]


def _fields(name: str, compared: ByCase[Fields]) -> Iterator[Standing]:
    by_field: defaultdict[str, ByCase[Field]] = defaultdict(dict)
    for case, listed in compared.items():
        for each in (field for fields in listed for field in fields.fields):
            by_field[each.name].setdefault(case, []).append(each)
    for field, listed_fields in list(by_field.items())[:_MOST_FIELDS]:
        yield _whole(f"{name}.{field}", listed_fields, lambda fields: f1(fields) or 0.0)


def _flipped(each: Sequence[Consistency], *, control: bool) -> float | None:
    changes = [change for consistency in each for change in consistency.changes if change.control == control]
    return fmean(not change.same for change in changes) if changes else None


def _whole(name: str, by_case: ByCase[T], figure: Callable[[Sequence[T]], float]) -> Standing:
    """A figure of all cases, with a percentile bootstrap over them."""
    cases = list(by_case.values())
    everything = _flat(by_case)
    estimate, low, high = figure(everything), None, None
    if len(cases) > 1:
        chance = random.Random(_SEED)
        count = max(100, min(_DRAWS, _DRAWN_MOST // len(everything)))
        draws = sorted(
            figure([each for listed in chance.choices(cases, k=len(cases)) for each in listed]) for _ in range(count)
        )
        low, high = draws[int(0.025 * count)], draws[int(0.975 * count)]
    return _standing(name, "whole", len(cases), Interval(estimate, low, high))


def _standing(name: str, measure: Measure, n: int, found: Interval) -> Standing:
    return Standing(name=name, measure=measure, n=n, estimate=found.estimate, low=found.low, high=found.high)
