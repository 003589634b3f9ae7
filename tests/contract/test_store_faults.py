"""When the disk is full, the database locked, a body damaged or a waiter gone, the store says so and goes on.

Knows nothing of faults outside the store.
"""

from __future__ import annotations

import asyncio
import random
import sqlite3
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contract.store_samples import numbered, recording

from holdfast.errors import NotFound, StoreFailed
from holdfast.identity import to_json
from holdfast.records import Recording
from holdfast.release import Prompt
from holdfast.store.codec import hash_of
from holdfast.store.faults import no_recording
from holdfast.store.files import Files
from holdfast.store.keeper import Keeper
from holdfast.store.sqlite import open_sqlite
from holdfast.store.stores import SqlStore
from holdfast.stores import RecordingQuery


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [], busy_ms=100)
    yield opened
    await opened.close()


def incompressible(seed: int) -> Recording:
    return recording(f"question {seed}", input=random.Random(seed).randbytes(20_000).hex())


async def allow_pages(store: SqlStore, more: int) -> None:
    def limit(keeper: Keeper) -> None:
        pages = keeper.connection.execute("PRAGMA page_count").fetchone()[0]
        keeper.connection.execute(f"PRAGMA max_page_count = {pages + more}")

    await store._writer.change(limit, alone=True)


async def test_a_full_database_fails_every_waiter_and_recovers_when_there_is_space(store: SqlStore) -> None:
    before = recording("before")
    await store.recordings.add(before)
    await allow_pages(store, 20)
    many = [incompressible(seed) for seed in range(12)]
    outcomes = await asyncio.gather(*(store.recordings.add(each) for each in many), return_exceptions=True)
    failed = [outcome for outcome in outcomes if outcome is not None]
    assert failed
    for outcome in failed:
        assert isinstance(outcome, StoreFailed)
        assert (outcome.code, "free some space" in outcome.fix) == ("HF601", True)
    await allow_pages(store, 10_000)
    for each, outcome in zip(many, outcomes, strict=True):
        if outcome is not None:
            with pytest.raises(NotFound):
                await store.recordings.get(each.id)
            await store.recordings.add(each)
        assert await store.recordings.get(each.id) == each
    assert await store.recordings.get(before.id) == before


async def test_a_full_storage_fails_the_recording_that_needs_it_and_no_other(store: SqlStore, tmp_path: Path) -> None:
    await store.recordings.add(numbered(0))
    (first_file,) = (path for path in (tmp_path / "storage").rglob("*") if path.is_file())
    body = to_json(numbered(8).input)[9:-2]  # the text in {"body":"..."}
    full = first_file.with_name(hash_of("", body).hex())
    full.symlink_to("/dev/full")  # takes no byte: No space left on device
    outcomes = await asyncio.gather(
        *(store.recordings.add(numbered(number)) for number in (7, 8, 9)), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [type(None), StoreFailed, type(None)]
    assert isinstance(outcomes[1], StoreFailed)
    assert outcomes[1].code == "HF601"
    await store.recordings.add(numbered(8))  # the failed write took the link away
    for number in (0, 7, 8, 9):
        assert await store.recordings.get(numbered(number).id) == numbered(number)


async def test_a_folder_that_cannot_be_made_is_named_with_a_fix(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreFailed, match="HF601") as caught:
        open_sqlite(tmp_path / "file" / "holdfast.db", tmp_path / "storage", [])
    assert "file" in caught.value.message
    assert "write" in caught.value.fix


async def test_a_database_that_cannot_be_opened_is_named_with_a_fix(tmp_path: Path) -> None:
    (tmp_path / "holdfast.db").mkdir()
    with pytest.raises(StoreFailed, match="HF601"):
        open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])


async def test_a_database_that_becomes_read_only_refuses_writes_and_still_reads(store: SqlStore) -> None:
    given = recording()
    await store.recordings.add(given)
    await store._writer.change(lambda keeper: keeper.connection.execute("PRAGMA query_only = ON"), alone=True)
    with pytest.raises(StoreFailed, match="HF601"):
        await store.recordings.add(recording("another"))
    assert await store.recordings.get(given.id) == given


