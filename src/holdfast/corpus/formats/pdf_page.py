"""A page of a PDF as pieces of text with their places, and the lines that are ruled on it.

Knows nothing of reading order, paragraphs or headings. pdfium draws the page; its characters come with their boxes.
"""

from __future__ import annotations

import ctypes
from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from typing import Any

MOST_CHARACTERS = 200_000  # of a page
MOST_PATHS = 20_000
RULE_POINTS = 3.0  # what is thinner is a line
SHORTEST_RULE = 8.0
TINY_POINTS = 2.0  # letters smaller than this are not for reading
_HYPHEN = 2  # what pdfium gives for a hyphen at the end of a line
_BOLD = 600
SOFT_HYPHEN = "\u00ad"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in points, `bottom` below `top`."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def height(self) -> float:
        return self.top - self.bottom

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    def holds(self, x: float, y: float) -> bool:
        return self.left <= x <= self.right and self.bottom <= y <= self.top


def around(boxes: list[Box]) -> Box:
    return Box(
        min(box.left for box in boxes),
        min(box.bottom for box in boxes),
        max(box.right for box in boxes),
        max(box.top for box in boxes),
    )


@dataclass(frozen=True, slots=True)
class Piece:
    """Characters that stand together on one line. `size` is the height of their line; `html`: it is a whole table."""

    text: str
    box: Box
    size: float
    bold: bool = False
    html: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """What is on a page. `unseen` is text that nobody can see: outside the page, or too small."""

    width: float
    height: float
    pieces: tuple[Piece, ...]
    rules: tuple[Box, ...]
    unseen: str
    images: int


def read_page(page: Any) -> Page:
    """A page of a pypdfium2 document, which stays open. Raises what pypdfium2 raises."""
    width, height = page.get_size()
    turn = _Turn(page.get_rotation(), width, height)
    drawn, images = _drawn(page)
    rules = list(map(turn.box, drawn))
    crop = turn.box(Box(*page.get_cropbox()))
    textpage = page.get_textpage()
    try:
        pieces = _Gatherer(rules, turn).gather(textpage)
    finally:
        textpage.close()
    seen: list[Piece] = []
    unseen: list[str] = []
    inside = Box(crop.left - 1, crop.bottom - 1, crop.right + 1, crop.top + 1)
    for piece in pieces:
        x, y = (piece.box.left + piece.box.right) / 2, piece.box.middle
        if piece.size >= TINY_POINTS and inside.holds(x, y):
            seen.append(piece)
        else:
            unseen.append(piece.text)
    return Page(width, height, tuple(seen), tuple(rules), " ".join(unseen), images)


@dataclass(frozen=True, slots=True)
class _Turn:
    """How a page is turned before it is shown: pdfium gives places on the page as it was before."""

    degrees: int
    width: float
    height: float

    def box(self, box: Box) -> Box:
        match self.degrees:
            case 90:
                return Box(box.bottom, self.height - box.right, box.top, self.height - box.left)
            case 180:
                return Box(
                    self.width - box.right, self.height - box.top, self.width - box.left, self.height - box.bottom
                )
            case 270:
                return Box(self.width - box.top, box.left, self.width - box.bottom, box.right)
            case _:
                return box


def _drawn(page: Any) -> tuple[list[Box], int]:
    """The ruled lines, those of rectangles too, and how many images there are."""
    from pypdfium2 import raw

    rules: list[Box] = []
    images = paths = 0
    for drawn in page.get_objects(filter=(raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE), max_depth=3):
        if drawn.type == raw.FPDF_PAGEOBJ_IMAGE:
            images += 1
            continue
        paths += 1
        if paths > MOST_PATHS:
            break
        box = Box(*drawn.get_bounds())
        wide, high = box.right - box.left, box.height
        if max(wide, high) < SHORTEST_RULE:
            continue
        if min(wide, high) <= RULE_POINTS:
            rules.append(box)
        elif raw.FPDFPath_CountSegments(drawn) <= 6:  # a rectangle: its four edges
            rules += (
                Box(box.left, box.top, box.right, box.top),
                Box(box.left, box.bottom, box.right, box.bottom),
                Box(box.left, box.bottom, box.left, box.top),
                Box(box.right, box.bottom, box.right, box.top),
            )
    return rules, images


class _Gatherer:
    """Puts characters together while they follow each other on a line and no ruled line stands between them."""

    def __init__(self, rules: list[Box], turn: _Turn) -> None:
        self._turn = turn
        upright = sorted((r for r in rules if r.height > r.right - r.left), key=lambda rule: rule.left)
        self._upright = upright
        self._places = [rule.left for rule in upright]
        self._pieces: list[Piece] = []
        self._text: list[str] = []
        self._boxes: list[Box] = []
        self._bold = False

    def gather(self, textpage: Any) -> list[Piece]:
        from pypdfium2 import raw

        handle, rect = textpage.raw, raw.FS_RECTF()
        pointer = ctypes.byref(rect)
        for index in range(min(raw.FPDFText_CountChars(handle), MOST_CHARACTERS)):
            code = raw.FPDFText_GetUnicode(handle, index)
            if code in (0, 10, 13, 0xFFFE, 0xFFFF):
                if code in (10, 13):
                    self._end()
                continue
            if code == 32:
                if self._text:
                    self._text.append(" ")
                continue
            if not raw.FPDFText_GetLooseCharBox(handle, index, pointer):
                continue
            box = self._turn.box(Box(rect.left, rect.bottom, rect.right, rect.top))
            if self._boxes and self._breaks(box):
                self._end()
            if not self._text:
                self._bold = raw.FPDFText_GetFontWeight(handle, index) >= _BOLD or _named_bold(raw, handle, index)
            self._text.append(SOFT_HYPHEN if code == _HYPHEN else chr(code))
            self._boxes.append(box)
        self._end()
        return self._pieces

    def _breaks(self, box: Box) -> bool:
        last = self._boxes[-1]
        size = max(last.height, box.height, 1.0)
        if not last.bottom - size / 2 < box.middle < last.top + size / 2:
            return True
        gap = box.left - last.right
        if gap > 1.2 * size or gap < -2 * size:
            return True
        if gap <= 0.5 or not self._places:
            return False
        at = bisect_left(self._places, last.right - 1)
        return any(
            rule.bottom <= box.middle <= rule.top
            for rule in self._upright[at : bisect_left(self._places, box.left + 1)]
        )

    def _end(self) -> None:
        text = "".join(self._text).strip()
        if text and self._boxes:
            heights = Counter(round(box.height * 2) / 2 for box in self._boxes)
            self._pieces.append(Piece(text, around(self._boxes), heights.most_common(1)[0][0], self._bold))
        self._text, self._boxes = [], []


def _named_bold(raw: Any, handle: Any, index: int) -> bool:
    buffer, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    raw.FPDFText_GetFontInfo(handle, index, buffer, 128, ctypes.byref(flags))
    name = buffer.value.lower()
    return b"bold" in name or b"black" in name or b"heavy" in name
