"""A diagnosis on a terminal. Knows nothing of any other form."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.text import Text

from holdfast.cli import words
from holdfast.diagnosis import Fix

if TYPE_CHECKING:
    from holdfast.cli.diagnose_one import Diagnosed
    from holdfast.cli.terminal import Terminal

_STYLES = MappingProxyType({"unknown": "bold yellow", "intermittent": "bold yellow"})
_READING = 300
"""Characters of a reading that are shown; --json has all of it."""


def show_diagnosed(terminal: Terminal, diagnosed: Diagnosed) -> None:
    """The verdict, why, what it rests on, the fixes with what to type for each, and what it cost."""
    diagnosis = diagnosed.diagnosis
    terminal.show(Text(diagnosed.said, style=_STYLES.get(diagnosis.verdict, "bold")))
    terminal.show("Because:", *(Text(f"  {sentence}") for sentence in diagnosis.because))
    if diagnosis.known:
        terminal.show("Known beforehand:", *(Text(f"  {sentence}", style="dim") for sentence in diagnosis.known))
    for reading in diagnosis.readings:
        terminal.show("", Text(f"  {words.one_line(reading.text, _READING)}"))
        terminal.show(*(Text(f"    rests on {each.document}", style="dim") for each in reading.rests_on))
    if diagnosis.question is not None:
        terminal.show(Text(diagnosis.question, style="bold"))
        right = "--right expected|answered|neither --rule SENTENCE"
        terminal.show(Text(f"  holdfast cases from-diagnosis {diagnosis.id} {right}", style="dim"))
    _show_fixes(terminal, diagnosed)
    if (test := diagnosis.next_test) is not None:
        cost = f" ({words.counted(test.calls, 'call')}, {words.usd(test.cost_usd)})" if test.calls else ""
        terminal.show("", Text(f"Would change this: {test.said}{cost}"))
    if diagnosis.stopped is not None:
        terminal.show(Text(f"stopped: {diagnosis.stopped}", style="yellow"))
    terminal.show("", Text(f"make it a case: {diagnosed.make_case}", style="dim"))
    spent = f"{words.counted(diagnosis.calls, 'call')}, {words.usd(diagnosis.spent_usd)}"
    terminal.show(Text(f"diagnosis {diagnosis.id} · {spent} · side effects were not repeated", style="dim"))


def _show_fixes(terminal: Terminal, diagnosed: Diagnosed) -> None:
    """Every fix, the cheapest first, with the commands of those that are settings."""
    commands = {each.fix: each for each in diagnosed.next}
    if diagnosed.diagnosis.fixes:
        terminal.show("", "With one of these it passes, the cheapest first:" if commands else "What mends it:")
    for number, fix in enumerate(diagnosed.diagnosis.fixes, start=1):
        terminal.show(Text(f"  {number}. {_fix(fix)}"))
        if number in commands:
            each = commands[number]
            lines = (each.try_it, each.evaluate, each.release)
            terminal.show(*(Text(f"     {line}", style="dim") for line in lines))
            terminal.show(Text(f"     to keep it, write {'; '.join(each.write)}", style="dim"))


def _fix(fix: Fix) -> str:
    """A fix in a line: how often the answer passes with it, what it costs more, and what it does to good answers."""
    said = fix.advice
    if fix.asked:
        said += f"; {fix.passed} of {fix.asked} pass with it"
    if fix.changes:
        more = "what it costs is not known" if fix.cost_usd is None else f"{words.usd(fix.cost_usd)} more an answer"
        said += "; costs nothing more" if fix.cost_usd == 0 else f"; {more}"
    effects = fix.side_effects
    if effects is not None:
        low, high = effects.share.low, effects.share.high
        between = "" if low is None or high is None else f" (95 % interval {low:.0%} to {high:.0%})"
        said += f"; of {effects.asked} good answers {effects.broken} are worse with it{between}"
    elif fix.changes:
        said += "; what it does to good answers is not known"
    return said