async def test_a_database_that_another_process_holds_fails_with_a_fix_and_recovers(
    store: SqlStore, tmp_path: Path
) -> None:
    other = sqlite3.connect(tmp_path / "holdfast.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    given = recording()
    with pytest.raises(StoreFailed, match="HF600") as caught:
        await store.recordings.add(given)
    assert "locked" in caught.value.message
    other.execute("ROLLBACK")
    other.close()
    await store.recordings.add(given)
    assert await store.recordings.get(given.id) == given


@pytest.mark.parametrize("damage", ["flipped", "swapped", "format", "missing"])
async def test_a_damaged_body_names_its_recording(store: SqlStore, tmp_path: Path, damage: str) -> None:
    broken, whole = recording("broken", passages=(1,)), recording("whole", passages=(2,))
    for each in (broken, whole):
        await store.recordings.add(each)
    connection = sqlite3.connect(tmp_path / "holdfast.db")
    ((first, content), *rest) = connection.execute("SELECT n, content FROM bodies ORDER BY n").fetchall()
    if damage == "missing":
        connection.execute("DELETE FROM parts WHERE recording = 1 AND position = 1")
    else:
        number, new = {
            "flipped": (first, content[:60] + bytes([content[60] ^ 1]) + content[61:]),
            "swapped": (rest[0][0], rest[1][1]),
            "format": (first, b"\xff" + content),
        }[damage]
        connection.execute("UPDATE bodies SET content = ? WHERE n = ?", (new, number))
    connection.commit()
    connection.close()
    with pytest.raises(StoreFailed, match="HF603") as caught:
        await store.recordings.get(broken.id)
    assert broken.id in caught.value.message
    if damage != "swapped":  # there, the damaged body is the prompt that both use
        assert await store.recordings.get(whole.id) == whole


async def test_a_lost_file_names_its_recording(store: SqlStore, tmp_path: Path) -> None:
    await store.recordings.add(numbered(0))
    for path in (tmp_path / "storage").rglob("*"):
        if path.is_file():
            path.unlink()
    with pytest.raises(StoreFailed, match="HF603") as caught:
        await store.recordings.get(numbered(0).id)
    assert numbered(0).id in caught.value.message


async def test_a_recording_erased_while_it_is_read_is_not_found(
    store: SqlStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.recordings.add(numbered(0))
    read = Files.read

    def erase_first(files: Files, name: str) -> bytes:
        connection = sqlite3.connect(tmp_path / "holdfast.db", isolation_level=None)
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("DELETE FROM recordings")
        connection.close()
        files.remove([name])
        return read(files, name)

    monkeypatch.setattr(Files, "read", erase_first)
    with pytest.raises(NotFound, match="HF203"):
        await store.recordings.get(numbered(0).id)


async def test_a_waiter_whose_event_loop_is_gone_costs_the_others_nothing(store: SqlStore) -> None:
    given = recording("from a loop that ends")

    def leave() -> None:
        loop = asyncio.new_event_loop()
        adding = loop.create_task(store.recordings.add(given))
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        adding.get_loop().set_exception_handler(lambda *_: None)  # it is dropped unfinished, on purpose

    held = threading.Event()
    holding = asyncio.create_task(store._writer.change(lambda keeper: held.wait(10), alone=True))
    await asyncio.to_thread(leave)
    held.set()
    await holding
    await store.recordings.add(recording("after"))
    assert await store.recordings.get(given.id) == given


async def test_a_waiter_that_is_cancelled_costs_the_others_nothing(store: SqlStore) -> None:
    many = [recording(f"question {n}") for n in range(40)]
    adding = [asyncio.create_task(store.recordings.add(each)) for each in many]
    await asyncio.sleep(0)  # all are queued now
    for task in adding[::2]:
        task.cancel()
    outcomes = await asyncio.gather(*adding, return_exceptions=True)
    assert outcomes[1::2] == [None] * 20
    for each in many[1::2]:
        assert await store.recordings.get(each.id) == each
    await store.recordings.add(recording("after"))


async def test_closing_writes_what_is_queued(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])
    many = [recording(f"question {n}") for n in range(40)]
    adding = [asyncio.create_task(store.recordings.add(each)) for each in many]
    await asyncio.sleep(0)
    await store.close()
    assert await asyncio.gather(*adding) == [None] * 40
    store = open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])
    for each in many:
        assert await store.recordings.get(each.id) == each
    await store.close()


async def test_several_event_loops_may_use_one_store(store: SqlStore) -> None:
    many = [recording(f"question {n}") for n in range(30)]

    def elsewhere(part: list[Recording]) -> None:
        async def add_all() -> None:
            await asyncio.gather(*(store.recordings.add(each) for each in part))

        asyncio.run(add_all())

    threads = [threading.Thread(target=elsewhere, args=(many[n::3],)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        await asyncio.to_thread(thread.join)
    for each in many:
        assert await store.recordings.get(each.id) == each


async def test_a_value_that_cannot_be_written_fails_alone_and_the_store_goes_on(store: SqlStore) -> None:
    bad = Prompt(path="a.md", hash="h1", text="lone \ud800 surrogate")
    given = recording()
    outcomes = await asyncio.gather(store.prompts.note(bad), store.recordings.add(given), return_exceptions=True)
    assert isinstance(outcomes[0], StoreFailed)
    assert outcomes[0].code == "HF600"
    assert outcomes[1] is None
    assert await store.prompts.note(Prompt(path="a.md", hash="h2", text="fine")) == 1
    assert await store.recordings.get(given.id) == given


async def test_a_change_that_refuses_is_undone_and_its_batch_is_kept(store: SqlStore) -> None:
    def refusing(keeper: Keeper) -> None:
        keeper.connection.execute("INSERT INTO keys (tenant, id, content) VALUES ('', 'k1', '{}')")
        raise no_recording("rec_nowhere")

    given = recording()
    outcomes = await asyncio.gather(store._writer.change(refusing), store.recordings.add(given), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [NotFound, type(None)]
    assert await store.keys.all() == ()
    assert await store.recordings.get(given.id) == given


async def test_a_batch_that_fails_halfway_leaves_nothing_and_the_store_goes_on(store: SqlStore) -> None:
    forbid = "CREATE TEMP TRIGGER forbid BEFORE INSERT ON parts BEGIN SELECT RAISE(ABORT, 'forbidden'); END"
    await store._writer.change(lambda keeper: keeper.connection.execute(forbid), alone=True)
    many = [recording(f"question {n}") for n in range(5)]
    outcomes = await asyncio.gather(*(store.recordings.add(each) for each in many), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StoreFailed] * 5
    assert await store.recordings.find(RecordingQuery()) == ()
    await store._writer.change(lambda keeper: keeper.connection.execute("DROP TRIGGER forbid"), alone=True)
    await asyncio.gather(*(store.recordings.add(each) for each in many))
    assert [await store.recordings.get(each.id) for each in many] == many


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
async def test_a_bug_in_the_writer_leaves_nobody_waiting(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])

    def bug(keeper: Keeper) -> None:
        raise KeyError("a bug")

    outcomes = await asyncio.gather(
        store._writer.change(bug), store.recordings.add(recording()), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [StoreFailed, StoreFailed]
    with pytest.raises(StoreFailed):
        await store.recordings.add(recording())
    await store.close()
