"""A mail as a file (RFC 5322, MIME) read to a document: its own words, its subject as the title.

Knows nothing of mailboxes or of threads. Who sent it to whom is read by nobody here but to find a signature: addresses
are personal data, and no part of what a mail says.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from email.errors import MessageError
from email.header import decode_header
from email.message import Message
from email.parser import BytesParser
from email.utils import parseaddr

from holdfast.corpus.cleaned import Cleaned, Finding, findings
from holdfast.corpus.mail.automatic import automatic_by_headers, automatic_by_subject
from holdfast.corpus.mail.calendar import invitation
from holdfast.corpus.mail.flowed import unflowed, without_armour
from holdfast.corpus.mail.phrases import FORWARD_PREFIX, REPLY_PREFIX
from holdfast.corpus.mail.strip import Stripped, strip_reply, strip_reply_html
from holdfast.corpus.text import decode, normalise
from holdfast.documents import Removed, Table

MOST_BYTES = 32 * 1024 * 1024
MOST_PARTS = 500
DEEPEST = 40
"""Multiparts and mails within mails, counted together; what stands behind the last of these is not read."""
LONGEST_HEADER = 4000
MOST_NAMED = 20

_SHAPING = re.compile(rb"^content-(?:type|disposition)[ \t]*:\s*(multipart/|message/)?", re.I | re.M)
_HEADER_END = re.compile(rb"\n(?![ \t])")
_STRUCTURE = re.compile(r"<(?:table|ul|ol|li|h[1-6]|pre|blockquote|b|strong|a)[\s>]", re.I)
_SIGNATURES = frozenset({"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"})
_UNREADABLE = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime", "application/pgp-encrypted"})
_GAPS = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")


@dataclass(slots=True)
class _Reading:
    """What has been read of one mail so far."""

    sender: str
    forwarded: bool
    texts: list[Stripped] = field(default_factory=list)
    attachments: list[str] = field(default_factory=list)
    invitations: list[str] = field(default_factory=list)
    mails: list[Message] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    parts: int = 0


def read_mail(body: bytes) -> Cleaned:
    """A mail's own words as Markdown, the subject without `Re:` and the like as the title, what was cut as `removed`.

    Of alternatives the HTML is read where it has structure, else the plain text; an invitation and a mail within are
    read where nothing else is said; attachments are not read but named in a finding (`attachment_unread`), and what is
    encrypted is counted (`mail_encrypted`). A mail that a program sent has no text and is all `auto_reply`.

    Never fails, whatever the bytes. Reads 32 MB, 500 parts and 40 levels of a mail (`mail_cut` says that there was
    more). The parser keeps headers as they came, since the structured ones take more than linear time and raise on
    broken ones.
    """
    counts: Counter[str] = Counter()
    mail = BytesParser().parsebytes(_bounded(body, counts))
    headers = _headers(mail)
    subject = headers.get("subject", "")
    title, forwarded = plain_subject(subject)
    reading = _Reading(parseaddr(headers.get("from", ""))[0], forwarded, counts=counts)
    _read(mail, reading)
    if not any(text.text for text in reading.texts):
        _read_instead(reading)
    automatic = automatic_by_headers(headers) or automatic_by_subject(subject)
    return _cleaned(title, reading, automatic=automatic)


def plain_subject(subject: str) -> tuple[str | None, bool]:
    """A subject without the marks of answers and forwards before it, if any is left; and whether it is forwarded."""
    forwarded = False
    subject = " ".join(subject.split())
    for _ in range(12):
        answer = REPLY_PREFIX.match(subject)
        forward = None if answer else FORWARD_PREFIX.match(subject)
        if (prefix := answer or forward) is None:
            break
        forwarded = forwarded or (forward is not None)
        subject = subject[prefix.end() :]
    return subject.strip() or None, forwarded


def _bounded(body: bytes, counts: Counter[str]) -> bytes:
    """At most as much of a mail as is read, cut before the first part that is nested too deep.

    Headers with parameters are cut short: the parser takes more than linear time for those.
    """
    if len(body) > MOST_BYTES:
        counts["mail_cut"] = 1
        body = body[:MOST_BYTES]
    pieces: list[bytes] = []
    start = nested = 0
    for header in _SHAPING.finditer(body):
        nested += header[1] is not None
        if nested > DEEPEST:
            counts["mail_cut"] = 1
            body = body[: header.start()]
            break
        if header.start() < start:
            continue
        end = _HEADER_END.search(body, header.end())
        stop = end.start() if end else len(body)
        if stop - header.start() > LONGEST_HEADER:
            pieces.append(body[start : header.start() + LONGEST_HEADER])
            start = stop
    if pieces:
        body = b"".join([*pieces, body[start:]])
    return body.lstrip(b"\xef\xbb\xbf\r\n\t ")


def _headers(mail: Message) -> Mapping[str, str]:
    """The first of each header, its name in lower case, decoded."""
    found: dict[str, str] = {}
    for name, value in mail.raw_items():
        found.setdefault(name.lower(), _decoded(str(value)[:LONGEST_HEADER]))
    return found


def _decoded(value: str) -> str:
    """A header's text: encoded words (RFC 2047) decoded, raw bytes guessed."""
    raw = value.encode("utf-8", "surrogateescape")
    text = value if value.isascii() else decode(raw)[0]
    if "=?" not in text:
        return text
    try:
        words = decode_header(text)
    except (MessageError, ValueError):
        return text
    return "".join(
        word if isinstance(word, str) else decode(word, None if charset == "unknown-8bit" else charset)[0]
        for word, charset in words
    )


