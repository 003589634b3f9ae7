"""Why a metric fell, on a terminal. Knows nothing of any other form."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from holdfast.cli import words
from holdfast.cli.terminal import table
from holdfast.fall import Delta, Fall
from holdfast.judgement import Interval

if TYPE_CHECKING:
    from holdfast.cli.terminal import Terminal

_UNSURE = frozenset({"no_difference", "undecided", "unexplained"})


def show_fall(terminal: Terminal, fall: Fall) -> None:
    """The verdict, why, every change with what it does both ways, and what to type next."""
    terminal.show(Text(fall.said, style="bold yellow" if fall.verdict in _UNSURE else "bold"))
    if fall.because:
        terminal.show("Because:", *(Text(f"  {sentence}") for sentence in fall.because))
    measured = [each for each in fall.deltas if each.forward is not None]
    if measured:
        rows = [_row(each) for each in measured]
        terminal.show("", table("change", "A with it", "B by it", "its share", "", rows=rows))
    if fall.notes:
        terminal.show("", "To know beside it:", *(Text(f"  {note}", style="dim") for note in fall.notes))
    if fall.stopped is not None:
        terminal.show(Text(f"stopped: {fall.stopped}", style="yellow"))
    if fall.next:
        terminal.show("", "Next:", *(Text(f"  {line}", style="dim") for line in fall.next))
    spent = f"{words.counted(fall.calls, 'call')}, {words.usd(fall.spent_usd)}"
    line = f"{fall.feature} · {fall.a.name} to {fall.b.name} · {fall.id} · {spent} · side effects were not repeated"
    terminal.show("", Text(line, style="dim"))


def _row(delta: Delta) -> tuple[str, str, str, str, str]:
    """One change: what A gains by it, what B has by it, its share, and whether that is a fair share of several."""
    how = ""
    if delta.shapley is not None:
        how = "fair share"
        if delta.sampling_error is not None:
            how += f", sampled (± {delta.sampling_error * 100:.1f})"
    return ("\n".join(delta.what), _points(delta.forward), _points(delta.backward), _points(delta.interval), how)


def _points(interval: Interval | None) -> str:
    if interval is None:
        return ""
    between = (
        ""
        if interval.low is None or interval.high is None
        else f" ({_signed(interval.low)} to {_signed(interval.high)})"
    )
    return f"{_signed(interval.estimate)}{between}"


def _signed(share: float) -> str:
    return f"{share * 100:+.0f}"
