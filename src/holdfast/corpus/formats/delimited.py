"""CSV as a table. Knows nothing of what its columns mean; rows that are documents each are the `rows` source's."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Iterator

from holdfast.corpus.cleaned import Cleaned, Unreadable, findings
from holdfast.corpus.formats.grid import Line, read_grid
from holdfast.corpus.text import decode

DELIMITERS = ",;\t|"
SAMPLE_LINES = 50
LONGEST_FIELD = 16_000_000


def read_csv(body: bytes) -> Cleaned:
    """A CSV as one table, whatever its encoding and its delimiter. Raises Unreadable.

    A row that is shorter than the others is filled up, a longer one keeps its cells.
    """
    text, noticed = decode(body, None)
    counts: Counter[str] = Counter()
    try:
        markdown, tables = read_grid(_lines(text, delimiter_of(text), counts), ())
    except csv.Error as error:
        raise Unreadable(f"not valid CSV: {error}") from error
    return Cleaned(markdown, None, (*noticed, *findings(counts)), tables=tables)


def delimiter_of(text: str) -> str:
    """The delimiter that cuts most of the first rows into the same number of cells, the more the better."""
    sample = "".join(text.splitlines(keepends=True)[:SAMPLE_LINES])
    best, most = ",", (0.0, 0)
    for delimiter in DELIMITERS:
        try:
            widths = Counter(len(row) for row in csv.reader(io.StringIO(sample), delimiter=delimiter) if row)
        except csv.Error:
            continue
        width, rows = max(widths.items(), key=lambda item: (item[0] > 1, item[1], item[0]), default=(1, 0))
        fits = (rows / widths.total() if width > 1 else 0.0, width)
        if fits > most:
            best, most = delimiter, fits
    return best


def _lines(text: str, delimiter: str, counts: Counter[str]) -> Iterator[Line]:
    if csv.field_size_limit() < LONGEST_FIELD:
        csv.field_size_limit(LONGEST_FIELD)
    widths: Counter[int] = Counter()
    for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        cells = tuple(cell.strip() for cell in row)
        if any(cells):
            widths[len(cells)] += 1
            yield Line(cells)
    if widths:
        counts["rows_uneven"] = widths.total() - max(widths.values())
