"""The text of a page as it is read: inline pieces gathered into paragraphs, paragraphs into the block that holds them.

It does not know tags; `html` says what opens and closes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from holdfast.corpus.blocks import Block, code_span

# Marks inside the pieces of a paragraph. Control characters never stand in normalised text, so they cannot clash.
BREAK, STRONG, EMPHASIS, STRUCK = "\x00", "\x01", "\x02", "\x03"
_MARKS: Mapping[str, str] = {STRONG: "**", EMPHASIS: "*", STRUCK: "~~"}
_TOUCHING = re.compile("([\x01\x02\x03])( ?)\\1")
_MARKED = re.compile("[\x00-\x03]")
_EDGES = " \t\n\r\f\x00"
_TAG_LIKE = re.compile(r"<(?=[a-zA-Z/!?])")
# What at the start of a line would be read as a heading, a quote, a fence, a table or a rule.
_MARKUP = re.compile(r"(?:#{1,6}(?:\s|$)|>|`{3}|~{3}|\||(?:-{2,}|={2,}|\*{3,}|_{3,})$)")
_MARKUP_STARTS = frozenset("#>`~|-=*_")


@dataclass(slots=True)
class Wrap:
    """An open inline element: its mark, or the address of a link, and where its text starts."""

    mark: str
    start: int
    href: str = ""


@dataclass(slots=True)
class Flow:
    """A block under construction: finished blocks, the pieces of the paragraph at hand, and its open inline elements.

    `kind` says what the block will be; `data` belongs to that kind.
    """

    kind: str
    data: Any = None
    blocks: list[Block] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)
    wraps: list[Wrap] = field(default_factory=list)

    def open(self, mark: str, href: str = "") -> None:
        """Opens an inline element; one inside another of its kind adds nothing."""
        wraps = self.wraps
        double = bool(wraps) and any(wrap.mark == mark for wrap in wraps)
        wraps.append(Wrap("" if double else mark, len(self.pieces), href))

    def close(self) -> None:
        """Closes the inline element opened last."""
        _seal(self.pieces, self.wraps.pop())

    def end_paragraph(self) -> None:
        """Turns the pieces at hand into a paragraph; open inline elements go on in the next one."""
        if not self.pieces:
            return
        for wrap in reversed(self.wraps):
            _seal(self.pieces, wrap)
            wrap.start = 0
        text = tidy("".join(self.pieces))
        self.pieces.clear()
        if text:
            self.blocks.append(Block("paragraph", text))


def escaped(text: str) -> str:
    """`text` with what would be read as an HTML tag escaped."""
    return _TAG_LIKE.sub(r"\\<", text) if "<" in text else text


def _seal(pieces: list[str], wrap: Wrap) -> None:
    """Puts the pieces of an inline element between its marks, spaces at its ends outside."""
    if not wrap.mark or wrap.start >= len(pieces):
        return
    inner = pieces[-1] if wrap.start == len(pieces) - 1 else "".join(pieces[wrap.start :])
    text = inner.strip(_EDGES)
    if not text:
        return
    lead = inner[: inner.index(text[0])] if inner[0] != text[0] else ""
    trail = inner[len(lead) + len(text) :]
    if wrap.mark == "`":
        sealed = BREAK.join(code_span(" ".join(line.split())) for line in text.split(BREAK))
    elif wrap.mark != "[":
        sealed = f"{wrap.mark}{text}{wrap.mark}"
    elif text == wrap.href:
        sealed = f"<{text}>"
    else:
        sealed = f"[{text}]({wrap.href})"
    pieces[wrap.start :] = [lead + sealed + trail]


def tidy(text: str) -> str:
    """Pieces as a paragraph: white space collapsed, marks written out, line starts kept from reading as markup."""
    text = " ".join(text.split())
    if not text.isprintable() and _MARKED.search(text):
        text = _TOUCHING.sub(r"\2", text)
        for mark, written in _MARKS.items():
            text = text.replace(mark, written)
    if BREAK not in text:
        return "\\" + text if text[:1] in _MARKUP_STARTS and _MARKUP.match(text) else text
    lines = filter(None, (line.strip() for line in text.split(BREAK)))
    return "  \n".join("\\" + line if _MARKUP.match(line) else line for line in lines)
