"""What one document says of itself: found when it is prepared, kept with it, so that only what changed is looked at.

Knows nothing of other documents.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from zlib import crc32

import msgspec
from msgspec import Struct

from holdfast.corpus.checks import injected, links, personal, shingles
from holdfast.corpus.checks.catalogue import OVERLONG_CHARACTERS, THIN_CHARACTERS
from holdfast.corpus.language import language_of
from holdfast.documents import Document
from holdfast.messages import Json
from holdfast.sources import RawDocument

SHORTEST_BLOCK = 80
ENOUGH_TO_TELL = 400  # characters from which a language is compared with the locale's
LOOKED_AT = 1200  # characters of a beginning or an end that are enough to tell its language
ENOUGH_FOR_TWO = 5000  # characters of a text that may be in two languages
FIRST_YEAR, LAST_YEAR = 1990, 2050
EVIDENCE_LENGTH = 160

_FAKE_HEADING = re.compile(r"\n\*\*([^*\n]{2,80}[^*\n.,;:!?])\*\*:? *(?=\n\n[^\n*#|>-])")
_SATISFACTION = re.compile(r"satisfaction|csat|rating", re.I)
_TO_COME = frozenset(["soon", "upcoming", "currently", "beta", "preview", "recently", "temporarily", "planned"])


class Facts(Struct, frozen=True, array_like=True):
    """What is kept of a document. `year` is the last that its text names, 0: none; `fields` are `name: type`.

    `links`, `own` and `anchors` are as `checks.links` packs them, `blocks` a number for each longer paragraph.
    """

    signature: bytes = b""
    fields: tuple[str, ...] = ()
    media_type: str = ""
    locale: str = ""
    section: str = ""
    updated_at: int | None = None
    year: int = 0
    to_come: bool = False
    links: bytes = b""
    own: bytes = b""
    anchors: bytes = b""
    blocks: bytes = b""
    evidence: dict[str, str] = {}


@dataclass(slots=True)
class _Notes:
    counts: dict[str, int] = field(default_factory=dict)
    evidence: dict[str, str] = field(default_factory=dict)

    def add(self, code: str, evidence: str = "", count: int = 1) -> None:
        """Count it; what is shown is the first."""
        self.counts[code] = self.counts.get(code, 0) + count
        if evidence:
            self.evidence.setdefault(code, evidence[:EVIDENCE_LENGTH])


_encode = msgspec.msgpack.Encoder().encode


def facts_of(raw: RawDocument, document: Document, language: str | None) -> tuple[Mapping[str, int], bytes]:
    """How many times each code was found, and the facts, packed. The same document gives the same. Pure, linear.

    `language` is that of its locale, or the one its beginning seems to be in.
    """
    notes, text = _Notes(), document.text
    lowered = text.lower()
    hashes = shingles.word_hashes(text)
    heard = shingles.heard(hashes, lowered, _vocabulary())
    _speech(document, lowered, heard, notes)
    _privacy(document, lowered, heard, notes)
    _form(document, notes)
    _tongue(document, language, notes)
    body = raw.body if isinstance(raw.body, str) else raw.body.decode("utf-8", "replace")
    if raw.media_type == "text/markdown" and (at := body.find("![](")) >= 0:  # cleaning leaves nothing of them
        notes.add("image_without_alt", personal.excerpt(body, at, at + 80, 40), body.count("![]("))
    years = [int(word) for word in heard if word.isdigit()]
    home = document.url or document.id
    facts = Facts(
        signature=shingles.signature(shingles.shingles(hashes)),
        fields=tuple(sorted(_fields(raw))),
        media_type=raw.media_type,
        locale=document.locale or "",
        section=document.section[0] if document.section else "",
        updated_at=None if document.updated_at is None else int(document.updated_at.timestamp()),
        year=max(years, default=0),
        to_come=not heard.isdisjoint(_TO_COME),
        links=links.packed(text, home),
        own=links.own(home, document.id),
        anchors=links.anchors(text, body) if raw.media_type.startswith("text/") else b"",
        blocks=b"".join(number.to_bytes(4, "little") for number in {number for number, _ in blocks_of(text)}),
        evidence=notes.evidence,
    )
    return notes.counts, _encode(facts)


def unpacked(facts: bytes) -> Facts | None:
    """None for a document that was prepared before facts were kept."""
    return msgspec.msgpack.decode(facts, type=Facts) if facts else None


def blocks_of(text: str) -> Iterator[tuple[int, str]]:
    """The longer paragraphs, code left out, each with its number."""
    for block in text.split("\n\n"):
        if len(block) >= SHORTEST_BLOCK and not block.startswith(("```", "    ")):
            yield crc32(block.strip().encode("utf-8", "replace")), block


@cache
def _vocabulary() -> frozenset[str]:
    return injected.WORDS | personal.WORDS | _TO_COME | {str(year) for year in range(FIRST_YEAR, LAST_YEAR)}


# ------------------------------------------------------------ checks


def _speech(document: Document, lowered: str, heard: frozenset[str], notes: _Notes) -> None:
    """Text that speaks to a model, also where readers do not see it."""
    text = document.text if len(document.text) == len(lowered) else lowered
    for found in injected.injections(lowered, heard):
        notes.add("injected", personal.excerpt(text, found.start, found.end))
    hidden = [removed.text for removed in document.removed if removed.kind == "hidden"]
    if hidden:
        _unseen(hidden, notes)


def _unseen(texts: Sequence[str], notes: _Notes) -> None:
    """What stood in the page for nobody to read; asked for words all at once, since a page may have thousands."""
    together = "\n".join(texts).lower()
    worth = len(together) > shingles.MOST_CHARACTERS or not injected.WORDS.isdisjoint(_heard(together))
    for nth, text in enumerate(texts if worth else texts[:1]):
        unseen = text.lower()
        for found in injected.injections(unseen, _heard(unseen)) if worth else ():
            notes.add("injected", f"hidden from readers: {personal.excerpt(unseen, found.start, found.end)}")
        if not nth:
            notes.evidence.setdefault("hidden_text_dropped", personal.excerpt(text, 0, 120))


def _heard(lowered: str) -> frozenset[str]:
    return shingles.heard(shingles.word_hashes(lowered), lowered, _vocabulary())


def _privacy(document: Document, lowered: str, heard: frozenset[str], notes: _Notes) -> None:
    host = (document.url or "").partition("://")[2].partition("/")[0]
    for found in personal.find(document.text, lowered, heard):
        if found.code == "personal_email" and personal.is_own(document.text[found.start : found.end], host):
            continue
        again = found.code in notes.counts
        notes.add(found.code, "" if again else personal.excerpt(document.text, found.start, found.end, 30))


def _form(document: Document, notes: _Notes) -> None:
    """What is said of the whole text: its length, its headings, what somebody thought of it."""
    text = document.text
    if len(text) < THIN_CHARACTERS:
        notes.add("thin", personal.excerpt(text, 0, len(text)))
    if len(text) > OVERLONG_CHARACTERS:
        notes.add("overlong", f"{len(text):,} characters")
    for match in _FAKE_HEADING.finditer(text):
        notes.add("fake_heading", personal.excerpt(text, match.start(1), match.end(1), 0))
    for name, value in document.metadata.items():
        if _SATISFACTION.search(name) and _is_bad(value):
            notes.add("rated_bad", f"{name}: {personal.masked(str(value))}")


def _tongue(document: Document, language: str | None, notes: _Notes) -> None:
    """Whether the text is in the language of its locale, and ends in the one it begins in."""
    text = document.text
    if language is None or len(text) < ENOUGH_TO_TELL:
        return
    first = language
    if document.locale:
        first = language_of(_prose(text[:LOOKED_AT])) or language
        if first != language:
            notes.add("locale_mismatch", f"{document.locale}, but the text seems to be '{first}': {_begin(text)}")
    if len(text) > ENOUGH_FOR_TWO:
        last = language_of(_prose(text[-LOOKED_AT:]))
        if last not in (None, first):
            notes.add("mixed_document", f"'{first}' at first, '{last}' at the end: {_begin(text[-200:])}")


def _prose(text: str) -> str:
    """Its longer paragraphs, tables, code and data left out; a language is told by these."""
    return "\n".join(
        block for _, block in blocks_of(text) if not block.startswith(("|", "{", "[", "<")) and "```" not in block
    )


def _begin(text: str) -> str:
    return personal.excerpt(text, 0, 60, 0)


def _is_bad(value: Json) -> bool:
    said = value.get("score") if isinstance(value, dict) else value
    return isinstance(said, str) and said.lower() in ("bad", "badwithcomment", "negative", "unsatisfied")


def _fields(raw: RawDocument) -> Iterator[str]:
    """What the source says of the document, each as `name: type`."""
    said = {
        "title": raw.title, "url": raw.url, "section": list(raw.section), "locale": raw.locale,
        "principals": list(raw.principals),
    }  # fmt: skip
    if raw.updated_at is not None:
        yield "updated_at: time"
    for name, value in (*said.items(), *((f"metadata.{name}", value) for name, value in raw.metadata.items())):
        if value not in (None, [], ""):
            yield f"{name}: {_type_of(value)}"


def _type_of(value: object) -> str:
    match value:
        case bool():
            return "truth value"
        case int() | float():
            return "number"
        case str():
            return "text"
        case list() | tuple():
            return "list"
    return "object"
