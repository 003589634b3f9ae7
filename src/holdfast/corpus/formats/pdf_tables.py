"""Tables in a PDF, where lines are ruled around their cells. Knows nothing of the text outside them.

A table that no line is drawn in stays text: where its columns are can only be guessed, and a wrong guess moves values.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from holdfast.corpus.formats.pdf_page import Box, Page, Piece, around

SLACK = 3.0  # points by which lines that should meet may miss each other
MOST_CELLS = 5000
MOST_RULES = 3000  # of a page: what has more is a drawing
Place = tuple[int, int]
Owner = dict[Place, Place]


def take_tables(page: Page) -> list[Piece]:
    """The page's pieces, those of each ruled table replaced by the table as one piece, in HTML."""
    pieces = list(page.pieces)
    if len(page.rules) > MOST_RULES:
        return pieces
    for group in _groups(page.rules):
        table = _Ruled(group)
        if table.columns < 2 or table.rows < 2 or table.columns * table.rows > MOST_CELLS:
            continue
        inside = [
            piece for piece in pieces if table.box.holds((piece.box.left + piece.box.right) / 2, piece.box.middle)
        ]
        html = table.html(inside)
        if html:
            size, taken = inside[0].size, set(map(id, inside))
            pieces = [piece for piece in pieces if id(piece) not in taken]
            pieces.append(Piece("", table.box, size, html=html))
    return pieces


def _groups(rules: Sequence[Box]) -> list[list[Box]]:
    """Rules that touch, directly or through others."""
    left = sorted(rules, key=lambda rule: -rule.top)
    groups: list[tuple[Box, list[Box]]] = []
    for rule in left:
        near = [group for group in groups if _touch(group[0], rule)]
        joined = [rule, *(one for group in near for one in group[1])]
        groups = [group for group in groups if group not in near]
        groups.append((around([rule, *(group[0] for group in near)]), joined))
    return [group for _, group in groups if len(group) >= 4]


def _touch(one: Box, other: Box) -> bool:
    return (
        one.left - SLACK <= other.right
        and other.left - SLACK <= one.right
        and one.bottom - SLACK <= other.top
        and other.bottom - SLACK <= one.top
    )


def _places(values: Iterable[float]) -> list[float]:
    """The values in order, those within the slack of each other as one."""
    found: list[float] = []
    for value in sorted(values):
        if not found or value - found[-1] > SLACK:
            found.append(value)
    return found


class _Ruled:
    """A grid of ruled lines. Cells with no line between them are one cell."""

    def __init__(self, rules: Sequence[Box]) -> None:
        self._upright = [rule for rule in rules if rule.height > rule.right - rule.left]
        self._level = [rule for rule in rules if rule.height <= rule.right - rule.left]
        self._xs = _places(rule.left for rule in self._upright)
        self._ys = _places(rule.middle for rule in self._level)[::-1]
        self.box = around(list(rules))

    @property
    def columns(self) -> int:
        return len(self._xs) - 1

    @property
    def rows(self) -> int:
        return len(self._ys) - 1

    def html(self, pieces: Sequence[Piece]) -> str:
        """The table with the pieces in its cells; empty where less than half of the rows have two cells with text."""
        owner, reach = self._owners()
        texts: dict[Place, list[Piece]] = {}
        for piece in pieces:
            column = self._at(self._xs, (piece.box.left + piece.box.right) / 2)
            row = self._at([-y for y in self._ys], -piece.box.middle)
            texts.setdefault(owner[row, column], []).append(piece)
        full = sum(len([cell for cell in texts if cell[0] == row]) > 1 for row in range(self.rows))
        if full < 2 or full * 2 < self.rows:
            return ""
        depth = self._header_rows(owner)
        lines = [self._row(row, "th" if row < depth else "td", reach, texts) for row in range(self.rows)]
        return f"<table><thead>{''.join(lines[:depth])}</thead>{''.join(lines[depth:])}</table>"

    @staticmethod
    def _at(places: Sequence[float], value: float) -> int:
        return max(0, min(len(places) - 2, sum(place <= value for place in places) - 1))

    def _header_rows(self, owner: Owner) -> int:
        """One, or as many as the first row's cells reach down, where one of them also reaches over several columns."""
        first = [cell for cell, start in owner.items() if start[0] == 0]
        joined = any(owner[0, column] == owner[0, column + 1] for column in range(self.columns - 1))
        depth = 1 + max(row for row, _ in first) if joined else 1
        return depth if depth < self.rows else 1

    def _row(self, row: int, tag: str, reach: dict[Place, Place], texts: dict[Place, list[Piece]]) -> str:
        cells: list[str] = []
        for column in range(self.columns):
            if (row, column) not in reach:
                continue
            high, wide = reach[row, column]
            spans = f' rowspan="{high}" colspan="{wide}"' if high > 1 or wide > 1 else ""
            inside = sorted(texts.get((row, column), ()), key=lambda piece: (-round(piece.box.middle), piece.box.left))
            text = escape(" ".join(piece.text for piece in inside))
            cells.append(f"<{tag}{spans}>{text}</{tag}>")
        return f"<tr>{''.join(cells)}</tr>"

    def _owners(self) -> tuple[Owner, dict[Place, Place]]:
        """For each cell of the grid the first cell of the one it is part of, and how high and wide each of these is.

        What is no rectangle is not joined.
        """
        owner: Owner = {}
        reach: dict[Place, Place] = {}
        for row in range(self.rows):
            for column in range(self.columns):
                if (row, column) in owner:
                    continue
                wide = 1
                while (
                    column + wide < self.columns
                    and (row, column + wide) not in owner
                    and not self._split_right(row, column + wide - 1)
                ):
                    wide += 1
                high = 1
                while row + high < self.rows and all(
                    (row + high, column + at) not in owner and not self._split_below(row + high - 1, column + at)
                    for at in range(wide)
                ):
                    high += 1
                reach[row, column] = (high, wide)
                for down in range(high):
                    for across in range(wide):
                        owner[row + down, column + across] = (row, column)
        return owner, reach

    def _split_right(self, row: int, column: int) -> bool:
        x, y = self._xs[column + 1], (self._ys[row] + self._ys[row + 1]) / 2
        return any(abs(rule.left - x) <= SLACK and rule.bottom <= y <= rule.top for rule in self._upright)

    def _split_below(self, row: int, column: int) -> bool:
        y, x = self._ys[row + 1], (self._xs[column] + self._xs[column + 1]) / 2
        return any(abs(rule.middle - y) <= SLACK and rule.left <= x <= rule.right for rule in self._level)
