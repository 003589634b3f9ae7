"""A message as its writer wrote it: quotes, signatures and footers taken out, each kept in its place.

Knows nothing of files of mail or of tickets; one text at a time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from holdfast.corpus.cleaned import Finding
from holdfast.corpus.html import clean_html
from holdfast.corpus.mail.automatic import automatic
from holdfast.corpus.mail.lines import MARKS, Line, lines_of
from holdfast.corpus.mail.marks import marked
from holdfast.corpus.mail.quotes import quoted_lines
from holdfast.corpus.mail.signatures import closings, is_closing
from holdfast.documents import Removed, Table

Kind = Literal["quote", "signature", "footer", "auto_reply"]


@dataclass(frozen=True, slots=True)
class Part:
    """Lines that belong together, exactly as they stand. `kind` None: what was written."""

    kind: Kind | None
    text: str


@dataclass(frozen=True, slots=True)
class Stripped:
    """A text in parts, in their order: joined they are the text, no word lost and none twice.

    `unseen` is what a reader of the HTML could not see, and no part of the text; `tables` are its tables as grids.
    """

    parts: tuple[Part, ...]
    findings: tuple[Finding, ...] = ()
    unseen: tuple[Removed, ...] = ()
    tables: tuple[Table, ...] = ()

    @property
    def text(self) -> str:
        """What was written, without the rest."""
        return self.without("quote", "signature", "footer", "auto_reply")

    @property
    def removed(self) -> tuple[Removed, ...]:
        """What was taken out, in its order, and after it what could not be seen."""
        taken = ((part.kind, part.text.strip()) for part in self.parts)
        return (*(Removed(kind, text) for kind, text in taken if kind is not None and text), *self.unseen)

    def without(self, *kinds: Kind) -> str:
        """The text with only parts of these kinds taken out."""
        return "".join(part.text for part in self.parts if part.kind not in kinds).strip()


def strip_reply(text: str, *, sender: str = "", forwarded: bool = False) -> Stripped:
    """A plain mail, or one in Markdown, in its parts. Never fails; linear in the text.

    Quoted mails go, with the line above that says whose they are; where an answer is written between quoted lines,
    those it answers stay. A forwarded message stays when it is announced as one, when `forwarded` says so, or when the
    mail says nothing else; what a client repeated of its headers goes. Signatures, farewells, marks of a device,
    disclaimers and footers go, unless nothing else is said. A message that no person wrote goes whole, as `auto_reply`.
    `sender` is the writer's name, which ends a message where it stands alone.
    """
    if not text.isascii():
        text = MARKS.sub("", text)
    return _stripped(lines_of(text), html=False, sender=sender, forwarded=forwarded)


def strip_reply_html(html: str, *, sender: str = "", forwarded: bool = False, base_url: str | None = None) -> Stripped:
    """A mail in HTML as Markdown, in its parts; see `strip_reply`. The findings are those of `clean_html`.

    What the tags of mail clients say of quotes and signatures counts, and a `>` only where they or a line above say it.
    """
    cleaned = clean_html(marked(html), base_url=base_url)
    stripped = _stripped(lines_of(cleaned.text), html=True, sender=sender, forwarded=forwarded)
    return Stripped(stripped.parts, cleaned.findings, cleaned.removed, cleaned.tables)


def _stripped(lines: Sequence[Line], *, html: bool, sender: str, forwarded: bool) -> Stripped:
    quoted = quoted_lines(lines, html=html, forwarded=forwarded, is_closing=is_closing)
    gone = quoted.lines if _says(lines, quoted.lines) else _headers_only(lines, quoted.lines)
    kinds: list[Kind | None] = ["quote" if taken else None for taken in gone]
    kept = [at for at, taken in enumerate(gone) if not taken]
    own = [lines[at] for at in kept]
    if automatic("\n".join(line.plain for line in own if not line.blank)):
        closed: Sequence[Kind | None] = ["auto_reply"] * len(own)
    else:
        note = sum(at < quoted.forward for at in kept)
        closed = [*closings(own[:note], sender), *closings(own[note:])]
    for at, kind in zip(kept, closed, strict=True):
        kinds[at] = kind
    return Stripped(tuple(_parts(lines, kinds)))


def _says(lines: Sequence[Line], gone: Collection[bool]) -> bool:
    return any(not (line.blank or taken) for line, taken in zip(lines, gone, strict=True))


def _headers_only(lines: Sequence[Line], quoted: Sequence[bool]) -> Sequence[bool]:
    """Of a mail that is all quote: its words stay, the announcements go."""
    return [gone and not line.quoted for gone, line in zip(quoted, lines, strict=True)]


def _parts(lines: Sequence[Line], kinds: Sequence[Kind | None]) -> Iterator[Part]:
    start = 0
    for at in range(1, len(lines) + 1):
        if at == len(lines) or (kinds[at] != kinds[start] and not lines[at].blank):
            yield Part(kinds[start], "".join(line.raw for line in lines[start:at]))
            start = at
