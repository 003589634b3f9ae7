"""The report of the last sync is kept with its time, for every process, and never stands in a sync's way."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from corpora import ListSource, finds, open_room, raw
from holdfast.errors import NotFound
from holdfast.sources import Passed

FILE = Path("corpora", "kb", "last_sync.json")


@pytest.fixture
def source() -> ListSource:
    return ListSource([raw("a"), raw("b", "short"), Passed(id="d", reason="draft")])


async def test_report_of_a_sync_is_kept_with_its_time_and_read_by_another_room(
    tmp_path: Path, source: ListSource
) -> None:
    started = datetime.now(UTC)
    report = await open_room(tmp_path).sync("kb", source=source)
    last = open_room(tmp_path).last_sync("kb")
    assert last is not None
    assert last.report == report
    assert report.findings
    assert report.passed
    assert started <= last.at <= datetime.now(UTC)
    assert sorted(entry.name for entry in (tmp_path / FILE).parent.iterdir() if entry.is_file()) == [
        "last_sync.json",
        "lock",
        "outcomes.json",
        "pointer.json",
    ]


async def test_sync_that_found_nothing_changed_is_the_last_one_too(tmp_path: Path, source: ListSource) -> None:
    room = open_room(tmp_path)
    await room.sync("kb", source=source)
    first = room.last_sync("kb")
    report = await room.sync("kb", source=source)
    last = room.last_sync("kb")
    assert first is not None
    assert last is not None
    assert not last.report.published
    assert last.report == report
    assert last.at > first.at


async def test_sync_that_fails_leaves_the_report_of_the_one_before(tmp_path: Path, source: ListSource) -> None:
    room = open_room(tmp_path)
    assert room.last_sync("kb") is None
    await room.sync("kb", source=source)
    before = room.last_sync("kb")
    source.fail_after = 1
    with pytest.raises(ConnectionError):
        await room.sync("kb", source=source)
    assert room.last_sync("kb") == before


@pytest.mark.parametrize("damage", [b"", b"{", b'{"at": 1}', b"[]", b'{"at": "\xff"}'])
async def test_damaged_report_counts_as_none_is_logged_and_is_mended_by_the_next_sync(
    tmp_path: Path, source: ListSource, caplog: pytest.LogCaptureFixture, damage: bytes
) -> None:
    room = open_room(tmp_path)
    await room.sync("kb", source=source)
    (tmp_path / FILE).write_bytes(damage)
    assert room.last_sync("kb") is None
    assert "the report of the last sync of corpus 'kb' cannot be read" in caplog.text
    report = await room.sync("kb", source=source)
    last = room.last_sync("kb")
    assert last is not None
    assert last.report == report


async def test_report_that_cannot_be_written_is_logged_and_the_version_stands(
    tmp_path: Path, source: ListSource, caplog: pytest.LogCaptureFixture
) -> None:
    room = open_room(tmp_path)
    (tmp_path / FILE).mkdir(parents=True)  # no file can be put in its place
    report = await room.sync("kb", source=source)
    assert report.published
    assert room.current("kb") == "v1"
    assert "a" in await finds(room, "page explains")
    assert "the report of the last sync of corpus 'kb' was not kept" in caplog.text
    assert room.last_sync("kb") is None


async def test_report_that_is_not_valid_text_is_logged_and_the_version_stands(
    tmp_path: Path, source: ListSource, caplog: pytest.LogCaptureFixture
) -> None:
    room = open_room(tmp_path)
    source.put(Passed(id="\udcff", reason="draft"))
    assert (await room.sync("kb", source=source)).published
    assert room.current("kb") == "v1"
    assert "was not kept" in caplog.text


def test_last_sync_of_an_unknown_corpus_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="HF202"):
        open_room(tmp_path).last_sync("bk")
