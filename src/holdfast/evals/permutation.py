"""Permutation tests: how often chance alone would do as badly, where labels or signs mean nothing.

Knows nothing of what the values are. Sampled tests are seeded: the same values give the same p value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

DRAWS = 20_000
_EXACT_FLIPS = 16
_SLACK = 1e-9
"""What rounding may add to a sum of a few thousand values in -1..1."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """What the two sides scored on one case, each answer once, in 0..1."""

    baseline: tuple[float, ...]
    candidate: tuple[float, ...]

    @property
    def difference(self) -> float:
        """The candidate's mean less the baseline's."""
        return sum(self.candidate) / len(self.candidate) - sum(self.baseline) / len(self.baseline)


def stratified(strata: Sequence[Stratum], *, weighed: bool = True, seed: int = 0, draws: int = DRAWS) -> float:
    """How often the candidate would score as low if, on every case, its answers were like the baseline's.

    Labels of answers are shuffled within each case only. The statistic is the sum of the differences of means; where
    `weighed`, the more striking of that and the sum weighed by the inverse of each case's variance, which sees a case
    that always passed fail now. Both are taken from the same shuffles, and the weights from both sides together, so the
    level holds exactly. With values of 0 and 1 and equal numbers of answers, the plain sum is exact; otherwise sampled.
    """
    telling = [each for each in strata if len({*each.baseline, *each.candidate}) > 1]
    if not telling:
        return 1.0
    if not weighed and _lattice(telling):
        return _exact(telling)
    import numpy as np

    random = np.random.default_rng(seed)
    sums, scaled = np.zeros(draws + 1), np.zeros(draws + 1)  # the last place is what was seen
    for each in telling:
        drawn = np.append(_shuffled(each, random, draws), each.difference)
        sums += drawn
        scaled += drawn / _variance(each)
    if weighed:
        sums = np.minimum(sums / _spread(sums), scaled / _spread(scaled))
    return float((sums <= sums[-1] + _SLACK).sum()) / (draws + 1)


def sign_flip(differences: Sequence[float], *, seed: int = 0, draws: int = DRAWS) -> float:
    """How often differences would sum as low if each could as well have had the other sign. Exact up to 16 of them."""
    import numpy as np

    values = np.array([each for each in differences if each])
    if not len(values):
        return 1.0
    if len(values) <= _EXACT_FLIPS:
        numbers = np.arange(2 ** len(values))[:, None] >> np.arange(len(values)) & 1
        return float(((1 - 2 * numbers) @ values <= values.sum() + _SLACK).mean())
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), size=(draws, len(values)))
    return float((signs @ values <= values.sum() + _SLACK).sum() + 1) / (draws + 1)


def _lattice(strata: Sequence[Stratum]) -> bool:
    sizes = {(len(each.baseline), len(each.candidate)) for each in strata}
    return len(sizes) == 1 and all(value in (0.0, 1.0) for each in strata for value in each.baseline + each.candidate)


def _exact(strata: Sequence[Stratum]) -> float:
    """By the distribution of the candidate's passes, which is hypergeometric on each case."""
    import math

    import numpy as np

    found = np.ones(1)
    for each in strata:
        drawn, n = len(each.candidate), len(each.candidate) + len(each.baseline)
        total = int(sum(each.candidate) + sum(each.baseline))
        ways = [math.comb(total, k) * math.comb(n - total, drawn - k) for k in range(drawn + 1)]
        found = np.convolve(found, np.array(ways) / math.comb(n, drawn))
    seen = int(sum(sum(each.candidate) for each in strata))
    return float(min(1.0, found[: seen + 1].sum()))


def _shuffled(each: Stratum, random: Any, draws: int) -> NDArray[Any]:
    """The difference of means after each of so many shuffles of the labels."""
    import numpy as np

    k, m = len(each.candidate), len(each.baseline)
    values = np.array(each.candidate + each.baseline)
    if set(values) <= {0.0, 1.0}:
        total = int(values.sum())
        sums = random.hypergeometric(total, k + m - total, k, size=draws)
    else:
        chosen = random.random((draws, k + m)).argpartition(k - 1, axis=1)[:, :k]
        sums = values[chosen].sum(axis=1)
    return np.asarray(sums / k - (values.sum() - sums) / m)


def _variance(each: Stratum) -> float:
    """Of one answer, over both sides, drawn towards that of a score in the middle so that it is never 0."""
    values = each.baseline + each.candidate
    mean = (sum(values) + 0.5) / (len(values) + 1)
    return mean * (1 - mean)


def _spread(sums: NDArray[Any]) -> float:
    return float(sums.std()) or 1.0
