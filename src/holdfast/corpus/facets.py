"""What a search may be narrowed by: short marks of a document, such as `locale=en` or `section=Billing/Refunds`.

Knows nothing of who may see a document; that is never a matter of what somebody asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from holdfast.records import Document, Json

MOST, LONGEST = 64, 200
"""Marks of one document, and the characters of a value that a mark can be made of; longer ones are texts."""


def facets_of(document: Document) -> tuple[str, ...]:
    """The marks of a document, sorted; beyond MOST of its metadata none."""
    own = [f"id={document.id}", *_places(document), *_dates(document)]
    said = [mark for name in sorted(document.metadata) for mark in _said(name, document.metadata[name])]
    return tuple(sorted({*own, *said[:MOST]}))


def wanted(where: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], ...]:
    """For each name the marks of which a document must have one, sorted: equal filters give equal tuples."""
    return tuple(sorted(tuple(sorted({f"{name}={value}" for value in values})) for name, values in where.items()))


def _places(document: Document) -> Iterator[str]:
    if document.locale:
        locale = document.locale.replace("_", "-").lower()
        yield f"locale={locale}"
        yield f"locale={locale.partition('-')[0]}"
    for depth in range(1, len(document.section) + 1):
        yield f"section={'/'.join(document.section[:depth])}"


def _dates(document: Document) -> Iterator[str]:
    """The day it was updated, its month and its year."""
    if document.updated_at is not None:
        day = document.updated_at.date().isoformat()
        yield from (f"updated={day}", f"updated={day[:7]}", f"updated={day[:4]}")


def _said(name: str, value: Json) -> Iterator[str]:
    if isinstance(value, list):
        for one in value:
            if not isinstance(one, list | dict):
                yield from _said(name, one)
    elif isinstance(value, bool):
        yield f"{name}={str(value).lower()}"
    elif isinstance(value, str | int | float) and len(text := str(value).strip()) <= LONGEST:
        yield f"{name}={text}"
