"""A gate on a terminal. Knows nothing of any other form."""

from __future__ import annotations

from collections.abc import Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from holdfast.cli import figures, gate_words, words
from holdfast.cli.terminal import table
from holdfast.gate import Gate, GateVerdict, Regression

if TYPE_CHECKING:
    from holdfast.cli.terminal import Terminal

_STYLES = MappingProxyType(
    {"pass": "bold green", "regressed": "bold red", "inconclusive": "bold yellow", "not_comparable": "bold yellow"}
)
_STATES = MappingProxyType({"worse": "red", "unclear": "yellow", "missed": "red", "met": "green"})
_MOST = 10
"""Regressions, and slices that were merely looked at, that are shown; --json has them all."""
_MOST_LOOKED_AT = 5
_SHOWN = 600
"""Characters of an output."""


def show_gate(terminal: Terminal, gate: Gate) -> None:
    """The verdict with its reasons, what was reproduced word by word, the measures, and what would settle it."""
    verdict = gate.verdict
    assert verdict is not None
    terminal.show(Text(gate_words.RULINGS[verdict.ruling], style=_STYLES[verdict.ruling]))
    terminal.show(*(Text(f"  {reason}") for reason in verdict.reasons))
    if verdict.bar_missed:
        terminal.show(Text(f"  the bar is missed: {', '.join(verdict.bar_missed)}", style="red"))
    if verdict.settling is not None:
        terminal.show(Text(f"  {gate_words.settling(verdict.settling)}"))
    terminal.show(*(Text(f"  note: {note}", style="dim") for note in verdict.notes))
    for each in verdict.regressions[:_MOST]:
        _show_regression(terminal, each)
    if (left := len(verdict.regressions) - _MOST) > 0:
        terminal.show(Text(f"  and {left} more: --json has them all", style="dim"))
    _show_measures(terminal, verdict)
    if said := gate_words.generalising(gate):
        terminal.show(Text(said, style="dim"))
    terminal.show("", Text(gate_words.spent(gate)), Text(gate_words.origin(gate), style="dim"))
    more = "--resume" if gate.stopped is not None else "" if verdict.settling is None else "--extend"
    if more:
        terminal.show(Text(f"next: holdfast eval {gate.feature} --against {gate.against} {more}", style="dim"))


def _show_regression(terminal: Terminal, each: Regression) -> None:
    terminal.show("", Text(gate_words.regression(each), style="bold"))
    if each.wrong:
        terminal.show(Text(f"  {words.one_line(each.wrong, 200)}"))
    if each.diff:
        sides = Table(box=None, pad_edge=False, padding=(0, 2, 0, 2), header_style="dim")
        for heading in ("baseline", "candidate"):
            sides.add_column(heading, ratio=1, overflow="fold")
        sides.add_row(*(_side(each, gone, style) for gone, style in (("added", "red"), ("removed", "green"))))
        terminal.show(sides)
    terminal.show(Text(f"  holdfast replay {each.recording}", style="dim"))


def _side(each: Regression, gone: str, style: str) -> Text:
    made = Text()
    for part in each.diff:
        if part.kind != gone:
            made.append(part.text, style="" if part.kind == "same" else f"bold {style}")
    made.truncate(_SHOWN, overflow="ellipsis")
    return made


def _show_measures(terminal: Terminal, verdict: GateVerdict) -> None:
    rows = [gate_words.measure(each) for each in gate_words.measures(verdict)]
    looked_at = [each for each in verdict.slices if not each.declared][:_MOST_LOOKED_AT]
    rows += [gate_words.slice_(each) for each in (*(each for each in verdict.slices if each.declared), *looked_at)]
    rows += [gate_words.ratio(each) for each in verdict.ratios]
    if rows:
        terminal.show("", table(*gate_words.MEASURES, rows=_coloured(rows)))
    barred = [figures.row(each) for each in verdict.bar if each.limit is not None]
    if barred:
        terminal.show("", table("bar", *figures.HEADINGS[1:], rows=_coloured(barred)))


def _coloured(rows: Sequence[tuple[str, ...]]) -> list[list[str | Text]]:
    """The rows with their last cell in the colour of what it says."""
    return [[*row[:-1], Text(row[-1], style=_STATES.get(row[-1], ""))] for row in rows]
