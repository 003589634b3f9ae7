"""Files of a corpus get there whole, read back as they were, and are rewritten as seldom as can be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpora import ListSource, hashing_room, raw
from embedders import HashingEmbedder
from holdfast.corpus.segment import Entry, Segment, SegmentWriter
from holdfast.corpus.storage import CorpusFolder, Pointer, write_durably
from holdfast.corpus.vectors import VectorCache, to_merge
from holdfast.errors import StoreFailed
from holdfast.records import Chunk, Document


def entry(document_id: str) -> Entry:
    return Entry(document_id, "h", "t", document_id, "en", (), {"thin": 1}, 5, 0, 0, 0)


def chunk(document_id: str, number: int) -> Chunk:
    text = f"text {number} of {document_id}"
    return Chunk(
        id=f"{number:016x}",
        document=document_id,
        title="t",
        headings=("h",),
        text=text,
        index_text=text,
        position=number,
    )


def write(folder: Path, documents: dict[str, int]) -> Segment:
    writer, number = SegmentWriter(folder, 4), 0
    for name, count in documents.items():
        chunks = [chunk(name, number + at) for at in range(count)]
        vectors = np.arange(number * 4, (number + count) * 4, dtype=np.float32).reshape(-1, 4)
        writer.add(entry(name), Document(id=name, title=name, text=f"all of {name}"), chunks, vectors)
        number += count
    writer.finish()
    return Segment(folder)


def content_below(folders: list[Path]) -> dict[Path, bytes]:
    return {path: path.read_bytes() for folder in folders for path in folder.rglob("*") if path.is_file()}


def test_segment_reads_back_what_was_written(tmp_path: Path) -> None:
    segment = write(tmp_path / "s", {"a": 2, "ü": 1, "c": 3})
    assert [known.id for known in segment.entries] == ["a", "ü", "c"]
    assert segment.document(1) == Document(id="ü", title="ü", text="all of ü")
    assert [segment.chunk(row) for row in segment.rows_of(2)] == [chunk("c", number) for number in (3, 4, 5)]
    assert segment.vectors is not None
    assert segment.vectors[3].tolist() == [12.0, 13.0, 14.0, 15.0]
    assert segment.entries[0].findings == {"thin": 1}


def test_copied_documents_are_the_same_in_their_new_segment(tmp_path: Path) -> None:
    old = write(tmp_path / "old", {"a": 2, "b": 1, "c": 3})
    writer = SegmentWriter(tmp_path / "new", 4)
    for ordinal in (2, 0):
        writer.copy(old, ordinal)
    writer.finish()
    new = Segment(tmp_path / "new")
    assert [known.id for known in new.entries] == ["c", "a"]
    assert new.document(0) == old.document(2)
    assert [new.chunk(row) for row in new.rows_of(1)] == [old.chunk(row) for row in old.rows_of(0)]
    assert new.vectors is not None
    assert old.vectors is not None
    assert new.vectors[3].tolist() == old.vectors[0].tolist()


def test_empty_segment_can_be_read(tmp_path: Path) -> None:
    segment = write(tmp_path / "s", {})
    assert (segment.entries, len(segment.columns)) == ((), 0)


@pytest.mark.parametrize("name", ["ledger.msgpack", "vectors.f32"])
def test_cut_off_segment_is_told(tmp_path: Path, name: str) -> None:
    write(tmp_path / "s", {"a": 2})
    path = tmp_path / "s" / name
    path.write_bytes(path.read_bytes()[:-3])
    with pytest.raises(StoreFailed, match="HF603"):
        Segment(tmp_path / "s")


def test_file_is_replaced_whole_or_left_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_durably(path, b"old")
    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        with pytest.raises(StoreFailed, match="HF601"):
            write_durably(path, b"new")
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]
    assert path.read_bytes() == b"old"


def test_pointer_moves_and_is_absent_before_the_first_sync(tmp_path: Path) -> None:
    folder = CorpusFolder(tmp_path, "kb")
    assert folder.pointer() is None
    folder.path.mkdir()
    folder.point(Pointer(current=3, newest=4))
    assert folder.pointer() == Pointer(current=3, newest=4)


def test_cached_vectors_are_those_of_the_encoder_and_are_made_once(tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    texts = [f"text number {number}" for number in range(100)]
    vectors, missing = VectorCache(tmp_path, embedder).embed([*texts, texts[0]])
    assert (missing, embedder.embedded) == (100, 100)
    np.testing.assert_array_equal(vectors[100], vectors[0])
    cache = VectorCache(tmp_path, embedder)
    assert cache.embed(texts)[1] == 100, "nothing was flushed yet"
    cache.tidy()
    again, missing = VectorCache(tmp_path, embedder).embed([*texts[::-1], "new"])
    assert missing == 1
    np.testing.assert_array_equal(again[:100], vectors[99::-1])
    assert VectorCache(tmp_path, embedder).embed(texts, fresh=True)[1] == 100
    assert VectorCache(tmp_path, HashingEmbedder("other/name")).embed(texts)[1] == 100


def test_cache_is_flushed_as_it_goes_and_tidied_into_few_files(tmp_path: Path) -> None:
    embedder = HashingEmbedder(dimensions=4)
    cache = VectorCache(tmp_path, embedder)
    cache.embed([str(number) for number in range(1500)])
    assert VectorCache(tmp_path, embedder).embed([str(number) for number in range(1000)])[1] == 0
    for number in range(60):
        cache.embed([f"more {number}"])
        cache.tidy()
    assert len(list((tmp_path / "hashing").iterdir())) <= 8
    texts = [*(str(number) for number in range(1500)), *(f"more {number}" for number in range(60))]
    assert VectorCache(tmp_path, embedder).embed(texts)[1] == 0


def test_stopped_embedding_returns_early(tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    VectorCache(tmp_path, embedder).embed([str(n) for n in range(1000)], stopped=lambda: embedder.embedded >= 128)
    assert embedder.embedded == 128


@given(st.lists(st.integers(1, 5), min_size=1, max_size=300))
def test_merging_keeps_few_parts_and_rewrites_each_byte_seldom(added: list[int]) -> None:
    parts: list[int] = []
    rewritten = 0
    for size in added:
        parts.append(size)
        chosen = to_merge(parts)
        assert len(chosen) != 1
        if chosen:
            merged = sum(parts[index] for index in chosen)
            rewritten += merged
            parts = [*(part for index, part in enumerate(parts) if index not in chosen), merged]
    assert sum(parts) == sum(added)
    assert len(parts) <= 13
    assert rewritten <= 12 * sum(added)


async def test_files_of_a_published_version_are_never_written_again(tmp_path: Path) -> None:
    room, source = hashing_room(tmp_path), ListSource(raw(f"doc{number}") for number in range(40))
    await room.sync("kb", source=source)
    version = room._version("kb", "v1")
    folders = [
        version.folder,
        *(tmp_path / "corpora" / "kb" / "segments" / ref.id for ref in version.manifest.segments),
    ]
    before = content_below(folders)
    for number in range(12):
        source.put(raw(f"doc{number}", f"now {number}"))
        del source.items[f"doc{number + 20}"]
        await room.sync("kb", source=source)
        await room.restore("kb", f"v{number + 2}")
        if number < 3:
            assert content_below(folders) == before
    assert len(room.versions("kb")) == 5


async def test_version_that_does_not_read_back_is_not_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from holdfast.corpus.lexical import LexicalWriter

    room = hashing_room(tmp_path)
    await room.sync("kb", source=ListSource([raw("a")]))
    with monkeypatch.context() as patch:
        patch.setattr(LexicalWriter, "add", lambda *_: None)  # an index that drops what it is given
        with pytest.raises(StoreFailed) as failure:
            await room.sync("kb", source=ListSource([raw("a"), raw("b")]))
    assert failure.value.code == "HF603"
    assert "indexed chunks: 1, not 2" in failure.value.message
    assert room.current("kb") == "v1"
    assert len(list((tmp_path / "corpora" / "kb" / "segments").iterdir())) == 1
