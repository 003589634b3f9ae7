"""Before anything is spent: how much answers vary, the least drop that can be found, and how many answers that takes.

Knows nothing of where the answers are kept. Everything here speaks of these cases, not of cases like them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist

from msgspec import Struct

PRIOR_VARIANCE = 0.06
"""Of one answer's pass or fail within a case, where nothing is known: two runs of such a system differ on 12 %."""
_PRIOR_ANSWERS = 10
_PRIOR_OF_CASE = 2


class Chances(Struct, frozen=True, kw_only=True):
    """How often to be wrong at most, how often to find what is so, and `least`, the variances of a worse candidate."""

    alpha: float
    power: float
    least: tuple[float, ...]


def variances(cases: Sequence[Sequence[Sequence[float]]], *, steady: Sequence[bool]) -> list[float]:
    """How much one answer varies within each case, from the answers of each side to it.

    A case whose answers all read the same does not vary. Of the others each is drawn towards all together, and all
    together towards what is usual, so that a few equal scores do not pass for certainty.
    """
    squares = [math.fsum(map(_squares, sides)) for sides in cases]
    free = [sum(max(len(each) - 1, 0) for each in sides) for sides in cases]
    loose = [place for place, still in enumerate(steady) if not still]
    total = math.fsum(squares[place] for place in loose) + PRIOR_VARIANCE * _PRIOR_ANSWERS
    pooled = total / (sum(free[place] for place in loose) + _PRIOR_ANSWERS)
    return [
        0.0 if still else (squares[place] + _PRIOR_OF_CASE * pooled) / (free[place] + _PRIOR_OF_CASE)
        for place, still in enumerate(steady)
    ]


def standard_error(
    variance: Sequence[float], baseline: Sequence[int], candidate: Sequence[int], *, least: Sequence[float] = ()
) -> float:
    """Of the mean of all cases' differences, with so many answers of each side to each case.

    A candidate that is worse varies more than what was seen says; `least` is how much at least in each case, where the
    case varies at all.
    """
    floors = least or [0.0] * len(variance)
    parts = (
        v / b + (max(v, floor) if v else 0.0) / c
        for v, floor, b, c in zip(variance, floors, baseline, candidate, strict=True)
    )
    return math.sqrt(math.fsum(parts)) / len(variance)


def worse_by(margin: float, cases: Sequence[Sequence[float]]) -> list[float]:
    """How much an answer of each case varies at least where a candidate passes it less often by the margin.

    A case that the baseline never passes cannot be passed less often; of scores between 0 and 1 nothing is known.
    """
    if any(value not in (0.0, 1.0) for values in cases for value in values):
        return [0.0] * len(cases)
    return [0.0 if values and not any(values) else margin * (1 - margin) for values in cases]


def detectable_drop(error: float, *, alpha: float, power: float = 0.8) -> float:
    """The least true drop that is found so often, one-sided at `alpha`, with that standard error."""
    return (_z(1 - alpha) + _z(power)) * error


def answers_needed(variance: Sequence[float], baseline: Sequence[int], *, margin: float, at: Chances, most: int) -> int:
    """The fewest answers of the candidate to each case, at most `most`, with which one that is no worse is shown to be
    within the margin as often as `at` says."""
    for answers in range(1, most):
        each = [answers] * len(variance)
        strict = standard_error(variance, baseline, each, least=at.least)
        if _z(1 - at.alpha) * strict + _z(at.power) * standard_error(variance, baseline, each) <= margin:
            return answers
    return most


def _squares(values: Sequence[float]) -> float:
    if len(values) < 2:
        return 0.0
    mean = math.fsum(values) / len(values)
    return math.fsum((value - mean) ** 2 for value in values)


def _z(p: float) -> float:
    return NormalDist().inv_cdf(p)
