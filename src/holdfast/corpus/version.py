"""A corpus version, opened: its documents, and the chunks of it that somebody may see, best first.

Knows nothing of sources, of how the version came to be, or of which version is the current one.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from holdfast.corpus.access import Access, Marks, View
from holdfast.corpus.access import may_see as may_see
from holdfast.corpus.fusion import Meaning
from holdfast.corpus.lexical import LexicalIndex
from holdfast.corpus.products import Compared, Products, exact
from holdfast.corpus.search import Question, SearchExplained, explained, retrieved
from holdfast.corpus.segment import COLUMNS, Entry, Segment
from holdfast.corpus.storage import CorpusFolder
from holdfast.errors import ReplayDiverged, StoreFailed, nearest
from holdfast.identity import canonical, digest
from holdfast.records import Chunk, Document, Retrieved

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from holdfast.corpus.fusion import Ranked

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
        self._access = Access(self._entries_by_ordinal(), self._owners, self._alive)

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
        self._chunks_of = np.bincount(self._owners)

    def _entries_by_ordinal(self) -> list[tuple[int, Entry]]:
        starts = self._document_starts.tolist()
        return [
            (starts[place.segment] + place.ordinal, self.segments[place.segment].entries[place.ordinal])
            for place in self.places.values()
        ]

    @cached_property
    def _products(self) -> Products:
        """Over the vectors of all segments, or of none where one has none. Rounds those not rounded before."""
        parts = [segment.vectors for segment in self.segments if segment.vectors is not None]
        in_bits = [segment.in_bits for segment in self.segments if segment.in_bits is not None]
        return Products(parts, in_bits) if len(parts) == len(self.segments) else Products((), ())

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

    def search(self, question: Question) -> Retrieved:
        """At most `how.k` passages, best first, scores in 0..1, and how likely they answer. Without a vector, lexical.

        Looks deeper until k passages are left after collapsing, or nothing more is found.
        """
        return retrieved(self, self._possible(question))

    def explain(self, question: Question, document_id: str) -> SearchExplained:
        """The same search, with how far each chunk of one document came in it and why not farther."""
        return explained(self, self._possible(question), document_id)

    def _possible(self, question: Question) -> Question:
        return question if len(self._products) else replace(question, vector=None)

    def by_words(self, text: str, depth: int, view: View, *, document: str | None = None) -> Ranked:
        """At most `depth` rows with their BM25 scores, best first; with `document`, rows of that one only."""
        keys, scores = self._lexical.search(text, depth, view.visible, document=document)
        return self._by_key[self._sorted_keys.searchsorted(keys)], scores

    def compare(self, vector: NDArray[np.float32]) -> Compared:
        """The vector beside every vector of the version; for `by_meaning` and `meaning`."""
        return self._products.compare(vector)

    def by_meaning(self, compared: Compared, depth: int, view: View) -> Ranked:
        """At most `depth` rows with the greatest inner products, best first; exact, equal ones by row."""
        return self._products.nearest(compared, view.rows, depth)

    def meaning(self, compared: Compared, rows: NDArray[np.int64], view: View) -> Meaning:
        """What the vectors say of these rows, ascending. Means are of the first pass, which errs by .001 at most."""
        import numpy as np

        vectors = self._products.rows(rows)
        owners = self._owners[rows]
        sums = np.bincount(self._owners, compared.about)
        return Meaning(
            query=compared.query,
            rows=rows,
            vectors=vectors,
            cosines=exact(vectors, compared.query),
            mean=float(compared.about.mean(where=view.rows)) if len(rows) else 0.0,
            of_documents=(sums[owners] / self._chunks_of[owners]).astype(np.float32),
        )

    def rows_if_any(self, document_id: str) -> NDArray[np.int64]:
        """The rows of a document's chunks, none where the version does not have it."""
        import numpy as np

        return np.array(self.rows_of(document_id) if document_id in self.places else (), np.int64)

    def numbers(self, rows: NDArray[np.int64]) -> tuple[list[int], list[int]]:
        """For each row the number of its document, and one that is equal where the text is."""
        return self._owners[rows].tolist(), self._texts[rows].tolist()

    def terms(self, text: str) -> tuple[str, ...]:
        """What is looked for by words (`LexicalIndex.terms`)."""
        return self._lexical.terms(text)

    def rarities(self, text: str) -> tuple[float, ...]:
        """How rare each word looked for is (`LexicalIndex.rarities`)."""
        return self._lexical.rarities(text)

    def words(self, text: str) -> list[str]:
        """The words of a text as they are indexed (`LexicalIndex.words`)."""
        return self._lexical.words(text)

    def matched(self, terms: tuple[str, ...], document_id: str) -> Mapping[int, tuple[str, ...]]:
        """Which of the terms each chunk of a document has, by row."""
        by_key = self._lexical.matched(terms, document_id, max(1, len(self.rows_if_any(document_id))))
        return {int(self._by_key[self._sorted_keys.searchsorted(key)]): has for key, has in by_key.items()}

    def owners(self, rows: NDArray[np.int64]) -> list[str]:
        """The ids of the documents that the rows' chunks belong to."""
        import numpy as np

        ordinals = self._owners[rows]
        numbers = np.searchsorted(self._document_starts, ordinals, side="right") - 1
        places = zip(numbers.tolist(), (ordinals - self._document_starts[numbers]).tolist(), strict=True)
        return [self.segments[number].entries[ordinal].id for number, ordinal in places]

    def view(self, principals: tuple[str, ...], now: Version, where: Marks = ()) -> View:
        """What somebody may see of this version, and wants to (`Access.view`)."""
        return self._access.view(principals, now, where)

    @property
    def number(self) -> int:
        return self.manifest.number


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
