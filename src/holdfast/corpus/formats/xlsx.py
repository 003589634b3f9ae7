"""Excel workbooks: each sheet a heading and its tables. Knows nothing of charts, pictures and macros.

openpyxl reads the cells in a stream, with their number formats; what it does not say in that mode (which cells are
merged, which rows and columns are hidden, which formulas were never calculated) is read from the sheet's own XML.
"""

from __future__ import annotations

import io
import zipfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree import ElementTree  # expat refuses entities that blow up, and fetches none

from holdfast.corpus.cleaned import Cleaned, Unreadable, findings
from holdfast.corpus.formats.archive import open_archive, told_as_damage
from holdfast.corpus.formats.cells import shown
from holdfast.corpus.formats.grid import Line, read_grid
from holdfast.corpus.html_flow import escaped
from holdfast.documents import Removed, Table

MOST_XML = 256_000_000
MOST_ROWS = 1_048_576  # no sheet has more
MOST_CELLS = 2_000_000
MOST_COPIES = 500_000  # cells that merged ranges may fill
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@dataclass(slots=True)
class _Layout:
    """What a sheet's XML says besides its values; rows and columns count from 1."""

    merged: list[tuple[int, int, int, int]] = field(default_factory=list)  # first and last column, first and last row
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    without_value: int = 0


def read_xlsx(body: bytes) -> Cleaned:
    """Every sheet a reader sees, under its name. Merged cells are copied into all they cover. Raises Unreadable.

    Hidden sheets, rows and columns are `removed`. Percentages and amounts of money read as they are shown, dates as in
    ISO 8601.
    """
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    archive = open_archive(body, most_xml=MOST_XML)
    counts: Counter[str] = Counter()
    texts, tables, removed = list[str](), list[Table](), list[Removed]()
    with told_as_damage(InvalidFileException):
        book = openpyxl.load_workbook(io.BytesIO(body), read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            layout = _layout(archive, sheet)
            counts["formula_without_value"] += layout.without_value
            hidden: list[str] = []
            text, found = read_grid(_lines(sheet, layout, hidden, counts), (sheet.title,))
            if hidden:
                removed.append(Removed("hidden", "\n".join(hidden)))
            if not text:
                continue
            if sheet.sheet_state != "visible":
                removed.append(Removed("hidden", f"{sheet.title}\n\n{text}"))
                continue
            texts.append(f"# {escaped(' '.join(sheet.title.split()))}\n\n{text}")
            tables += found
        title = (book.properties.title or "").strip()
    counts["hidden_text_dropped"] = len(removed)
    return Cleaned("\n\n".join(texts), title or None, findings(counts), tuple(removed), tuple(tables))


def _lines(sheet: Any, layout: _Layout, hidden: list[str], counts: Counter[str]) -> Iterator[Line]:
    """The rows a reader sees; what the hidden ones hold goes to `hidden`."""
    sheet.reset_dimensions()  # what a file says of its size is often a million rows
    copies = _Copies(layout)
    cells_read = 0
    for number, row in enumerate(sheet.iter_rows(), 1):
        values = [shown(cell.value, cell.number_format) if cell.value is not None else "" for cell in row]
        while values and not values[-1]:
            values.pop()
        cells_read += len(values)
        if cells_read > MOST_CELLS:
            counts["end_cut"] += 1
            return
        joined = copies.fill(number, values)
        unseen = layout.hidden_columns if number not in layout.hidden_rows else range(1, len(values) + 1)
        if unseen:
            kept = [value for column, value in enumerate(values, 1) if column not in unseen]
            hidden += [value for column, value in enumerate(values, 1) if column in unseen and value]
            values = kept
        if number in layout.hidden_rows:
            continue  # no gap between the rows around it
        yield Line(tuple(values), joined)


class _Copies:
    """Fills merged ranges with the value of their first cell, row by row."""

    def __init__(self, layout: _Layout) -> None:
        self._starts: dict[int, list[tuple[int, int, int]]] = {}
        left = MOST_COPIES
        for first, last, top, bottom in layout.merged:
            cells = (last - first + 1) * (bottom - top + 1)
            if cells <= left:
                left -= cells
                self._starts.setdefault(top, []).append((first, last, bottom))
        self._open: list[tuple[int, int, int, str]] = []

    def fill(self, number: int, values: list[str]) -> bool:
        """Copy into `values`, the cells of row `number`; whether any of it was joined with cells beside it."""
        self._open = [merged for merged in self._open if merged[2] >= number]
        for first, last, bottom in self._starts.get(number, ()):
            value = values[first - 1] if first <= len(values) else ""
            if value:
                self._open.append((first, last, bottom, value))
        for first, last, _, value in self._open:
            values += [""] * (last - len(values))
            values[first - 1 : last] = [value] * (last - first + 1)
        return any(last > first for first, last, _, _ in self._open)


def _layout(archive: zipfile.ZipFile, sheet: Any) -> _Layout:
    """Read in a stream. Raises SyntaxError for XML that is broken."""
    from openpyxl.utils import range_boundaries

    found = _Layout()
    with archive.open(sheet._worksheet_path.lstrip("/")) as handle:
        formula = value = False
        number = 0
        for event, element in ElementTree.iterparse(handle, ("start", "end")):  # noqa: S314  # see above
            tag = element.tag
            if event == "start":
                if tag == f"{_MAIN}row":
                    number = int(element.get("r") or number + 1)
                    if number > MOST_ROWS:
                        raise Unreadable(f"it is damaged: it has a row {number}")
                    if element.get("hidden") in ("1", "true"):
                        found.hidden_rows.add(number)
                continue
            if tag == f"{_MAIN}f":
                formula = True
            elif tag in (f"{_MAIN}v", f"{_MAIN}is"):
                value = tag == f"{_MAIN}is" or bool(element.text)
            elif tag == f"{_MAIN}c":
                found.without_value += formula and not value
                formula = value = False
            elif tag == f"{_MAIN}row":
                element.clear()
            elif tag == f"{_MAIN}col" and element.get("hidden") in ("1", "true"):
                last = min(int(element.get("max") or 0), 16_384)
                found.hidden_columns.update(range(int(element.get("min") or 1), last + 1))
            elif tag == f"{_MAIN}mergeCell":
                first, top, last, bottom = range_boundaries(element.get("ref") or "")
                found.merged.append((first, last, top, bottom))
    return found
