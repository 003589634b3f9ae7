"""Who may see what of a corpus version: a filter for its lexical index, a mask over its rows.

Knows nothing of what is searched for.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeAlias

from holdfast.corpus.lexical import Visible
from holdfast.corpus.segment import Entry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Marks: TypeAlias = tuple[tuple[str, ...], ...]
"""For each name asked for, the marks of which a document must have one (`facets.wanted`)."""

VIEWS_KEPT = 64  # groups of principals whose view of a version is remembered


class Known(Protocol):
    """The version that says which documents still exist and who may see them."""

    @property
    def number(self) -> int: ...
    def entry(self, document_id: str) -> Entry | None: ...


@dataclass(frozen=True, slots=True)
class View:
    """What one group of principals may see: for the lexical index a filter, for the vectors a mask over rows."""

    visible: Visible
    rows: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class _Group:
    """Documents with the same principals then (`own`) and now (`current`, None: gone). `ids` only where they differ."""

    own: tuple[str, ...]
    current: tuple[str, ...] | None
    ordinals: list[int]
    ids: list[str]


def may_see(of_document: tuple[str, ...], principals: frozenset[str]) -> bool:
    """Whether a document is for everyone or shares a principal with the asker."""
    return not of_document or not principals.isdisjoint(of_document)


def narrows(before: tuple[str, ...], after: tuple[str, ...]) -> bool:
    """Whether somebody who could see a document by the first principals cannot by the second."""
    return bool(after) and (not before or not set(before) <= set(after))


class Access:
    """The views of one version. `entries` are its documents with their ordinals; `owners` the ordinal of each row's
    document, `alive` the rows that are of the version at all. Safe from several threads."""

    def __init__(
        self, entries: Sequence[tuple[int, Entry]], owners: NDArray[np.int64], alive: NDArray[np.bool_]
    ) -> None:
        self._entries = entries
        self._owners = owners
        self._alive = alive
        self._documents = 1 + max(int(owners.max(initial=-1)), *(ordinal for ordinal, _ in entries), -1)
        self._views: OrderedDict[tuple[int, tuple[str, ...], Marks], View] = OrderedDict()
        self._groups: tuple[int, tuple[_Group, ...]] | None = None
        self._guard = threading.Lock()

    def view(self, principals: tuple[str, ...], now: Known, where: Marks = ()) -> View:
        """What somebody with those principals may see of this version, by the documents and permissions of `now`, and
        wants to: documents with one of each of the marks in `where`.

        A document that `now` does not have is gone for everybody; one it has is seen by those who may see it now.
        """
        asker = (now.number, tuple(sorted(set(principals))), where)
        with self._guard:
            made = self._views.get(asker)
            if made is None:
                made = self._views[asker] = self._view(frozenset(principals), self._groups_by(now), where)
            self._views.move_to_end(asker)
            if len(self._views) > VIEWS_KEPT:
                self._views.popitem(last=False)
            return made

    def _groups_by(self, now: Known) -> tuple[_Group, ...]:
        """The documents grouped by who might see them then and who may now, so that a view costs little to make."""
        if self._groups is not None and self._groups[0] == now.number:
            return self._groups[1]
        found: dict[tuple[tuple[str, ...], tuple[str, ...] | None], tuple[list[int], list[str]]] = {}
        for ordinal, then in self._entries:
            entry = now.entry(then.id)
            current = None if entry is None else entry.principals
            ordinals, ids = found.setdefault((then.principals, current), ([], []))
            ordinals.append(ordinal)
            if then.principals != current:
                ids.append(then.id)
        groups = tuple(_Group(own, current, *members) for (own, current), members in found.items())
        self._groups = (now.number, groups)
        return groups

    @cached_property
    def _having(self) -> Mapping[str, list[int]]:
        """The documents that have a mark, by the mark."""
        found: dict[str, list[int]] = {}
        for ordinal, entry in self._entries:
            for mark in entry.facets:
                found.setdefault(mark, []).append(ordinal)
        return found

    def _view(self, principals: frozenset[str], groups: tuple[_Group, ...], where: Marks) -> View:
        import numpy as np

        hidden: set[str] = set()
        shown: set[str] = set()
        allowed = np.zeros(self._documents, bool)
        for group in groups:
            before = may_see(group.own, principals)
            may = group.current is not None and may_see(group.current, principals)
            allowed[group.ordinals] = may
            if may != before:
                (shown if may else hidden).update(group.ids)
        names = tuple(sorted(principals)) if any(group.own for group in groups) else None
        for marks in where:
            having = np.zeros(len(allowed), bool)
            for mark in marks:
                having[self._having.get(mark, [])] = True
            allowed &= having
        visible = Visible(names, frozenset(hidden), frozenset(shown), where)
        return View(visible, self._alive & allowed[self._owners])
