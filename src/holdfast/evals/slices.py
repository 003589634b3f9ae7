"""Slices of the cases: estimates drawn towards all cases, and which tag confirmed regressions share.

Knows nothing of how a case is asked. What it finds explores; it never decides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from holdfast.evals.counts import hypergeometric_tail


def shrunk(estimates: Sequence[float], errors: Sequence[float]) -> list[float]:
    """Estimates drawn towards their mean, the less is known of each the more (empirical Bayes; the variance between
    slices by DerSimonian and Laird 1986). `errors` are standard errors, above 0."""
    weights = [1 / error**2 for error in errors]
    total = math.fsum(weights)
    middle = math.fsum(w * each for w, each in zip(weights, estimates, strict=True)) / total
    spread = math.fsum(w * (each - middle) ** 2 for w, each in zip(weights, estimates, strict=True))
    scale = total - math.fsum(w * w for w in weights) / total
    between = max(0.0, (spread - len(estimates) + 1) / scale) if scale > 0 else 0.0
    if between == 0:
        return [middle] * len(estimates)
    return [
        (between * each + error**2 * middle) / (between + error**2)
        for each, error in zip(estimates, errors, strict=True)
    ]


def shared_tag(regressed: Sequence[str], tags: Mapping[str, Sequence[str]], *, level: float = 0.001) -> str | None:
    """The tag that regressed cases share, where it is no accident: by the hypergeometric tail over all tags together.

    `tags` are of every case. None where fewer than two regressed, or no tag stands out.
    """
    of: dict[str, set[str]] = {}
    for case, named in tags.items():
        for tag in named:
            of.setdefault(tag, set()).add(case)
    hit = set(regressed)
    found = [
        (hypergeometric_tail(len(hit & cases), len(hit), len(cases), len(tags)), -len(hit & cases), tag)
        for tag, cases in of.items()
        if len(hit & cases) > 1
    ]
    if not found or min(found)[0] * len(of) > level:
        return None
    return min(found)[2]
