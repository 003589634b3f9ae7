"""The Beta distribution, and Student's t by it.

Knows nothing of what is counted or measured.
"""

from __future__ import annotations

import math

_TINY = 1e-300
_STEPS = 10_000


def beta_cdf(x: float, a: float, b: float) -> float:
    """The regularised incomplete beta function, by Lentz's continued fraction (Press et al. 2007, 6.4)."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(x, a, b) / a
    return 1 - front * _fraction(1 - x, b, a) / b


def beta_quantile(p: float, a: float, b: float) -> float:
    """Where the Beta distribution reaches `p`, by halving, to the last digit."""
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        low, high = (middle, high) if beta_cdf(middle, a, b) < p else (low, middle)
    return low


def t_quantile(p: float, df: int) -> float:
    """The quantile `p` of Student's t with `df` degrees of freedom: its square over itself and `df` is Beta."""
    share = beta_quantile(abs(2 * p - 1), 0.5, df / 2)
    return math.copysign(math.sqrt(df * share / (1 - share)), p - 0.5)


def _fraction(x: float, a: float, b: float) -> float:
    c, d = 1.0, 1 / _away(1 - (a + b) * x / (a + 1))
    found = d
    for step in range(1, _STEPS):
        before = found
        for term in (
            step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step)),
            -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1)),
        ):
            d, c = 1 / _away(1 + term * d), _away(1 + term / c)
            found *= d * c
        if abs(found - before) < 1e-15 * abs(found):
            break
    return found


def _away(value: float) -> float:
    """The value, kept away from 0, through which the recursion could not go on."""
    return value if abs(value) > _TINY else _TINY
