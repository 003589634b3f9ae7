"""Fair shares have the properties that define them, and are what all orders together give."""

from __future__ import annotations

import math
from itertools import chain, combinations, permutations
from statistics import fmean

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from holdfast.evals.between.shapley import Chosen, exact_weights, orders, sampled_weights, sets_of, steps

Game = dict[Chosen, float]


@some.composite
def games(draw: some.DrawFn, most: int = 5) -> tuple[list[int], Game]:
    """Some changes, and what each set of them is worth."""
    changes = list(range(draw(some.integers(1, most))))
    worth = some.floats(-1, 1, allow_nan=False)
    return changes, {frozenset(each): draw(worth) for each in subsets(changes)}


def subsets(changes: list[int]) -> list[tuple[int, ...]]:
    return list(chain.from_iterable(combinations(changes, size) for size in range(len(changes) + 1)))


def share(weights: dict[Chosen, float], game: Game) -> float:
    return math.fsum(weight * game[chosen] for chosen, weight in weights.items())


def brute(changes: list[int], game: Game, one: int) -> float:
    """The mean over every order of what a change adds when its turn comes."""
    added = []
    for order in permutations(changes):
        before = frozenset(order[: order.index(one)])
        added.append(game[before | {one}] - game[before])
    return fmean(added)


@given(games())
@settings(max_examples=100, deadline=None)
def test_shares_are_the_mean_over_all_orders_and_add_up_to_the_whole(drawn: tuple[list[int], Game]) -> None:
    changes, game = drawn
    shares = {one: share(weights, game) for one, weights in exact_weights(changes).items()}
    for one in changes:
        assert shares[one] == pytest.approx(brute(changes, game, one), abs=1e-9)
    assert math.fsum(shares.values()) == pytest.approx(game[frozenset(changes)] - game[frozenset()], abs=1e-9)


@given(games(), some.floats(-1, 1))
@settings(max_examples=60, deadline=None)
def test_a_change_that_always_adds_the_same_has_just_that_and_an_idle_one_nothing(
    drawn: tuple[list[int], Game], adds: float
) -> None:
    changes, game = drawn
    new = len(changes)
    with_new = {**game, **{chosen | {new}: worth + adds for chosen, worth in game.items()}}
    shares = {one: share(weights, with_new) for one, weights in exact_weights([*changes, new]).items()}
    assert shares[new] == pytest.approx(adds, abs=1e-9)
    for one in changes:
        assert shares[one] == pytest.approx(share(exact_weights(changes)[one], game), abs=1e-9)


@given(some.integers(2, 5), some.lists(some.floats(-1, 1), min_size=6, max_size=6))
@settings(max_examples=60, deadline=None)
def test_changes_that_do_the_same_in_every_company_have_the_same_share(count: int, worth: list[float]) -> None:
    changes = list(range(count))
    game = {frozenset(each): worth[len(each)] for each in subsets(changes)}
    shares = [share(weights, game) for weights in exact_weights(changes).values()]
    assert shares == pytest.approx([shares[0]] * count, abs=1e-9)


@given(games(most=6), some.integers(1, 6), some.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_sampled_shares_add_up_to_the_whole_too_and_all_orders_give_the_exact_ones(
    drawn: tuple[list[int], Game], count: int, seed: int
) -> None:
    changes, game = drawn
    some_orders = orders(changes, count, seed)
    assert len(some_orders) >= count
    assert set(some_orders[0]) == set(changes)
    assert some_orders[1] == some_orders[0][::-1]
    shares = [share(weights, game) for weights in sampled_weights(changes, some_orders).values()]
    assert math.fsum(shares) == pytest.approx(game[frozenset(changes)] - game[frozenset()], abs=1e-9)
    if len(changes) <= 4:
        every = sampled_weights(changes, list(permutations(changes)))
        for one, weights in exact_weights(changes).items():
            assert share(every[one], game) == pytest.approx(share(weights, game), abs=1e-9)


def test_the_sets_to_value_are_all_of_them_once_the_small_ones_first() -> None:
    sets = sets_of(exact_weights([0, 1, 2]).values())
    assert len(sets) == 8
    assert [len(each) for each in sets] == [0, 1, 1, 1, 2, 2, 2, 3]
    assert [one for _, _, one in steps((2, 0, 1))] == [2, 0, 1]
