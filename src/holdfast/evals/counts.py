"""Exact tests of counts: pairs that differ, failures among draws, passes beside an expectation.

Knows nothing of what was counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence


def mid_p_mcnemar(lost: int, won: int, *, two_sided: bool = False) -> float:
    """The mid-p value of `lost` pairs that only the first side won and `won` that only the second did.

    One-sided against the second side's being worse, unless `two_sided` (Fagerland, Lydersen and Laake 2013).
    """
    n = lost + won
    if two_sided:
        less = min(lost, won)
        return min(1.0, 2 * _binomial_tail(max(lost, won), n) - math.comb(n, less) / 2.0**n)
    return _binomial_tail(lost, n) - math.comb(n, lost) / 2.0**n / 2


def hypergeometric_tail(failed: int, drawn: int, failures: int, n: int) -> float:
    """The chance of at least `failed` failures among `drawn` of `n` trials of which `failures` failed: Fisher's exact
    test, one-sided."""
    most = min(drawn, failures)
    ways = sum(math.comb(failures, k) * math.comb(n - failures, drawn - k) for k in range(failed, most + 1))
    return ways / math.comb(n, drawn)


def passes(chances: Sequence[float]) -> list[float]:
    """The distribution of the number of passes of independent trials with these chances (Poisson binomial), from 0."""
    found = [1.0]
    for chance in chances:
        found = [
            before * (1 - chance) + after * chance for before, after in zip([*found, 0.0], [0.0, *found], strict=True)
        ]
    return found


def mid_p_of_passes(passed: int, chances: Sequence[float]) -> float:
    """The two-sided mid-p value of so many passes, where each trial had its own chance."""
    expected = passes(chances)
    low = math.fsum(expected[:passed]) + expected[passed] / 2
    return min(1.0, 2 * min(low, mid_p_above(passed, chances)))


def mid_p_above(passed: int, chances: Sequence[float]) -> float:
    """The one-sided mid-p value of so many passes or more, where each trial had its own chance."""
    expected = passes(chances)
    return math.fsum(expected[passed + 1 :]) + expected[passed] / 2


def _binomial_tail(k: int, n: int) -> float:
    """The chance of at least `k` of `n` fair coins."""
    return sum(math.comb(n, each) for each in range(k, n + 1)) / 2.0**n
