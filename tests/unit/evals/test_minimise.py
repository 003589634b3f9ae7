"""The least input that still fails: it fails, it is never larger, and nothing more can be left out of it."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any
from zlib import crc32

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.evals.case_samples import json_values

from holdfast.evals.minimise import Least, Spent, least, parts_left_out
from holdfast.identity import canonical
from holdfast.records import Json

Holds = Callable[[Json], bool]
LONG = {
    "subject": "Lamp",
    "body": "Hello there.\nMy lamp is broken! It fell. What does a repair cost?\nBye, Jan",
    "lines": [{"product": "lamp", "count": 2}, {"product": "cable", "count": 1}],
    "urgent": True,
}


class Fails:
    """Whether an input fails, by a rule; counts how often it is asked, and refuses after `most` times."""

    def __init__(self, rule: Holds, most: int = 10_000) -> None:
        self.rule = rule
        self.asked = 0
        self.most = most

    async def __call__(self, value: Json) -> bool:
        if self.asked >= self.most:
            raise Spent
        self.asked += 1
        return self.rule(value)


def says(*words: str) -> Holds:
    def rule(value: Json) -> bool:
        text = canonical(value).decode()
        return all(word in text for word in words)

    return rule


@pytest.mark.parametrize(
    ("rule", "left"),
    [
        (says("repair cost"), {"body": "repair cost?"}),
        (says("lamp", "repair"), {"body": "lamp repair"}),
        (says("cable"), {"lines": [{"product": "cable"}]}),
        (says("Lamp", "cable"), {"subject": "Lamp", "lines": [{"product": "cable"}]}),
        (says("true"), {"urgent": True}),
        (lambda value: True, {}),
        (lambda value: len(value.get("lines", [])) == 2, {"lines": [{}, {}]}),
    ],
)
async def test_what_does_not_matter_is_left_out(rule: Holds, left: Json) -> None:
    found = await least(LONG, Fails(rule))
    assert found.input == left
    assert found.minimal
    assert (found.chain[0], found.chain[-1]) == (LONG, left)


async def test_what_the_feature_does_not_take_is_never_asked() -> None:
    fails = Fails(says("cable"))

    def possible(value: Json) -> bool:
        return isinstance(value, dict) and {"subject", "lines"} <= set(value)

    found = await least(LONG, fails, possible)
    assert found.input == {"subject": "", "lines": [{"product": "cable"}]}


@settings(max_examples=150, deadline=None)
@given(value=json_values, seed=st.integers(0, 10**6), sort=st.sampled_from(["words", "hash", "size"]))
async def test_it_fails_is_no_larger_and_is_one_minimal(value: Json, seed: int, sort: str) -> None:
    chance = random.Random(seed)
    kept = chance.sample(sorted(set(canonical(value).decode())), k=min(2, len(set(canonical(value).decode()))))
    size = chance.randrange(1, len(canonical(value).decode()) + 1)

    def rule(part: Json) -> bool:
        text = canonical(part).decode()
        if sort == "words":
            return all(letter in text for letter in kept)
        if sort == "size":
            return len(text) >= size
        return part == value or crc32(text.encode()) % 3 == 0  # not monotone: what fails may have parts that do not

    fails = Fails(rule)
    found = await least(value, fails)
    assert rule(found.input)
    assert len(canonical(found.input)) <= len(canonical(value))
    assert found.minimal
    assert not [part for part in parts_left_out(found.input) if rule(part)]
    assert all(rule(each) for each in found.chain)


@given(most=st.integers(0, 40))
async def test_with_a_budget_the_least_so_far_is_given(most: int) -> None:
    fails = Fails(says("lamp", "repair"), most)
    found: Least = await least(LONG, fails)
    assert fails.asked <= most
    assert says("lamp", "repair")(found.input)
    assert not found.minimal or found.input == {"body": "lamp repair"}
    assert found.minimal or fails.asked == most


async def test_no_input_is_asked_twice() -> None:
    seen: list[bytes] = []

    async def fails(value: Any) -> bool:
        seen.append(canonical(value))
        return says("lamp", "repair")(value)

    await least(LONG, fails)
    assert len(seen) == len(set(seen))
    assert canonical(LONG) not in seen
