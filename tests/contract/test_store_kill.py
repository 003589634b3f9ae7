"""kill -9 at any moment loses no recording whose add returned, and leaves nothing half-written.

Knows nothing of how the store is built, except where it looks for remains: in tables and folders.
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.contract.store_adder import start_adder
from tests.contract.store_samples import numbered
from tests.postgres import ask

from holdfast.store import open_store


@dataclass
class Place:
    """A database, whichever it is, and the folder of its large bodies."""

    url: str
    folder: Path

    def adder(self, first: int = 0, count: int = 100_000) -> subprocess.Popen[bytes]:
        return start_adder(self.folder, first, count, self.url)

    def rows(self, statement: str) -> list[tuple[object, ...]]:
        if self.url.startswith("postgresql"):
            return ask(self.url, statement)
        with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as connection:
            return connection.execute(statement).fetchall()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    sqlite = request.param == "sqlite"
    return Place(f"sqlite:///{tmp_path}/holdfast.db" if sqlite else request.getfixturevalue("postgres_url"), tmp_path)


def kill_after(adder: subprocess.Popen[bytes], lines: int) -> list[int]:
    """Let it print so many numbers, kill it, and give every number it printed."""
    assert adder.stdout is not None
    printed = [adder.stdout.readline() for _ in range(lines)]
    adder.kill()
    printed += adder.stdout.readlines()
    adder.stdout.close()
    assert adder.wait() == -9
    return [int(line) for line in printed if line.endswith(b"\n")]


async def prove_whole(place: Place, acknowledged: list[int]) -> None:
    """What was acknowledged is there once, what is there is whole, and nothing else is left behind."""
    store = await open_store(place.url, place.folder / "storage")
    kept = Counter(int(str(id_).removeprefix("rec_")) for (id_,) in place.rows("SELECT id FROM recordings"))
    assert set(acknowledged) <= set(kept)
    assert set(kept.values()) <= {1}
    for number in kept:
        assert await store.recordings.get(f"rec_{number:08d}") == numbered(number)
    if place.url.startswith("sqlite"):
        assert place.rows("PRAGMA integrity_check") == [("ok",)]
        assert place.rows("PRAGMA foreign_key_check") == []
    assert place.rows("SELECT count(*) FROM bodies WHERE n NOT IN (SELECT body FROM parts)") == [(0,)]
    referenced = {bytes(hashed).hex() for (hashed,) in place.rows("SELECT hash FROM bodies WHERE content IS NULL")}  # type: ignore[call-overload]
    assert {path.name for path in (place.folder / "storage").rglob("*") if path.is_file()} == referenced
    await store.close()


async def kill_and_prove(place: Place, seed: int) -> None:
    lines = random.Random(seed).randint(1, 80)
    acknowledged = kill_after(place.adder(), lines)
    assert len(acknowledged) >= lines
    await prove_whole(place, acknowledged)


@pytest.mark.parametrize("seed", range(5))
async def test_a_kill_loses_nothing_that_was_acknowledged(place: Place, seed: int) -> None:
    await kill_and_prove(place, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 210))
async def test_many_kills_lose_nothing_that_was_acknowledged(place: Place, seed: int) -> None:
    await kill_and_prove(place, seed)


async def test_a_kill_beside_another_writer_harms_neither(place: Place) -> None:
    survivor = place.adder(first=200_000, count=60)
    acknowledged = kill_after(place.adder(), 30)
    assert survivor.stdout is not None
    acknowledged += [int(line) for line in survivor.stdout]
    survivor.stdout.close()
    assert survivor.wait() == 0
    assert {number for number in acknowledged if number >= 200_000} == set(range(200_000, 200_060))
    await prove_whole(place, acknowledged)


async def test_of_two_that_add_the_same_a_kill_of_one_leaves_each_recording_once(place: Place) -> None:
    survivor = place.adder(count=60)
    acknowledged = kill_after(place.adder(count=60), 20)
    assert survivor.stdout is not None
    acknowledged += [int(line) for line in survivor.stdout]
    survivor.stdout.close()
    assert survivor.wait() == 0
    assert set(acknowledged) == set(range(60))
    await prove_whole(place, acknowledged)
