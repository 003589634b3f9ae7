"""A calibration on a terminal: the confusion matrix, and what was learned. Knows nothing of any other form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from holdfast.cli import words
from holdfast.cli.terminal import table
from holdfast.diagnosis import Planted
from holdfast.evals.diagnose.calibrate.learning import right_and_wrong
from holdfast.evals.shares import jeffreys

if TYPE_CHECKING:
    from rich.table import Table

    from holdfast.cli.diagnose_calibrate import Calibrated
    from holdfast.cli.terminal import Terminal

_ORDER = (
    "provider", "guard", "data", "retrieval", "ranking", "context_noise", "prompt", "model", "task", "verifier",
    "intermittent", "interaction", "unknown",
)  # fmt: skip


def show_calibrated(terminal: Terminal, calibrated: Calibrated) -> None:
    """What was planted, down, and what was said, across; how often it was right; and what was learned."""
    learned = calibrated.learned
    terminal.show(Text("planted (down), said (across)", style="bold"))
    terminal.show(_matrix(learned.matrix))
    faults = words.counted(learned.faults, "planted fault")
    given = calibrated.right + calibrated.wrong
    between = "" if calibrated.precision is None else f" ({_between(calibrated.right, given)})"
    terminal.show(
        "",
        Text(f"Of {faults} {given} got a verdict; it was right {calibrated.right} times{between}."),
        Text(_compared(calibrated)),
    )
    if missing := _missing(learned.matrix):
        terminal.show(Text(missing))
    if calibrated.differs:
        terminal.show("", "What was learned that differs most from what was believed:")
        rows = [(each.what, f"{each.before:.2f}", f"{each.learned:.2f}") for each in calibrated.differs]
        terminal.show(table("", "before", "learned", rows=rows))
    if learned.stopped is not None:
        terminal.show(Text(f"stopped: {learned.stopped}", style="yellow"))
    spent = f"{words.counted(learned.calls, 'call')}, {words.usd(learned.spent_usd)}"
    kept = f"every diagnosis of {calibrated.feature} uses it for 60 days, until its code or what answers changes"
    terminal.show("", Text(f"{spent} · {words.counted(learned.cases, 'case')} · {kept}", style="dim"))


def _matrix(planted: Sequence[Planted]) -> Table:
    """Counts, with the share of each row that was named rightly and its interval."""
    counts = {(each.planted, each.said): each.count for each in planted}
    said = [name for name in _ORDER if any(other == name for _, other in counts)]
    rows: list[tuple[str | Text, ...]] = []
    for name in (name for name in _ORDER if any(one == name for one, _ in counts)):
        row = [counts.get((name, other), 0) for other in said]
        right, all_ = counts.get((name, name), 0), sum(row)
        cells = [Text(str(count) if count else "·", style="bold" if other == name else "")
                 for other, count in zip(said, row, strict=True)]  # fmt: skip
        rows.append((_worded(name), *cells, f"{right / all_:.0%}", _between(right, all_)))
    return table("", *map(_worded, said), "right", "95 % interval", rows=rows)


def _worded(name: str) -> str:
    return name.replace("_", " ")


def _between(count: int, all_: int) -> str:
    share = jeffreys(count, all_)
    return "" if share is None or share.low is None or share.high is None else f"{share.low:.0%} to {share.high:.0%}"


def _compared(calibrated: Calibrated) -> str:
    """What verdicts by what was learned are beside those by the tables."""
    learned = calibrated.learned
    if learned.uses_counts:
        return f"By what was believed before: {_counted(learned.by_tables)}."
    return f"What was believed before stays in use; by what was learned: {_counted(learned.planted)}."


def _counted(planted: Sequence[Planted]) -> str:
    right, wrong = right_and_wrong(planted)
    return f"{right} right, {wrong} wrong, {sum(each.count for each in planted) - right - wrong} unknown"


def _missing(planted: Sequence[Planted]) -> str:
    """The parts of which no fault took; empty where there are none."""
    there = {each.planted for each in planted}
    parts = [_worded(name) for name in _ORDER if name not in there and name != "unknown"]
    if not parts:
        return ""
    hint = ": a weaker_model in [diagnosis] can be planted" if "model" in parts else ""
    return f"No fault of {', '.join(parts)} took, so nothing was learned of it{hint}."
