"""A feature's cases for a person. Knows nothing of where they are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from holdfast.cli import words
from holdfast.cli.terminal import Terminal, table
from holdfast.evals.wear import Wear, warning
from holdfast.store.preview import preview

if TYPE_CHECKING:
    from holdfast.evals.last_results import LastResult
    from holdfast.evals.listing import CaseSet


def show_set(terminal: Terminal, of: CaseSet) -> None:
    """The cases, one a line, then the slices, then how worn the sets are."""
    hidden = of.audit is not None
    rows = [
        (
            each.case.id,
            *((each.set,) if hidden else ()),
            "must pass" if each.case.must_pass else "",
            ", ".join(each.case.tags),
            _came(each.last),
            Text(preview(each.case.input) or "", no_wrap=True, overflow="ellipsis"),
        )
        for each in of.cases
    ]
    columns = ("case", *(("set",) if hidden else ()), "", "tags", "last result", "input")
    terminal.show(Text(of.feature, style="bold"), table(*columns, rows=rows), "")
    if of.slices:
        slices = [(each.tag, *map(str, (each.cases, each.passed, each.failed, each.flaky))) for each in of.slices]
        terminal.show(table("slice", "cases", "passed", "failed", "flaky", rows=slices), "")
    for name, wear in (("working", of.working), ("audit", of.audit)):
        if wear is not None:
            terminal.show(_worn(name, wear))
            if (said := warning(wear)) is not None:
                terminal.show(Text(f"worn: {said}", style="yellow"))


def _came(last: LastResult | None) -> str:
    if last is None:
        return "-"
    share = f" {last.passed} of {last.asked}" if last.came == "flaky" else ""
    return f"{last.came}{share}, {words.age(last.at)}"


def _worn(name: str, wear: Wear) -> str:
    decisions = words.counted(round(wear.decisions), "gate decision")
    return f"{name} set: {words.counted(wear.cases, 'case')}, {decisions} each"
