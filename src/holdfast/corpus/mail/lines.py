"""A mail's text as lines, each beside what it says without the marks of Markdown.

Knows nothing of quotes or signatures.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from holdfast.corpus.mail.phrases import WROTE

QUOTE_OPENS, QUOTE_CLOSES, HEADER_FOLLOWS, SIGNATURE_OPENS, SIGNATURE_CLOSES = "\ufdd0\ufdd1\ufdd2\ufdd3\ufdd4"
"""What is put into HTML where its tags say what a reader sees: code points that are no characters (Unicode 23.7)."""

MARKS = re.compile("[\ufdd0-\ufdd4]")
_ONLY_MARKS = re.compile("[ \t>]*[\ufdd0-\ufdd4][\ufdd0-\ufdd4 \t>]*")
_QUOTED = re.compile(r" {0,3}\\?>(?! ?\[!)")
_LINK = re.compile(r"\[([^\[\]]{0,200})\]\([^()\s]{0,500}\)")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufdd0-\ufdd4]")
_DRESS = re.compile(r"\*\*|__|\\(?=[-<>*_.#+~\[\]])")
_LEAD_WITHIN = re.compile(r"(?<=[\w.!?,)] )(?=(?:On|Am|Le|El|Il|Em|Op|Den|Dne) [^\n]{0,24}\d)")
LONGEST = 400
"""Characters of a line that patterns are held against; what clients write around a mail is shorter."""


@dataclass(frozen=True, slots=True)
class Line:
    """`raw` is the line with its end, exactly; `said` its start without Markdown's marks, in lower case.

    `quoted`: it stands behind a `>`. `marks`: what the tags of HTML said before this line, in order.
    """

    raw: str
    said: str
    plain: str
    quoted: bool = False
    marks: str = ""

    @property
    def typed(self) -> bool:
        """Whether its `>` was typed as one; in Markdown made of HTML any other is an indentation."""
        return self.quoted and self.raw.lstrip().startswith("\\")

    @property
    def blank(self) -> bool:
        return not self.plain


def lines_of(text: str) -> list[Line]:
    """The lines of a text. Joined, their `raw` gives the text back, less lines that held nothing but marks."""
    lines: list[Line] = []
    marks = ""
    dropped = False
    for raw in text.splitlines(keepends=True):
        if not raw.isascii() and MARKS.search(raw):
            if _ONLY_MARKS.fullmatch(raw.rstrip("\r\n")):
                marks += "".join(MARKS.findall(raw))
                dropped = True
                continue
            raw = MARKS.sub("", raw)
        if dropped and not raw.strip(" \t>\r\n") and lines and lines[-1].blank:
            continue  # the blank line that belonged to the marks
        dropped = False
        for part in _parted(raw):
            lines.append(_line(part, marks))
            marks = ""
    if marks:
        lines.append(Line("", "", "", marks=marks))
    return lines


def _parted(raw: str) -> tuple[str, ...]:
    """A line cut before an attribution that stands behind an answer on the same line."""
    if len(raw) > LONGEST or not raw.rstrip().endswith(":"):
        return (raw,)
    cut = max((found.start() for found in _LEAD_WITHIN.finditer(raw)), default=0)
    return (raw[:cut], raw[cut:]) if cut and WROTE.search(raw, cut) else (raw,)


def _line(raw: str, marks: str) -> Line:
    text = raw[:LONGEST].strip()
    if not text.isascii():
        text = _INVISIBLE.sub("", text).replace("\u00a0", " ").strip()
    quoted = _QUOTED.match(raw) is not None
    if quoted:
        text = text.lstrip("\\> \t")
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    plain = (_DRESS.sub("", text).strip() or text) if any(mark in text for mark in "*_\\") else text
    return Line(raw, plain.lower(), plain, quoted, marks)


def words(text: str) -> list[str]:
    """Its words, as a reader counts them."""
    return re.findall(r"\w+", text)
