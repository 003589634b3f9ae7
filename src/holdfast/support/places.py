"""Reads a passage as places: sentences, list items and table rows, each with what stands above it.

Does not know what is asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from holdfast.support.rendering import cells, readable
from holdfast.support.sentences import Span, split_sentences
from holdfast.support.terms import Reader, Terms

_RULE = re.compile(r"[\s|:=*_-]+")
_ENDED = re.compile(r"[.!?…:;。！？][\"'”’)\]*_]*(?:\s?\[\d+\])*$")
_TITLE_WORDS = 9
_MARK = re.compile(r"[>\s]*(?:\[![A-Za-z]+\]|<!--.*?-->)\s*", re.DOTALL)
_FOOTNOTE = re.compile(r"\[\^[^\]]+\]:")
_ONLY_LINKS = re.compile(
    r"(?:[\s>*+•.,;|–-]|\d+[.)]|!?\[[^\]]*\]\([^)]*\)|<?https?://[^\s>]+>?|<a\b[^>]*>.*?</a>|<[^>]+>)+", re.DOTALL
)
_FURNITURE = re.compile(
    r"[\W_]*(?:(?:in|on) this (?:article|page|section)|table of contents|contents|related (?:articles?|topics?|links?)|"
    r"(?:see|read) (?:also|more)|learn more|was this (?:article |page )?helpful|back to top|skip to (?:main )?content|"
    r"share this(?: page)?|(?:last )?updated(?: on)? [\d\w ,./-]{4,20})[\W_]*",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Place:
    """A sentence where it stands: number `index` of passage `passage`.

    `above`: the stems of title, headings and lead-in; `run`: one number for all of one list or table, -1 outside;
    `silent`: evidence for others, never emitted by itself (headings, questions, rules, table headers, page furniture);
    `text`: tidied for reading; `path`: title, heading and lead-in, as a reader would see them above it.
    """

    passage: int
    index: int
    span: Span
    terms: Terms
    stems: frozenset[str]
    above: frozenset[str]
    run: int
    silent: bool
    text: str
    path: str


def read_places(passage: int, text: str, title: str, reader: Reader) -> Iterator[Place]:
    """The places of one passage, in reading order."""
    titled = frozenset(reader.read(title).stems)
    heading, lead_in = "", ""
    spans = split_sentences(text)
    run, header = -1, tuple[str, ...]()
    for index, span in enumerate(spans):
        terms = reader.read(span.text)
        following = spans[index + 1] if index + 1 < len(spans) else None
        listed = span.kind in ("item", "row")
        ruled = span.kind == "row" and following is not None and following.kind == "row" and _is_rule(following)
        if not listed:
            run, header = -1, ()
        elif run < 0 or spans[run].kind != span.kind or ruled:
            run, header = index, tuple(cells(span.text)) if ruled else ()
        heads = span.kind == "heading" or (not terms.quantities and _is_title(text, span, following))
        asks = span.text.endswith("?")
        tidy = readable(span, header)
        path = [title, heading, *([lead_in] if listed else []), *(header if header and not ruled else [])]
        yield Place(
            passage,
            index,
            span,
            terms,
            terms.measures.union(terms.stems),
            titled.union(*(reader.read(part).stems for part in path[1:] if part)),
            run,
            heads or asks or ruled or _is_furniture(span),
            tidy,
            " > ".join(part for part in path[: 3 if listed else 2] if part),
        )
        if heads or asks:
            heading = tidy.lstrip("# ")
        if not listed:
            lead_in = tidy if tidy.endswith(":") else ""


def _is_rule(span: Span) -> bool:
    return bool(_RULE.fullmatch(span.text))


def _is_furniture(span: Span) -> bool:
    """Whether a sentence only furnishes the page: a rule, a footnote, bare links, a mark, "In this article"."""
    if span.kind == "code":
        return False
    return bool(
        _RULE.fullmatch(span.text)
        or _MARK.fullmatch(span.text)
        or _FOOTNOTE.match(span.text)
        or _ONLY_LINKS.fullmatch(span.text)
        or _FURNITURE.fullmatch(span.text)
    )


def _is_title(text: str, span: Span, following: Span | None) -> bool:
    """Whether a sentence is a short line by itself that ends without a full stop and has text below it."""
    if span.kind != "prose" or following is None:
        return False
    before = text[: span.start].rstrip(" ")
    alone = (not before or before.endswith("\n")) and "\n" in text[span.end : following.start]
    return alone and len(span.text.split()) <= _TITLE_WORDS and not _ENDED.search(span.text)
