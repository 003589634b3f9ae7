"""The fault wall at the server's edge: every caller, in its own dialect, gets a whole answer or is told an error."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.contract.gateway.wall.edge import ROWS, Cell, meet_all


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> dict[Cell, list[str]]:
    folder: Path = tmp_path_factory.mktemp("edge")
    return asyncio.run(meet_all(folder))


@pytest.mark.parametrize("fault", ROWS)
def test_a_vendors_fault_reaches_every_caller_in_its_own_words(edge, fault) -> None:
    met = {cell: said for cell, said in edge.items() if cell.fault == fault}
    assert len(met) == 12
    assert not [f"{cell.name}: {'; '.join(said)}" for cell, said in met.items() if said]
