"""kill -9 at any moment loses no recording whose add returned, and leaves nothing half-written.

Knows nothing of how the store is built, except where it looks for remains: in tables and folders.
"""

from __future__ import annotations

import random
import sqlite3
import subprocess
from pathlib import Path

import pytest
from tests.contract.store_adder import start_adder
from tests.contract.store_samples import numbered

from holdfast.store import open_store


def kill_after(adder: subprocess.Popen[bytes], lines: int) -> list[int]:
    """Let it print so many numbers, kill it, and give every number it printed."""
    assert adder.stdout is not None
    printed = [adder.stdout.readline() for _ in range(lines)]
    adder.kill()
    printed += adder.stdout.readlines()
    adder.stdout.close()
    assert adder.wait() == -9
    return [int(line) for line in printed if line.endswith(b"\n")]


async def prove_whole(tmp_path: Path, acknowledged: list[int]) -> None:
    """What was acknowledged is there, what is there is whole, and nothing else is left behind."""
    database = tmp_path / "holdfast.db"
    store = await open_store(f"sqlite:///{database}", tmp_path / "storage")
    connection = sqlite3.connect(database)
    kept = {int(id_.removeprefix("rec_")) for (id_,) in connection.execute("SELECT id FROM recordings")}
    assert set(acknowledged) <= kept
    for number in kept:
        assert await store.recordings.get(f"rec_{number:08d}") == numbered(number)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    unused = "SELECT count(*) FROM bodies WHERE n NOT IN (SELECT body FROM parts)"
    assert connection.execute(unused).fetchone() == (0,)
    referenced = {hashed.hex() for (hashed,) in connection.execute("SELECT hash FROM bodies WHERE content IS NULL")}
    assert {path.name for path in (tmp_path / "storage").rglob("*") if path.is_file()} == referenced
    connection.close()
    await store.close()


async def kill_and_prove(tmp_path: Path, seed: int) -> None:
    lines = random.Random(seed).randint(1, 80)
    acknowledged = kill_after(start_adder(tmp_path), lines)
    assert len(acknowledged) >= lines
    await prove_whole(tmp_path, acknowledged)


@pytest.mark.parametrize("seed", range(10))
async def test_a_kill_loses_nothing_that_was_acknowledged(tmp_path: Path, seed: int) -> None:
    await kill_and_prove(tmp_path, seed)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 210))
async def test_many_kills_lose_nothing_that_was_acknowledged(tmp_path: Path, seed: int) -> None:
    await kill_and_prove(tmp_path, seed)


async def test_a_kill_beside_another_writer_harms_neither(tmp_path: Path) -> None:
    survivor = start_adder(tmp_path, first=200_000, count=60)
    acknowledged = kill_after(start_adder(tmp_path), 30)
    assert survivor.stdout is not None
    acknowledged += [int(line) for line in survivor.stdout]
    survivor.stdout.close()
    assert survivor.wait() == 0
    assert {number for number in acknowledged if number >= 200_000} == set(range(200_000, 200_060))
    await prove_whole(tmp_path, acknowledged)
