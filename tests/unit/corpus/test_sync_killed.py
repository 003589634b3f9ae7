"""Killed at any moment, a sync leaves the old version or the new one whole, and fetches no page again that was kept."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import feed_killed
from corpora import hashing_room
from feed_killed import documents_at
from holdfast.corpus.room import CorpusRoom

LINES = 45
"""About as many as a sync says; a number above them all lets it end."""
PUBLISHING_S = 0.06
"""Within about this time after it has begun to prove, a sync publishes."""


def start(folder: Path, revision: int, kind: str) -> subprocess.Popen[str]:
    arguments = [sys.executable, feed_killed.__file__, str(folder), str(revision), kind]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def killed(folder: Path, revision: int, kind: str, chance: random.Random) -> bool:
    """Start a sync and kill it after so many words, or while it publishes; whether it was killed before its end."""
    process = start(folder, revision, kind)
    assert process.stdout is not None
    publishing, after = chance.random() < 0.4, chance.randrange(1, LINES)
    for number, line in enumerate(process.stdout):
        if line.startswith("prove") and publishing:
            time.sleep(chance.random() * PUBLISHING_S)
            break
        if number >= after and not publishing:
            break
    process.kill()
    process.communicate()
    return process.returncode != 0


def completed(folder: Path, revision: int, kind: str) -> str:
    """What a sync says that nobody kills."""
    process = start(folder, revision, kind)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return said


async def in_version(room: CorpusRoom, number: int) -> dict[str, tuple[str, tuple[str, ...]]]:
    """What a version holds, by its own segments and by its index."""
    version = room._opened["kb"].version(number)
    found = {}
    for known in version.places:
        document = version.document(known)
        assert document is not None
        assert version.indexed(known) == len(version.rows_of(known))
        found[known] = (" ".join(document.text.split()), document.principals)
    assert version.indexed() == version.tables[0] == version.tables[1]
    return found


async def kill_again_and_again(folder: Path, kills: int, kind: str, seed: int) -> None:
    chance, revision, published = random.Random(seed), 0, dict[int, int]()
    completed(folder, 0, kind)
    published[1] = 0
    while kills:
        revision += 1
        (folder / "asked.txt").unlink(missing_ok=True)
        starts = 1
        while kills and killed(folder, revision, kind, chance):
            kills -= 1
            starts += 1
            room = hashing_room(folder)
            newest = int(room.current("kb")[1:])
            assert newest in (len(published), len(published) + 1)
            expected = published.get(newest, revision)
            assert await in_version(room, newest) == documents_at(expected)
            room.close()
        published[len(published) + 1] = revision
        assert completed(folder, revision, kind).endswith(f" v{len(published)}\n")
        room = hashing_room(folder)
        assert await in_version(room, len(published)) == documents_at(revision)
        room.close()
        if kind == "feed":
            # Only the first page that a sync asks for may be one that was asked for before.
            asked = Counter(line for line in (folder / "asked.txt").read_text().splitlines() if line != "end")
            assert sum(asked.values()) - len(asked) <= starts, asked


@pytest.mark.timeout(120)
@pytest.mark.parametrize("kind", ["feed", "source"])
async def test_five_kills_leave_the_old_version_or_the_new_one(tmp_path: Path, kind: str) -> None:
    await kill_again_and_again(tmp_path, 5, kind, seed=5)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kind", ["feed", "source"])
async def test_a_hundred_kills_leave_the_old_version_or_the_new_one(tmp_path: Path, kind: str) -> None:
    await kill_again_and_again(tmp_path, 100, kind, seed=100)
