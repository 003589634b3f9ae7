"""The tables of a Markdown text as values: their cells, what they are called, and the headings they stand under.

It does not know how a table came to be in the text, nor chunks.
"""

import re
from collections.abc import Iterator, Sequence

from holdfast.corpus.outline import Outlined, outline
from holdfast.corpus.plain import plain
from holdfast.corpus.tables import is_delimiter, split_row, starts_table
from holdfast.documents import Table

MARGIN = re.compile(r"^(?:[ \t>]|(?:[-*+]|\d{1,9}[.)])[ \t])+")
_MAX_CAPTION = 90  # characters, and no more than a line


def tables_of(text: str) -> tuple[Table, ...]:
    """Every table of a clean Markdown text, in order, those within lists and quotes too. Cells are plain text.

    Linear in the text; each row is as long as its header.
    """
    if "| --- |" not in text and not any(map(is_delimiter, text.split("\n"))):
        return ()
    found: list[Table] = []
    path: list[tuple[int, str]] = []
    before: Outlined | None = None
    for block in outline(text):
        if block.kind == "heading":
            while path and path[-1][0] >= block.level:
                path.pop()
            path.append((block.level, plain(block.lines[0])))
        else:
            headings = tuple(name for _, name in path if name)
            found += (_table(lines, called, headings) for lines, called in _within(block, before))
        before = block
    return tuple(found)


def caption_of(before: Outlined | None) -> str:
    """What a table is called, by the block before it: a line of its own that is no sentence. Empty where none is."""
    if before is None or before.kind != "paragraph" or len(before.lines) != 1:
        return ""
    text = plain(before.lines[0]).removesuffix(":")
    return text if 0 < len(text) <= _MAX_CAPTION and text[-1] not in ".!?,;" else ""


def _within(block: Outlined, before: Outlined | None) -> Iterator[tuple[Sequence[str], str]]:
    """The lines of the tables in a block, each with its caption."""
    if block.kind == "table":
        yield block.lines, caption_of(before)
    elif block.kind in {"list", "quote"} and any("|" in line for line in block.lines):
        lines = [MARGIN.sub("", line) for line in block.lines]
        index = 0
        while index < len(lines):
            end = table_end(lines, index)
            if end > index:
                yield lines[index:end], ""
            index = max(end, index + 1)


def table_end(lines: Sequence[str], index: int) -> int:
    """The line after the table that starts at `lines[index]`, which is `index` itself where none does."""
    if not starts_table(lines, index):
        return index
    end = index + 2
    while end < len(lines) and "|" in lines[end]:
        end += 1
    return end


def _table(lines: Sequence[str], caption: str, headings: tuple[str, ...]) -> Table:
    header = tuple(map(plain, split_row(lines[0])))
    rows = []
    for line in lines[2:]:
        cells = [plain(cell) for cell in split_row(line)][: len(header)]
        rows.append((*cells, *[""] * (len(header) - len(cells))))
    return Table(caption, headings, header, tuple(rows))
