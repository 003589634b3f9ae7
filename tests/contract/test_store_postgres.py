"""What only the PostgreSQL store promises: how it is opened, migrated, erased, and what it does when the server fails.

Knows nothing of the promises that every store keeps.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest
from tests.contract.store_adder import start_adder
from tests.contract.store_samples import NOW, numbered, prose, recording
from tests.postgres import Postgres, ask

from holdfast.errors import Misconfigured, NotFound, StoreFailed
from holdfast.records import Feedback
from holdfast.release import Prompt
from holdfast.store import open_store, postgres_connection
from holdfast.store.keeper import Keeper
from holdfast.store.narrowing import narrowed
from holdfast.store.postgres import OWN, open_postgres
from holdfast.store.postgres_connection import PostgresConnection
from holdfast.store.postgres_faults import postgres_fault
from holdfast.store.sql import migrations, queries
from holdfast.store.stores import SqlStore
from holdfast.stores import RecordingQuery

BACKENDS = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast' AND datname = current_database()"
END_THEM = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'holdfast'"


@pytest.fixture
async def store(postgres_url: str, tmp_path: Path) -> AsyncIterator[SqlStore]:
    opened = open_postgres(postgres_url, tmp_path / "storage", [])
    yield opened
    await opened.close()


def with_setting(url: str, setting: str) -> str:
    """The URL with a setting of the server's."""
    return f"{url}&options=-c%20{quote(setting)}"


# ---------------------------------------------------------------- opening


@pytest.mark.parametrize("url", ["postgresql://u:top-secret@[::1", "postgresql://u:top-secret@h/d?no_such=1"])
async def test_a_url_that_cannot_be_read_is_refused_without_its_password(url: str, tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="HF100") as caught:
        await open_store(url, tmp_path / "storage")
    assert "postgresql://" in caught.value.fix
    assert "top-secret" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_without_the_driver_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(Misconfigured, match="HF107") as caught:
        await open_store("postgresql://h/d", tmp_path / "storage")
    assert caught.value.fix == "pip install 'holdfast[postgres]'"


async def test_sqlite_and_the_import_of_the_store_need_no_driver(tmp_path: Path) -> None:
    program = (
        "import sys, asyncio; sys.modules['psycopg'] = None\n"
        "from holdfast.store import open_store\n"
        f"asyncio.run(open_store('sqlite:///{tmp_path}/holdfast.db', '{tmp_path}/storage'))\n"
    )
    await asyncio.to_thread(subprocess.run, [sys.executable, "-c", program], check=True, env={"PYTHONPATH": "src"})


async def test_a_server_or_a_database_that_is_not_there_is_named_with_a_fix(postgres: Postgres, tmp_path: Path) -> None:
    for url, fix in (
        (f"postgresql:///x?host={tmp_path}", "start PostgreSQL"),
        (postgres.url("no_such_database"), "createdb"),
    ):
        with pytest.raises(StoreFailed, match="HF600") as caught:
            await open_store(url, tmp_path / "storage")
        assert fix in caught.value.fix


async def test_a_database_that_cannot_hold_every_text_is_refused(postgres: Postgres, tmp_path: Path) -> None:
    with postgres.database("ENCODING 'SQL_ASCII' TEMPLATE template0 LOCALE 'C'") as url:
        with pytest.raises(Misconfigured, match="HF100") as caught:
            await open_store(url, tmp_path / "storage")
        assert "UTF8" in caught.value.fix


async def test_a_user_who_may_not_make_tables_is_told_what_to_grant(
    postgres: Postgres, postgres_url: str, tmp_path: Path
) -> None:
    ask(postgres_url, "DROP ROLE IF EXISTS guest")
    ask(postgres_url, "CREATE ROLE guest LOGIN PASSWORD 'a-long-password'")
    with pytest.raises(StoreFailed, match="HF600") as caught:
        await open_store(postgres_url.replace("postgres:@", "guest:a-long-password@"), tmp_path / "storage")
    assert "GRANT" in caught.value.fix
    assert "a-long-password" not in str(caught.value)


async def test_the_password_of_the_database_never_reaches_it(postgres_url: str, tmp_path: Path) -> None:
    store = await open_store(postgres_url.replace("postgres:@", "postgres:a-long-password@"), tmp_path / "storage")
    given = recording(input="it is a-long-password")
    await store.recordings.add(given)
    assert (await store.recordings.get(given.id)).input == "it is [secret]"
    await store.close()