def _read(part: Message, reading: _Reading) -> None:
    """Reads one part and those within it. The depth is bounded before the mail is parsed."""
    reading.parts += 1
    if reading.parts > MOST_PARTS:
        reading.counts["mail_cut"] = 1
        return
    kind = part.get_content_type()
    within = part.get_payload()
    if kind.startswith("message/") and isinstance(within, list):
        if kind == "message/rfc822" and within and isinstance(within[0], Message):
            reading.mails.append(within[0])
            reading.attachments.append(_headers(within[0]).get("subject", "") or "a mail")
        return
    if isinstance(within, list):
        for child in _chosen(kind, [child for child in within if isinstance(child, Message)], reading):
            _read(child, reading)
    elif kind in _UNREADABLE:
        reading.counts["mail_encrypted"] += 1
    elif kind == "text/calendar":
        reading.invitations.append(_text(part, reading))
    elif kind not in _SIGNATURES:
        _read_leaf(part, kind, reading)


def _chosen(kind: str, children: list[Message], reading: _Reading) -> Iterator[Message]:
    """The parts of a multipart that are read, in order."""
    if kind == "multipart/encrypted":
        reading.counts["mail_encrypted"] += 1
    elif kind == "multipart/related" or kind == "multipart/report":
        yield from children[:1]
        reading.attachments.extend(
            _name(child) for child in children[1:] if child.get_filename() and kind == "multipart/report"
        )
    elif kind == "multipart/alternative":
        yield from _alternative(children)
    else:
        yield from children


def _alternative(children: list[Message]) -> Iterator[Message]:
    """The HTML where it has structure or there is no plain text, else the plain text; and an invitation."""
    by_kind = {child.get_content_type(): child for child in children}
    plain = by_kind.get("text/plain")
    rich = by_kind.get("text/html") or by_kind.get("multipart/related") or by_kind.get("multipart/mixed")
    if plain is None or rich is None:
        only = plain or rich
        yield from children[:1] if only is None else [only]
    elif rich.is_multipart() or not _payload(plain).strip() or _STRUCTURE.search(_payload(rich).decode("latin-1")):
        yield rich
    else:
        yield plain
    if "text/calendar" in by_kind and (plain or rich):
        yield by_kind["text/calendar"]


def _read_leaf(part: Message, kind: str, reading: _Reading) -> None:
    named = part.get_filename()
    if kind not in ("text/plain", "text/html") or named or part.get_content_disposition() == "attachment":
        if named or kind.partition("/")[0] not in ("text", "image") or part.get_content_disposition() == "attachment":
            reading.attachments.append(_name(part))
        return
    text = _text(part, reading)
    if kind == "text/html":
        stripped = strip_reply_html(text, sender=reading.sender, forwarded=reading.forwarded)
        for finding in stripped.findings:
            reading.counts[finding.code] += finding.count
    else:
        if part.get_param("format") == "flowed":
            text = unflowed(text, joined=part.get_param("delsp") == "yes")
        text, encrypted = without_armour(normalise(text))
        reading.counts["mail_encrypted"] += encrypted
        stripped = strip_reply(text, sender=reading.sender, forwarded=reading.forwarded)
    reading.texts.append(stripped)


def _read_instead(reading: _Reading) -> None:
    """What stands in for a mail that says nothing itself: its invitation, else the mails in it."""
    for text in reading.invitations:
        reading.texts.append(strip_reply(invitation(normalise(text))))
    if reading.invitations:
        return
    for mail in reading.mails:
        inner = _Reading(parseaddr(_headers(mail).get("from", ""))[0], True, counts=reading.counts, parts=reading.parts)
        _read(mail, inner)
        reading.parts = inner.parts
        reading.texts += inner.texts


def _payload(part: Message) -> bytes:
    payload = part.get_payload(decode=True)
    return payload if isinstance(payload, bytes) else b""


def _text(part: Message, reading: _Reading) -> str:
    text, noticed = decode(_payload(part), part.get_content_charset())
    for finding in noticed:
        reading.counts[finding.code] += finding.count
    return text.encode("utf-8", "replace").decode()


def _name(part: Message) -> str:
    return " ".join(_decoded(str(part.get_filename() or part.get_content_type())[:200]).split())


def _cleaned(title: str | None, reading: _Reading, *, automatic: bool) -> Cleaned:
    removed: list[Removed] = []
    tables: list[Table] = []
    kept: list[str] = []
    for stripped in reading.texts:
        if automatic:
            whole = "".join(part.text for part in stripped.parts).strip()
            removed += [Removed("auto_reply", whole)] if whole else []
        else:
            removed += stripped.removed
            tables += stripped.tables
            kept.append(stripped.text)
    text = _GAPS.sub("\n\n", "\n\n".join(filter(None, kept)))
    noticed = list(findings(reading.counts))
    if reading.attachments:
        names = ", ".join(reading.attachments[:MOST_NAMED])
        noticed.append(Finding("attachment_unread", f"Attachments were not read: {names}.", len(reading.attachments)))
    noticed.sort(key=lambda finding: finding.code)
    return Cleaned(text, title, tuple(noticed), tuple(removed), tuple(tables))
