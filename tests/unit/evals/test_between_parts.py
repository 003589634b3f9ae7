"""What differs between two releases, in which way a fall is decided, and what makes questions other questions."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from holdfast.errors import Misconfigured
from holdfast.evals.between import inputs
from holdfast.evals.between.contrasts import contrast, least_found, shares_apart
from holdfast.evals.between.deltas import between, deltas_of, in_words, only_in_one, taking_back
from holdfast.evals.between.periods import period_of
from holdfast.evals.between.telling import Measured, because, headline, next_steps, verdict_of
from holdfast.fall import Delta, FallSide, InputDrift, Metric, ProviderDrift
from holdfast.judgement import Interval
from holdfast.release import CorpusSlot, GuardSlot, ModelSlot, Prompt, Release

OLD, NEW = (Prompt(path="a.md", hash=each * 16, text=each) for each in "xy")
BEFORE = Release(
    slots={
        "answer": ModelSlot(models=("a:b",), prompt=OLD),
        "help": CorpusSlot(version="v3", k=6),
        "shape": GuardSlot(family="shape", settings={"max_chars": 9, "same": 1}),
        "gone": CorpusSlot(),
    }
)
AFTER = Release(
    slots={
        "answer": ModelSlot(models=("c:d", "extractive"), prompt=NEW, temperature=0.5, deadline_ms=9000),
        "help": CorpusSlot(version="v4", k=9),
        "shape": GuardSlot(family="shape", on_fail="block", settings={"max_chars": 5, "same": 1}),
    }
)


def test_what_differs_is_told_by_part_and_slot_and_taken_back_gives_the_first_release() -> None:
    deltas = deltas_of(BEFORE, AFTER)
    assert [(each.slot, each.part) for each in deltas] == [
        ("answer", "prompt"),
        ("answer", "model"),
        ("answer", "provider"),
        ("help", "retrieval"),
        ("help", "data"),
        ("shape", "guard"),
    ]
    assert in_words(deltas[1], BEFORE, AFTER) == (
        "answer.models: a:b -> c:d > extractive",
        "answer.temperature: unset -> 0.5",
    )
    assert in_words(deltas[5], BEFORE, AFTER) == ("shape.on_fail: flag -> block", "shape.max_chars: 9 -> 5")
    assert only_in_one(BEFORE, AFTER) == ("gone",)
    back = AFTER
    for delta in deltas:
        for name, value in taking_back(delta, BEFORE, AFTER).items():
            back = back.with_change(name, value)
    assert {name: back.slots[name] for name in AFTER.slots} == {name: BEFORE.slots[name] for name in AFTER.slots}


def test_between_two_releases_nothing_made_is_the_first_and_all_made_is_the_second() -> None:
    deltas = deltas_of(BEFORE, AFTER)
    assert between(BEFORE, AFTER, ()).slots == BEFORE.slots
    assert between(BEFORE, AFTER, deltas).slots == {**AFTER.slots, "gone": CorpusSlot()}
    one = between(BEFORE, AFTER, deltas[3:4])
    assert one.corpus("help") == CorpusSlot(version="v3", k=9)
    assert one.models("answer") == BEFORE.models("answer")


@pytest.mark.parametrize(
    ("typed", "since", "until"),
    [
        ("2026-W44", (2026, 10, 26), (2026, 11, 2)),
        ("2026-11-03", (2026, 11, 3), (2026, 11, 4)),
        ("2026-11-01..2026-11-07", (2026, 11, 1), (2026, 11, 8)),
        ("2026-W52..2026-W53", (2026, 12, 21), (2027, 1, 4)),
    ],
)
def test_a_week_a_day_and_days_with_both_ends_are_ranges_of_time(typed: str, since: Any, until: Any) -> None:
    period = period_of(typed)
    assert period is not None
    assert (period.since, period.until) == (datetime(*since, tzinfo=UTC), datetime(*until, tzinfo=UTC))


@pytest.mark.parametrize("typed", ["2026-W60", "2026-13-01", "2026-11-07..2026-11-01", "2026-11", "2026-W44..now"])
def test_what_looks_like_a_range_of_time_and_is_none_says_how_one_is_written(typed: str) -> None:
    with pytest.raises(Misconfigured) as raised:
        period_of(typed)
    assert raised.value.code == "HF100"
    assert "2026-W44" in raised.value.fix


def test_the_name_of_a_release_is_no_range_of_time() -> None:
    assert period_of("v2") is None
    assert period_of("live") is None


def test_a_difference_holds_the_true_one_about_as_often_as_it_says() -> None:
    rng, none, one = random.Random(3), frozenset[int](), frozenset({0})
    held = 0
    for _ in range(300):
        chances = [(first, first * rng.choice([1, 1, 0.4])) for first in (rng.random() for _ in range(20))]
        values = {
            cell: {
                (str(case), r): float(rng.random() < each[side]) for case, each in enumerate(chances) for r in range(3)
            }
            for side, cell in enumerate((none, one))
        }
        found = contrast(values, {one: 1.0, none: -1.0})
        assert found is not None
        true = sum(after - before for before, after in chances) / len(chances)
        held += (found.interval.low or 0.0) <= true <= (found.interval.high or 0.0)
    assert 0.88 <= held / 300 <= 0.99


def test_places_that_one_side_lacks_say_nothing_and_no_place_at_all_gives_nothing() -> None:
    none, one = frozenset[int](), frozenset({0})
    values = {none: {("a", 0): 1.0, ("b", 0): 1.0}, one: {("a", 0): 0.0}}
    found = contrast(values, {one: 1.0, none: -1.0})
    assert found is not None
    assert found.interval.estimate == -1.0
    assert found.interval.low == -1.0
    assert contrast({none: {}, one: {("a", 0): 0.0}}, {one: 1.0, none: -1.0}) is None
    assert least_found(10, 3) > least_found(40, 3) > 0


def test_two_groups_of_questions_are_compared_as_groups() -> None:
    apart, p = shares_apart([1.0] * 18 + [0.0] * 2, [1.0] * 8 + [0.0] * 12)
    assert apart.estimate == pytest.approx(-0.5)
    assert (apart.low or 0) < -0.5 < (apart.high or 0) < 0
    assert p < 0.01
    assert shares_apart([1.0] * 20, [1.0] * 20)[1] == 1.0


ENGLISH = [f"How long does the refund of order {number} take?" for number in range(60)]
GERMAN = [f"Wie lange dauert die Rückzahlung meiner Bestellung {number} noch?" for number in range(60)]
CYRILLIC = [f"Как долго ждать возврата денег за заказ {number}?" for number in range(60)]


def test_the_same_kind_of_questions_is_not_taken_for_another() -> None:
    found = inputs.drift([{"body": each} for each in ENGLISH[::2]], [{"body": each} for each in ENGLISH[1::2]], (0, 0))
    assert not found.shown
    shown = 0
    for seed in range(40):
        mixed = random.Random(seed).sample(ENGLISH + GERMAN, 80)
        shown += inputs.drift(mixed[:40], mixed[40:], (0.0, 0.0)).shown
    assert shown <= 3


@pytest.mark.parametrize("others", [GERMAN, CYRILLIC, [each * 4 for each in ENGLISH]])
def test_questions_in_another_language_or_of_another_length_are_other_questions(others: list[str]) -> None:
    found = inputs.drift(ENGLISH[:30], ENGLISH[30:45] + others[45:], (0.0, 0.1))
    assert found.shown
    assert found.p <= 0.001
    assert found.length[1] != found.length[0]
    if others is CYRILLIC:
        assert found.scripts["cyrillic"][0] == 0
        assert found.scripts["cyrillic"][1] > 0.3
    if others is GERMAN:
        assert "bestellung" in found.more
        assert "refund" in found.fewer


def metric(difference: float = -0.5, **fields: Any) -> Metric:
    around = Interval(difference, difference - 0.1, difference + 0.1)
    known: dict[str, Any] = {"a": 0.9, "b": 0.9 + difference, "p": 0.001, "shown": difference < 0, **fields}
    return Metric(difference=around, n=20, repeat=3, detectable=0.08, **known)


def delta(name: str, part: Any, forward: float, backward: float, **fields: Any) -> Delta:
    sides = [Interval(each, each - 0.05, each + 0.05) for each in (forward, backward)]
    mean = (forward + backward) / 2
    return Delta(
        part=part, slots=(name,), what=(f"{name}.x: 1 -> 2",), changes={f"{name}.x": 1}, forward=sides[0],
        backward=sides[1], interval=Interval(mean, mean - 0.05, mean + 0.05), taken_back=0.4 - backward, **fields,
    )  # fmt: skip


def measured(**fields: Any) -> Measured:
    return Measured("answer", FallSide(name="v1", release="r_1"), FallSide(name="v2", release="r_2"), **fields)


def test_one_change_that_does_it_both_ways_names_the_part_and_what_to_type() -> None:
    found = measured(metric=metric(), working=(delta("a", "prompt", -0.5, -0.48), delta("b", "model", 0.0, -0.02)))
    assert verdict_of(found) == ("prompt", ("prompt",))
    assert headline(found, "prompt") == "Prompt: with `a.x` taken back it passes as often as before (88 %)"
    steps = next_steps(found, "prompt", "rec_1")
    assert steps[0] == "holdfast replay --where 'feature=answer and release=r_2' --set a.x=1"
    assert steps[2] == "holdfast release create --set a.x=1"
    assert steps[-1] == "holdfast diagnose rec_1"


def test_changes_that_do_it_only_together_are_an_interaction_and_taking_back_one_is_enough() -> None:
    both = (delta("a", "prompt", 0.0, -0.5), delta("b", "model", 0.0, -0.5))
    found = measured(metric=metric(), working=both, interacting=True)
    assert verdict_of(found) == ("interaction", ("prompt", "model"))
    assert any("taking back any of `a.x`, `b.x` is enough" in each for each in because(found, "interaction"))
    assert next_steps(found, "interaction", None)[0].endswith("--set a.x=1")


def test_changes_of_which_each_is_enough_by_itself_are_all_taken_back() -> None:
    both = (delta("a", "prompt", -0.5, 0.0), delta("b", "model", -0.5, 0.0))
    found = measured(metric=metric(), working=both, interacting=True)
    assert any("take back all of them" in each for each in because(found, "interaction"))
    assert next_steps(found, "interaction", None)[0].endswith("--set a.x=1 --set b.x=1")


def test_changes_that_each_do_a_part_are_several_and_none_that_is_clear_is_undecided() -> None:
    each = (delta("a", "prompt", -0.2, -0.2), delta("b", "model", -0.3, -0.3))
    assert verdict_of(measured(metric=metric(), working=each)) == ("several", ("model", "prompt"))
    faint = (delta("a", "prompt", -0.03, -0.03), delta("b", "model", -0.02, -0.02))
    assert verdict_of(measured(metric=metric(-0.1), working=faint)) == ("undecided", ())
    assert verdict_of(measured(metric=metric(), working=each, whole=False))[0] == "undecided"


def test_the_largest_fall_gives_the_verdict_and_without_any_none_is_explained() -> None:
    around = Interval(-0.7, -0.8, -0.6)
    drift = ProviderDrift(n=20, then=0.9, today=0.2, difference=around, p=0.001, shown=True)
    moved = InputDrift(n=(9, 9), p=0.001, shown=True, length=(1, 2), difference=around, accounts=True)
    working = (delta("a", "prompt", -0.5, -0.5),)
    assert verdict_of(measured(metric=metric(), working=working, drift=drift))[0] == "provider_drift"
    assert verdict_of(measured(metric=metric(), working=working, inputs=moved))[0] == "input_drift"
    assert verdict_of(measured(metric=metric(0.0)))[0] == "no_difference"
    assert verdict_of(measured(metric=metric(0.0), recorded_shown=True))[0] == "unexplained"
    code = Delta(part="code", slots=(), interval=around)
    assert verdict_of(measured(metric=metric(0.0), code=code)) == ("code", ("code",))
    assert headline(measured(metric=metric(0.2)), "no_difference").endswith("B does not pass less often than A")
