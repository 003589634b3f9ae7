"""Cuts a text into sentences and Markdown units, each with its place in the text.

Does not know what a sentence says: headings, list items, table rows and code are told apart by their form alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from holdfast.support.vocabulary import BEFORE_NUMBER, MAY_END, MONTH_NAMES, STARTERS, TITLES

Kind = Literal["prose", "heading", "item", "row", "code"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a text: `text == whole[start:end]`. `kind` is the Markdown unit it is in."""

    start: int
    end: int
    text: str
    kind: Kind = "prose"


_FENCE = re.compile(r"\s{0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"\s{0,3}#{1,6}(?:\s|$)")
_BOLD_LINE = re.compile(r"\s{0,3}(\*\*|__)(?!\s)[^*_]+\1:?\s*$")
_ITEM = re.compile(r"\s*(?:[-*+•‣◦▪–]|\(?\d{1,3}[.)]|\(?[a-z][.)]|\(?[A-Z]\))\s+(?=\S)")
_ROW = re.compile(r"\s*\|.*\|\s*$")
_RULE = re.compile(r"\s{0,3}(?:=+|-{2,}|\*(?:\s*\*){2,}|_{3,})\s*$")

# A full stop, perhaps inside closing quotes, with the citation markers that follow it; or one that needs no space.
_STOP = re.compile(
    r"""(?P<mark>[.!?…]+)(?P<close>["'”’»)\]*_]*)(?P<cite>(?:\s?\[\d{1,3}\])*)(?=\s|$)"""
    r"""|(?P<wide>[。！？｡]+["'”’」』）)\]]*(?:\[\d{1,3}\])*)"""
    r"""|(?<=[a-z]{3})(?P<tight>[.!?])(?=(?:The|This|These|That|It|In|If|You|We|They|For|However|When|There|A|An)\s)"""
)
_WORD_BEFORE = re.compile(r"(?:[^\W\d_]\.)*[^\W_]+$")


def split_sentences(text: str) -> tuple[Span, ...]:
    """The sentences of a text, in order, disjoint, together covering every character that is not space.

    A list item, a table row, a heading and a fenced block of code each begin and end a unit; items and prose are cut
    further at full stops. A citation marker after a full stop belongs to the sentence before it.
    """
    return tuple(span for start, end, kind in _blocks(text) for span in _cut(text, start, end, kind))


def _blocks(text: str) -> Iterator[tuple[int, int, Kind]]:
    """Runs of lines that belong together, as (start, end, kind)."""
    fence = ""
    begin = 0
    kind: Kind = "prose"
    open_lines: list[tuple[int, int]] = []

    def close() -> Iterator[tuple[int, int, Kind]]:
        if open_lines:
            yield from _paragraph(text, open_lines, kind)
            open_lines.clear()

    for start, end in _lines(text):
        line = text[start:end]
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line[mark.end() :].strip():
                yield begin, end, "code"
                fence = ""
            continue
        if mark:
            yield from close()
            fence, begin = mark[1], start
        elif not line.strip():
            yield from close()
        elif (form := _form(line)) in ("heading", "row"):
            yield from close()
            yield start, end, form
        else:
            if form == "item":
                yield from close()
            if not open_lines:
                kind = form
            open_lines.append((start, end))
            if _RULE.match(line):
                yield from close()
    if fence:
        yield begin, len(text), "code"
    yield from close()


def _lines(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield start, end
        start = end + 1


def _form(line: str) -> Kind:
    if _HEADING.match(line) or _BOLD_LINE.match(line):
        return "heading"
    if _ROW.match(line):
        return "row"
    return "item" if _ITEM.match(line) else "prose"


def _paragraph(text: str, lines: list[tuple[int, int]], kind: Kind) -> Iterator[tuple[int, int, Kind]]:
    """One paragraph or item; a line that had room for the next word was ended on purpose, and ends a unit."""
    if len(lines) > 1 and _RULE.match(text[lines[-1][0] : lines[-1][1]]) and kind == "prose":
        yield lines[0][0], lines[-1][1], "heading"
        return
    width = max(end - start for start, end in lines)
    begin = lines[0][0]
    for (start, end), (after, after_end) in pairwise(lines):
        following = text[after:after_end].lstrip()
        first_word = following.split(None, 1)[0]
        if not following[0].islower() and len(text[start:end].rstrip()) + 1 + len(first_word) <= width:
            yield begin, end, kind
            begin = after
    yield begin, lines[-1][1], kind


def _cut(text: str, start: int, end: int, kind: Kind) -> Iterator[Span]:
    """Sentences of text[start:end]; headings, rows and code stay whole."""
    if kind in ("prose", "item"):
        marker = _ITEM.match(text, start, end) if kind == "item" else None
        block = text[start:end]
        unicase = block.lower() == block
        for stop in _STOP.finditer(text, marker.end() if marker else start, end):
            if stop.end() < end and _ends(text, stop, start, end, unicase):
                yield from _span(text, start, stop.end(), kind)
                start = stop.end()
    yield from _span(text, start, end, kind)


def _span(text: str, start: int, end: int, kind: Kind) -> Iterator[Span]:
    piece = text[start:end]
    stripped = piece.strip()
    if stripped:
        start += len(piece) - len(piece.lstrip())
        yield Span(start, start + len(stripped), stripped, kind)


def _ends(text: str, stop: re.Match[str], start: int, end: int, unicase: bool) -> bool:
    """Whether this full stop ends a sentence."""
    if stop["wide"] or stop["tight"]:
        return True
    following = text[stop.end() : min(end, stop.end() + 40)].lstrip().lstrip("\"'“‘«([*_¿¡")
    if not following:
        return False  # only closing marks remain: they belong to this sentence
    lower = following[0].islower()
    if stop["mark"] != ".":
        quoted = bool(stop["close"]) or stop["mark"][-1] in ".…"
        return not (lower and quoted and not unicase)
    if stop["close"].strip("*_"):
        return not lower or unicase
    word = _WORD_BEFORE.search(text, max(start, stop.start() - 24), stop.start())
    if word is None:
        return not lower or text[stop.start() - 1 : stop.start()].isspace()
    return _ends_after_word(word[0], following, unicase)


def _ends_after_word(word: str, following: str, unicase: bool) -> bool:
    """Whether a single full stop after `word` ends a sentence that `following` would not continue."""
    plain = word.lower()
    first = re.match(r"\w+", following)
    next_word = first[0].lower() if first else ""
    if following[0].islower() and not unicase:
        return False
    numbered = following[0].isdigit() and (plain in BEFORE_NUMBER or plain.endswith("str"))
    if plain in TITLES or numbered:
        return False
    if plain in MAY_END or (len(word) == 1 and word.isalpha()) or re.fullmatch(r"(?:\w\.)+\w", word):
        return next_word in STARTERS
    return not (plain.isdigit() and len(plain) <= 2 and next_word in MONTH_NAMES)
