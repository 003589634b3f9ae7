"""The nouns of retrieval: what a corpus holds, what is found in it, and how it is searched.

Knows nothing of sources, of indexes, or of what becomes of a passage.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from msgspec import Struct

from holdfast.doors import Door
from holdfast.messages import Json


class Removed(Struct, frozen=True, array_like=True):
    """Text that was taken out before indexing, in its place among the rest: shown on request, never searched."""

    kind: Literal["quote", "signature", "footer", "auto_reply", "hidden", "boilerplate"]
    text: str


class Table(Struct, frozen=True, array_like=True):
    """A data table as a grid: every span copied into the cells it covers, the rows of a header joined by ` > `.

    Each row is as long as `header`. `headings` are those it stands under.
    """

    caption: str
    headings: tuple[str, ...]
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Document(Struct, frozen=True, kw_only=True):
    """A cleaned piece of a corpus, as its source knows it. `text` is Markdown; `id` is the source's own id."""

    id: str
    title: str
    text: str
    url: str | None = None
    section: tuple[str, ...] = ()
    locale: str | None = None
    updated_at: datetime | None = None
    principals: tuple[str, ...] = ()  # who may see it; empty: everyone
    metadata: dict[str, Json] = {}
    removed: tuple[Removed, ...] = ()
    tables: tuple[Table, ...] = ()


class Chunk(Struct, frozen=True, kw_only=True):
    """A stored part of a document. `text` is for reading, `index_text` for finding."""

    id: str
    document: str
    title: str
    headings: tuple[str, ...]
    text: str
    index_text: str
    position: int
    url: str | None = None
    principals: tuple[str, ...] = ()


class Passage(Door, frozen=True, kw_only=True):
    """A chunk that was found. `score` is comparable within one search only; higher is better."""

    document: str
    chunk: str
    title: str
    text: str
    headings: tuple[str, ...] = ()
    url: str | None = None
    score: float = 0.0


class Citation(Door, frozen=True, kw_only=True):
    """Where a statement of an answer comes from; `quote` is verbatim from the passage."""

    document: str
    chunk: str
    title: str
    url: str | None = None
    quote: str = ""


class Search(Struct, frozen=True, kw_only=True):
    """How a corpus is searched. `weight` is the share of the vector score in the fusion, None: the corpus's own.

    `where` lets only documents pass that have, for each name, one of the values: a name of their metadata, `id`,
    `locale`, or `section`, whose values are paths from the top as in `Billing/Refunds`.
    """

    k: int = 6
    mode: Literal["hybrid", "lexical", "vector"] = "hybrid"
    weight: float | None = None
    max_per_document: int = 3
    where: dict[str, tuple[str, ...]] = {}
