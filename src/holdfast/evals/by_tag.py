"""The share of cases that pass, over all cases of an evaluation and over those of each tag.

Knows nothing of bars: what it says of a tag was looked at, and decides nothing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean

from msgspec import Struct

from holdfast.evals import statistics
from holdfast.evals.observed import CLUSTER
from holdfast.evaluation import Case, CaseResult
from holdfast.judgement import Interval


class Passing(Struct, frozen=True, kw_only=True):
    """The share of cases that pass, among those with a tag; null: all of them. Repeats of a case are one observation.

    The interval is for cases like these.
    """

    tag: str | None
    cases: int
    passed: Interval


def passing(cases: Sequence[Case], results: Sequence[CaseResult]) -> tuple[Passing, ...]:
    """All cases that have a result, then each tag, the worst first; nothing where no case has a result."""
    answers: defaultdict[str, list[float]] = defaultdict(list)
    for result in results:
        answers[result.case].append(float(result.passed))
    by_tag: defaultdict[str, list[float]] = defaultdict(list)
    for case in cases:
        for tag in case.tags if case.id in answers else ():
            if not tag.startswith(CLUSTER):
                by_tag[tag].append(fmean(answers[case.id]))
    if not answers:
        return ()
    tags = [_passing(tag, shares) for tag, shares in by_tag.items()]
    everything = _passing(None, [fmean(each) for each in answers.values()])
    return (everything, *sorted(tags, key=lambda each: (each.passed.estimate, each.tag or "")))


def _passing(tag: str | None, shares: Sequence[float]) -> Passing:
    whole = all(share in (0.0, 1.0) for share in shares)
    found = statistics.share(math.fsum(shares), len(shares)) if whole else statistics.mean_score(shares)
    return Passing(tag=tag, cases=len(shares), passed=found)
