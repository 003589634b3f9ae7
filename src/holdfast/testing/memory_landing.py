"""A landing that lives in memory: the twin of the one on disk, for tests of feeds and of what becomes of them.

Knows nothing of durability, and never forgets by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from msgspec.structs import replace

from holdfast.identity import canonical
from holdfast.messages import Json
from holdfast.sources import FeedPage, Item


@dataclass(slots=True)
class _Kept:
    item: Item
    gone: bool
    mark: int


class MemoryLanding:
    """Keeps every promise of `Landing` but durability. `path` is for whoever opens landings by path."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._items: dict[tuple[str, str], _Kept] = {}
        self._touches: dict[str, int] = {}
        self._said: dict[str, int] = {}
        self._cursor: Json = None
        self._first = self._mark = 1

    @property
    def cursor(self) -> Json:
        """See `Landing`."""
        return self._cursor

    @property
    def mark(self) -> int:
        """See `Landing`."""
        return self._mark

    def get(self, kind: str, item_id: str) -> Item | None:
        """See `Landed`."""
        kept = self._items.get((kind, item_id))
        return None if kept is None or kept.gone else kept.item

    def rows(self, kind: str) -> Iterator[Item]:
        """See `Landed`."""
        return iter(sorted((item for item in self._there() if item.kind == kind), key=lambda item: item.id))

    def documents(self, only: Collection[str] | None = None) -> Iterator[tuple[str, tuple[Item, ...]]]:
        """See `Landed`."""
        asked = None if only is None else frozenset(only)
        there = [item for item in self._there() if item.document and (asked is None or item.document in asked)]
        there.sort(key=lambda item: (item.document, item.kind, item.id))
        for document, items in groupby(there, key=lambda item: item.document):
            yield document, tuple(items)

    def document_ids(self) -> Iterator[str]:
        """See `Landing`."""
        return iter(sorted({item.document for item in self._there()} - {""}))

    def counts(self) -> Mapping[str, tuple[int, int | None]]:
        """See `Landing`."""
        here: dict[str, int] = dict.fromkeys(self._said, 0)
        for item in self._there():
            here[item.kind] = here.get(item.kind, 0) + 1
        return {kind: (here[kind], self._said.get(kind)) for kind in sorted(here)}

    def touched(self, since: int) -> frozenset[str] | None:
        """See `Landing`."""
        if not self._first <= since <= self._mark:
            return None
        found = frozenset(document for document, mark in self._touches.items() if mark > since)
        return None if "" in found else found

    def keep(self, page: FeedPage, *, moves: bool = True) -> None:
        """See `Landing`."""
        mark, touched = self._mark + 1, set[str]()
        for kind, ids in (page.present or {}).items():
            touched |= self._sweep(kind, ids, mark)
        for item in page.items:
            touched |= self._put(item, mark)
        self._said.update(page.counts or {})
        self._touches.update(dict.fromkeys(touched, mark))
        if moves:
            self._cursor = page.cursor
        if touched:
            self._mark = mark

    def forget(self, mark: int) -> None:
        """See `Landing`."""
        self._items = {key: kept for key, kept in self._items.items() if not (kept.gone and kept.mark <= mark)}
        left = {kept.item.document for kept in self._items.values()}
        self._touches = {known: at for known, at in self._touches.items() if at > mark or known in left}

    def clear(self) -> None:
        """See `Landing`."""
        self._items, self._touches, self._said, self._cursor = {}, {}, {}, None
        self._first = self._mark = self._mark + 1

    def close(self) -> None:
        """See `Landing`."""

    def _there(self) -> Iterator[Item]:
        return (kept.item for kept in self._items.values() if not kept.gone)

    def _put(self, item: Item, mark: int) -> set[str]:
        """Keep an item; the documents that changed by it."""
        key = (item.kind, item.id)
        known = self._items.get(key)
        before = [] if known is None else [known.item.document]
        if item.data is None:
            if known is None or known.item.data is None:
                return set()
            self._items[key] = _Kept(replace(known.item, data=None), gone=True, mark=mark)
            return set(before)
        if known is not None and not known.gone and canonical(known.item) == canonical(item):
            return set()
        self._items[key] = _Kept(item, gone=False, mark=mark)
        return {item.document, *before}

    def _sweep(self, kind: str, ids: Collection[str], mark: int) -> set[str]:
        touched = set()
        for (of_kind, item_id), kept in self._items.items():
            if of_kind == kind and kept.item.data is not None and kept.gone == (item_id in ids):
                kept.gone, kept.mark = not kept.gone, mark
                touched.add(kept.item.document)
        return touched
