"""Evidence that may be looked at again: e-values, which multiply over batches and are below 1 on average by chance.

Reaching 1/a at any look, however often one looks, is by chance as rare as `a` (Ville 1939; Grünwald, de Heide and
Koolen 2024). Knows nothing of what the values are.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

_STAKES = tuple(stake / 20 for stake in range(1, 20))
"""Shares of what may be staked; which one suits is not known before, so each has its part."""


def worse(differences: Sequence[float]) -> float:
    """Evidence of one batch that the mean of the true differences is below 0: one difference in -1..1 for each case.

    Each case's true mean may be another: staking the same on all of them gains nothing on average while the mean of
    them is 0 or above (the product of means is at most the power of their mean).
    """
    return _staked([-each for each in differences], most=1.0)


def not_worse(differences: Sequence[float], margin: float) -> float:
    """Evidence of one batch that the mean of the true differences is above -`margin`; as `worse` otherwise."""
    return _staked([each + margin for each in differences], most=1 / (1 - margin))


def _staked(gains: Sequence[float], *, most: float) -> float:
    """The mean over all stakes of what each comes to, where a gain is at least -1/`most`."""
    grown = [
        math.exp(math.fsum(math.log1p(stake * most * gain) for gain in gains)) if gains else 1.0 for stake in _STAKES
    ]
    return math.fsum(grown) / len(grown)
