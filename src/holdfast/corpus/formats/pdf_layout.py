"""Pieces of a page in the order they are read, as lines and paragraphs. Knows nothing of fonts' meaning or of tables.

Columns are found by the white between them: bands of lines are put together while one gutter runs through all of them
(an XY cut, Nagy and Seth 1984, with the bands merged so that columns stay whole).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean, median

from holdfast.corpus.formats.pdf_page import Box, Piece, around

COLUMN_LINES = 3  # a column has at least as many lines
COLUMN_CHARACTERS = 18  # and its pieces are lines of prose, not cells: so long on average
MOST_DEEP = 6
MOST_PIECES = 1500  # of a page: what has more is no prose in columns, and is read line by line
_ITEM = re.compile(r"(?:[•◦▪■●‣∙·*–—-]|o|\uf0b7|\(?(?:\d{1,3}|[a-zA-Z])[.)])\s+(?=\S)")


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it is read."""

    text: str
    box: Box
    size: float
    bold: bool
    html: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Lines that belong together. `item` is the mark it began with: it is an item of a list."""

    lines: tuple[Line, ...]
    item: str = ""


def ordered(pieces: Sequence[Piece], depth: int = 0) -> list[list[Line]]:
    """The pieces as columns of lines, in reading order."""
    if not pieces:
        return []
    if len(pieces) > MOST_PIECES:
        return [_lines(pieces)]
    columns: list[list[Line]] = []
    for group in _bands(pieces):
        cut = _gutter(group) if depth < MOST_DEEP else None
        if cut is None:
            lines = _lines(group)
            if columns and not depth:
                columns[-1] += lines
            else:
                columns.append(lines)
            continue
        for side in (
            [piece for piece in group if piece.box.right <= cut],
            [piece for piece in group if piece.box.right > cut],
        ):
            columns += ordered(side, depth + 1)
        columns.append([])  # what follows stands below both
    return [column for column in columns if column]


def _bands(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """The pieces from top to bottom, cut where nothing crosses; neighbours put together while a gutter runs through."""
    bands: list[list[Piece]] = []
    low = 0.0
    for piece in sorted(pieces, key=lambda piece: -piece.box.top):
        if bands and piece.box.top > low + 0.25 * piece.size:
            bands[-1].append(piece)
            low = min(low, piece.box.bottom)
        else:
            bands.append([piece])
            low = piece.box.bottom
    merged: list[list[Piece]] = []
    for band in bands:
        together = [*merged[-1], *band] if merged else band
        if merged and _gutters(merged[-1]) and _gutters(together):
            merged[-1] = together
        else:
            merged.append(band)
    return merged


def _gutters(pieces: Sequence[Piece]) -> list[tuple[float, float]]:
    """The upright strips of white with pieces on both sides, wider than a line is high."""
    found: list[tuple[float, float]] = []
    boxes = sorted((piece.box.left, piece.box.right) for piece in pieces)
    width = median(piece.size for piece in pieces)
    reach = boxes[0][1]
    for left, right in boxes[1:]:
        if left - reach > 0.6 * width:
            found.append((reach, left))
        reach = max(reach, right)
    return found


def _gutter(pieces: Sequence[Piece]) -> float | None:
    """Where a column ends, if what stands on both sides is prose in several lines."""
    for start, end in _gutters(pieces):
        cut = (start + end) / 2
        left = [piece for piece in pieces if piece.box.right <= cut]
        right = [piece for piece in pieces if piece.box.left >= cut]
        if all(_is_prose(side) for side in (left, right)):
            return cut
    return None


def _is_prose(side: Sequence[Piece]) -> bool:
    rows = len({round(piece.box.middle / max(1.0, piece.size)) for piece in side})
    return rows >= COLUMN_LINES and mean(len(piece.text) for piece in side) >= COLUMN_CHARACTERS


def _lines(pieces: Sequence[Piece]) -> list[Line]:
    """Pieces of one column put together where they stand on one line."""
    rows: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda piece: -piece.box.middle):
        row = rows[-1] if rows else []
        same = row and not piece.html and not row[0].html
        if same and abs(row[0].box.middle - piece.box.middle) < 0.5 * min(row[0].size, piece.size):
            row.append(piece)
        else:
            rows.append([piece])
    lines: list[Line] = []
    for row in rows:
        row.sort(key=lambda piece: piece.box.left)
        longest = max(row, key=lambda piece: len(piece.text))
        text = " ".join(piece.text for piece in row)
        bold = all(piece.bold for piece in row)
        lines.append(Line(text, around([piece.box for piece in row]), longest.size, bold, row[0].html))
    return lines


def paragraphs(column: Sequence[Line]) -> list[Paragraph]:
    """The lines of a column, put together while they run on: same letters, no wider gap, no new item of a list."""
    done: list[Paragraph] = []
    right = max(line.box.right for line in column)
    for line in column:
        mark = _ITEM.match(line.text)
        last = done[-1] if done else None
        if last is not None and not mark and _runs_on(last, line, right):
            done[-1] = Paragraph((*last.lines, line), last.item)
        elif mark and not line.html and len(mark[0]) < len(line.text):
            rest = Line(line.text[mark.end() :], line.box, line.size, line.bold)
            done.append(Paragraph((rest,), mark[0].strip()))
        else:
            done.append(Paragraph((line,)))
    return done


def _runs_on(before: Paragraph, line: Line, right: float) -> bool:
    last = before.lines[-1]
    if line.html or last.html or line.bold != last.bold or abs(line.size - last.size) > 0.12 * last.size:
        return False
    gap = last.box.bottom - line.box.top
    pitch = before.lines[-2].box.bottom - last.box.top if len(before.lines) > 1 else 0.45 * last.size
    if gap > max(pitch, 0.0) + 0.3 * last.size:
        return False
    if before.item:
        return line.box.left > before.lines[0].box.left + 1
    ended = last.box.right < right - 0.25 * (right - last.box.left) and last.text.rstrip()[-1:] in ".!?:"
    indented = line.box.left > last.box.left + 0.8 * line.size and len(before.lines) > 1
    return not (ended or indented)
