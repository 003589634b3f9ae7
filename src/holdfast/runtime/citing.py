"""Citation markers: how `[2]` in a text becomes a citation of the second passage.

Knows nothing of models. A model numbers its sources as the prompt did; readers get markers numbered by first mention,
so that marker `[n]` belongs to the nth citation. Numbers that name no passage stay as they are, and a guard finds
them. Square brackets inside code are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from holdfast.records import Citation, Passage
from holdfast.support import support

_MARKER = re.compile(r"\[(\d{1,3}(?:\s?,\s?\d{1,3})*)\]")
_MAY_BECOME_MARKER = re.compile(r"\[(?:\d{1,3}(?:\s?,\s?\d{0,3})*)?\s?$|`+$")
_TOKEN = re.compile(r"`+|\[\d{1,3}(?:\s?,\s?\d{1,3})*\]")
_LONGEST_MARKER = 64


class Numbering:
    """Renumbers the markers of a text that arrives in pieces. The pieces' cut never changes what comes out."""

    def __init__(self, passages: int) -> None:
        self._passages = passages
        self._held = ""
        self._fence = ""
        self.order: list[int] = []
        """Numbers of the passages mentioned, from 0, in order of first mention."""

    def feed(self, piece: str) -> str:
        """The renumbered text that is certain by now."""
        text = self._held + piece
        tail = _MAY_BECOME_MARKER.search(text, max(0, len(text) - _LONGEST_MARKER))
        cut = tail.start() if tail is not None else len(text)
        self._held = text[cut:]
        return self._renumber(text[:cut])

    def end(self) -> str:
        """What was held back."""
        rest, self._held = self._held, ""
        return self._renumber(rest)

    def _renumber(self, text: str) -> str:
        return _TOKEN.sub(self._token, text)

    def _token(self, match: re.Match[str]) -> str:
        token = match.group()
        if token.startswith("`"):
            self._fence = token if not self._fence else "" if token == self._fence else self._fence
            return token
        if self._fence:
            return token
        return "".join(f"[{self._number(int(number))}]" for number in token[1:-1].split(","))

    def _number(self, number: int) -> int:
        if not 1 <= number <= self._passages:
            return number
        if number - 1 not in self.order:
            self.order.append(number - 1)
        return self.order.index(number - 1) + 1


def cite(text: str, passages: Sequence[Passage]) -> tuple[str, tuple[Citation, ...]]:
    """The text with markers numbered by first mention, and the citations they belong to.

    Each citation quotes what in its passage bears best the statement that the marker first follows.
    """
    numbering = Numbering(len(passages))
    renumbered = numbering.feed(text) + numbering.end()
    statements = _statements(renumbered)
    return renumbered, tuple(
        citation(passages[index], statements.get(place, "")) for place, index in enumerate(numbering.order, start=1)
    )


def _statements(text: str) -> dict[int, str]:
    """For each marker's number, the sentence before its first mention."""
    found: dict[int, str] = {}
    start, last = 0, ""
    for match in _MARKER.finditer(text):
        before = text[start : match.start()].strip(" .,;:\n")
        last = before.rsplit("\n", 1)[-1] or last
        start = match.end()
        for number in match.group(1).split(","):
            found.setdefault(int(number), last)
    return found


def citation(passage: Passage, statement: str) -> Citation:
    """A citation of a passage for a statement."""
    span = support(statement, [passage.text]).span if statement else None
    return Citation(
        document=passage.document,
        chunk=passage.chunk,
        title=passage.title,
        url=passage.url,
        quote=span.text if span is not None else "",
    )
