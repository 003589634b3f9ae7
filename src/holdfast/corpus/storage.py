"""A corpus on disk: its pointer, its versions, its segments, its lock, and how files get there whole.

Knows nothing of what a segment or an index holds.

    ROOT/NAME/pointer.json        {"current": 12, "newest": 12}: what answers, replaced by rename
    ROOT/NAME/last_sync.json      when the last sync ended and what it reported, replaced by rename
    ROOT/NAME/outcomes.json       every item of the source that became no document, and why, replaced by rename
    ROOT/NAME/landing.db          the pages of a feed (holdfast.sources.Landing)
    ROOT/NAME/versions/v12/       manifest.json and lexical/, never written again once the folder has its name
    ROOT/NAME/segments/ID/        documents, chunks and vectors, shared by every version whose manifest names them
    ROOT/NAME/lock                held by the one sync that may write
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from holdfast.contracts import Progress, silent
from holdfast.errors import Misconfigured, StoreFailed

LOCK_POLL_SECONDS = 0.1


class Pointer(Struct, frozen=True):
    """`current` answers requests; `newest` is the last one made, and says which documents still exist and who may see
    them. They differ after a restore."""

    current: int
    newest: int


class CorpusFolder:
    """The folder of one corpus. Reading is safe at any time; writing needs the lock."""

    def __init__(self, root: Path, name: str) -> None:
        self.name = name
        self.path = root / name
        self.versions = self.path / "versions"
        self.segments = self.path / "segments"
        self.last_sync = self.path / "last_sync.json"
        self.outcomes = self.path / "outcomes.json"
        self.landing = self.path / "landing.db"
        self._pointer_path = self.path / "pointer.json"

    def pointer(self) -> Pointer | None:
        """Where the corpus stands; None before its first sync. Raises StoreFailed (HF601, HF603)."""
        try:
            return msgspec.json.decode(self._pointer_path.read_bytes(), type=Pointer)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreFailed(
                "HF601", f"{self._pointer_path} cannot be read: {error.strerror}", "let this user read the storage"
            ) from error
        except msgspec.DecodeError as error:
            raise StoreFailed(
                "HF603",
                f"the pointer of corpus '{self.name}' is damaged: {error}",
                f"holdfast corpus restore {self.name} VERSION, or holdfast sync {self.name} --full",
            ) from error

    def point(self, pointer: Pointer) -> None:
        """Move the pointer, in one rename: readers see the old place or the new one."""
        write_durably(self._pointer_path, msgspec.json.encode(pointer))

    def numbers(self) -> list[int]:
        """The numbers of the versions that are there, ascending. One above `newest` was never published."""
        if not self.versions.is_dir():
            return []
        found = [entry.name[1:] for entry in self.versions.iterdir() if entry.name.startswith("v")]
        return sorted(int(number) for number in found if number.isdecimal())

    def version(self, number: int) -> Path:
        return self.versions / f"v{number}"

    def staged(self, number: int) -> Path:
        """Where a version is built before it has its name."""
        return self.versions / f".v{number}"

    def sweep(self, versions: Collection[int], segments: Collection[str]) -> None:
        """Remove every version and segment but these: old ones, and what a sync that was killed left behind."""
        for number in self.numbers():
            if number not in versions:
                shutil.rmtree(self.version(number))
        for folder, kept in ((self.versions, {f"v{number}" for number in versions}), (self.segments, set(segments))):
            if folder.is_dir():
                for entry in folder.iterdir():
                    if entry.name not in kept:
                        shutil.rmtree(entry)

    @asynccontextmanager
    async def lock(self, progress: Progress = silent) -> AsyncIterator[None]:
        """Hold the right to write. Waits for another holder, in this process or another, and tells `progress` so."""
        import fcntl

        with disk_errors(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            handle = (self.path / "lock").open("ab")
        with handle:
            waited = 0
            while True:
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    progress("waiting for another sync", waited, None)
                    waited += 1
                    await asyncio.sleep(LOCK_POLL_SECONDS)
            yield  # closing the file lets go of the lock, and so does the end of the process


def local_root(root_url: str | Path) -> Path:
    """The folder that a storage URL names. Raises Misconfigured (HF100) when it is not on a local disk."""
    text = str(root_url)
    scheme, mark, rest = text.partition("://")
    if not mark:
        return Path(text)
    if scheme in ("file", "local"):
        return Path(rest)
    raise Misconfigured(
        "HF100",
        f"corpora are kept on a local disk, and storage_url is '{text}'",
        "set [app] storage_url to a folder, as in storage_url = '.holdfast/storage'",
    )


@contextmanager
def disk_errors(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into StoreFailed (HF601)."""
    try:
        yield
    except OSError as error:
        raise StoreFailed(
            "HF601",
            f"{path} could not be written: {error.strerror or error}",
            "free some space or make the folder writable, then run it again; the version before still serves",
        ) from error


def fsync_folder(path: Path) -> None:
    """Make the names in a folder last through a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_durably(path: Path, data: bytes) -> None:
    """Put a whole file in place, or leave what was there. Raises StoreFailed (HF601)."""
    with disk_errors(path):
        temporary = path.with_name(f".{path.name}.{os.getpid()}")
        try:
            with temporary.open("wb") as handle:
                handle.write(data)
                handle.flush()
                os.fsync(handle.fileno())
            temporary.replace(path)
        except OSError:
            temporary.unlink(missing_ok=True)
            raise
        fsync_folder(path.parent)


def rename_durably(old: Path, new: Path) -> None:
    """Give a finished folder its name, in one step. Raises StoreFailed (HF601)."""
    with disk_errors(new):
        fsync_folder(old)
        old.rename(new)
        fsync_folder(new.parent)


def bytes_in(folder: Path) -> int:
    """How many bytes the files below a folder have; a file linked from elsewhere counts too."""
    return sum(entry.stat().st_size for entry in folder.rglob("*") if entry.is_file())
