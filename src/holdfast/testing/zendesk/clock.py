"""The time of a simulated account, which stands still until it is told to pass. Does not know the machine's clock."""

from __future__ import annotations

from datetime import UTC, datetime

MONDAY_MORNING_S = 1_772_442_000
"""2026-03-02, 09:00 UTC."""


class Clock:
    """Whole seconds since 1970. One that differs from the machine's is a skewed clock."""

    def __init__(self, at_s: int = MONDAY_MORNING_S) -> None:
        self.at_s = at_s

    def now(self) -> int:
        return self.at_s

    def advance(self, seconds: int) -> None:
        """Let time pass; below zero it goes back, as clocks do that are corrected."""
        self.at_s += seconds


def iso(at_s: int) -> str:
    """The moment as the API writes it: 2026-03-02T09:00:00Z."""
    return datetime.fromtimestamp(at_s, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(written: str) -> int:
    """What `iso` wrote, as seconds since 1970."""
    return int(datetime.fromisoformat(written).timestamp())
