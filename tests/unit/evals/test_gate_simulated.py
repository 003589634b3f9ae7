"""The gate on simulated systems and changes: how often it is wrong, and how often it finds what broke.

A short form of `benchmarks/gate.py`, with bounds that the measured rates keep with room to spare.
"""

from __future__ import annotations

from collections import Counter

import pytest
from benchmarks.gate import Fall, alike, change, hard, same, wavering

CHANGES = 60


async def rulings(fall: Fall, **fields: int) -> Counter[str]:
    return Counter([(await change(9_000 + nth, fall, **fields))[0].verdict.ruling for nth in range(CHANGES)])


async def test_where_nothing_changed_it_rarely_says_that_something_did() -> None:
    found = await rulings(same)
    assert found["regressed"] <= 6  # of a rate of 3 %, more than 6 of 60 come once in 3,000 times
    assert found["pass"] >= 40


@pytest.mark.parametrize("fall", [alike, wavering])
async def test_a_soft_fall_of_5_points_is_mostly_found_and_rarely_passed(fall: Fall) -> None:
    found = await rulings(fall)
    assert found["regressed"] >= 38
    assert found["pass"] <= 9


@pytest.mark.parametrize("bank", [10, 0])
async def test_hard_breaks_are_found_and_named_also_without_a_bank(bank: int) -> None:
    verdicts = [(await change(500 + nth, hard(3), bank=bank))[0].verdict for nth in range(12)]
    assert {verdict.ruling for verdict in verdicts} == {"regressed"}
    assert sum(len(verdict.regressions) for verdict in verdicts) >= 33  # of 36


async def test_the_same_evidence_gives_the_same_verdict() -> None:
    once, again = [await change(77, alike) for _ in range(2)]
    assert once[0] == again[0]
    assert once[1].calls == again[1].calls
