"""Fair shares of a whole among changes that work together: Shapley values, as weights over sets of changes.

Knows nothing of what the changes are, nor of how a set of them is valued.

A share is the mean, over all orders in which the changes could be made, of what each adds when its turn comes (Shapley
1953). It is linear in the values of the sets, so that it is given as a weight for each set: whoever measured the
values, case by case and answer by answer, has its interval by the same weights.
"""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from itertools import combinations
from typing import TypeAlias

Chosen: TypeAlias = frozenset[int]
"""A set of changes, by number."""
Weights: TypeAlias = dict[Chosen, float]
"""What each set's value counts for."""
Order: TypeAlias = tuple[int, ...]

EXACT = 6
"""Changes up to which every set is valued: 64 sets."""


def exact_weights(changes: Sequence[int]) -> dict[int, Weights]:
    """The weights of each change's share, over all sets of them."""
    count = len(changes)
    found: dict[int, Weights] = {}
    for one in changes:
        others = [each for each in changes if each != one]
        weights: Weights = {}
        for size in range(count):
            share = 1 / (count * math.comb(count - 1, size))
            for subset in combinations(others, size):
                without = frozenset(subset)
                weights[without | {one}] = share
                weights[without] = -share
        found[one] = weights
    return found


def orders(changes: Sequence[int], count: int, seed: int = 0) -> tuple[Order, ...]:
    """So many random orders of the changes, each with its reverse beside it: what is early in one is late in the other,
    so that the mean of a pair varies less. Always an even number of them."""
    drawn = random.Random(seed)
    found: list[Order] = []
    while len(found) < count:
        order = list(changes)
        drawn.shuffle(order)
        found += [tuple(order), tuple(reversed(order))]
    return tuple(found)


def sampled_weights(changes: Sequence[int], drawn: Sequence[Order]) -> dict[int, Weights]:
    """The weights of each change's share, over the sets that these orders pass through."""
    found: dict[int, defaultdict[Chosen, float]] = {one: defaultdict(float) for one in changes}
    for order in drawn:
        for before, after, one in steps(order):
            found[one][after] += 1 / len(drawn)
            found[one][before] -= 1 / len(drawn)
    return {one: dict(weights) for one, weights in found.items()}


def steps(order: Order) -> Iterator[tuple[Chosen, Chosen, int]]:
    """The sets before and after each change of an order, and the change."""
    before: Chosen = frozenset()
    for one in order:
        after = before | {one}
        yield before, after, one
        before = after


def sets_of(weights: Collection[Weights]) -> tuple[Chosen, ...]:
    """Every set that has to be valued, the small ones first."""
    found = {chosen for each in weights for chosen in each}
    return tuple(sorted(found, key=lambda chosen: (len(chosen), sorted(chosen))))
