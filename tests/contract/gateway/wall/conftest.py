"""Says at the end of a run how many cells of the fault wall were right only when they were met again, by themselves.

Does not know the cells.
"""

from __future__ import annotations

import pytest

MET_AGAIN: pytest.StashKey[list[str]] = pytest.StashKey()


@pytest.fixture(scope="session")
def met_again(pytestconfig: pytest.Config) -> list[str]:
    """Takes the names of cells that were met a second time."""
    return pytestconfig.stash.setdefault(MET_AGAIN, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    names = config.stash.get(MET_AGAIN, [])
    if names:
        terminalreporter.section("fault wall", yellow=True)
        terminalreporter.line(f"warning: {len(names)} cells were wrong among others, and were met again by themselves:")
        for name in names:
            terminalreporter.line(f"  {name}")
