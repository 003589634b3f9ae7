"""A corpus version, opened: its documents, and the chunks of it that somebody may see, best first.

Knows nothing of sources, of how the version came to be, or of which version is the current one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec import Struct

from holdfast.corpus.fusion import collapsed, convex, normalised
from holdfast.corpus.lexical import LexicalIndex, Visible
from holdfast.corpus.segment import COLUMNS, Entry, Segment
from holdfast.corpus.storage import CorpusFolder
from holdfast.errors import ReplayDiverged, StoreFailed, nearest
from holdfast.identity import canonical, digest
from holdfast.records import Chunk, Document, Passage, Search

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Marks: TypeAlias = tuple[tuple[str, ...], ...]
    """For each name asked for, the marks of which a document must have one (`facets.wanted`)."""
    Ranked: TypeAlias = tuple[NDArray[np.int64], NDArray[np.float32]]
    """Rows and their scores, best first."""

MIN_CANDIDATES = 100
VIEWS_KEPT = 64  # groups of principals whose view of a version is remembered
MANIFEST_FILE, LEXICAL_FOLDER = "manifest.json", "lexical"


class SegmentRef(Struct, frozen=True):
    """A segment of a version; `dead` are the ordinals of documents it holds that the version does not."""

    id: str
    documents: int
    chunks: int
    dead: tuple[int, ...] = ()


class Manifest(Struct, frozen=True, kw_only=True):
    """What a version is made of. `recipe` is a hash of everything but the source that shaped the chunks; `encoder` is
    None for a version without vectors."""

    number: int
    created_at: datetime
    documents: int
    chunks: int
    recipe: str
    language: str
    encoder: str | None
    dimensions: int
    segments: tuple[SegmentRef, ...]


class Place(Struct, frozen=True):
    """Where a document stands: the number of its segment in the manifest and its ordinal there."""

    segment: int
    ordinal: int


class Version:
    """One version, read only. Safe from several threads."""

    def __init__(self, folder: Path, manifest: Manifest, segments: tuple[Segment, ...]) -> None:
        self.manifest = manifest
        self.segments = segments
        self.folder = folder
        self.places: dict[str, Place] = {}
        self._lexical = LexicalIndex(folder / LEXICAL_FOLDER, language=manifest.language)
        self._map_rows()
        self._views: OrderedDict[tuple[int, tuple[str, ...], Marks], View] = OrderedDict()
        self._groups: tuple[int, tuple[_Group, ...]] | None = None
        self._guard = threading.Lock()

    def _map_rows(self) -> None:
        """Number chunks (rows) and documents through all segments, dead ones included but marked."""
        import numpy as np

        alive, owners, first = [np.empty(0, bool)], [np.empty(0, np.int64)], 0
        for number, (ref, segment) in enumerate(zip(self.manifest.segments, self.segments, strict=True)):
            gone = np.zeros(len(segment.entries), bool)
            gone[list(ref.dead)] = True
            for ordinal in np.flatnonzero(~gone).tolist():
                self.places[segment.entries[ordinal].id] = Place(number, ordinal)
            ordinals = segment.columns[:, 2]
            alive.append(~gone[ordinals])
            owners.append(ordinals + first)
            first += len(segment.entries)
        columns = np.concatenate([np.empty((0, COLUMNS), np.int64), *(segment.columns for segment in self.segments)])
        keys, self._texts = columns[:, 0], columns[:, 1].copy()
        self._alive: NDArray[np.bool_] = np.concatenate(alive)
        self._owners: NDArray[np.int64] = np.concatenate(owners)
        self._by_key = np.flatnonzero(self._alive)[np.argsort(keys[self._alive], kind="stable")]
        self._sorted_keys = keys[self._by_key]
        self._row_starts = np.cumsum([0, *(len(segment.columns) for segment in self.segments)])
        self._document_starts = np.cumsum([0, *(len(segment.entries) for segment in self.segments)])

    # ------------------------------------------------------------ documents

    def entry(self, document_id: str) -> Entry | None:
        place = self.places.get(document_id)
        return None if place is None else self.segments[place.segment].entries[place.ordinal]

    def entries(self) -> Iterator[Entry]:
        return (self.segments[place.segment].entries[place.ordinal] for place in self.places.values())

    def document(self, document_id: str) -> Document | None:
        place = self.places.get(document_id)
        return None if place is None else self.segments[place.segment].document(place.ordinal)

    def chunk(self, row: int) -> Chunk:
        import numpy as np

        number = int(np.searchsorted(self._row_starts, row, side="right")) - 1
        return self.segments[number].chunk(row - int(self._row_starts[number]))

    def indexed(self, document_id: str | None = None) -> int:
        """How many chunks the lexical index finds, of one document or of all."""
        return len(self._lexical) if document_id is None else self._lexical.count(document_id)

    def rows_of(self, document_id: str) -> range:
        """The rows of a document's chunks. Raises KeyError."""
        place = self.places[document_id]
        rows, first = self.segments[place.segment].rows_of(place.ordinal), int(self._row_starts[place.segment])
        return range(rows.start + first, rows.stop + first)

    def vectors_of(self, document_id: str) -> NDArray[np.float32] | None:
        """A row for each of a document's chunks; None where the version has no vectors. Raises KeyError."""
        place = self.places[document_id]
        segment = self.segments[place.segment]
        rows = segment.rows_of(place.ordinal)
        return None if segment.vectors is None else segment.vectors[rows.start : rows.stop]

    def finds_alone(self, document_id: str, text: str) -> bool:
        """Whether the lexical index has that text under that document, however many others rank before it."""
        return self._lexical.holds(document_id, text)

    @cached_property
    def tables(self) -> tuple[int, int]:
        """How many chunks the segments' ledgers and their vectors hold, dead ones left out."""
        vectors = sum(
            len(segment.vectors) - sum(segment.entries[ordinal].chunks for ordinal in ref.dead)
            for ref, segment in zip(self.manifest.segments, self.segments, strict=True)
            if segment.vectors is not None
        )
        return int(self._alive.sum()), vectors

    # ------------------------------------------------------------ search

    def search(
        self,
        text: str,
        vector: NDArray[np.float32] | None,
        how: Search,
        view: View,
    ) -> tuple[Passage, ...]:
        """At most `how.k` passages, best first, scores in 0..1. `how.weight` must be set. Without a vector, lexical.

        Looks deeper until k passages are left after collapsing, or nothing more is found.
        """
        depth = max(MIN_CANDIDATES, 10 * how.k)
        while True:
            rows, scores, more = self._ranked(text, vector, how, view, depth)
            owners, texts = self._owners[rows].tolist(), self._texts[rows].tolist()
            ranked = zip(range(len(rows)), owners, texts, strict=True)
            shown = list(collapsed(ranked, how.k, how.max_per_document))
            if len(shown) >= how.k or not more:
                return tuple(self._passage(int(rows[at]), float(scores[at])) for at in shown)
            depth *= 4

    def _ranked(
        self, text: str, vector: NDArray[np.float32] | None, how: Search, view: View, depth: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32], bool]:
        """Rows and scores, best first, and whether a deeper look could find more."""
        lexical = vectors = None
        if how.mode != "vector" or vector is None:
            lexical = self.by_words(text, depth, view)
        if how.mode != "lexical" and vector is not None:
            vectors = self.by_meaning(vector, depth, view)
        more = any(found is not None and len(found[0]) >= depth for found in (lexical, vectors))
        if lexical is not None and vectors is not None:
            assert how.weight is not None
            return (*convex(lexical, vectors, how.weight), more)
        only = lexical if lexical is not None else vectors
        assert only is not None
        return only[0], normalised(only[1]), more

    def by_words(self, text: str, depth: int, view: View) -> Ranked:
        """At most `depth` rows with their BM25 scores, best first."""
        keys, scores = self._lexical.search(text, depth, view.visible)
        return self._by_key[self._sorted_keys.searchsorted(keys)], scores

    def by_meaning(self, vector: NDArray[np.float32], depth: int, view: View) -> Ranked:
        """At most `depth` rows with the greatest inner products, best first; exact: every vector is compared."""
        import numpy as np

        visible = view.rows
        parts = [segment.vectors @ vector for segment in self.segments if segment.vectors is not None]
        if not parts:
            return np.empty(0, np.int64), np.empty(0, np.float32)
        scores = np.where(visible, np.concatenate(parts), np.float32(-np.inf))
        rows = np.argpartition(-scores, depth)[:depth] if depth < len(scores) else np.arange(len(scores))
        rows = rows[np.argsort(-scores[rows], kind="stable")]
        rows = rows[visible[rows]]
        return rows, scores[rows]

    def owners(self, rows: NDArray[np.int64]) -> list[str]:
        """The ids of the documents that the rows' chunks belong to."""
        import numpy as np

        ordinals = self._owners[rows]
        numbers = np.searchsorted(self._document_starts, ordinals, side="right") - 1
        places = zip(numbers.tolist(), (ordinals - self._document_starts[numbers]).tolist(), strict=True)
        return [self.segments[number].entries[ordinal].id for number, ordinal in places]

    def _passage(self, row: int, score: float) -> Passage:
        chunk = self.chunk(row)
        return Passage(
            document=chunk.document,
            chunk=chunk.id,
            title=chunk.title,
            text=chunk.text,
            headings=chunk.headings,
            url=chunk.url,
            score=round(score, 6),
        )

    # ------------------------------------------------------------ who may see what

    def view(self, principals: tuple[str, ...], now: Version, where: Marks = ()) -> View:
        """What somebody with those principals may see of this version, by the documents and permissions of `now`, and
        wants to: documents with one of each of the marks in `where`.

        A document that `now` does not have is gone for everybody; one it has is seen by those who may see it now.
        """
        asker = (now.manifest.number, tuple(sorted(set(principals))), where)
        with self._guard:
            made = self._views.get(asker)
            if made is None:
                made = self._views[asker] = self._view(frozenset(principals), self._groups_by(now), where)
            self._views.move_to_end(asker)
            if len(self._views) > VIEWS_KEPT:
                self._views.popitem(last=False)
            return made

    def _groups_by(self, now: Version) -> tuple[_Group, ...]:
        """The documents grouped by who might see them then and who may now, so that a view costs little to make."""
        if self._groups is not None and self._groups[0] == now.manifest.number:
            return self._groups[1]
        found: dict[tuple[tuple[str, ...], tuple[str, ...] | None], tuple[list[int], list[str]]] = {}
        for document_id, place in self.places.items():
            own = self.segments[place.segment].entries[place.ordinal].principals
            entry = now.entry(document_id)
            current = None if entry is None else entry.principals
            ordinals, ids = found.setdefault((own, current), ([], []))
            ordinals.append(int(self._document_starts[place.segment]) + place.ordinal)
            if own != current:
                ids.append(document_id)
        groups = tuple(_Group(own, current, *members) for (own, current), members in found.items())
        self._groups = (now.manifest.number, groups)
        return groups

    @cached_property
    def _having(self) -> Mapping[str, list[int]]:
        """The documents that have a mark, by the mark."""
        found: dict[str, list[int]] = {}
        for place in self.places.values():
            ordinal = int(self._document_starts[place.segment]) + place.ordinal
            for mark in self.segments[place.segment].entries[place.ordinal].facets:
                found.setdefault(mark, []).append(ordinal)
        return found

    def _view(self, principals: frozenset[str], groups: tuple[_Group, ...], where: Marks) -> View:
        import numpy as np

        hidden: set[str] = set()
        shown: set[str] = set()
        allowed = np.zeros(int(self._document_starts[-1]), bool)
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


