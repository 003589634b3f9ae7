"""The fault wall: whatever a vendor does, the caller gets a whole answer or a defined error, in time."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest
from tests.contract.gateway.wall.cells import Seen, cells, meet_all, unmet
from tests.contract.gateway.wall.rows import ROWS


@pytest.fixture(scope="module")
def wall(met_again) -> dict[str, list[Seen]]:
    """What came of every cell, by fault."""
    seen: dict[str, list[Seen]] = defaultdict(list)
    for one in asyncio.run(meet_all(cells())):
        seen[one.cell.row.name].append(one)
        if one.before:
            met_again.append(f"{one.cell.name}: {'; '.join(one.before)}")
    return seen


@pytest.mark.parametrize("fault", [row.name for row in ROWS])
def test_a_vendors_fault_leads_to_a_whole_answer_or_a_defined_error(wall, fault) -> None:
    assert wall[fault], "no cell meets this fault"
    wrong = [seen for seen in wall[fault] if seen.wrong]
    assert not [f"{seen.cell.name}: {'; '.join(seen.wrong)} {seen.kinds}" for seen in wrong]


def test_every_fault_of_the_catalogue_stands_in_the_wall() -> None:
    assert not unmet()
