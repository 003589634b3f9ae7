"""P values of several tests together, adjusted: compare each with the level that all of them are to keep.

Knows nothing of the tests.
"""

from __future__ import annotations

from collections.abc import Sequence


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted so that any false alarm at all is as rare as the level says (Holm 1979), in the order given."""
    adjusted, least = [0.0] * len(p_values), 0.0
    for rank, place in enumerate(_ascending(p_values)):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[place]))
        adjusted[place] = least
    return adjusted


def benjamini_hochberg(p_values: Sequence[float]) -> list[float]:
    """Adjusted so that the share of false alarms among the alarms is at most the level (Benjamini, Hochberg 1995)."""
    adjusted, most = [0.0] * len(p_values), 1.0
    for rank, place in reversed(list(enumerate(_ascending(p_values), start=1))):
        most = min(most, len(p_values) / rank * p_values[place])
        adjusted[place] = most
    return adjusted


def _ascending(p_values: Sequence[float]) -> list[int]:
    return sorted(range(len(p_values)), key=p_values.__getitem__)
