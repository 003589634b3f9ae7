"""What a command writes for a person: text and tables on stdout, notes and progress on stderr.

Knows nothing of what they say. Colours and progress appear on a terminal only; NO_COLOR is honoured.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Literal

from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from holdfast.contracts import Progress, silent

_WIDE = 160
"""Columns of a table where there is no terminal to ask."""


_IDS = ("recording", "replay", "id", "corpus", "version")


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command, which knows the exit code."""
        raise BrokenPipeError


class Terminal:
    """Both streams of a command."""

    def __init__(self) -> None:
        self.out = _console(stderr=False)
        self.err = _console(stderr=True)

    def show(self, *lines: RenderableType) -> None:
        """Write to stdout, each line as it is; long ones are not broken."""
        for line in lines:
            self.out.print(line, soft_wrap=not isinstance(line, Table))

    def note(self, text: str, style: str = "dim") -> None:
        """Write to stderr."""
        self.err.print(Text(text, style=style), soft_wrap=True)

    @contextmanager
    def progress(self, label: str) -> Iterator[Progress]:
        """Told of long work, shows it on stderr while it lasts; on anything but a terminal it shows nothing."""
        if not self.err.is_terminal:
            yield silent
            return
        from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
        from rich.progress import Progress as Bars

        columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Bars(*columns, TimeElapsedColumn(), console=self.err, transient=True) as bars:
            task = bars.add_task(label, total=None)
            yield lambda stage, done, total: bars.update(
                task, description=f"{label}: {stage}", completed=done, total=total
            )

    @contextmanager
    def spinner(self, label: str) -> Iterator[Callable[[str], None]]:
        """Like `progress`, for work that says lines instead of numbers."""
        if not self.err.is_terminal:
            yield _unheard
            return
        with self.err.status(label) as status:
            yield lambda line: status.update(f"{label}: {line}")


def table(*columns: str, rows: Sequence[Sequence[str | Text]]) -> Table:
    """A plain table: no lines, ids never broken."""
    made = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        made.add_column(column, overflow="fold", no_wrap=column in _IDS)
    for row in rows:
        made.add_row(*row)
    return made


def _unheard(line: str) -> None:
    """The listener of a pull that nobody watches."""
    del line


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() else _WIDE
    colours: Literal["auto"] | None = None if os.environ.get("NO_COLOR") else "auto"
    return _Console(stderr=stderr, markup=False, highlight=False, emoji=False, width=width, color_system=colours)
