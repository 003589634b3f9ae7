"""A segment: the documents of one sync with their chunks and vectors, written once, shared by versions.

Knows nothing of which version uses it or which of its documents are dead.

    ledger.msgpack    an Entry for each document, and of each chunk its key, its document, where it stands
    bodies.bin        documents and chunks as msgpack, one after the other
    vectors.f32       float32, one row for each chunk; not there without an encoder
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from holdfast.corpus.products import Rounded, rounded
from holdfast.corpus.storage import disk_errors, fsync_folder
from holdfast.errors import StoreFailed
from holdfast.identity import digest
from holdfast.records import Chunk, Document

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Entry(Struct, frozen=True, array_like=True):
    """A document in the ledger. `hash` is of everything its source says of it, `text_hash` of its cleaned text;
    `findings` counts what cleaning and the checks remarked; `at` and `size` say where its body stands; `facets` are
    what a search may be narrowed by; `facts` is what the checks keep, packed, empty in older segments."""

    id: str
    hash: str
    text_hash: str
    title: str
    language: str | None
    principals: tuple[str, ...]
    findings: dict[str, int]
    characters: int
    at: int
    size: int
    chunks: int
    facets: tuple[str, ...] = ()
    facts: bytes = b""


class _Ledger(Struct, frozen=True, array_like=True):
    dimensions: int
    entries: tuple[Entry, ...]
    columns: bytes  # of each chunk: key, hash of its text, ordinal of its document, start, size: int64 each


COLUMNS = 5
T = TypeVar("T")
_encode = msgspec.msgpack.Encoder().encode


def key_of_chunk(chunk_id: str) -> int:
    """The chunk's id as the signed number that the columns and the lexical index hold."""
    return int.from_bytes(bytes.fromhex(chunk_id), "big", signed=True)


def _text_key(text: str) -> int:
    """Equal for chunks that read the same but for white space."""
    return int.from_bytes(bytes.fromhex(digest(" ".join(text.split()).encode(), 16)), "big", signed=True)


class SegmentWriter:
    """Writes one segment, document by document. Until `finish` returned, the folder is to be thrown away."""

    def __init__(self, folder: Path, dimensions: int) -> None:
        with disk_errors(folder):
            folder.mkdir(parents=True)
            self._bodies = (folder / "bodies.bin").open("wb")
            self._vectors = (folder / "vectors.f32").open("wb") if dimensions else None
        self._folder = folder
        self._dimensions = dimensions
        self._at = 0
        self._entries: list[Entry] = []
        self._columns: list[tuple[int, int, int, int, int]] = []

    def add(
        self, entry: Entry, document: Document, chunks: Sequence[Chunk], vectors: NDArray[np.float32] | None
    ) -> None:
        """Append a document; `entry`'s place is filled in. `vectors` has a row for each chunk, None without encoder."""
        bodies = [(key_of_chunk(chunk.id), _text_key(chunk.text), _encode(chunk)) for chunk in chunks]
        self._append(entry, _encode(document), bodies, vectors)

    def copy(self, segment: Segment, ordinal: int) -> None:
        """Append a document of another segment as it is."""
        entry = segment.entries[ordinal]
        rows = segment.rows_of(ordinal)
        bodies = [
            (int(key), int(text), segment.body(int(at), int(size)))
            for key, text, _, at, size in segment.columns[rows.start : rows.stop]
        ]
        vectors = None if segment.vectors is None else segment.vectors[rows.start : rows.stop]
        self._append(entry, segment.body(entry.at, entry.size), bodies, vectors)

    def finish(self) -> None:
        """Write the ledger and make everything last. Raises StoreFailed (HF601)."""
        import numpy as np

        columns = np.array(self._columns, np.int64).reshape(-1, COLUMNS)
        ledger = _Ledger(self._dimensions, tuple(self._entries), columns.tobytes())
        with disk_errors(self._folder):
            for handle in (self._bodies, self._vectors):
                if handle is not None:
                    handle.flush()
                    os.fsync(handle.fileno())
            self.abandon()
            with (self._folder / "ledger.msgpack").open("wb") as handle:
                handle.write(_encode(ledger))
                handle.flush()
                os.fsync(handle.fileno())
            fsync_folder(self._folder)

    def abandon(self) -> None:
        """Let go of the files."""
        for handle in (self._bodies, self._vectors):
            if handle is not None:
                handle.close()

    @property
    def documents(self) -> int:
        return len(self._entries)

    @property
    def chunks(self) -> int:
        return len(self._columns)

    def _append(
        self, entry: Entry, body: bytes, chunks: Sequence[tuple[int, int, bytes]], vectors: NDArray[np.float32] | None
    ) -> None:
        ordinal = len(self._entries)
        with disk_errors(self._folder):
            placed = msgspec.structs.replace(entry, at=self._at, size=len(body), chunks=len(chunks))
            self._write(body)
            for key, text, data in chunks:
                self._columns.append((key, text, ordinal, self._at, len(data)))
                self._write(data)
            if self._vectors is not None and vectors is not None:
                self._vectors.write(vectors.tobytes())
        self._entries.append(placed)

    def _write(self, data: bytes) -> None:
        self._bodies.write(data)
        self._at += len(data)


class Segment:
    """A finished segment, read only and memory-mapped. Raises StoreFailed (HF603) when it is damaged."""

    def __init__(self, folder: Path) -> None:
        import numpy as np

        self._folder = folder
        try:
            ledger = msgspec.msgpack.decode((folder / "ledger.msgpack").read_bytes(), type=_Ledger)
            self._bodies = _mapped(folder / "bodies.bin", np.uint8)
            self.columns: NDArray[np.int64] = np.frombuffer(ledger.columns, np.int64).reshape(-1, COLUMNS)
            self.vectors: NDArray[np.float32] | None = None
            if ledger.dimensions:
                shape = (len(self.columns), ledger.dimensions)
                self.vectors = _mapped(folder / "vectors.f32", np.float32).reshape(shape)
        except (OSError, ValueError, msgspec.DecodeError) as error:
            raise StoreFailed(
                "HF603", f"segment {folder} is damaged: {error}", "holdfast sync CORPUS --full"
            ) from error
        self.entries = ledger.entries
        self._starts = np.concatenate(([0], np.cumsum([entry.chunks for entry in ledger.entries]))).astype(np.int64)

    @cached_property
    def in_bits(self) -> Rounded | None:
        """The vectors in 8 bits, made when first asked for and kept in memory."""
        return None if self.vectors is None else rounded(self.vectors)

    def rows_of(self, ordinal: int) -> range:
        """The rows of a document's chunks."""
        return range(int(self._starts[ordinal]), int(self._starts[ordinal + 1]))

    def document(self, ordinal: int) -> Document:
        entry = self.entries[ordinal]
        return self._decode(self.body(entry.at, entry.size), Document)

    def chunk(self, row: int) -> Chunk:
        _, _, _, at, size = self.columns[row]
        return self._decode(self.body(int(at), int(size)), Chunk)

    def body(self, at: int, size: int) -> bytes:
        data: bytes = self._bodies[at : at + size].tobytes()
        return data

    def _decode(self, body: bytes, kind: type[T]) -> T:
        try:
            return msgspec.msgpack.decode(body, type=kind)
        except msgspec.DecodeError as error:
            raise StoreFailed(
                "HF603", f"segment {self._folder} is damaged: {error}", "holdfast sync CORPUS --full"
            ) from error


def _mapped(path: Path, kind: Any) -> Any:
    """A file as an array; an empty one cannot be mapped."""
    import numpy as np

    return np.memmap(path, kind, "r") if path.stat().st_size else np.empty(0, kind)
