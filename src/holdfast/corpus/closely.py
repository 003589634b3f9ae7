"""A document looked at closely, and documents by name: what a person sees who goes through a corpus.

Knows nothing of where versions are kept; it is given them opened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from msgspec import Struct

from holdfast.corpus.segment import Entry
from holdfast.corpus.version import Version, may_see
from holdfast.records import Chunk, Document


class DocumentName(Struct, frozen=True, kw_only=True):
    """A document in a list."""

    id: str
    title: str


class DocumentPage(Struct, frozen=True, kw_only=True):
    """Documents by their id; `next` is the `after` of the page after this one, None on the last."""

    documents: tuple[DocumentName, ...]
    next: str | None


class DocumentVersion(Struct, frozen=True, kw_only=True):
    """A document in one kept version, beside the kept version before it."""

    version: str
    made_at: datetime
    there: bool
    differs: bool


class DocumentClosely(Struct, frozen=True, kw_only=True):
    """A document as it stands in a version, with its chunks in order, and how it stood in every version that is kept.

    `remarks` counts what cleaning and the checks noticed, by code; `versions` are the newest first.
    """

    document: Document
    version: str
    language: str | None
    remarks: dict[str, int]
    chunks: tuple[Chunk, ...]
    versions: tuple[DocumentVersion, ...]


def history_of(document_id: str, versions: Sequence[Version]) -> tuple[DocumentVersion, ...]:
    """How a document stood in each of the versions, which are the newest first."""
    return tuple(_history(document_id, versions))


def _history(document_id: str, versions: Sequence[Version]) -> Iterator[DocumentVersion]:
    hashes = [None if (entry := each.entry(document_id)) is None else entry.hash for each in versions]
    for version, here, before in zip(versions, hashes, [*hashes[1:], hashes[-1] if hashes else None], strict=True):
        yield DocumentVersion(
            version=f"v{version.manifest.number}",
            made_at=version.manifest.created_at,
            there=here is not None,
            differs=here != before,
        )


def chunks_of(version: Version, document_id: str) -> tuple[Chunk, ...]:
    """A document's chunks in the order of its text. Raises KeyError where the version does not have it."""
    return tuple(version.chunk(row) for row in version.rows_of(document_id))


def page_of(
    entries: Iterable[Entry], now: Version, principals: frozenset[str], *, words: str, after: str, limit: int
) -> DocumentPage:
    """At most `limit` documents with an id above `after`, of those that there are `now` and that may be seen now.

    All of `words` occur in the title or the id; their case does not matter.
    """
    asked = words.casefold().split()

    def wanted(entry: Entry) -> bool:
        said = f"{entry.title} {entry.id}".casefold()
        newest = now.entry(entry.id) if entry.id > after and all(word in said for word in asked) else None
        return newest is not None and may_see(newest.principals, principals)

    found = sorted((entry for entry in entries if wanted(entry)), key=lambda entry: entry.id)
    page = tuple(DocumentName(id=entry.id, title=entry.title) for entry in found[:limit])
    return DocumentPage(documents=page, next=page[-1].id if len(found) > limit else None)


def named(ids: Iterable[str], now: Version, principals: frozenset[str], limit: int) -> tuple[DocumentName, ...]:
    """The first `limit` of those that there are now and that may be seen now."""
    found = (entry for each in ids if (entry := now.entry(each)) is not None and may_see(entry.principals, principals))
    return tuple(DocumentName(id=entry.id, title=entry.title) for entry, _ in zip(found, range(limit), strict=False))
