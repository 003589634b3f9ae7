"""What further batches show of what was not clear, and how many more would probably settle it.

Knows nothing of how a case is asked, nor of verdicts.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from msgspec.structs import replace

from holdfast.evals import evalues, weighing
from holdfast.evals.observed import Evidence, value_of
from holdfast.evaluation import CaseResult
from holdfast.gate import Measured, Settling

ALPHA_BATCH = 0.025
"""How rarely further batches may be wrong, either way, however often one looks."""
_CONCURRENCY = 4
"""Answers that are asked for at a time, where the minutes are estimated."""


def shown(evidence: Evidence, name: str, margin: float) -> tuple[float, float]:
    """The e-values of a measure, that it is worse and that it is not worse by the margin, over all looks.

    The first look is one batch like the others: its answers were asked before any was seen. Without further batches
    nothing is claimed.
    """
    if not evidence.batches:
        return 1.0, 1.0
    looks = [[pair.stratum.difference for pair in evidence.both(name)]]
    looks += [
        [
            fmean(after) - fmean(before)
            for case in evidence.cases
            if (before := _values(batch.baseline.get(case.id, ()), name))
            and (after := _values(batch.candidate.get(case.id, ()), name))
        ]
        for batch in evidence.batches
    ]
    return math.prod(map(evalues.worse, looks)), math.prod(evalues.not_worse(each, margin) for each in looks)


def cleared(each: Measured, evidence: Evidence, margin: float, *, alpha: float = ALPHA_BATCH) -> Measured:
    """The measure as further batches leave it: what they show to be worse, at `alpha`, or not to be, is not unclear."""
    if each.state != "unclear":
        return each
    e_worse, e_not_worse = shown(evidence, each.name, margin)
    if e_worse >= 1 / alpha:
        return replace(each, state="worse")
    return replace(each, state="not worse") if e_not_worse >= 1 / ALPHA_BATCH else each


def settling(unclear: Sequence[Measured], evidence: Evidence, margin: float) -> Settling | None:
    """What would settle all of them if their differences stayed as they are: enough answers that the margin, or nought,
    is clear of each by as many standard errors as an e-value of 1/`ALPHA_BATCH` takes. None where all are clear.
    """
    times = max((_times(each, evidence, margin) for each in unclear), default=0.0)
    if times == 0:
        return None
    batches = max(1, math.ceil(times - 1 - len(evidence.batches)))
    answers = max(map(len, evidence.candidate.values()))
    calls = batches * 2 * answers * len(evidence.cases)
    cost, ms = (_usual(evidence, name) for name in ("cost_usd", "ms"))
    return Settling(
        batches=batches,
        calls=calls,
        cases=math.ceil(len(evidence.cases) * max(0.0, times - 1)) + 1,
        minutes=None if ms is None else ms * calls / _CONCURRENCY / 60_000,
        cost_usd=None if cost is None else cost * calls,
    )


def _times(each: Measured, evidence: Evidence, margin: float) -> float:
    """How many times as many answers it takes."""
    wanted = max(each.difference + margin, -each.difference) / math.sqrt(2 * math.log(1 / ALPHA_BATCH))
    return (weighing.error_of(evidence.both(each.name), margin) / wanted) ** 2


def _values(results: Sequence[CaseResult], name: str) -> list[float]:
    return [value for result in results if (value := value_of(result, name)) is not None]


def _usual(evidence: Evidence, name: str) -> float | None:
    """The mean over all answers; None where any cost is not known, or none was timed."""
    values = [
        getattr(result, name)
        for side in (evidence.bank, evidence.candidate)
        for each in side.values()
        for result in each
    ]
    known = [value for value in values if value is not None]
    return fmean(known) if known and (name == "ms" or len(known) == len(values)) else None
