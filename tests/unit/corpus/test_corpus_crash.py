"""A sync that is stopped leaves the corpus as it was, and nothing for the next one to stumble over."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from corpora import ListSource, finds, hashing_room, raw, word
from holdfast.corpus import segment as segment_module
from holdfast.corpus import storage
from holdfast.errors import StoreFailed

TESTS = Path(__file__).resolve().parents[2]

PROGRAM = """
import asyncio, sys
from pathlib import Path
sys.path.insert(0, {tests!r})
from corpora import ListSource, hashing_room, raw
root, first, last = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
source = ListSource(raw(f"doc{{n}}", f"round {{first}} of doc{{n}} " + "lorem ipsum " * 40) for n in range(last))
def told(stage, done, total):
    print(stage, done, flush=True)
room = hashing_room(root)
report = asyncio.run(room.sync("kb", source=source, progress=told))
print("published", report.version, flush=True)
"""


def start(root: Path, revision: int, documents: int) -> subprocess.Popen[str]:
    program = PROGRAM.format(tests=str(TESTS))
    arguments = [sys.executable, "-c", program, str(root), str(revision), str(documents)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(arguments, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for(process: subprocess.Popen[str], words: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(words):
            return
    raise AssertionError(f"never said {words}: {process.stderr.read() if process.stderr else ''}")


@pytest.mark.parametrize("moment", ["read 32", "index 32", "index 96", "index 160", "prove"])
async def test_killed_sync_leaves_the_version_before_serving_and_the_next_one_sweeps(
    tmp_path: Path, moment: str
) -> None:
    room = hashing_room(tmp_path)
    before = ListSource(raw(f"doc{number}", f"round 0 of doc{number}") for number in range(40))
    await room.sync("kb", source=before)
    process = start(tmp_path, 1, 200)
    wait_for(process, moment)
    process.kill()
    process.communicate()
    room = hashing_room(tmp_path)
    current = room.current("kb")
    assert current == "v1" or moment == "prove"
    if current == "v1":
        assert await finds(room, "round 0", k=100) == {f"doc{number}" for number in range(40)}
        assert [version.name for version in room.versions("kb")] == ["v1"]
    process = start(tmp_path, 1, 200)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    assert "published v2" in said
    room = hashing_room(tmp_path)
    assert await finds(room, "round 1", k=300) == {f"doc{number}" for number in range(200)}
    folder = tmp_path / "corpora" / "kb"
    assert sorted(entry.name for entry in (folder / "versions").iterdir()) == ["v1", "v2"]
    named = {ref.id for number in (1, 2) for ref in room._opened["kb"].version(number).manifest.segments}
    assert {entry.name for entry in (folder / "segments").iterdir()} == named


async def test_interrupted_sync_stops_cleanly_and_leaves_nothing_behind(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=ListSource([raw("a")]))
    process = start(tmp_path, 1, 2000)
    wait_for(process, "index 32")
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors
    assert hashing_room(tmp_path).current("kb") == "v1"
    assert [entry.name for entry in (tmp_path / "corpora" / "kb" / "versions").iterdir()] == ["v1"]
    assert len(list((tmp_path / "corpora" / "kb" / "segments").iterdir())) == 1


async def test_two_syncs_at_once_run_one_after_the_other(tmp_path: Path) -> None:
    told: list[str] = []
    room, other = hashing_room(tmp_path), hashing_room(tmp_path)
    source = ListSource(raw(f"doc{number}") for number in range(100))
    first, second = await asyncio.gather(
        room.sync("kb", source=source), other.sync("kb", source=source, progress=lambda stage, *_: told.append(stage))
    )
    assert {first.version, second.version} == {"v1"}
    assert sorted((first.added, second.added)) == [0, 100]
    assert "waiting for another sync" in told or second.published


async def test_sync_in_another_process_is_seen_without_opening_anew(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=ListSource([raw("a")]))
    assert await finds(room, word("a"), k=1) == {"a"}
    said, errors = start(tmp_path, 3, 20).communicate(timeout=60)
    assert "published v2" in said, errors
    assert room.current("kb") == "v2"
    assert len(await finds(room, "round 3", k=30)) == 20


@pytest.mark.parametrize("place", ["bodies", "pointer", "manifest"])
async def test_full_disk_is_told_and_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=ListSource([raw("a")]))

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    real = storage.os.fsync
    with monkeypatch.context() as patch:
        if place == "bodies":
            patch.setattr(segment_module.SegmentWriter, "_write", full)
        else:

            def on_a_file_named(descriptor: int) -> None:
                if place in os.readlink(f"/proc/self/fd/{descriptor}"):
                    full()
                real(descriptor)

            patch.setattr(storage.os, "fsync", on_a_file_named)
        with pytest.raises(StoreFailed) as failure:
            await room.sync("kb", source=ListSource([raw("a"), raw("b")]))
    assert failure.value.code == "HF601"
    assert "No space left" in failure.value.message
    assert (room.current("kb"), await finds(room, word("a"), k=1)) == ("v1", {"a"})
    report = await room.sync("kb", source=ListSource([raw("a"), raw("b")]))
    assert (report.version, report.added) == ("v2", 1)
    assert await finds(room, word("b"), k=1) == {"b"}


async def test_damage_is_told_and_full_repairs_it(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    source = ListSource([raw("a"), raw("b")])
    await room.sync("kb", source=source)
    (segment,) = (tmp_path / "corpora" / "kb" / "segments").iterdir()
    (segment / "ledger.msgpack").write_bytes(b"nonsense")
    with pytest.raises(StoreFailed) as failure:
        await finds(hashing_room(tmp_path), "a")
    assert (failure.value.code, "--full" in failure.value.fix) == ("HF603", True)
    with pytest.raises(StoreFailed):
        await hashing_room(tmp_path).sync("kb", source=source)
    repaired = hashing_room(tmp_path)
    assert (await repaired.sync("kb", source=source, full=True)).version == "v2"
    assert await finds(repaired, word("b"), k=1) == {"b"}


async def test_damaged_pointer_is_told_and_full_repairs_it(tmp_path: Path) -> None:
    source = ListSource([raw("a"), raw("b")])
    await hashing_room(tmp_path).sync("kb", source=source)
    (tmp_path / "corpora" / "kb" / "pointer.json").write_text("{")
    room = hashing_room(tmp_path)
    with pytest.raises(StoreFailed, match="HF603"):
        room.current("kb")
    assert (await room.sync("kb", source=source, full=True)).version == "v2"