class Opened:
    """Opened versions of one corpus, the last few kept. Segments are shared by the versions that name them."""

    def __init__(self, folder: CorpusFolder, keep: int = 4) -> None:
        self._folder = folder
        self._keep = keep
        self._versions: OrderedDict[int, Version] = OrderedDict()
        self._guard = threading.RLock()

    def version(self, number: int) -> Version:
        """Raises ReplayDiverged (HF502) when that version is gone, StoreFailed (HF603) when it is damaged."""
        with self._guard:
            found = self._versions.get(number)
            if found is None:
                found = self._versions[number] = self._open(number)
            self._versions.move_to_end(number)
            while len(self._versions) > self._keep:
                self._versions.popitem(last=False)
            return found

    def segments(self) -> Mapping[str, Segment]:
        """The segments that an opened version has in hand, by id."""
        with self._guard:
            return {
                ref.id: segment
                for version in self._versions.values()
                for ref, segment in zip(version.manifest.segments, version.segments, strict=True)
            }

    def _open(self, number: int) -> Version:
        path = self._folder.version(number)
        if not path.is_dir():
            raise gone(self._folder, number)
        return open_version(self._folder, path, self.segments())


def gone(folder: CorpusFolder, number: int) -> ReplayDiverged:
    """The error for a version that is not there, or not any more."""
    there = [f"v{known}" for known in folder.numbers()]
    return ReplayDiverged(
        "HF502",
        f"version v{number} of corpus '{folder.name}' is gone",
        f"ask for another version; {nearest(f'v{number}', there)}",
    )


def read_manifest(path: Path) -> Manifest:
    """The manifest in a version's folder. Raises StoreFailed (HF603)."""
    try:
        return msgspec.json.decode((path / MANIFEST_FILE).read_bytes(), type=Manifest)
    except (OSError, msgspec.DecodeError) as error:
        raise StoreFailed("HF603", f"{path} is damaged: {error}", "holdfast sync CORPUS --full") from error


def open_version(folder: CorpusFolder, path: Path, in_hand: Mapping[str, Segment]) -> Version:
    """Open the version in `path`, which may still be staged. Raises StoreFailed (HF603)."""
    manifest = read_manifest(path)
    segments = tuple(in_hand.get(ref.id) or Segment(folder.segments / ref.id) for ref in manifest.segments)
    return Version(path, manifest, segments)


def chunk_id(document_id: str, headings: tuple[str, ...], text: str, nth: int) -> str:
    """Sixteen hex digits of what the chunk says and where, so that an unchanged chunk keeps its id over versions."""
    return digest(canonical((document_id, headings, text, nth)), 16)