async def test_commits_wait_for_the_disk_where_the_server_was_told_not_to(postgres_url: str, tmp_path: Path) -> None:
    def setting(keeper: Keeper) -> object:
        return keeper.connection.execute("SHOW synchronous_commit").fetchone()[0]

    for told, used in (("off", "on"), ("remote_apply", "remote_apply")):
        store = open_postgres(with_setting(postgres_url, f"synchronous_commit={told}"), tmp_path / "storage", [])
        assert await store._writer.change(setting, alone=True) == used
        await store.close()


# ---------------------------------------------------------------- migrations


async def test_a_database_that_many_processes_open_at_once_is_made_once(postgres_url: str, tmp_path: Path) -> None:
    adders = [start_adder(tmp_path, 10 * n, 4, postgres_url) for n in range(3)]
    printed = [(await asyncio.to_thread(adder.communicate, timeout=60))[0] for adder in adders]
    assert [(adder.returncode, len(each.splitlines())) for adder, each in zip(adders, printed, strict=True)] == [
        (0, 4)
    ] * 3
    assert ask(postgres_url, "SELECT count(*) FROM recordings") == [(12,)]
    recorded = ask(postgres_url, "SELECT version, name FROM schema_migrations ORDER BY version")
    assert recorded == [(step.version, step.name) for step in migrations()]


def test_both_databases_take_the_same_steps() -> None:
    assert [(step.version, step.name) for step in migrations(OWN)] == [(s.version, s.name) for s in migrations()]


async def test_a_database_newer_than_the_code_is_refused_untouched(postgres_url: str, tmp_path: Path) -> None:
    await open_postgres(postgres_url, tmp_path / "storage", []).close()
    ask(postgres_url, "INSERT INTO schema_migrations VALUES (1000, 'later', 'now')")
    with pytest.raises(StoreFailed, match="HF602") as caught:
        await open_store(postgres_url, tmp_path / "storage")
    assert "upgrade" in caught.value.fix


# ---------------------------------------------------------------- texts, batches, erasure, limits


async def test_texts_that_postgresql_cannot_hold_are_kept_apart_and_come_back(store: SqlStore) -> None:
    odd = ["a\x00b", "a\x1a0b", "a\x1ab", "ab"]
    for feature in odd:
        await store.recordings.add(recording(feature=feature))
    for feature in odd:
        assert [each.feature for each in await store.recordings.find(RecordingQuery(feature=feature))] == [feature]
    numbers = [await store.prompts.note(Prompt(path="a.md", hash=text, text=text)) for text in odd]
    assert [(await store.prompts.get("a.md", number)).text for number in numbers] == odd


async def test_a_text_too_long_for_an_index_fails_alone(store: SqlStore) -> None:
    bad = recording(subject=random.Random(1).randbytes(10_000).hex())
    good = [recording(f"question {n}") for n in range(5)]
    outcomes = await asyncio.gather(
        *(store.recordings.add(each) for each in [*good[:3], bad, *good[3:]]), return_exceptions=True
    )
    assert [type(outcome) for outcome in outcomes] == [type(None)] * 3 + [StoreFailed] + [type(None)] * 2
    for each in good:
        assert await store.recordings.get(each.id) == each


async def test_erasing_a_subject_leaves_no_row_and_no_file_of_it(
    store: SqlStore, postgres_url: str, tmp_path: Path
) -> None:
    large = [recording(prose("large", 50_000), passages=(n,)) for n in range(3)]
    await asyncio.gather(*(store.recordings.add(each) for each in large))
    await store.feedback.add(Feedback(id="fb_1", recording_id=large[0].id, at=large[0].started_at))
    assert len([path for path in (tmp_path / "storage").rglob("*") if path.is_file()]) == 1
    deleted = await store.recordings.delete_subject("anna")
    assert (deleted.recordings, deleted.files, deleted.feedback) == (3, 1, 1)
    for table in ("recordings", "bodies", "parts", "feedback", "unsettled"):
        assert ask(postgres_url, f"SELECT count(*) FROM {table}") == [(0,)], table
    assert [path for path in (tmp_path / "storage").rglob("*") if path.is_file()] == []


