"""Shadow: what pairs of an old and a new answer allow to be said about a change, whenever one looks.

Pure arithmetic; knows nothing of recordings.

Each pair scores D = 1 (the new answer is better), -1 (worse) or 0. Against the hypothesis "the mean of D is at most m"
a gambler stakes the fraction f of what she owns on every pair; her wealth is multiplied by 1 + f (D - m) / (1 + m),
which is never negative and gains nothing on average while the hypothesis is true. The mean of such wealths over a grid
of f is an e-value: however often one looks and whenever one stops, it exceeds 1 / alpha with probability at most alpha
(Ville). It depends on the counts alone, so that the order in which concurrent replays end does not matter. This is the
safe test of Turner, Ly and Grünwald for two proportions, made for pairs by the betting of Waudby-Smith and Ramdas
("Estimating means of bounded random variables by betting", 2024), whose confidence sequence `interval` is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import ceil, exp, inf, log, log1p

from holdfast.trial import Claim, Evidence

ALPHA = 0.05
MARGIN = 0.05
"""What counts as no worse: fewer than so many of a hundred requests are made worse, net of those made better."""

_STAKES = tuple((2 * n + 1) / 128 for n in range(64))
_MOST_MORE = 1_000_000
_EDGE = 1e-9


@dataclass(frozen=True, slots=True)
class Counts:
    """How many pairs were better, worse and the same. They need not be whole: `more_needed` looks ahead."""

    better: float
    worse: float
    same: float

    @property
    def mirrored(self) -> Counts:
        return Counts(self.worse, self.better, self.same)

    def and_better(self, more: float) -> Counts:
        return Counts(self.better + more, self.worse, self.same)

    def times(self, factor: float) -> Counts:
        return Counts(self.better * factor, self.worse * factor, self.same * factor)

    @property
    def pairs(self) -> float:
        return self.better + self.worse + self.same


def log_above(counts: Counts, mean: float) -> float:
    """The logarithm of the e-value against "D is at most `mean` on average". `mean` is in (-1, 1)."""
    wealths = [
        counts.worse * log1p(-stake)
        + counts.same * log1p(-stake * mean / (1 + mean))
        + counts.better * log1p(stake * (1 - mean) / (1 + mean))
        for stake in _STAKES
    ]
    most = max(wealths)
    return most + log(sum(exp(wealth - most) for wealth in wealths) / len(wealths))


def log_below(counts: Counts, mean: float) -> float:
    """The logarithm of the e-value against "D is at least `mean` on average"."""
    return log_above(counts.mirrored, -mean)


def interval(counts: Counts, alpha: float = ALPHA, *, unknown: float = 0) -> tuple[float, float]:
    """Bounds of the mean of D that hold at every look together with confidence 1 - `alpha`, whichever way `unknown`
    further pairs went."""
    at_worst, at_best = counts.mirrored.and_better(unknown).mirrored, counts.and_better(unknown)
    return _lowest(at_worst, alpha / 2), -_lowest(at_best.mirrored, alpha / 2)


def evidence(counts: Counts, alpha: float = ALPHA, margin: float = MARGIN, *, unknown: float = 0) -> Evidence:
    """What the counts allow to be said. `margin` is in (0, 1).

    A change that is worse is said to be worse, also where it is no worse than the margin allows. So many pairs as are
    `unknown` count against each claim: what is said holds whichever way they went.
    """
    claims = _claims(margin)
    at_worst, at_best = counts.mirrored.and_better(unknown).mirrored, counts.and_better(unknown)
    against = {claim: at_best if claim == "worse" else at_worst for claim in claims}
    values = {claim: log_e(against[claim]) for claim, log_e in claims.items()}
    enough = -log(alpha)
    says: Claim = next((claim for claim in claims if values[claim] >= enough), "undecided")
    low, high = interval(counts, alpha, unknown=unknown)
    undecided = claims if says == "undecided" else {}
    more = {claim: _more(against[claim], log_e, enough) for claim, log_e in undecided.items()}
    found: list[tuple[int, Claim]] = [(n, claim) for claim, n in more.items() if n is not None]
    return Evidence(
        says=says,
        alpha=alpha,
        margin=margin,
        e_worse=_e(values["worse"]),
        e_better=_e(values["better"]),
        e_no_worse=_e(values["no_worse"]),
        low=low,
        high=high,
        more=min(found)[0] if found else None,
        heading_for=min(found)[1] if found else None,
    )


def _claims(margin: float) -> Mapping[Claim, Callable[[Counts], float]]:
    return {
        "worse": lambda counts: log_below(counts, 0.0),
        "better": lambda counts: log_above(counts, 0.0),
        "no_worse": lambda counts: log_above(counts, -margin),
    }


def _more(counts: Counts, log_e: Callable[[Counts], float], enough: float) -> int | None:
    """How many more pairs, of the kinds seen so far, bring the e-value there; None where none do, or too many."""
    if not counts.pairs or log_e(counts.times((counts.pairs + _MOST_MORE) / counts.pairs)) < enough:
        return None
    low, high = 0.0, float(_MOST_MORE)
    while high - low > 0.5:
        middle = (low + high) / 2
        if log_e(counts.times((counts.pairs + middle) / counts.pairs)) < enough:
            low = middle
        else:
            high = middle
    return ceil(high)


def _lowest(counts: Counts, alpha: float) -> float:
    """The highest mean that the pairs refute from above; -1 where they refute none. The e-value falls with the mean."""
    low, high = -1 + _EDGE, 1 - _EDGE
    if log_above(counts, low) < -log(alpha):
        return -1.0
    while high - low > 1e-6:
        middle = (low + high) / 2
        if log_above(counts, middle) >= -log(alpha):
            low = middle
        else:
            high = middle
    return low


def _e(logarithm: float) -> float:
    """The e-value; what no float can hold is cut, as JSON has no infinity."""
    return exp(min(logarithm, 700.0)) if logarithm > -inf else 0.0
