"""Which lines of a mail repeat other mails: quotes go, what is answered point by point and what is forwarded stays.

Knows nothing of HTML but the marks that were left in its lines, and nothing of who wrote what.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from holdfast.corpus.mail.lines import QUOTE_CLOSES, QUOTE_OPENS, Line
from holdfast.corpus.mail.phrases import ANSWERS_BELOW
from holdfast.corpus.mail.splitters import Splitter, header_end, is_rule, splitters

ANSWERED_LINES = 15
"""A longer quote under an answer that goes on below it was left there, not answered."""
FEWEST_LINES = 3
"""Lines behind `>` that are a quote though nothing says whose."""
POINTER_LINES = 16

IsClosing = Callable[[Sequence[Line]], bool]


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of one quote, with the sentence above it up to `body`."""

    start: int
    body: int
    end: int
    attributed: bool


@dataclass(frozen=True, slots=True)
class Quoted:
    """For each line whether it repeats another message or announces one; and where a forwarded message begins."""

    lines: tuple[bool, ...]
    forward: int


def quoted_lines(lines: Sequence[Line], *, html: bool, forwarded: bool, is_closing: IsClosing) -> Quoted:
    """What of a mail goes as quoted. Without a forwarded message, one begins at its end.

    `html`: a `>` without an attribution or a mark is an indented paragraph. `forwarded`: the mail says of itself that
    it is. `is_closing` says of lines below a quote that they are a signature, not an answer.
    """
    quoted = [False] * len(lines)
    found = list(splitters(lines))
    while found and found[0].kind == "delimiter" and not _says(lines[: found[0].start]):
        quoted[found.pop(0).start] = True
    regions = _regions(lines, found)
    forward = min([s.start for s in found if s.kind == "forward"] + [r.start for r in regions if r.forward], default=-1)
    cut = _cut(lines, found, regions)
    if cut is not None and (forwarded or not _says(lines[: cut.start]) or _points_below(lines[: cut.start])):
        forward = cut.start if forward < 0 else min(forward, cut.start)
    if forward >= 0 and (cut is None or forward <= cut.start):
        _mark_headers(lines, found, quoted, forward)
        end = forward
    else:
        forward = len(lines)
        end = forward if cut is None else _with_rules_above(lines, cut.start)
        quoted[end:] = [True] * (len(lines) - end)
    blocks = _blocks(lines[:end], [s for s in found if s.kind == "wrote" and s.end <= end], regions, html)
    _judge(lines[:end], blocks, quoted, is_closing)
    return Quoted(tuple(quoted), forward)


def _says(lines: Sequence[Line]) -> bool:
    return any(not (line.blank or line.quoted or is_rule(line)) for line in lines)


def _points_below(lines: Sequence[Line]) -> bool:
    """Whether a few words send the reader to the message below, where no mark tells answers from what they answer."""
    said = " ".join(line.said for line in lines[:POINTER_LINES] if not line.blank)
    return len(lines) <= POINTER_LINES and len(said) <= 300 and any(phrase in said for phrase in ANSWERS_BELOW)


def _cut(lines: Sequence[Line], found: Sequence[Splitter], regions: Sequence[_Region]) -> Splitter | None:
    """The first splitter below which everything is another message, to the end of the mail."""
    for splitter in found:
        if any(region.start <= splitter.start < region.end for region in regions):
            continue
        if splitter.kind in ("header", "original", "delimiter"):
            return splitter
        if splitter.kind == "wrote" and not any(line.quoted for line in _next(lines, splitter.end)):
            return splitter
    return None


def _next(lines: Sequence[Line], index: int) -> Sequence[Line]:
    """The first line from `index` on that says something, if there is one."""
    while index < len(lines) and lines[index].blank:
        index += 1
    return lines[index : index + 1]


def _with_rules_above(lines: Sequence[Line], start: int) -> int:
    while start > 0 and (lines[start - 1].blank or is_rule(lines[start - 1])):
        start -= 1
    return start