async def test_a_store_takes_five_connections_at_most(store: SqlStore, postgres_url: str) -> None:
    many = [recording(f"question {n}") for n in range(60)]
    await asyncio.gather(*(store.recordings.add(each) for each in many))
    await asyncio.gather(*(store.recordings.get(each.id) for each in many))
    await asyncio.gather(*(store.recordings.add(recording(f"more {n}")) for n in range(60)))
    assert ask(postgres_url, BACKENDS)[0][0] in range(2, 6)


async def test_a_read_that_takes_too_long_is_stopped(postgres_url: str, tmp_path: Path) -> None:
    store = open_postgres(with_setting(postgres_url, "statement_timeout=50"), tmp_path / "storage", [])
    with pytest.raises(StoreFailed, match="HF600") as caught:
        await store._readers.read(lambda reader: reader.connection.execute("SELECT pg_sleep(30)").fetchone())
    assert "too long" in caught.value.message
    await store.ping()
    await store.close()


async def test_a_lock_that_another_process_holds_fails_with_a_fix_and_recovers(
    postgres_url: str, tmp_path: Path
) -> None:
    store = open_postgres(with_setting(postgres_url, "lock_timeout=50"), tmp_path / "storage", [])
    other = psycopg.connect(postgres_url)
    other.execute("SELECT pg_advisory_xact_lock(5210207197331641172)")
    given = recording()
    with pytest.raises(StoreFailed, match="HF600") as caught:
        await store.recordings.add(given)
    assert "locked" in caught.value.message
    other.close()
    await store.recordings.add(given)
    assert await store.recordings.get(given.id) == given
    await store.close()


async def test_find_uses_an_index_however_it_is_filtered(store: SqlStore, postgres_url: str) -> None:
    ask(
        postgres_url,
        "INSERT INTO recordings (n, tenant, id, feature, release, outcome, ms, started_at, subject) SELECT n, '', n,"
        " 'f' || n % 20, 'r' || n % 20, 'o' || n % 20, 1, n / 3, 's' || n % 500 FROM generate_series(1, 20000) AS n",
    )
    ask(postgres_url, "ANALYZE recordings")
    filters = {"feature": "f3", "outcome": "o3", "release": "r3", "subject": "s3", "since": NOW, "until": NOW}

    def plan(keeper: Keeper, query: RecordingQuery) -> str:
        text, values = narrowed(queries(OWN), query)
        rows = keeper.connection.execute("EXPLAIN " + text, values | {"before_at": 5000, "before_n": 15000})
        return "\n".join(line for (line,) in rows)

    for name, before in itertools.product([None, *filters], [None, "rec_1"]):
        query = RecordingQuery(**({name: filters[name]} if name else {}), before=before)  # type: ignore[arg-type]
        found = await store._writer.change(lambda keeper, query=query: plan(keeper, query))
        assert "Index Scan" in found, (name, found)
        assert "Seq Scan" not in found, (name, found)


# ---------------------------------------------------------------- a server that fails


async def test_a_server_that_crashes_and_comes_back_under_load_loses_nothing_and_nobody_is_told(
    store: SqlStore, postgres: Postgres
) -> None:
    many = [numbered(number) for number in range(120)]
    acknowledged = asyncio.Queue[str]()

    async def add(part: int) -> None:
        for each in many[part::8]:
            await store.recordings.add(each)
            assert await store.recordings.get(each.id) == each
            acknowledged.put_nowait(each.id)

    adding = [asyncio.create_task(add(part)) for part in range(8)]
    for _ in range(20):
        await acknowledged.get()
    await asyncio.to_thread(postgres.crash)
    await asyncio.to_thread(postgres.start)
    await asyncio.gather(*adding)
    for each in many:
        assert await store.recordings.get(each.id) == each
    found = await store.recordings.find(RecordingQuery(limit=500))
    assert sorted(each.id for each in found) == [each.id for each in many]


async def test_connections_that_the_server_ends_are_made_again(store: SqlStore, postgres_url: str) -> None:
    given = recording()
    await store.recordings.add(given)
    await store.recordings.get(given.id)
    for _ in range(3):
        assert ask(postgres_url, END_THEM)
        assert await store.recordings.get(given.id) == given
        await store.recordings.add(recording("after"))
        ask(postgres_url, END_THEM)
        assert (await store.recordings.delete_subject("nobody")).recordings == 0


