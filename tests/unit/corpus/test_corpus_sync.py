"""A sync makes the corpus what the source is, publishes whole versions or none, and says what it did."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from corpora import ListSource, find, finds, hashing_room, open_room, raw, word
from embedders import HashingEmbedder
from holdfast.errors import Misconfigured, NotFound, ReplayDiverged, StoreFailed
from holdfast.sources import Passed, RawDocument


def everything_below(folder: Path) -> list[tuple[Path, int]]:
    """The files and when they were written, but for the report of the last sync, which every sync writes."""
    return sorted(
        (path, path.stat().st_mtime_ns)
        for path in folder.rglob("*")
        if path.is_file() and path.name != "last_sync.json"
    )


@pytest.fixture
def source() -> ListSource:
    return ListSource(raw(f"doc{number}") for number in range(12))


async def test_first_sync_publishes_every_document_and_counts_add_up(tmp_path: Path, source: ListSource) -> None:
    source.put(Passed(id="d", reason="draft"), Passed(id="e", reason="draft"), raw("blank", "<!-- nothing -->"))
    room = hashing_room(tmp_path)
    report = await room.sync("kb", source=source)
    assert (report.version, report.previous, report.published) == ("v1", None, True)
    assert (report.read, report.kept, report.added, report.chunks) == (15, 12, 12, 12)
    assert report.read == report.kept + sum(group.count for group in report.passed)
    assert [(group.reason, group.count) for group in report.passed] == [
        ("draft", 2),
        ("no text is left after cleaning", 1),
    ]
    assert (report.embedded, report.reused, report.encoder, report.lexical_only) == (12, 0, "hashing", None)
    assert room.current("kb") == "v1"
    for number in range(12):
        assert (await find(room, word(f"doc{number}")))[0].document == f"doc{number}"


async def test_sync_with_nothing_changed_publishes_nothing(tmp_path: Path, source: ListSource) -> None:
    room = hashing_room(tmp_path)
    source.put(raw("blank", " "))
    await room.sync("kb", source=source)
    before = everything_below(tmp_path)
    report = await room.sync("kb", source=source)
    assert (report.published, report.version, report.previous, report.unchanged) == (False, "v1", "v1", 12)
    assert everything_below(tmp_path) == before


async def test_changed_added_and_removed_documents_are_told_apart(tmp_path: Path, source: ListSource) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=source)
    source.put(raw("doc1", "now about zebras"), raw("new"))
    del source.items["doc2"]
    report = await room.sync("kb", source=source)
    assert (report.added, report.changed, report.removed, report.unchanged) == (1, 1, 1, 10)
    assert (report.embedded, report.version, report.previous) == (2, "v2", "v1")
    assert await finds(room, "zebras", k=1) == {"doc1"}
    assert "doc2" not in await finds(room, word("doc2"), k=50)
    assert room.diff("kb", "v1", "v2").added == ("new",)
    assert room.diff("kb", "v1", "v2").changed == ("doc1",)
    assert room.diff("kb", "v1", "v2").removed == ("doc2",)


async def test_moved_document_with_the_same_text_is_not_embedded_again(tmp_path: Path, source: ListSource) -> None:
    embedder = HashingEmbedder()
    room = open_room(tmp_path, embedder)
    await room.sync("kb", source=source)
    embedder.embedded = 0
    source.put(raw("doc1", url="https://example.org/moved"))
    report = await room.sync("kb", source=source)
    assert (report.changed, report.embedded, report.reused, embedder.embedded) == (1, 0, 1, 0)
    assert (await find(room, word("doc1")))[0].url == "https://example.org/moved"


async def test_second_document_with_an_id_is_passed(tmp_path: Path) -> None:
    class Twice(ListSource):
        async def read(self):
            yield raw("a")
            yield raw("a", "something else")

    room = hashing_room(tmp_path)
    report = await room.sync("kb", source=Twice())
    assert (report.kept, report.passed[0].reason) == (1, "the id is used by an earlier document")


async def test_unchanged_chunk_keeps_its_id_when_its_document_changes(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    source = ListSource([raw("a", "## One\n\nfirst part here\n\n## Two\n\nsecond part there")])
    await room.sync("kb", source=source)
    before = {passage.text: passage.chunk for passage in await find(room, "part")}
    source.put(raw("a", "## One\n\nfirst part anew\n\n## Two\n\nsecond part there"))
    await room.sync("kb", source=source)
    after = {passage.text: passage.chunk for passage in await find(room, "part")}
    assert after["second part there"] == before["second part there"]
    assert after["first part anew"] not in before.values()


async def test_brake_stops_a_sync_that_would_remove_most_documents_and_full_releases_it(tmp_path: Path) -> None:
    source = ListSource(raw(f"doc{number}") for number in range(20))
    room = hashing_room(tmp_path)
    await room.sync("kb", source=source)
    source.items = dict(list(source.items.items())[:9])
    with pytest.raises(StoreFailed) as failure:
        await room.sync("kb", source=source)
    assert failure.value.code == "HF604"
    assert "holdfast sync kb --full" in failure.value.fix
    assert (room.current("kb"), len(room.versions("kb"))) == ("v1", 1)
    report = await room.sync("kb", source=source, full=True)
    assert (report.removed, report.kept, report.version) == (11, 9, "v2")


async def test_brake_lets_a_small_corpus_shrink(tmp_path: Path) -> None:
    source = ListSource(raw(f"doc{number}") for number in range(9))
    room = hashing_room(tmp_path)
    await room.sync("kb", source=source)
    source.items.clear()
    report = await room.sync("kb", source=source)
    assert (report.removed, report.kept) == (9, 0)
    assert await find(room, word("doc1")) == ()


async def test_source_that_breaks_off_changes_nothing(tmp_path: Path, source: ListSource) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=source)
    source.put(*(raw(f"more{number}") for number in range(80)))
    source.fail_after = 70
    with pytest.raises(ConnectionError):
        await room.sync("kb", source=source)
    assert room.current("kb") == "v1"
    source.fail_after = None
    report = await room.sync("kb", source=source)
    assert (report.added, report.version, report.embedded + report.reused) == (80, "v2", 80)


async def test_full_sync_makes_everything_anew_and_nothing_is_counted_as_changed(tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    room = open_room(tmp_path, embedder)
    source = ListSource(raw(f"doc{number}") for number in range(5))
    await room.sync("kb", source=source)
    embedder.embedded = 0
    report = await room.sync("kb", source=source, full=True)
    assert (report.published, report.unchanged, report.changed, report.embedded) == (True, 5, 0, 5)
    assert embedder.embedded == 5


async def test_lexical_only_without_an_encoder_and_everything_embedded_once_there_is_one(
    tmp_path: Path, source: ListSource
) -> None:
    room = open_room(tmp_path, None)
    report = await room.sync("kb", source=source)
    assert (report.encoder, report.embedded) == (None, 0)
    assert report.lexical_only is not None
    assert "holdfast models pull" in report.lexical_only
    assert (await find(room, word("doc3")))[0].document == "doc3"
    with pytest.raises(Exception, match="HF308"):
        await find(room, word("doc3"), mode="vector")
    with_encoder = hashing_room(tmp_path)
    report = await with_encoder.sync("kb", source=source)
    assert (report.published, report.embedded, report.unchanged, report.lexical_only) == (True, 12, 12, None)
    assert (await find(with_encoder, word("doc3"), mode="vector"))[0].document == "doc3"


async def test_version_of_another_encoder_is_searched_by_words(
    tmp_path: Path, source: ListSource, caplog: pytest.LogCaptureFixture
) -> None:
    await hashing_room(tmp_path).sync("kb", source=source)
    room = open_room(tmp_path, HashingEmbedder("other", 32))
    assert (await find(room, word("doc3")))[0].document == "doc3"
    assert "searched by words only" in caplog.text
    report = await room.sync("kb", source=source)
    assert (report.published, report.encoder, report.embedded) == (True, "other", 12)


async def test_vectors_are_shared_between_corpora(tmp_path: Path, source: ListSource) -> None:
    from holdfast.corpus.room import open_corpora
    from holdfast.corpus.settings import CorpusSettings

    names = {name: CorpusSettings(name=name) for name in ("one", "two")}
    room = open_corpora(tmp_path, names, embedder=HashingEmbedder())
    assert (await room.sync("one", source=source)).embedded == 12
    report = await room.sync("two", source=source)
    assert (report.embedded, report.reused) == (0, 12)


async def test_a_version_that_is_named_while_a_sync_runs_is_kept(tmp_path: Path) -> None:
    chosen: list[str] = []

    async def named(corpus: str) -> list[str]:
        return list(chosen)

    class Freezing(ListSource):
        async def read(self) -> AsyncIterator[RawDocument | Passed]:
            async for item in super().read():
                yield item
            chosen.append("v1")

    await hashing_room(tmp_path, keep=1).sync("kb", source=ListSource([raw("a")]))
    room = hashing_room(tmp_path, keep=1, versions=named)
    await room.sync("kb", source=Freezing([raw("a"), raw("b")]))
    assert [version.name for version in room.versions("kb")] == ["v2", "v1"]
    assert await finds(room, word("a"), "v1", k=1) == {"a"}


async def test_only_the_last_versions_and_the_named_ones_are_kept(tmp_path: Path) -> None:
    async def named(corpus: str) -> list[str]:
        return ["v1"] if corpus == "kb" else []

    room = hashing_room(tmp_path, keep=2, versions=named)
    source = ListSource([raw("a")])
    for number in range(5):
        source.put(raw(f"doc{number}"))
        await room.sync("kb", source=source)
    assert [version.name for version in room.versions("kb")] == ["v5", "v4", "v1"]
    assert await finds(room, word("a"), "v1", k=1) == {"a"}
    with pytest.raises(ReplayDiverged) as failure:
        await find(room, "anything", "v2")
    assert failure.value.code == "HF502"
    with pytest.raises(ReplayDiverged):
        await find(room, "anything", "v99")


async def test_restored_version_serves_until_the_source_changes(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    source = ListSource([raw("a", "old words"), raw("b")])
    await room.sync("kb", source=source)
    source.put(raw("a", "new words"))
    await room.sync("kb", source=source)
    assert await room.restore("kb", "v1") == "v1"
    assert (room.current("kb"), (await find(room, "words"))[0].text) == ("v1", "old words")
    assert not (await room.sync("kb", source=source)).published
    assert room.current("kb") == "v1"
    source.put(raw("c"))
    assert (await room.sync("kb", source=source)).version == "v3"
    assert (room.current("kb"), (await find(room, "words"))[0].text) == ("v3", "new words")


async def test_deleted_documents_stay_gone_in_old_and_restored_versions(tmp_path: Path, source: ListSource) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=source)
    del source.items["doc5"]
    await room.sync("kb", source=source)
    for _ in range(2):
        for mode in ("lexical", "vector", "hybrid"):
            assert "doc5" not in await finds(room, word("doc5"), "v1", k=50, mode=mode)
        with pytest.raises(NotFound, match="HF206"):
            await room.document("kb", "v1", "doc5")
        await room.restore("kb", "v1")
    assert await finds(room, word("doc4"), "v1", k=1) == {"doc4"}


async def test_document_is_read_back_as_it_stands_in_the_version(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    source = ListSource([raw("a", "old words", section=("S",), metadata={"labels": ["x"]})])
    await room.sync("kb", source=source)
    source.put(raw("a", "new words"))
    await room.sync("kb", source=source)
    old, new = await room.document("kb", "v1", "a"), await room.document("kb", "latest", "a")
    assert (old.text, old.section, old.metadata) == ("old words", ("S",), {"labels": ["x"]})
    assert new.text == "new words"
    with pytest.raises(NotFound) as failure:
        await room.document("kb", "v2", "aa")
    assert (failure.value.code, "'a'" in failure.value.fix) == ("HF206", True)


async def test_unknown_corpus_and_corpus_without_a_version_say_what_to_type(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    with pytest.raises(NotFound) as unknown:
        room.current("kbb")
    assert (unknown.value.code, "did you mean 'kb'" in unknown.value.fix) == ("HF202", True)
    with pytest.raises(NotFound) as never:
        room.current("kb")
    assert (never.value.code, never.value.fix) == ("HF202", "holdfast sync kb")
    assert room.versions("kb") == ()
    with pytest.raises(NotFound):
        room.pinned("kb", "twelve")


async def test_findings_name_duplicates_thin_untitled_and_mixed_languages(tmp_path: Path) -> None:
    english = "You can find the answer to this question in the list of all the parts that are in the box. " * 2
    german = (
        "Die Antwort auf die Frage steht in der Liste und ist mit dem Teil zu finden, das nicht im Karton ist. " * 2
    )
    items = [raw(f"en{n}", f"{english} {n}") for n in range(4)] + [raw(f"de{n}", f"{german} {n}") for n in range(4)]
    items += [raw("copy", f"{english} 1"), raw("short", "tiny")]
    untitled = raw("none", english + "!")
    untitled = type(untitled)(id="none", body=untitled.body, media_type="text/markdown")
    report = await hashing_room(tmp_path).sync("kb", source=ListSource([*items, untitled]))
    found = {finding.code: finding for finding in report.findings}
    assert found["duplicate"].documents == ("en1",)
    assert found["thin"].documents == ("short",)
    assert found["untitled"].documents == ("none",)
    assert "en 6, de 4" in found["mixed_languages"].message


async def test_storage_elsewhere_than_on_disk_is_refused_with_what_to_set(tmp_path: Path) -> None:
    from holdfast.corpus.room import open_corpora

    with pytest.raises(Misconfigured, match="storage_url"):
        open_corpora("s3://bucket/x", {}, embedder=None)
    open_corpora(f"file://{tmp_path}", {}, embedder=None).close()


async def test_many_small_syncs_keep_few_segments_and_write_what_they_change(tmp_path: Path) -> None:
    room = hashing_room(tmp_path, keep=1)
    body = "\n\n".join(f"## Part {n}\n\nsome words about part {n} of it" for n in range(10))
    source = ListSource(raw(f"doc{number}", f"{word(str(number))} {body}") for number in range(60))
    await room.sync("kb", source=source)
    for number in range(40):
        source.put(raw(f"doc{number}", f"{word('x' + str(number))} {body}"))
        report = await room.sync("kb", source=source)
        assert (report.changed, report.chunks) == (1, 600)
    segments = list((tmp_path / "corpora" / "kb" / "segments").iterdir())
    assert len(segments) <= 8
    assert await finds(room, word("x7"), k=1) == {"doc7"}
    assert len(room.versions("kb")) == 1


async def test_a_document_whose_front_matter_is_broken_is_found_and_counted(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    report = await room.sync(
        "kb", source=ListSource([raw("d", "---\ntitle: We call: you\n---\nHow alarms are called in.")])
    )
    assert [(one.code, one.documents) for one in report.findings if one.code == "front_matter_broken"] == [
        ("front_matter_broken", ("d",))
    ]
    assert await finds(hashing_room(tmp_path), "alarms") == {"d"}
