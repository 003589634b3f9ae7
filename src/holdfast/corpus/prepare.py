"""From what a source gave to what is indexed: one document cleaned, titled and cut into chunks.

Knows nothing of other documents, of vectors, or of whether anything changed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from holdfast.contracts import Embedder
from holdfast.corpus.checks.facts import facts_of
from holdfast.corpus.chunk import PREFIX_TOKENS, CountTokens, chunk_markdown
from holdfast.corpus.cleaned import Cleaned, Finding
from holdfast.corpus.facets import facets_of
from holdfast.corpus.formats import expect, is_format, read_format
from holdfast.corpus.html import clean_html
from holdfast.corpus.language import language_of
from holdfast.corpus.markdown import clean_markdown
from holdfast.corpus.segment import Entry
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.text import decode
from holdfast.corpus.version import chunk_id
from holdfast.identity import canonical, digest
from holdfast.records import Chunk, Document
from holdfast.sources import Passed, RawDocument

RECIPE_VERSION = 2  # counts up when cleaning, chunking or the fields of the index change what comes out
MIN_CHUNK_TOKENS = 32
_CHARSET = re.compile(rb"<meta\b[^>]*?charset\s*=\s*[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready to be indexed; `index_texts` are its chunks' texts for finding, in their order."""

    entry: Entry
    document: Document
    chunks: tuple[Chunk, ...]


def recipe(settings: CorpusSettings, embedder: Embedder | None) -> str:
    """A hash of everything but the source that shapes the chunks: when it changes, all documents are prepared anew."""
    encoder = None if embedder is None else (embedder.name, embedder.max_tokens)
    return digest(canonical((RECIPE_VERSION, settings.max_tokens, settings.language, encoder)), 16)


def hash_of(raw: RawDocument) -> str:
    """A hash of everything the source says of a document: equal, and the document is unchanged."""
    body = raw.body if isinstance(raw.body, bytes) else raw.body.encode("utf-8", "replace")
    said = (
        raw.id, digest(body), raw.media_type, raw.title, raw.url, raw.section, raw.locale, raw.updated_at,
        sorted(raw.principals), raw.metadata,
    )  # fmt: skip
    return digest(canonical(said))


def prepare(raw: RawDocument, raw_hash: str, *, max_tokens: int, count_tokens: CountTokens | None) -> Prepared | Passed:
    """Clean and chunk one document; Passed when no text is left. The same document gives the same chunks.

    Raises Unreadable where cleaning cannot read it.
    """
    return assemble(raw, raw_hash, clean(raw), max_tokens=max_tokens, count_tokens=count_tokens)


def assemble(
    raw: RawDocument, raw_hash: str, cleaned: Cleaned, *, max_tokens: int, count_tokens: CountTokens | None
) -> Prepared | Passed:
    """A document that was cleaned, titled and cut into chunks; Passed when no text is left."""
    title = " ".join((raw.title or cleaned.title or "").split())
    counts = {finding.code: finding.count for finding in cleaned.findings}
    if not cleaned.text.strip():
        return Passed(id=raw.id, reason=_why_empty(cleaned))
    if not title:
        counts["untitled"] = 1
    document = Document(
        id=raw.id,
        title=title or raw.id,
        text=cleaned.text,
        url=raw.url,
        section=raw.section,
        locale=raw.locale,
        updated_at=raw.updated_at,
        principals=tuple(sorted(set(raw.principals))),
        metadata=raw.metadata,
        removed=cleaned.removed,
        tables=cleaned.tables,
    )
    chunks = chunks_of(document, max_tokens, count_tokens)
    if not chunks:
        return Passed(id=raw.id, reason="no text is left after cleaning")
    said = (raw.locale or "").replace("_", "-").split("-")[0].lower()
    language = said or language_of(document.text)
    noted, facts = facts_of(raw, document, language)
    counts.update(noted)
    entry = Entry(
        id=document.id,
        hash=raw_hash,
        text_hash=digest(" ".join(document.text.split()).encode(), 16),
        title=document.title,
        language=language,
        principals=document.principals,
        findings=counts,
        characters=len(document.text),
        at=0,
        size=0,
        chunks=len(chunks),
        facets=facets_of(document),
        facts=facts,
    )
    return Prepared(entry, document, chunks)


def _why_empty(cleaned: Cleaned) -> str:
    if any(part.kind == "auto_reply" for part in cleaned.removed):
        return "automatic reply"
    if any(finding.code == "mail_encrypted" for finding in cleaned.findings):
        return "encrypted mail"
    return "no text is left after cleaning"


def clean(raw: RawDocument) -> Cleaned:
    """The document's text as Markdown, whatever it came as. Raises Unreadable, saying why."""
    findings: list[Finding] = []
    body = raw.body
    if raw.media_type == "message/rfc822":
        from holdfast.corpus.mail.message import read_mail

        return read_mail(body if isinstance(body, bytes) else body.encode("utf-8", "replace"))
    if raw.media_type == "application/vnd.holdfast.conversation+json":
        from holdfast.corpus.mail.conversation import clean_conversation

        return clean_conversation(body)
    if is_format(raw.media_type):
        return read_format(raw.media_type, body if isinstance(body, bytes) else body.encode("utf-8", "replace"))
    if isinstance(body, bytes):
        expect(raw.media_type, body)
        said = _CHARSET.search(body[:2048]) if raw.media_type.startswith("text/html") else None
        body, noticed = decode(body, None if said is None else said[1].decode())
        findings += noticed
    body = body.encode("utf-8", "replace").decode()  # half of a surrogate pair stands in a str, never in a file
    if raw.media_type.startswith("text/html"):
        cleaned = clean_html(body, base_url=raw.url, article=raw.media_type == "text/html; page")
    else:
        cleaned = clean_markdown(body)
    return replace(cleaned, findings=(*findings, *cleaned.findings))


def chunks_of(document: Document, max_tokens: int, count_tokens: CountTokens | None) -> tuple[Chunk, ...]:
    """A cleaned document cut into chunks; the same document gives the same ones."""
    made: list[Chunk] = []
    times: dict[tuple[tuple[str, ...], str], int] = {}
    cut = chunk_markdown(
        document.text,
        title=document.title,
        section=document.section,
        count_tokens=count_tokens,
        max_tokens=max_tokens,
    )
    for part in cut:
        nth = times[part.headings, part.text] = times.get((part.headings, part.text), -1) + 1
        made.append(
            Chunk(
                id=chunk_id(document.id, part.headings, part.text, nth),
                document=document.id,
                title=document.title,
                headings=part.headings,
                text=part.text,
                index_text=part.index_text,
                position=part.position,
                url=document.url,
                principals=document.principals,
            )
        )
    return tuple(made)


def chunk_limit(settings: CorpusSettings, embedder: Embedder | None) -> int:
    """The most tokens of a chunk's own text: what the settings say, or less where the encoder would cut it off."""
    if embedder is None:
        return settings.max_tokens
    (marks,) = embedder.count_tokens([""])
    return max(MIN_CHUNK_TOKENS, min(settings.max_tokens, embedder.max_tokens - marks - PREFIX_TOKENS))
