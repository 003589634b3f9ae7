"""An evaluation on a terminal. Knows nothing of any other form."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.text import Text

from holdfast.cli import figures, words
from holdfast.cli.eval_judges import judging_lines
from holdfast.cli.terminal import table
from holdfast.evals.verdict import verdict_of

if TYPE_CHECKING:
    from holdfast.cli.terminal import Terminal
    from holdfast.evals.evaluate import Evaluated

_STYLES = MappingProxyType({"met": "green", "missed": "red", "unmeasured": "yellow", "inconclusive": "yellow"})
_MOST = 20
"""Cases that are shown; a report has them all."""


def show_evaluated(terminal: Terminal, evaluated: Evaluated) -> None:
    """The measures, the cases that did not pass with what to type next, and what it comes to."""
    evaluation = evaluated.evaluation
    rows = [
        (*row[:-1], Text(row[-1], style=_STYLES.get(row[-1], ""))) for row in map(figures.row, evaluation.standings)
    ]
    terminal.show(table(*figures.HEADINGS, rows=rows))
    for line in judging_lines(evaluation):
        terminal.show(Text(line))
    failed = [result for result in evaluated.results if not result.passed]
    must = {case.id for case in evaluated.cases if case.must_pass}
    failed.sort(key=lambda result: result.case not in must)
    if failed:
        terminal.show("", Text("did not pass", style="bold"))
    for result in failed[:_MOST]:
        name = figures.name_of(result) + ("  (must pass)" if result.case in must else "")
        terminal.show(Text(f"  {name}: {words.one_line('; '.join(result.wrong), 200)}"))
        terminal.show(Text(f"    {figures.replay_of(result)}", style="dim"))
    if len(failed) > _MOST:
        terminal.show(Text(f"  and {len(failed) - _MOST} more: --format md --out FILE has them all", style="dim"))
    terminal.show("", Text(figures.headline(evaluation)))
    terminal.show(Text(figures.conclusion(evaluation), style=_STYLES[verdict_of(evaluation)]))
    terminal.show(Text(figures.origin(evaluation), style="dim"))
    if evaluation.finished_at is None:
        terminal.show(Text(f"next: holdfast eval {evaluation.feature} --resume", style="dim"))
