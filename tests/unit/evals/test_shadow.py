"""The evidence of pairs: valid at every look, strong enough, and an interval that covers."""

from __future__ import annotations

import random
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.evals.shadow import ALPHA, MARGIN, Counts, evidence, interval, log_above, log_below

counts = st.builds(Counts, better=st.integers(0, 300), worse=st.integers(0, 300), same=st.integers(0, 2000))
ENOUGH = -log(ALPHA)


def share_that_ever_says(
    claim: str, better: float, worse: float, looks: int, seed: int, sims: int = 200, wanted: str = ""
) -> tuple[float, float]:
    """Of many simulated trials that look after every fifth pair, the share that ever makes the claim, and after how
    many pairs the middle one of these does."""
    chance = random.Random(seed)
    said: list[int] = []
    for _ in range(sims):
        seen = [0, 0, 0]
        for pair in range(looks):
            drawn = chance.random()
            seen[0 if drawn < better else 1 if drawn < better + worse else 2] += 1
            if pair % 5 == 4 and reached(claim, Counts(*seen)):
                said.append(pair + 1)
                break
    return len(said) / sims, sorted(said)[len(said) // 2] if said else float("inf")


def reached(claim: str, seen: Counts) -> bool:
    if claim == "no_worse":
        return log_above(seen, -MARGIN) >= ENOUGH
    return (log_below if claim == "worse" else log_above)(seen, 0.0) >= ENOUGH


@pytest.mark.parametrize(("better", "worse"), [(0.05, 0.05), (0.3, 0.3), (0.02, 0.0)])
def test_without_harm_it_says_worse_at_most_as_often_as_alpha_allows(better: float, worse: float) -> None:
    share, _ = share_that_ever_says("worse", better, worse, 500, seed=1)
    assert share <= ALPHA + 0.02  # of 200 trials; its standard error is 0.015


def test_at_the_margin_it_says_no_worse_at_most_as_often_as_alpha_allows() -> None:
    share, _ = share_that_ever_says("no_worse", 0.05, 0.05 + MARGIN, 500, seed=2)
    assert share <= ALPHA + 0.02


@pytest.mark.parametrize(
    ("better", "worse", "looks", "middle"), [(0.05, 0.15, 500, 200), (0.02, 0.32, 100, 40), (0.1, 0.15, 2500, 1100)]
)
def test_harm_is_found(better: float, worse: float, looks: int, middle: float) -> None:
    share, after = share_that_ever_says("worse", better, worse, looks, seed=3, sims=100)
    assert share >= 0.9
    assert after <= middle


def test_a_change_that_changes_nothing_is_soon_no_worse() -> None:
    share, after = share_that_ever_says("no_worse", 0.0, 0.0, 200, seed=4, sims=1)
    assert (share, after) == (1.0, 90)
    assert share_that_ever_says("no_worse", 0.03, 0.03, 1000, seed=5, sims=50)[0] >= 0.9


def test_the_interval_covers_the_truth_at_every_look_together() -> None:
    chance, missed, sims = random.Random(6), 0, 100
    for _ in range(sims):
        seen = [0, 0, 0]
        for pair in range(300):
            drawn = chance.random()
            seen[0 if drawn < 0.1 else 1 if drawn < 0.3 else 2] += 1
            if pair % 20 == 19:
                low, high = interval(Counts(*seen))
                if not low <= -0.1 <= high:
                    missed += 1
                    break
    assert missed / sims <= ALPHA + 0.04


@given(counts)
def test_the_interval_stands_around_what_was_seen_and_turns_with_the_pairs(seen: Counts) -> None:
    low, high = interval(seen)
    assert -1 <= low <= high <= 1
    if seen.pairs:
        assert low - 1e-5 <= (seen.better - seen.worse) / seen.pairs <= high + 1e-5
    turned = interval(seen.mirrored)
    assert turned == pytest.approx((-high, -low))


@given(counts)
def test_what_is_said_is_what_the_evidence_reaches(seen: Counts) -> None:
    found = evidence(seen)
    values = {"worse": found.e_worse, "better": found.e_better, "no_worse": found.e_no_worse}
    assert found.says == next((name for name, e in values.items() if e >= 1 / ALPHA * (1 - 1e-12)), "undecided")
    assert (found.more is None) == (found.heading_for is None)
    if found.says != "undecided":
        assert found.more is None


@given(st.integers(0, 20), st.integers(0, 20), st.integers(1, 200))
def test_so_many_more_of_the_same_kind_settle_it_and_one_less_does_not(better: int, worse: int, same: int) -> None:
    seen = Counts(better, worse, same)
    found = evidence(seen)
    if found.more is not None:
        ahead = evidence(seen.times((seen.pairs + found.more) / seen.pairs))
        assert ahead.says != "undecided"
        assert evidence(seen.times((seen.pairs + max(0, found.more - 2)) / seen.pairs)).says == "undecided"


def test_nothing_seen_says_nothing() -> None:
    found = evidence(Counts(0, 0, 0))
    assert (found.says, found.more) == ("undecided", None)
    assert found.e_worse == pytest.approx(1.0)
    assert (found.low, found.high) == (-1.0, 1.0)


def test_what_went_nobody_knows_where_counts_against_whatever_is_said() -> None:
    assert evidence(Counts(0, 0, 98)).says == "no_worse"
    assert evidence(Counts(0, 0, 98), unknown=52).says == "undecided"
    assert evidence(Counts(60, 0, 40), unknown=10).says == "better"
    assert evidence(Counts(60, 0, 40), unknown=60).says == "undecided"
    assert evidence(Counts(0, 60, 40), unknown=60).says == "undecided"
    known, wider = interval(Counts(20, 20, 60)), interval(Counts(20, 20, 60), unknown=30)
    assert wider[0] < known[0]
    assert wider[1] > known[1]
