"""Clusters: things that are near each other put together, the same whatever order they come in, and the most typical
of each.

Knows nothing of what a thing is: a distance and a weight are all that it is told.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import TypeVar

T = TypeVar("T")
Distance = Callable[[T, T], float]

_SAME = 0.1
"""What one more of the same is worth beside one that is as far away as can be."""


def clusters(weights: Mapping[T, int], distance: Distance[T], within: float) -> tuple[tuple[T, ...], ...]:
    """The things in clusters, the heaviest first; in none of them are two further apart than `within`.

    The two nearest clusters become one, and again, as long as what is in them stays within (complete linkage; Defays
    1977). Ties go by how the things are written, so that neither their order nor chance has a part in it. Every thing
    is in one cluster. Takes time with the cube of how many different things there are.
    """
    things = sorted(weights, key=repr)
    groups: dict[int, list[T]] = {at: [one] for at, one in enumerate(things)}
    apart = {(a, b): distance(things[a], things[b]) for a, b in combinations(range(len(things)), 2)}
    while near := [(far, pair) for pair, far in apart.items() if far <= within]:
        _, (kept, gone) = min(near)
        groups[kept] += groups.pop(gone)
        for other in groups:
            if other != kept:
                pair = (min(kept, other), max(kept, other))
                apart[pair] = max(apart[pair], apart[min(gone, other), max(gone, other)])
        apart = {pair: far for pair, far in apart.items() if gone not in pair}
    found = [tuple(sorted(group, key=repr)) for group in groups.values()]
    return tuple(sorted(found, key=lambda group: (-sum(weights[one] for one in group), repr(group))))


def typical(weights: Mapping[T, int], distance: Distance[T], most: int) -> tuple[T, ...]:
    """At most so many of the things, as typical as they can be and yet distinct; a thing may be in it several times.

    The first is the medoid: the one that is nearest to all others. Each further one is that which the most stand
    behind, shared among the times it was taken, and which is the furthest from those taken.
    """
    things = sorted(weights, key=repr)
    if not things:
        return ()
    taken = [min(things, key=lambda one: sum(weights[each] * distance(one, each) for each in things))]
    while len(taken) < most:
        left = [one for one in things if taken.count(one) < weights[one]]
        if not left:
            break
        taken.append(max(left, key=lambda one: _worth(one, taken, weights, distance)))
    return tuple(taken)


def _worth(one: T, taken: Sequence[T], weights: Mapping[T, int], distance: Distance[T]) -> float:
    far = min(distance(one, each) for each in taken)
    return weights[one] / (taken.count(one) + 1) * (far + _SAME)
