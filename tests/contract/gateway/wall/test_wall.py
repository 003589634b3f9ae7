"""The fault wall: whatever a vendor does, the caller gets a whole answer or a defined error, in time."""

from __future__ import annotations

import asyncio
from collections import defaultdict

import pytest
from tests.contract.gateway.wall.cells import AWAITED, Seen, awaited, cells, meet_all, unmet
from tests.contract.gateway.wall.rows import ROWS


@pytest.fixture(scope="module")
def wall() -> dict[str, list[Seen]]:
    """What came of every cell, by fault."""
    seen: dict[str, list[Seen]] = defaultdict(list)
    for one in asyncio.run(meet_all(cells())):
        seen[one.cell.row.name].append(one)
    return seen


@pytest.mark.parametrize("fault", [row.name for row in ROWS])
def test_a_vendors_fault_leads_to_a_whole_answer_or_a_defined_error(wall, fault) -> None:
    assert wall[fault], "no cell meets this fault"
    wrong = [seen for seen in wall[fault] if seen.wrong]
    assert not [f"{seen.cell.name}: {'; '.join(seen.wrong)} {seen.kinds}" for seen in wrong if not awaited(seen.cell)]


def test_nothing_is_awaited_that_is_there(wall) -> None:
    missing = {
        name for name in AWAITED if any(seen.wrong for seen in wall[name[0]] if name[1] in ("*", seen.cell.dialect))
    }
    assert missing == set(AWAITED)


def test_every_fault_of_the_catalogue_stands_in_the_wall() -> None:
    assert not unmet()