async def test_a_server_that_stays_away_is_named_with_a_fix_and_used_again_when_it_is_back(
    store: SqlStore, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_connection, "PATIENCE_S", 0.1)
    before, after = recording("before"), recording("after")
    await store.recordings.add(before)
    await asyncio.to_thread(postgres.crash)
    try:
        for asked in (
            lambda: store.recordings.add(after),
            lambda: store.recordings.add(after),
            lambda: store.recordings.get(before.id),
            lambda: store.recordings.delete_subject("anna"),
            store.ping,
        ):
            with pytest.raises(StoreFailed, match="HF600") as caught:
                await asked()  # type: ignore[no-untyped-call]
            assert "start PostgreSQL" in caught.value.fix
    finally:
        await asyncio.to_thread(postgres.start)
    await store.ping()
    await store.recordings.add(after)
    assert await store.recordings.get(before.id) == before
    assert await store.recordings.get(after.id) == after


@pytest.mark.parametrize("committed", [True, False])
@pytest.mark.parametrize("large", [True, False])
async def test_in_doubt_of_a_commit_a_recording_is_there_once_and_a_change_is_not_made_again(
    store: SqlStore, postgres_url: str, monkeypatch: pytest.MonkeyPatch, committed: bool, large: bool
) -> None:
    end, breaks = PostgresConnection.end, [True]

    def broken(connection: PostgresConnection, statement: str) -> None:
        if statement == "COMMIT" and breaks:
            breaks.clear()
            if committed:
                end(connection, statement)
            connection.in_transaction, connection.in_doubt = False, True
            connection.close()
            raise psycopg.OperationalError("the connection broke before the answer came")
        end(connection, statement)

    changed: list[Keeper] = []
    given = recording(input=prose("large", 50_000) if large else "small")
    await store.recordings.add(recording("before"))
    monkeypatch.setattr(PostgresConnection, "end", broken)
    outcomes = await asyncio.gather(
        store.recordings.add(given), store._writer.change(changed.append), return_exceptions=True
    )
    assert breaks == []
    assert outcomes[0] is None
    if large:  # what broke was the commit that announces the file, before any change was made
        assert outcomes[1] is None
    else:
        assert isinstance(outcomes[1], StoreFailed)
        assert "may have been done" in outcomes[1].message
    assert len(changed) == 1
    assert await store.recordings.get(given.id) == given
    assert ask(postgres_url, "SELECT count(*) FROM recordings") == [(2,)]


async def test_a_change_is_made_again_when_the_connection_breaks_before_its_commit(
    store: SqlStore, postgres_url: str
) -> None:
    tried: list[Keeper] = []

    def change(keeper: Keeper) -> int:
        tried.append(keeper)
        number = keeper.connection.execute("SELECT coalesce(max(n), 0) + 1 FROM keys").fetchone()[0]
        keeper.connection.execute("INSERT INTO keys (tenant, id, content) VALUES ('', ?, '{}')", (f"k{number}",))
        if len(tried) == 1:
            ask(postgres_url, END_THEM)
            keeper.connection.execute("SELECT 1")
        return int(number)

    given = recording()
    assert await asyncio.gather(store._writer.change(change), store.recordings.add(given)) == [1, None]
    assert len(tried) == 2
    assert ask(postgres_url, "SELECT id FROM keys") == [("k1",)]
    assert await store.recordings.get(given.id) == given


async def test_a_transaction_that_failed_is_never_taken_for_committed(store: SqlStore) -> None:
    def careless(keeper: Keeper) -> None:
        with pytest.raises(psycopg.Error):
            keeper.connection.execute("SELECT 1 / 0")

    given = recording()
    outcomes = await asyncio.gather(store._writer.change(careless), store.recordings.add(given), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StoreFailed, StoreFailed]
    with pytest.raises(NotFound):
        await store.recordings.get(given.id)
    await store.recordings.add(given)


def test_a_full_disk_of_the_server_is_a_full_disk() -> None:
    assert postgres_fault(psycopg.errors.DiskFull("No space left on device")).code == "HF601"
    standby = postgres_fault(psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT"))
    assert (standby.code, "primary" in standby.fix) == ("HF600", True)
    assert "max_connections" in postgres_fault(psycopg.errors.TooManyConnections("sorry, too many clients")).fix
