"""The list of what is allowed in spite of a rule is short and honest."""

from __future__ import annotations

import re

from tests.house.rules import ALLOWED
from tests.house.tree import python


def test_every_allowance_belongs_to_a_rule_that_is_held_and_has_a_reason() -> None:
    held = {
        rule
        for module in python("tests")
        if module.where.startswith("tests/house/")
        for rule in re.findall(r'hold\("([^"]+)"', module.text)
    }
    assert held
    assert set(ALLOWED) <= held
    assert all(len(reason.split()) >= 3 for places in ALLOWED.values() for reason in places.values())
