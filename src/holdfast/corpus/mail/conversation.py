"""A ticket or an exchange of mails as one document: what each side said, without what each mail repeats.

Knows nothing of where a conversation comes from, nor of names: a turn is the customer's or the agent's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import msgspec

from holdfast.corpus.cleaned import Cleaned, findings
from holdfast.corpus.mail.strip import Stripped, strip_reply, strip_reply_html
from holdfast.corpus.text import decode, normalise
from holdfast.documents import Removed, Table
from holdfast.sources import Conversation, Turn

SHINGLE = 8
"""Words in a row that two people do not write alike by chance."""

_PARAGRAPHS = re.compile(r"\n[ \t]*\n")
_HEADING = re.compile(r"^ {0,3}(#{1,2})(?=\s)", re.M)
_FENCE = re.compile(r"^ {0,3}(```|~~~)", re.M)
_WORD = re.compile(r"\w+")


def clean_conversation(body: str | bytes) -> Cleaned:
    """A `Conversation` in JSON as Markdown: each turn under a heading of its role and date, the oldest first.

    Turns of the system are left out; quotes, signatures, footers and automatic messages are in `removed`; so is what a
    turn repeats of earlier ones (whole paragraphs), and a turn that says nothing new has no heading. No author's name
    is written. A body that is no conversation becomes its own text, with the finding `conversation_unread`.
    """
    counts: Counter[str] = Counter()
    if isinstance(body, bytes):
        body, noticed = decode(body, "utf-8")
        counts.update({finding.code: finding.count for finding in noticed})
    try:
        turns = msgspec.json.decode(body.encode("utf-8", "replace"), type=Conversation).turns
    except (msgspec.MsgspecError, RecursionError):
        counts["conversation_unread"] = 1
        return Cleaned(body.strip(), None, findings(counts))
    removed: list[Removed] = []
    tables: list[Table] = []
    said: list[str] = []
    known = _Known()
    for turn in turns:
        if turn.role == "system":
            continue
        stripped = _stripped(turn, counts)
        new, repeated = known.new_of(stripped.text, turn.role)
        removed += [*stripped.removed, *(Removed("quote", text) for text in repeated)]
        if new:
            tables += stripped.tables
            said.append(f"## {_heading(turn)}\n\n{_lowered(new)}")
    return Cleaned("\n\n".join(said), None, findings(counts), tuple(removed), tuple(tables))


def _stripped(turn: Turn, counts: Counter[str]) -> Stripped:
    body = turn.body.encode("utf-8", "replace").decode()
    if turn.media_type == "text/html":
        stripped = strip_reply_html(body, sender=turn.author)
        for finding in stripped.findings:
            counts[finding.code] += finding.count
        return stripped
    return strip_reply(normalise(body), sender=turn.author)


def _heading(turn: Turn) -> str:
    role = turn.role.capitalize()
    return role if turn.at is None else f"{role}, {turn.at:%Y-%m-%d %H:%M}"


def _lowered(text: str) -> str:
    """The text with its own headings below those of the turns; code stays as it is."""
    if "#" not in text:
        return text
    pieces = _FENCE.split(text)  # text, fence, code, fence, text ...
    for at in range(0, len(pieces), 4):
        pieces[at] = _HEADING.sub("###", pieces[at])
    return "".join(pieces)


class _Known:
    """The words of the turns so far, by which a later turn is told to repeat them. Linear in all their words."""

    def __init__(self) -> None:
        self._rows: set[tuple[str, ...]] = set()
        self._paragraphs: set[tuple[str, ...]] = set()
        self._opening: tuple[str, list[tuple[str, ...]]] | None = None

    def new_of(self, text: str, role: str) -> tuple[str, list[str]]:
        """What of a turn was not said before, and the paragraphs that were; then the turn counts as said."""
        paragraphs = [paragraph for paragraph in _PARAGRAPHS.split(text) if paragraph.strip()]
        words = [tuple(_WORD.findall(paragraph.lower())) for paragraph in paragraphs]
        again = [
            self._said(row) and not paragraph.startswith(">") for paragraph, row in zip(paragraphs, words, strict=True)
        ]
        again = _with_short_ones(again, [row in self._paragraphs for row in words])
        opening, self._opening = self._opening, (role, words) if self._opening is None else ("", [])
        if opening == (role, words):  # a ticket's description comes again as its first comment, however short
            again = [True] * len(again)
        for row in words:
            self._paragraphs.add(row)
            self._rows.update(row[at : at + SHINGLE] for at in range(len(row) - SHINGLE + 1))
        kept = [paragraph for paragraph, old in zip(paragraphs, again, strict=True) if not old]
        if not any(len(row) and not old for row, old in zip(words, again, strict=True)):
            return "", [text] if text else []
        return "\n\n".join(kept), [paragraph for paragraph, old in zip(paragraphs, again, strict=True) if old]

    def _said(self, row: tuple[str, ...]) -> bool:
        if len(row) < SHINGLE:
            return False
        return all(row[at : at + SHINGLE] in self._rows for at in range(len(row) - SHINGLE + 1))


def _with_short_ones(again: Sequence[bool], known: Sequence[bool]) -> list[bool]:
    """A short paragraph repeats where it was said before and stands beside one that repeats."""
    result = list(again)
    for order in (range(len(result)), range(len(result) - 1, -1, -1)):
        for at in order:
            beside = (at > 0 and result[at - 1]) or (at + 1 < len(result) and result[at + 1])
            result[at] = result[at] or (known[at] and beside)
    return result
