"""Markdown read as a sequence of blocks, line by line: headings, paragraphs, lists, tables, code, quotes, rules.

It does not know what stands within a line, nor HTML.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from holdfast.corpus.tables import starts_table

FENCE = re.compile(r"^[ \t]*(?:>[ \t]?)*(`{3,}|~{3,})([^`]*)$")
_HEADING = re.compile(r"^ {0,3}(#{1,6})(?=[ \t]|$)")
_UNDERLINE = re.compile(r"^ {0,3}(=+|-+)[ \t]*$")
_RULE = re.compile(r"^ {0,3}([-*_])(?:[ \t]*\1){2,}[ \t]*$")
_QUOTE = re.compile(r"^ {0,3}>")
ITEM = re.compile(r"^([ \t]*)([-*+]|\d{1,9}[.)])(?:[ \t]+|$)")


@dataclass(frozen=True, slots=True)
class Outlined:
    """One block as it stands in the text. Kinds: heading (its text alone, with its level), paragraph, list, table,
    code (with its fences, or indented), quote, rule."""

    kind: str
    lines: tuple[str, ...]
    level: int = 0


def fence_end(lines: Sequence[str], index: int) -> int:
    """The line after the fenced code that starts at `lines[index]`; the end of the text where it is not closed."""
    fence = FENCE.match(lines[index])
    assert fence is not None
    close = re.compile(rf"^[ \t]*(?:>[ \t]?)*{re.escape(fence[1][0])}{{{len(fence[1])},}}[ \t]*$")
    return next((at + 1 for at in range(index + 1, len(lines)) if close.match(lines[at])), len(lines))


@lru_cache(1)  # a text is asked for its tables, and then cut
def outline(text: str) -> tuple[Outlined, ...]:
    """The blocks of a Markdown text in order; every line that is not blank belongs to exactly one.

    Setext headings read as headings. Linear in the text. A fence that is never closed runs to the end.
    """
    lines = text.split("\n")
    blocks: list[Outlined] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        if not line.strip():
            index += 1
        elif heading := _HEADING.match(line):
            blocks.append(Outlined("heading", (_heading_text(line[heading.end() :]),), len(heading[1])))
            index += 1
        elif _RULE.match(line):
            blocks.append(Outlined("rule", (line,)))
            index += 1
        else:
            kind, end = _extent(lines, index)
            taken = tuple(lines[index:end])
            index = end
            if kind == "paragraph" and len(taken) > 1 and (under := _UNDERLINE.match(taken[-1])):
                title = " ".join(line.strip() for line in taken[:-1])
                blocks.append(Outlined("heading", (title,), 1 if under[1][0] == "=" else 2))
            else:
                blocks.append(Outlined(kind, taken))
    return tuple(blocks)


def _heading_text(line: str) -> str:
    """A heading's text without the marks that may close it."""
    text = line.strip()
    opened = text.rstrip("#")
    return opened.rstrip() if not opened or opened[-1] in " \t" else text


def _extent(lines: Sequence[str], index: int) -> tuple[str, int]:
    """The kind of the block that starts at `index`, and the line after it."""
    line = lines[index]
    if FENCE.match(line) and not _QUOTE.match(line):
        return "code", fence_end(lines, index)
    if _QUOTE.match(line):
        return "quote", _while(lines, index, lambda at: _QUOTE.match(lines[at]) is not None)
    if starts_table(lines, index):
        return "table", _while(lines, index + 2, lambda at: "|" in lines[at] and bool(lines[at].strip()))
    if ITEM.match(line):
        return "list", _list_end(lines, index)
    if line.startswith(("    ", "\t")):
        return "code", _while(lines, index, lambda at: lines[at].startswith(("    ", "\t")))
    end = index + 1
    while end < len(lines) and lines[end].strip():
        if _UNDERLINE.match(lines[end]):
            return "paragraph", end + 1
        if _interrupts(lines, end):
            break
        end += 1
    return "paragraph", end


def _while(lines: Sequence[str], index: int, holds: Callable[[int], bool]) -> int:
    while index < len(lines) and holds(index):
        index += 1
    return index


def _interrupts(lines: Sequence[str], index: int) -> bool:
    """Whether a block other than a paragraph starts at `index`."""
    line = lines[index]
    if _HEADING.match(line) or _QUOTE.match(line) or FENCE.match(line) or _RULE.match(line):
        return True
    item = ITEM.match(line)
    return (item is not None and item.end() < len(line)) or starts_table(lines, index)


def _list_end(lines: Sequence[str], index: int) -> int:
    """The line after a list: at a line that is neither an item, nor indented, nor the rest of an item's paragraph."""
    end, after_blank = index + 1, False
    while end < len(lines):
        line = lines[end]
        if not line.strip():
            after_blank = True
        elif FENCE.match(line) and (line[0] in " \t" or not after_blank):
            end = fence_end(lines, end)
            after_blank = False
            continue
        elif line[0] in " \t" or (ITEM.match(line) and not _RULE.match(line)):
            after_blank = False
        elif after_blank or _interrupts(lines, end):
            break
        end += 1
    while not lines[end - 1].strip():
        end -= 1
    return end
