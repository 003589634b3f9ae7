"""A corpus version while it is being made: staged files that nobody can see, then proved, then published.

Knows nothing of sources; it is told which documents are new, which are gone, and writes only those.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from holdfast.corpus.lexical import LexicalWriter
from holdfast.corpus.prepare import Prepared
from holdfast.corpus.segment import Segment, SegmentWriter, key_of_chunk
from holdfast.corpus.storage import CorpusFolder, Pointer, disk_errors, fsync_folder, rename_durably, write_durably
from holdfast.corpus.vectors import to_merge
from holdfast.corpus.version import (
    LEXICAL_FOLDER,
    MANIFEST_FILE,
    Manifest,
    SegmentRef,
    Version,
    open_version,
    read_manifest,
)
from holdfast.errors import StoreFailed
from holdfast.identity import new_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Plan(Struct, frozen=True, kw_only=True):
    """What a version will say of itself, known before its first document."""

    number: int
    recipe: str
    language: str
    encoder: str | None
    dimensions: int


class Build:
    """One version in the making, on top of `base` or from nothing. For the holder of the corpus's lock only.

    Costs what the change costs: documents that stay are neither read nor written. Stopped anywhere before `publish`
    moved the pointer, the corpus is as it was; `abandon` removes what was written, and so does the next sync.
    """

    def __init__(self, folder: CorpusFolder, plan: Plan, base: Version | None) -> None:
        self._folder = folder
        self._plan = plan
        self._base = base
        self._staged = folder.staged(plan.number)
        self._segment_ids = [new_id("s")]
        self._dead: set[str] = set()
        self._written: dict[str, int] = {}
        with disk_errors(self._staged):
            self._staged.mkdir(parents=True)
        previous = None if base is None else base.folder / LEXICAL_FOLDER
        self._lexical = LexicalWriter(self._staged / LEXICAL_FOLDER, language=plan.language, base=previous)
        self._segment = SegmentWriter(folder.segments / self._segment_ids[0], plan.dimensions)

    @property
    def written(self) -> Collection[str]:
        """The ids of the documents that were put."""
        return self._written.keys()

    def put(self, prepared: Prepared, vectors: NDArray[np.float32] | None) -> None:
        """Add a document, in place of the one that has its id. `vectors` has a row for each of its chunks."""
        document_id = prepared.entry.id
        self.drop(document_id)
        self._segment.add(prepared.entry, prepared.document, prepared.chunks, vectors)
        for chunk in prepared.chunks:
            self._lexical.add(chunk, key_of_chunk(chunk.id), prepared.entry.facets)
        self._written[document_id] = len(prepared.chunks)

    def drop(self, document_id: str) -> None:
        """Leave out the document that the base has under this id, if it has one."""
        if self._base is not None and document_id in self._base.places:
            self._dead.add(document_id)
            self._lexical.delete(document_id)

    def finish(self) -> Version:
        """Write everything out, fsynced, and prove it by reading it back. Not yet visible.

        Raises StoreFailed: HF601 when the disk does not take it, HF603 when it does not read back as it should.
        """
        self._lexical.commit()
        self._segment.finish()
        refs = self._merged([*self._kept_refs(), SegmentRef(self._segment_ids[0], *self._sizes())])
        plan = self._plan
        manifest = Manifest(
            number=plan.number,
            created_at=datetime.now(UTC),
            documents=sum(ref.documents - len(ref.dead) for ref in refs),
            chunks=sum(self._alive_chunks(ref) for ref in refs),
            recipe=plan.recipe,
            language=plan.language,
            encoder=plan.encoder,
            dimensions=plan.dimensions,
            segments=tuple(ref for ref in refs if ref.documents > len(ref.dead)),
        )
        with disk_errors(self._staged):
            fsync_folder(self._staged / LEXICAL_FOLDER)
            fsync_folder(self._folder.segments)
        write_durably(self._staged / MANIFEST_FILE, msgspec.json.encode(manifest))
        version = open_version(self._folder, self._staged, self._in_hand())
        self._prove(version)
        return version

    def publish(self) -> None:
        """Give the version its name and move the pointer to it."""
        number = self._plan.number
        rename_durably(self._staged, self._folder.version(number))
        self._folder.point(Pointer(current=number, newest=number))

    def abandon(self) -> None:
        """Remove everything that was written. After `publish`, does nothing."""
        self._segment.abandon()
        self._lexical.abandon()
        if self._staged.exists():
            shutil.rmtree(self._staged)
            for segment_id in self._segment_ids:
                shutil.rmtree(self._folder.segments / segment_id)

    # ------------------------------------------------------------ segments

    def _sizes(self) -> tuple[int, int]:
        return self._segment.documents, self._segment.chunks

    def _in_hand(self) -> dict[str, Segment]:
        if self._base is None:
            return {}
        return dict(zip((ref.id for ref in self._base.manifest.segments), self._base.segments, strict=True))

    def _kept_refs(self) -> list[SegmentRef]:
        """The base's segments, with what this version leaves out marked dead."""
        if self._base is None:
            return []
        dead = [set(ref.dead) for ref in self._base.manifest.segments]
        for document_id in self._dead:
            place = self._base.places[document_id]
            dead[place.segment].add(place.ordinal)
        refs = zip(self._base.manifest.segments, dead, strict=True)
        return [msgspec.structs.replace(ref, dead=tuple(sorted(gone))) for ref, gone in refs]

    def _alive_chunks(self, ref: SegmentRef) -> int:
        if not ref.dead:
            return ref.chunks
        segment = self._in_hand()[ref.id]
        return ref.chunks - sum(segment.entries[ordinal].chunks for ordinal in ref.dead)

    def _merged(self, refs: list[SegmentRef]) -> list[SegmentRef]:
        """The refs, with small segments and those that are mostly dead written anew as one."""
        refs = [ref for ref in refs if ref.documents > len(ref.dead)]
        chosen = set(to_merge([self._alive_chunks(ref) for ref in refs]))
        chosen |= {index for index, ref in enumerate(refs) if len(ref.dead) * 2 > ref.documents}
        if not chosen:
            return refs
        in_hand = self._in_hand()
        self._segment_ids.append(new_id("s"))
        merged_id = self._segment_ids[-1]
        writer = SegmentWriter(self._folder.segments / merged_id, self._plan.dimensions)
        try:
            for index in sorted(chosen):
                ref = refs[index]
                segment = in_hand.get(ref.id) or Segment(self._folder.segments / ref.id)
                dead = set(ref.dead)
                for ordinal in range(ref.documents):
                    if ordinal not in dead:
                        writer.copy(segment, ordinal)
            writer.finish()
        finally:
            writer.abandon()
        rest = [ref for index, ref in enumerate(refs) if index not in chosen]
        return [*rest, SegmentRef(merged_id, writer.documents, writer.chunks)]

    # ------------------------------------------------------------ proof

    def _prove(self, version: Version) -> None:
        """What is in the ledger is in the tables, in the index and among the vectors, and nothing else is."""
        manifest = version.manifest
        chunks, vectors = version.tables
        self._expect("documents", len(version.places), manifest.documents)
        self._expect("chunks", chunks, manifest.chunks)
        self._expect("indexed chunks", version.indexed(), manifest.chunks)
        if manifest.encoder is not None:
            self._expect("vectors", vectors, manifest.chunks)
        for document_id, count in self._written.items():
            found = version.document(document_id)
            self._expect(f"document '{document_id}'", int(found is not None and found.id == document_id), 1)
            self._expect(f"indexed chunks of '{document_id}'", version.indexed(document_id), count)
        for document_id in self._dead - self._written.keys():
            self._expect(f"removed document '{document_id}'", int(version.entry(document_id) is not None), 0)
            self._expect(f"indexed chunks of removed '{document_id}'", version.indexed(document_id), 0)

    def _expect(self, what: str, found: int, expected: int) -> None:
        if found != expected:
            name = self._folder.name
            raise StoreFailed(
                "HF603",
                f"version v{self._plan.number} of corpus '{name}' does not read back: {what}: {found}, not {expected}",
                f"holdfast sync {name} --full; the version before still serves",
            )


def sweep(folder: CorpusFolder, keep: int, named: Collection[int]) -> None:
    """Remove what no kept version needs: the last `keep` stay, those `named`, the current one and the newest.

    A kept version whose manifest is damaged goes too, unless the pointer stands on it.
    """
    pointer = folder.pointer()
    published = [number for number in folder.numbers() if pointer is not None and number <= pointer.newest]
    stood_on = set() if pointer is None else {pointer.current, pointer.newest}
    kept, segments = set[int](), set[str]()
    for number in {*published[-keep:], *(set(named) & set(published)), *stood_on}:
        try:
            segments.update(ref.id for ref in read_manifest(folder.version(number)).segments)
        except StoreFailed:
            if number in stood_on:
                raise
            continue
        kept.add(number)
    with disk_errors(folder.path):
        folder.sweep(kept, segments)
