"""Makes a sentence of a Markdown passage readable by itself: links and emphasis undone, a table row as a record.

Does not know why it is shown. Every word and number that comes out stands in the passage.
"""

from __future__ import annotations

import re
from itertools import groupby

from holdfast.support.sentences import Span

_IMAGE = re.compile(r"!\[([^\]]*)\]\([^)]*\)")
_LINK = re.compile(r"\[([^\]]+)\]\((?:[^()\s]|\([^)]*\))*(?:\s\"[^\"]*\")?\)")
_EMPHASIS = re.compile(r"(?<![\w*])(\*\*|__|\*)(?=\S)(.+?)(?<=\S)\1(?![\w*])")
_FOOTNOTE = re.compile(r"\s?\[\^?\s?\d{1,3}(?:\s?[,–-]\s?\d{1,3})*\s?\](?!\()")
_QUOTED = re.compile(r"^(?:(?:>\s?)+(?:\[![A-Za-z]+\]\s*)?|:\s+)", re.MULTILINE)  # a quotation, a definition
_NOTHING = re.compile(r"[\s–—-]*")
_PIPE = re.compile(r"(?<!\\)\|")
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_LEVEL = re.compile(r"\s*>\s*")  # between the levels of a table's header
_SHORT_WORDS = 6  # cells up to this long are read after their column's name without a colon


def readable(span: Span, header: tuple[str, ...] = ()) -> str:
    """The sentence for reading; code as it is. `header` names the columns of a row's table."""
    if span.kind == "code":
        return span.text
    if span.kind == "row":
        row = cells(span.text)
        return _record(header, row) if len(header) == len(row) else "; ".join(cell for cell in row if cell)
    return _inline(" ".join(_QUOTED.sub("", span.text).split()))


def cells(row: str) -> list[str]:
    """The cells of a table row, tidied."""
    return [_inline(_BREAK.sub(" ", cell.strip()).replace(r"\|", "|")) for cell in _PIPE.split(row.strip().strip("|"))]


def _inline(text: str) -> str:
    # A source's own reference marks would be taken for citations.
    return _EMPHASIS.sub(r"\2", _LINK.sub(r"\1", _FOOTNOTE.sub("", _IMAGE.sub(r"\1", text)))).strip()


def _record(header: tuple[str, ...], row: list[str]) -> str:
    """ "Pro: Seats 20, Price $49"; "Austria – Standard: Price €6, Days 2; Express: Price €9, Days 1" where the header
    has two levels. Cells that are empty, or say again what the row is called, are left out."""
    columns = [_LEVEL.split(name) for name in header]
    leading = 1
    if any(len(path) > 1 for path in columns):
        leading = max(1, next(n for n, path in enumerate(columns) if len(path) > 1))
    label = ", ".join(dict.fromkeys(cell for cell in row[:leading] if cell))
    rest = [
        (path, cell)
        for path, cell in zip(columns[leading:], row[leading:], strict=True)
        if cell and cell not in row[:leading] and not _NOTHING.fullmatch(cell)
    ]
    long = any(len(cell.split()) > _SHORT_WORDS for _, cell in rest)
    groups = []
    for above, members in groupby(rest, key=lambda pair: " ".join(pair[0][:-1])):
        said: list[str] = []
        before = ""
        for path, cell in members:
            if cell != before or any(map(str.isdigit, cell)):  # words said twice come of one cell over two columns
                said.append(f"{path[-1]}: {cell}" if path[-1] and long else f"{path[-1]} {cell}".strip())
            before = cell
        groups.append(f"{above}: {(', ', '; ')[long].join(said)}" if above else (", ", "; ")[long].join(said))
    if not label or not groups:
        return label or "; ".join(groups)
    grouped = any(len(path) > 1 for path, _ in rest)
    return f"{label}{' –' if grouped else ':'} {'; '.join(groups)}"
