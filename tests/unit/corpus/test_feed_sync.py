"""A feed is fetched page by page, only what changed is looked at, and nothing is published that does not add up."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from corpora import find, finds
from feeds import Desk, DeskFeed, feed_room
from holdfast.errors import StoreFailed
from holdfast.messages import Json
from holdfast.sources import FeedPage, Item, Landed, Passed, RawDocument
from holdfast.store.landing import SqliteLanding


@pytest.fixture
def desk() -> Desk:
    made = Desk()
    for number in range(25):
        made.put(f"a{number:02}", f"word{number} stands in this article")
    return made


def landed(root: Path) -> list[str]:
    landing = SqliteLanding(root / "corpora" / "kb" / "landing.db")
    try:
        return list(landing.document_ids())
    finally:
        landing.close()


async def test_everything_that_landed_is_published_and_the_ledger_adds_up(tmp_path: Path, desk: Desk) -> None:
    desk.put("draft", "x", draft=True)
    desk.put("bad", "x", broken=True)
    room = feed_room(tmp_path)
    report = await room.sync("kb", source=DeskFeed(desk))
    ledger = report.ledger
    assert ledger is not None
    assert (ledger.fetched, ledger.kept, ledger.skipped, ledger.failed) == (27, 25, 1, 1)
    assert (ledger.documents, ledger.chunks, ledger.indexed, ledger.vectors) == (25, 25, 25, 25)
    assert (ledger.written, ledger.retrievable, ledger.searched, ledger.found) == (25, 25, 25, 25)
    assert [(count.kind, count.here, count.said) for count in ledger.source] == [
        ("article", 27, 27),
        ("section", 1, None),
    ]
    assert ledger.red == ()
    assert [(group.reason, group.failed) for group in report.passed] == [
        ("its body could not be fetched", True),
        ("draft", False),
    ]
    assert await finds(room, "word7", k=1) == {"a07"}
    said = {one: room.outcome_of("kb", one) for one in ("a01", "draft", "bad", "never")}
    assert {one: (found.outcome, found.reason) for one, found in said.items()} == {
        "a01": ("kept", None),
        "draft": ("skipped", "draft"),
        "bad": ("failed", "its body could not be fetched"),
        "never": ("unknown", None),
    }


async def test_only_what_changed_is_fetched_and_looked_at(tmp_path: Path, desk: Desk) -> None:
    desk.put("draft", "x", draft=True)
    room = feed_room(tmp_path)
    await room.sync("kb", source=DeskFeed(desk))
    desk.asked.clear()
    desk.put("a03", "word3 has other words now")
    desk.delete("a04")
    desk.delete("a05", silently=True)
    desk.put("new", "something")
    feed = DeskFeed(desk)
    report = await room.sync("kb", source=feed)
    assert (report.added, report.changed, report.removed, report.unchanged) == (1, 1, 2, 22)
    assert report.passed[0].examples == ("draft",)
    assert (sorted(feed.looked), desk.asked) == (["a03", "new"], ["26"])
    assert (report.ledger.fetched, report.ledger.written) == (25, 2) if report.ledger else False
    feed = DeskFeed(desk)
    report = await room.sync("kb", source=feed)
    assert (report.published, report.unchanged, feed.looked) == (False, 24, [])
    assert room.outcome_of("kb", "a04").outcome == "unknown"


async def test_an_item_of_many_documents_makes_all_be_looked_at(tmp_path: Path, desk: Desk) -> None:
    room = feed_room(tmp_path)
    await room.sync("kb", source=DeskFeed(desk))
    desk.rename("Other")
    feed = DeskFeed(desk)
    report = await room.sync("kb", source=feed)
    assert (report.changed, report.embedded, len(feed.looked)) == (25, 25, 25)
    assert (await room.document("kb", "latest", "a01")).section == ("Other",)


async def test_a_feed_that_breaks_off_keeps_what_landed_and_goes_on_from_there(tmp_path: Path, desk: Desk) -> None:
    room = feed_room(tmp_path)
    desk.fail_after = 1
    with pytest.raises(ConnectionError):
        await room.sync("kb", source=DeskFeed(desk))
    assert (room.versions("kb"), len(landed(tmp_path))) == ((), 10)
    desk.fail_after = None
    report = await room.sync("kb", source=DeskFeed(desk))
    assert (report.kept, desk.asked) == (25, ["0", "10", "20"])


async def test_a_refused_sync_leaves_what_landed_and_a_source_that_recovers_heals_it(
    tmp_path: Path, desk: Desk
) -> None:
    room = feed_room(tmp_path)
    await room.sync("kb", source=DeskFeed(desk))
    articles, desk.articles = desk.articles, {"a00": desk.articles["a00"]}
    for _ in range(2):
        with pytest.raises(StoreFailed) as failure:
            await room.sync("kb", source=DeskFeed(desk))
        assert failure.value.code == "HF604"
        assert await finds(room, "word7", k=1) == {"a07"}
    desk.articles = articles
    feed = DeskFeed(desk)
    report = await room.sync("kb", source=feed)
    assert (report.published, report.unchanged, report.embedded) == (False, 25, 0)
    assert await finds(room, "word24", k=1) == {"a24"}


async def test_full_reads_the_feed_from_its_start_and_lets_most_of_it_vanish(tmp_path: Path, desk: Desk) -> None:
    room = feed_room(tmp_path)
    await room.sync("kb", source=DeskFeed(desk))
    desk.asked.clear()
    desk.articles = {"a00": desk.articles["a00"]}
    report = await room.sync("kb", source=DeskFeed(desk), full=True)
    assert (report.kept, report.removed, report.embedded) == (1, 24, 1)
    assert desk.asked == ["0", "10", "20"]
    assert landed(tmp_path) == ["a00"]


async def test_a_full_sync_that_breaks_off_leaves_the_version_serving_and_the_next_one_completes(
    tmp_path: Path, desk: Desk
) -> None:
    room = feed_room(tmp_path)
    await room.sync("kb", source=DeskFeed(desk))
    desk.fail_after = 1
    with pytest.raises(ConnectionError):
        await room.sync("kb", source=DeskFeed(desk), full=True)
    assert await finds(room, "word24", k=1) == {"a24"}
    desk.fail_after = None
    report = await room.sync("kb", source=DeskFeed(desk))
    assert (report.published, report.unchanged) == (False, 25)


async def test_a_count_of_the_source_that_stays_different_is_red_and_publishes_nothing(
    tmp_path: Path, desk: Desk
) -> None:
    room = feed_room(tmp_path)
    await room.sync("kb", source=DeskFeed(desk))
    desk.put("new", "something")
    desk.miscounts = 3
    with pytest.raises(StoreFailed) as failure:
        await room.sync("kb", source=DeskFeed(desk))
    assert failure.value.code == "HF611"
    assert "29 of 'article', and 26 are here" in failure.value.message
    assert room.current("kb") == "v1"
    desk.miscounts = 0
    assert (await room.sync("kb", source=DeskFeed(desk))).added == 1


async def test_a_document_that_landed_and_has_no_outcome_is_red(tmp_path: Path, desk: Desk) -> None:
    room = feed_room(tmp_path)
    feed = DeskFeed(desk)
    feed.forgets = {"a07"}
    with pytest.raises(StoreFailed) as failure:
        await room.sync("kb", source=feed)
    assert failure.value.code == "HF611"
    assert "25 were fetched, and 24 have an outcome" in failure.value.message
    assert "(a07)" in failure.value.message
    assert room.versions("kb") == ()


async def test_documents_named_are_fetched_alone_and_the_rest_stays(tmp_path: Path, desk: Desk) -> None:
    room = feed_room(tmp_path)
    await room.sync("kb", source=DeskFeed(desk))
    desk.asked.clear()
    desk.put("a03", "word3 said anew")
    desk.put("a04", "word4 said anew")
    desk.delete("a05")
    desk.put("new", "brand new")
    feed = DeskFeed(desk)
    report = await room.sync("kb", source=feed, only=["a03", "a05", "new", "never"])
    assert (report.added, report.changed, report.removed, report.unchanged) == (1, 1, 1, 23)
    assert desk.asked == ["fetch a03", "fetch a05", "fetch never", "fetch new"]
    assert (await find(room, "word3"))[0].text.endswith("said anew")
    assert "a05" not in await finds(room, "word5", k=50)
    assert not (await find(room, "word4"))[0].text.endswith("said anew")
    report = await room.sync("kb", source=DeskFeed(desk))
    assert (report.changed, report.unchanged) == (1, 24)


class Threads:
    """Messages in threads; one that is moved is told of by the thread it came to."""

    def __init__(self) -> None:
        self.thread_of = {"m1": "t1", "m2": "t1", "m3": "t2"}

    async def pages(self, cursor: Json, landed: Landed) -> AsyncIterator[FeedPage]:
        yield FeedPage(items=self._items(self.thread_of), cursor=1)

    async def fetch(self, ids: Sequence[str]) -> FeedPage:
        return FeedPage(
            items=self._items([known for known, thread in self.thread_of.items() if thread in ids]), cursor=0
        )

    def documents(self, landed: Landed, only: Collection[str] | None = None) -> Iterator[RawDocument | Passed]:
        for known, items in landed.documents(only):
            yield RawDocument(id=known, body=" ".join(item.id for item in items), media_type="text/plain", title=known)

    def _items(self, ids: Iterable[str]) -> tuple[Item, ...]:
        return tuple(Item(kind="message", id=one, document=self.thread_of[one], data={"text": one}) for one in ids)


async def test_a_document_that_lost_an_item_to_one_that_was_named_is_made_anew_too(tmp_path: Path) -> None:
    room, feed = feed_room(tmp_path), Threads()
    await room.sync("kb", source=feed)
    feed.thread_of["m2"] = "t2"
    report = await room.sync("kb", source=feed, only=["t2"])
    assert (report.changed, report.unchanged) == (2, 0)
    assert [(await room.document("kb", "latest", known)).text for known in ("t1", "t2")] == ["m1", "m2 m3"]


async def test_documents_named_before_the_first_sync_are_part_of_a_whole_one(tmp_path: Path, desk: Desk) -> None:
    room = feed_room(tmp_path)
    report = await room.sync("kb", source=DeskFeed(desk), only=["a03"])
    assert (report.kept, desk.asked) == (25, ["0", "10", "20"])


async def test_a_lost_list_of_outcomes_or_landing_makes_everything_be_looked_at_again(
    tmp_path: Path, desk: Desk
) -> None:
    room = feed_room(tmp_path)
    await room.sync("kb", source=DeskFeed(desk))
    (tmp_path / "corpora" / "kb" / "outcomes.json").write_text("{")
    feed = DeskFeed(desk)
    report = await room.sync("kb", source=feed)
    assert (report.published, len(feed.looked)) == (False, 25)
    for file in (tmp_path / "corpora" / "kb").glob("landing.db*"):
        file.unlink()
    desk.delete("a03", silently=True)
    feed = DeskFeed(desk)
    report = await room.sync("kb", source=feed)
    assert (report.removed, report.unchanged, len(feed.looked)) == (1, 24, 24)


async def test_what_is_gone_at_the_source_is_erased_from_the_landing_once_published(tmp_path: Path) -> None:
    desk, secret = Desk(), "correct horse battery staple"
    desk.put("a", f"{secret} " * 3)
    desk.put("b", "plain")
    room = feed_room(tmp_path)
    await room.sync("kb", source=DeskFeed(desk))
    desk.delete("a", silently=True)
    await room.sync("kb", source=DeskFeed(desk))
    import sqlite3

    with sqlite3.connect(tmp_path / "corpora" / "kb" / "landing.db") as database:
        assert database.execute("SELECT id FROM items ORDER BY id").fetchall() == [("b",), ("s",)]
    database.close()


async def test_a_forecast_counts_what_a_sync_would_do_and_publishes_nothing(tmp_path: Path, desk: Desk) -> None:
    room = feed_room(tmp_path)
    first = await room.forecast("kb", source=DeskFeed(desk))
    assert (first.current, first.added, first.chunks, first.embeds, first.brakes) == (None, 25, 25, 25, False)
    assert first.seconds is not None
    assert room.versions("kb") == ()
    await room.sync("kb", source=DeskFeed(desk))
    assert desk.asked == ["0", "10", "20"], "what was fetched for the forecast is not fetched again"
    desk.put("a03", "word3 said anew")
    desk.delete("a04")
    ahead = await room.forecast("kb", source=DeskFeed(desk))
    assert (ahead.current, ahead.changed, ahead.removed, ahead.unchanged) == ("v1", 1, 1, 23)
    assert (ahead.chunks, ahead.embeds, ahead.writes_bytes > 64 * 4) == (24, 1, True)
    assert room.current("kb") == "v1"
    full = await room.forecast("kb", source=DeskFeed(desk), full=True)
    assert (full.chunks, full.embeds, full.unchanged) == (24, 24, 23)
    report = await room.sync("kb", source=DeskFeed(desk))
    assert (report.changed, report.removed, report.embedded) == (1, 1, 1)
