"""What only the SQLite store promises: its schema, its plans, its files, and that erased is gone from the disk.

Knows nothing of the promises that every store keeps.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contract.store_adder import start_adder
from tests.contract.store_samples import NOW, numbered, prose, recording

from holdfast.errors import Misconfigured, StoreFailed
from holdfast.store import open_store
from holdfast.store.codec import Codec
from holdfast.store.files import Files
from holdfast.store.keeper import Keeper
from holdfast.store.narrowing import narrowed
from holdfast.store.sql import Migration, migrate, migrations, queries
from holdfast.store.sqlite import open_sqlite
from holdfast.store.stores import SqlStore
from holdfast.stores import RecordingQuery
from holdfast.where import parse


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])
    yield opened
    await opened.close()


def large(name: object = "large") -> str:
    """A text of more than 256 kB."""
    return prose(name, 50_000)


def files(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "storage").rglob("*") if path.is_file()]


# ---------------------------------------------------------------- opening


@pytest.mark.parametrize(
    ("url", "storage", "code", "fix"),
    [
        ("postgresql+asyncpg://db/holdfast", "storage", "HF100", "postgresql://"),
        ("sqlite:///:memory:", "storage", "HF100", "MemoryStore"),
        ("sqlite://", "storage", "HF100", "sqlite:///"),
        ("sqlite:///", "storage", "HF100", "sqlite:///"),
        ("mysql://db/holdfast", "storage", "HF100", "sqlite:///"),
        ("holdfast.db", "storage", "HF100", "sqlite:///"),
        ("sqlite:///x.db", "s3://KEY:SECRET@bucket", "HF107", "storage_url"),
    ],
)
async def test_a_url_that_cannot_be_served_is_refused_with_a_fix(url: str, storage: str, code: str, fix: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        await open_store(url, storage)
    assert caught.value.code == code
    assert fix in caught.value.fix
    assert "SECRET" not in str(caught.value)


async def test_a_relative_url_is_a_file_below_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = await open_store("sqlite:///.holdfast/holdfast.db", ".holdfast/storage")
    await store.close()
    assert (tmp_path / ".holdfast" / "holdfast.db").is_file()


async def test_a_file_that_is_no_database_fails_with_a_fix(tmp_path: Path) -> None:
    (tmp_path / "holdfast.db").write_text("no database, but long enough to have a header " * 10)
    with pytest.raises(StoreFailed, match="HF600"):
        open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])


async def test_commits_are_synced_and_erasure_overwrites(store: SqlStore) -> None:
    def pragmas(keeper: Keeper) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete")
        return [keeper.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names]

    assert await store._writer.change(pragmas, alone=True) == ["wal", 2, 1, 1]


# ---------------------------------------------------------------- migrations


def test_a_database_of_version_1_is_brought_to_the_newest_with_all_it_holds(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "holdfast.db", isolation_level=None)
    migrate(connection, migrations()[:1])
    codec, given = Codec(), recording()
    packed = codec.pack(given)
    connection.execute(f"INSERT INTO recordings VALUES (1{', ?' * 10})", packed.row[:10])
    for position, body in enumerate(packed.bodies):
        content = (position, given.tenant, body.hash, codec.compress(body.data))
        connection.execute("INSERT INTO bodies (n, tenant, hash, content) VALUES (?, ?, ?, ?)", content)
        connection.execute("INSERT INTO parts VALUES (1, ?, ?)", (position, position))
    connection.close()

    async def reopened() -> None:
        store = open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])
        assert await store.recordings.get(given.id) == given
        assert [each.asked for each in await store.recordings.find(RecordingQuery())] == [None]
        assert await store.recordings.find(RecordingQuery(text="parcel")) == ()
        assert await store.keys.all() == ()
        await store.close()

    asyncio.run(reopened())
    connection = sqlite3.connect(tmp_path / "holdfast.db")
    recorded = connection.execute("SELECT version, name FROM schema_migrations ORDER BY version").fetchall()
    connection.close()
    assert recorded == [(step.version, step.name) for step in migrations()]
    versions = [step.version for step in migrations()]
    assert versions == sorted(set(versions))


def test_a_migration_that_fails_leaves_nothing_and_can_be_repaired() -> None:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    bad = Migration(version=1, name="bad", sql="CREATE TABLE one (a);\nCREATE TABLE one (b);")
    with pytest.raises(sqlite3.OperationalError):
        migrate(connection, [bad])
    assert connection.execute("SELECT name FROM sqlite_master").fetchall() == []
    migrate(connection, [Migration(version=1, name="good", sql="CREATE TABLE one (a);")])
    assert connection.execute("SELECT version, name FROM schema_migrations").fetchall() == [(1, "good")]
    connection.close()


def test_a_migration_that_another_process_was_faster_with_is_not_repeated(tmp_path: Path) -> None:
    slow, fast = (sqlite3.connect(tmp_path / "holdfast.db", isolation_level=None) for _ in range(2))

    def overtake(statement: str) -> None:
        if statement == "BEGIN IMMEDIATE":
            slow.set_trace_callback(None)
            migrate(fast, migrations())

    slow.set_trace_callback(overtake)
    migrate(slow, migrations())
    recorded = slow.execute("SELECT version FROM schema_migrations ORDER BY version").fetchall()
    assert recorded == [(step.version,) for step in migrations()]
    slow.close()
    fast.close()


def test_a_database_newer_than_the_code_is_refused_untouched(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "holdfast.db", isolation_level=None)
    steps = migrations()
    newer = Migration(version=steps[-1].version + 1, name="later", sql="CREATE TABLE later (a);")
    migrate(connection, [*steps, newer])
    with pytest.raises(StoreFailed, match="HF602") as caught:
        open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])
    assert "upgrade" in caught.value.fix
    assert connection.execute("SELECT max(version) FROM schema_migrations").fetchone() == (newer.version,)
    connection.close()


def test_processes_that_open_a_new_database_at_once_all_succeed(tmp_path: Path) -> None:
    adders = [start_adder(tmp_path, first=first, count=4) for first in (1, 101, 201)]
    for adder in adders:
        printed, _ = adder.communicate(timeout=60)
        assert adder.returncode == 0
        assert len(printed.splitlines()) == 4
    connection = sqlite3.connect(tmp_path / "holdfast.db")
    assert connection.execute("SELECT count(*) FROM recordings").fetchone() == (12,)
    connection.close()


# ---------------------------------------------------------------- find


@pytest.mark.parametrize("before", [None, "rec_1"])
@pytest.mark.parametrize("count", [0, 1, 2])
async def test_find_uses_an_index_and_never_sorts(store: SqlStore, count: int, before: str | None) -> None:
    filters = {
        "feature": "f",
        "outcome": "ok",
        "release": "r_1",
        "subject": "s",
        "since": NOW,
        "until": NOW,
        "text": "a b",
        "where": parse("degraded=answer or feedback.score<0 or text~refund and not ms>5"),
    }

    def plan(keeper: Keeper, query: RecordingQuery) -> str:
        text, values = narrowed(queries(), query)
        values |= {"before_at": 0, "before_n": 0}
        return " | ".join(row[3] for row in keeper.connection.execute("EXPLAIN QUERY PLAN " + text, values))

    for names in itertools.combinations(filters, count):
        query = RecordingQuery(**{name: filters[name] for name in names}, before=before)  # type: ignore[arg-type]
        found = await store._writer.change(lambda keeper, query=query: plan(keeper, query))
        assert found.startswith("SEARCH recordings USING INDEX recordings_by_"), (names, found)
        assert "TEMP B-TREE" not in found, (names, found)
        assert "SCAN" not in found, (names, found)


# ---------------------------------------------------------------- bodies


async def test_a_passage_is_stored_once_however_often_it_is_found(store: SqlStore) -> None:
    def count(keeper: Keeper) -> int:
        return int(keeper.connection.execute("SELECT count(*) FROM bodies WHERE hash IS NOT NULL").fetchone()[0])

    for n in range(5):
        await store.recordings.add(recording(f"question {n}", passages=(1, 2, 3)))
    assert await store._writer.change(count) == 4  # three passages and the system prompt


async def test_a_large_body_is_one_file_until_nobody_uses_it(store: SqlStore, tmp_path: Path) -> None:
    hers, his = recording(large()), recording(large(), subject="ben", tenant="")
    for each in (hers, his):
        await store.recordings.add(each)
    assert len(files(tmp_path)) == 1
    first = await store.recordings.delete_subject("anna")
    assert (first.recordings, first.files, len(files(tmp_path))) == (1, 0, 1)
    assert await store.recordings.get(his.id) == his
    second = await store.recordings.delete_subject("ben")
    assert (second.recordings, second.files, files(tmp_path)) == (1, 1, [])


async def test_erased_text_is_gone_from_every_byte_of_the_database(store: SqlStore, tmp_path: Path) -> None:
    def content(keeper: Keeper) -> list[bytes]:
        text = "SELECT b.content FROM recordings AS r JOIN parts ON recording = r.n JOIN bodies AS b ON b.n = body"
        return [row[0] for row in keeper.connection.execute(text + " WHERE r.subject = 'MARKER-anna'")]

    def on_disk() -> bytes:
        return b"".join(path.read_bytes() for path in tmp_path.iterdir() if path.is_file())

    many = [recording(f"MARKER-{n} lost", passages=(n,), subject="MARKER-anna") for n in range(20)]
    for each in many:
        await store.recordings.add(each)
        await store.recordings.add(recording(f"his {each.id}", passages=(50,), subject="ben"))
    contents = [each for each in await store._writer.change(content) if each]
    assert b"MARKER-anna" in on_disk()
    assert b"MARKER-7 lost" in on_disk()
    assert all(each[8:200] in on_disk() for each in contents)
    await store.recordings.delete_subject("MARKER-anna")
    left = on_disk()
    assert b"MARKER" not in left
    prompt = [each for each in contents if each[8:200] in left]
    assert len(set(prompt)) == 1  # the system prompt, which his recordings use
    assert (await store.recordings.delete_subject("ben")).recordings == 20
    assert not any(each[8:200] in on_disk() for each in contents)


async def test_an_erasure_that_a_reader_holds_up_says_so_and_is_finished_by_a_second(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [], busy_ms=50)
    await store.recordings.add(recording())
    reader = sqlite3.connect(tmp_path / "holdfast.db", isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM recordings").fetchone()
    with pytest.raises(StoreFailed, match="HF600"):
        await store.recordings.delete_subject("anna")
    reader.close()
    assert (await store.recordings.delete_subject("anna")).recordings == 0
    assert b"anna" not in (tmp_path / "holdfast.db-wal").read_bytes()
    await store.close()


# ---------------------------------------------------------------- files left by a kill


async def test_a_file_without_a_row_is_removed_at_the_next_open(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])
    kept = numbered(0)
    await store.recordings.add(kept)
    await store.close()
    (referenced,) = files(tmp_path)
    half_written, foreign = referenced.with_name("ab" * 32), referenced.with_name("cd" * 32)
    half_written.write_bytes(b"half a bo")
    foreign.write_bytes(b"announced by nobody here")
    connection = sqlite3.connect(tmp_path / "holdfast.db")
    for name in (half_written.name, referenced.name):
        connection.execute("INSERT INTO unsettled VALUES (?)", (bytes.fromhex(name),))
    connection.commit()
    connection.close()
    store = open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])
    assert set(files(tmp_path)) == {referenced, foreign}
    assert await store.recordings.get(kept.id) == kept
    await store.close()


async def test_a_file_that_another_process_is_writing_is_never_removed(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])
    connection = sqlite3.connect(tmp_path / "holdfast.db", isolation_level=None)
    identity = connection.execute("SELECT id FROM identity").fetchone()[0]
    other = Keeper(connection, queries(), Files(tmp_path / "storage" / identity), Codec())
    packed = [other.codec.pack(numbered(0))]
    with other.transaction(packed):
        other.keep(packed)
        assert len(files(tmp_path)) == 1
        with pytest.raises(StoreFailed, match="HF600"):  # it finds the announcement, and waits for the lock in vain
            open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [], busy_ms=50)
        assert len(files(tmp_path)) == 1
    await store.close()
    connection.close()
    store = open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])
    assert await store.recordings.get(numbered(0).id) == numbered(0)
    await store.close()


async def test_an_announcement_that_another_process_took_back_is_made_again(tmp_path: Path) -> None:
    store = open_sqlite(tmp_path / "holdfast.db", tmp_path / "storage", [])
    connection = sqlite3.connect(tmp_path / "holdfast.db", isolation_level=None)
    keeper = Keeper(connection, queries(), Files(tmp_path / "storage"), Codec())
    packed = [keeper.codec.pack(numbered(0))]
    begins: list[str] = []

    def settle_between(statement: str) -> None:
        if statement.startswith("BEGIN") and (begins.append(statement) or len(begins) == 2):
            other = sqlite3.connect(tmp_path / "holdfast.db", isolation_level=None)
            assert other.execute("DELETE FROM unsettled").rowcount == 1
            other.close()

    connection.set_trace_callback(settle_between)
    with keeper.transaction(packed):
        announced = connection.execute("SELECT hash FROM unsettled").fetchall()
        assert announced == [(each.hash,) for each in packed[0].bodies if each.large]
    assert len(begins) == 3
    connection.close()
    await store.close()


async def test_two_databases_share_a_storage_without_touching_each_other(tmp_path: Path) -> None:
    stores = [open_sqlite(tmp_path / name, tmp_path / "storage", []) for name in ("one.db", "two.db")]
    for store in stores:
        await store.recordings.add(numbered(0))
    assert len(files(tmp_path)) == 2
    assert (await stores[0].recordings.delete_subject("anna")).files == 1
    assert await stores[1].recordings.get(numbered(0).id) == numbered(0)
    for store in stores:
        await store.close()


async def test_recordings_of_random_bytes_take_files_and_rows_alike(store: SqlStore) -> None:
    chance = random.Random(7)
    many = [recording(input=chance.randbytes(size).hex()) for size in (10, 1_000, 8_000, 140_000, 200_000)]
    await asyncio.gather(*(store.recordings.add(each) for each in many))
    for each in many:
        assert await store.recordings.get(each.id) == each
