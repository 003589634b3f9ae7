"""Rows of cells as tables: what stands above a table, where one ends, and which row is its header.

Knows nothing of the file that the rows come from.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from holdfast.corpus import tables
from holdfast.corpus.html_flow import escaped
from holdfast.corpus.text import normalise
from holdfast.documents import Table

LONGEST_NAME = 120  # characters of a column's name
_DATA = re.compile(
    r"[-+(]?\s*[$€£¥]?\s*[-+]?\d[\d.,'’\s]*(?:e[-+]?\d+)?\s*(?:%|[$€£¥]|[a-z]{1,3})?\)?"
    r"|\d{4}-\d{2}-\d{2}\b.*|\d{1,2}[./-]\d{1,2}[./-]\d{2,4}|true|false",
    re.IGNORECASE,
)
_MARKUP = re.compile(r"(?:[-+*>]|#{1,6})(?:\s|$)|[|`~-]{3}|\|")
_YEAR = re.compile(r"(?:19|20)\d\d")


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a sheet as text. `joined`: a cell of it was merged with others beside it, and stands in each of them."""

    cells: tuple[str, ...]
    joined: bool = False


@dataclass(slots=True)
class _Block:
    """Rows that belong together, while they are gathered."""

    above: list[str] = field(default_factory=list)
    lines: list[Line] = field(default_factory=list)
    data: Counter[int] = field(default_factory=Counter)  # by column: how many cells are numbers or dates

    def add(self, line: Line) -> None:
        self.lines.append(line)
        for column, cell in enumerate(line.cells):
            if cell and is_data(cell):
                self.data[column] += 1


def is_data(cell: str) -> bool:
    """Whether a cell holds a number, an amount, a date or a truth value rather than words."""
    return _DATA.fullmatch(cell.strip()) is not None


def read_grid(lines: Iterable[Line], headings: tuple[str, ...]) -> tuple[str, tuple[Table, ...]]:
    """The rows as Markdown and as tables: no cell moves, none is lost, and empty rows and columns are left out.

    A row of one cell above a table is its title. An empty row ends a table where a title follows, or where words
    stand below a column of numbers: the header of the next.
    """
    reader = _Reader(headings)
    for line in lines:
        reader.take(line)
    reader.close()
    return "\n\n".join(reader.said), tuple(reader.found)


class _Reader:
    """Gathers rows and writes a table whenever one ends."""

    def __init__(self, headings: tuple[str, ...]) -> None:
        self.said: list[str] = []
        self.found: list[Table] = []
        self._headings = headings
        self._block = _Block()
        self._held: list[Line] = []  # rows of one cell after an empty row: a title if a header follows, else rows
        self._gap = False

    def take(self, line: Line) -> None:
        if not any(line.cells):
            self._gap = True
        elif _title(line) and not self._block.lines:
            self._block.above.append(_title(line))
        elif _title(line) and (self._gap or self._held):
            self._held.append(line)
        else:
            self._row(line)
            self._gap = False

    def _row(self, line: Line) -> None:
        if self._block.lines and (self._held or self._gap):
            if is_header(line.cells) if self._held else _begins(self._block, line):
                above = [_title(held) for held in self._held]
                self._held = []
                self.close()
                self._block.above = above
            for held in self._held:
                self._block.add(held)
            self._held = []
        self._block.add(line)

    def close(self) -> None:
        """Write what was gathered."""
        notes = [_title(held) for held in self._held]
        self.said += [_text(text) for text in self._block.above]
        if self._block.lines:
            table = _table(self._block, self._headings)
            self.found.append(table)
            shown = tables.Table(tuple(map(_shown, table.header)), tuple(tuple(map(_shown, r)) for r in table.rows))
            self.said.append(tables.write_table(shown))
        self.said += [_text(text) for text in notes]
        self._block, self._held = _Block(), []


def _title(line: Line) -> str:
    """The only value of a row; nothing where it has several."""
    filled = [cell for cell in line.cells if cell]
    return filled[0] if len(filled) == 1 or (line.joined and len(set(filled)) == 1) else ""


def _begins(block: _Block, line: Line) -> bool:
    """Whether a row after an empty one is the header of another table."""
    half = len(block.lines) / 2
    return is_header(line.cells) and any(
        count > half and column < len(line.cells) and line.cells[column] and not is_data(line.cells[column])
        for column, count in block.data.items()
    )


def is_header(cells: Sequence[str], *, joined: bool = False) -> bool:
    """Whether a first row names the columns: short words, each once, for more than half of them; years may be names."""
    filled = [cell for cell in cells if cell]
    if not filled or len(filled) * 2 <= len(cells) or max(map(len, filled)) > LONGEST_NAME:
        return False
    words = [cell for cell in filled if not is_data(cell)]
    names = all(not is_data(cell) or _YEAR.fullmatch(cell) for cell in filled)
    return names and bool(words) and (joined or len(set(filled)) == len(filled))


def _table(block: _Block, headings: tuple[str, ...]) -> Table:
    """The rows of a block under their header, columns that are empty throughout left out."""
    wide = max(len(line.cells) for line in block.lines)
    padded = [Line(line.cells + ("",) * (wide - len(line.cells)), line.joined) for line in block.lines]
    used = [column for column in range(wide) if any(line.cells[column] for line in padded)]
    rows = [Line(tuple(normalise(line.cells[column]).strip() for column in used), line.joined) for line in padded]
    depth = _header_rows(rows)
    return Table(
        caption=" ".join(block.above[-1].split()) if block.above else "",
        headings=headings,
        header=tuple(_path([row.cells[column] for row in rows[:depth]]) for column in range(len(used))),
        rows=tuple(row.cells for row in rows[depth:]),
    )


def _header_rows(rows: Sequence[Line]) -> int:
    """How many first rows are the header: one, or more where names are merged over the names below them."""
    depth = 0
    while depth < len(rows) - 1 and rows[depth].joined and is_header(rows[depth].cells, joined=True):
        depth += 1
    if depth == len(rows) - 1 or not is_header(rows[depth].cells):
        return depth if len(rows) > 1 else 0
    return depth + 1


def _path(names: Sequence[str]) -> str:
    """Names of a column from top to bottom as `Price > Month`, one that spans rows said once."""
    kept = [name for index, name in enumerate(names) if name and name not in names[max(0, index - 1) : index]]
    return " > ".join(" ".join(name.split()) for name in kept)


def _text(title: str) -> str:
    """A row of one cell as a paragraph, which nothing at its start makes a heading or a list."""
    text = escaped(" ".join(normalise(title).split()))
    return "\\" + text if _MARKUP.match(text) else text


def _shown(cell: str) -> str:
    """A cell on the one line that a Markdown table gives it."""
    return "<br>".join(escaped(line.strip()) for line in cell.splitlines() if line.strip())
