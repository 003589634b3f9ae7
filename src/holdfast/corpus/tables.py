"""Tables in Markdown: written from rows, read back, and told as one record a row.

It does not know where a table comes from, nor how a long one is cut into chunks.

A record says everything a row says without its table: "Plan: Pro; Region: US; Limit: 20". The Markdown table stays the
one stored form; records are derived from it when text is indexed, so both always agree.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

_PIPE = re.compile(r"\\.|\|", re.S)
_DELIMITER = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?")
_ROW_NAME = re.compile(r"\*\*([^*]+)\*\*")
_BREAK = re.compile(r"\s*<br ?/?>\s*(?:[-*+] )?", re.I)


@dataclass(frozen=True, slots=True)
class Table:
    """A header, all of it empty where the table has none, and rows of cells, in Markdown without `|` escapes."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def escape_cell(text: str) -> str:
    r"""`text` as one cell of a Markdown table: one line, every `|` escaped. `split_row` reads it back."""
    if "|" in text:
        text = re.sub(r"(?<!\\)\\*\|", lambda pipe: pipe[0][:-1] * 2 + r"\|", text)
    return text


def write_table(table: Table) -> str:
    """The table as GitHub-flavoured Markdown; a row shorter than the header leaves its last cells out."""
    lines = [_line(table.header), "|" + " --- |" * len(table.header)]
    lines.extend(map(_line, table.rows))
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(escape_cell, cells)) + " |"


@lru_cache(4096)  # a document's tables are read as values, and then again as records
def split_row(line: str) -> tuple[str, ...]:
    r"""The cells of one line of a Markdown table, stripped, `\|` as `|`."""
    line = line.strip()
    if "\\" not in line:
        plain = [cell.strip() for cell in line.split("|")]
        return tuple(plain[line.startswith("|") : -1 if line.endswith("|") else None])
    cells, start, escaped = [], 0, False
    for mark in _PIPE.finditer(line):
        if mark[0] == "|":
            cells.append(_cell(line[start : mark.start()], escaped))
            start, escaped = mark.end(), False
        else:
            escaped = True
    if start < len(line):
        cells.append(_cell(line[start:], escaped))
    return tuple(cells[1:] if line.startswith("|") else cells)


def _cell(raw: str, escaped: bool) -> str:
    text = raw.strip()
    return re.sub(r"(?<!\\)((?:\\\\)*)\\\|", lambda pipe: pipe[1][::2] + "|", text) if escaped else text


def is_delimiter(line: str) -> bool:
    """Whether the line is the second line of a Markdown table, such as `| --- | :-: |`."""
    return "-" in line and _DELIMITER.fullmatch(line.strip()) is not None


def starts_table(lines: Sequence[str], index: int) -> bool:
    """Whether a Markdown table starts at `lines[index]`: a header line and a delimiter line of as many cells."""
    if index + 1 >= len(lines) or "|" not in lines[index] or not is_delimiter(lines[index + 1]):
        return False
    return len(split_row(lines[index])) == len(split_row(lines[index + 1]))


def record(header: Sequence[str], row: Sequence[str]) -> str:
    """The row as a sentence of its own: "Plan: Pro; Region: US; Limit: 20".

    Empty cells are left out; a cell without a header stands alone. Bold cells that are all equal are one title across
    the row, and are said once. In a table without a header a first cell in bold names the row.
    """
    values = [
        _BREAK.sub(", ", value.removeprefix("- ")) if value[:1] == "-" or "<" in value else value for value in row
    ]
    if len(values) > 1 and len(set(values)) == 1 and (title := _ROW_NAME.fullmatch(values[0])):
        return title[1]
    names = [_BREAK.sub(" ", name) if "<" in name else name for name in header]
    if not any(names) and len(values) > 1 and (row_name := _ROW_NAME.fullmatch(values[0])):
        return f"{row_name[1]}: " + "; ".join(filter(None, values[1:]))
    said = []
    for index, value in enumerate(values):
        if value:
            name = names[index] if index < len(names) else ""
            said.append(f"{name}: {value}" if name else value)
    return "; ".join(said)