def _mark_headers(lines: Sequence[Line], found: Sequence[Splitter], quoted: list[bool], start: int) -> None:
    """Of a forwarded message the titles and repeated headers go, its words stay."""
    for splitter in found:
        if splitter.start >= start:
            for at in range(splitter.start, splitter.end):
                quoted[at] = not lines[at].blank
    at = start
    while at < len(lines) and at < start + 3:
        end = header_end(lines, at) if not lines[at].blank else 0
        for number in range(at, end):
            quoted[number] = not lines[number].blank
        at = max(at + 1, end)


@dataclass(frozen=True, slots=True)
class _Region:
    """Lines that the tags of HTML say are a quote, or a forwarded message."""

    start: int
    end: int
    forward: bool


def _regions(lines: Sequence[Line], found: Sequence[Splitter]) -> list[_Region]:
    forwards = [splitter.start for splitter in found if splitter.kind == "forward"]
    regions: list[_Region] = []
    depth = start = 0
    for index, line in enumerate(lines):
        for mark in line.marks:
            if mark == QUOTE_OPENS:
                start = index if not depth else start
                depth += 1
            elif mark == QUOTE_CLOSES and depth:
                depth -= 1
                if not depth and start < index:
                    regions.append(_Region(start, index, any(start <= at < start + 4 for at in forwards)))
    if depth:
        regions.append(_Region(start, len(lines), any(start <= at < start + 4 for at in forwards)))
    return regions


def _blocks(lines: Sequence[Line], found: Sequence[Splitter], regions: Sequence[_Region], html: bool) -> list[_Block]:
    kinds = ["e" if line.blank else "q" if line.typed or (line.quoted and not html) else "t" for line in lines]
    for region in regions:
        inside = lines[region.start : region.end]
        first = next((at for at, line in enumerate(inside) if line.quoted), len(inside))
        answers = any(not (line.quoted or line.blank) for line in inside[first:])
        for at in range(region.start, min(region.end, len(lines))):
            if not lines[at].blank and (lines[at].quoted or not answers or at < region.start + first):
                kinds[at] = "s"  # said by the tags
    for splitter in found:
        kinds[splitter.start : splitter.end] = "a" * (splitter.end - splitter.start)
        at = splitter.end
        while at < len(lines) and (lines[at].blank or lines[at].quoted):
            kinds[at] = "q" if lines[at].quoted else "e"
            at += 1
    return _joined(kinds)


def _joined(kinds: Sequence[str]) -> list[_Block]:
    blocks: list[_Block] = []
    at = 0
    while at < len(kinds):
        if kinds[at] in "te":
            at += 1
            continue
        start = at
        while at < len(kinds) and kinds[at] == "a":
            at += 1
        body = at
        while at < len(kinds) and kinds[at] in "eqs":
            at += 1
        while kinds[at - 1] == "e":
            at -= 1
        blocks.append(_Block(start, min(body, at), at, body > start or "s" in kinds[start:at]))
    return blocks


def _judge(lines: Sequence[Line], blocks: Sequence[_Block], quoted: list[bool], is_closing: IsClosing) -> None:
    """Marks what goes: a quote that nobody answers below it, and above each the sentence that says whose it is."""
    if not blocks:
        return
    between = [lines[a.end : b.start] for a, b in pairwise(blocks)] + [lines[blocks[-1].end :]]
    answered = [any(not line.blank for line in text) for text in between]
    answered[-1] = answered[-1] and not is_closing(between[-1])
    pointwise = any(answered[:-1])
    before = any(not line.blank for line in lines[: blocks[0].start])
    for block, answer in zip(blocks, answered, strict=True):
        size = block.end - block.body
        if answer and (pointwise or (before and (not block.attributed or size <= ANSWERED_LINES))):
            goes = range(block.start, block.body)
        elif block.attributed or (size >= FEWEST_LINES and (before or any(answered))):
            goes = range(block.start, block.end)
        else:
            goes = range(0)
        for at in goes:
            quoted[at] = True
