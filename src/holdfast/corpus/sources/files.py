"""Files below a place: a local folder, or anything fsspec can list.

Knows nothing of what is in them.
"""

from __future__ import annotations

import asyncio
import io
import os
import stat
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar, cast
from urllib.parse import urlsplit
from urllib.request import url2pathname

from msgspec import Struct

from holdfast.corpus.sources.globs import Globs
from holdfast.corpus.sources.values import moment_of
from holdfast.errors import Misconfigured
from holdfast.sources import Passed, RawDocument

T = TypeVar("T")

SIDECARS = (".meta.yaml", ".meta.yml", ".meta.json")
BATCH = 64
BATCH_BYTES = 16_000_000
_TIMES = ("mtime", "LastModified", "last_modified", "updated", "modified")  # as different filesystems call it


class TooLarge(Exception):
    """A file has more bytes than were to be read."""


class Found(Struct, frozen=True, kw_only=True):
    """A file. `name` is what opens it, empty where the location is the file itself; `shown` is text in any case.

    `sidecar` is the name of the file beside it that describes it; `size` is in bytes, None where nobody says.
    """

    name: str
    shown: str
    size: int | None = None
    updated_at: datetime | None = None
    sidecar: str | None = None


class Files:
    """What stands at `location`: a folder with everything in it, or one file. Hidden files and folders are left out.

    A URL (`s3://...`) is read through fsspec, anything else is a path.
    """

    def __init__(self, location: str, globs: Globs | None = None) -> None:
        parts = urlsplit(location)
        self.location = url2pathname(parts.path) if parts.scheme == "file" else location
        self._remote = "://" in self.location
        self._globs = globs or Globs((), ())
        self._filesystem: tuple[Any, str] | None = None  # kept: an archive is closed with its filesystem

    def found(self) -> Iterator[Found | Passed]:
        """The files, sorted within their folders; Passed for links that lead out and for what cannot be looked at.

        Raises Misconfigured (HF109) when there is nothing at the location, or it cannot be listed.
        """
        return self._remote_files() if self._remote else self._local_files()

    def read(self, name: str, most: int | None = None) -> bytes:
        """The whole file. Raises OSError, and TooLarge where it has more than `most` bytes."""
        with self.open(name) as handle:
            data = handle.read() if most is None else handle.read(most + 1)
        if most is not None and len(data) > most:
            raise TooLarge
        return data

    def open(self, name: str) -> BinaryIO:
        """The file, to be read from its start. Raises OSError."""
        if self._remote:
            filesystem, root = self._opened()
            return cast(BinaryIO, filesystem.open(f"{root}/{name}" if name else root, "rb"))
        path = Path(self.location)
        return io.BufferedReader(io.FileIO(path / name if name else path))

    # ------------------------------------------------------------ local

    def _local_files(self) -> Iterator[Found | Passed]:
        root = Path(self.location)
        if root.is_file():
            yield _local("", root.name, root.stat(), None)
            return
        if not root.is_dir():
            raise _absent(self.location)
        inside = root.resolve()
        waiting = [""]
        while waiting:
            folder = waiting.pop()
            try:
                with os.scandir(root / folder) as listed:
                    entries = sorted((each for each in listed if not each.name.startswith(".")), key=lambda e: e.name)
            except OSError as error:
                if not folder:
                    raise _unlisted(self.location, error) from error
                yield Passed(id=_text(folder), reason=f"unreadable folder: {_said(error)}", failed=True)
                continue
            below: list[str] = []
            beside = {entry.name for entry in entries}
            for entry in entries:
                name = f"{folder}/{entry.name}" if folder else entry.name
                if entry.is_dir(follow_symlinks=False):
                    below.append(name)
                elif (sidecar := self._wanted(name, beside)) is not None:
                    yield _looked_at(entry, name, sidecar, inside)
            waiting += below[::-1]

    def _wanted(self, name: str, beside: set[str]) -> str | None:
        """The name of its sidecar, empty where it has none; None for a file that is not asked for."""
        path, _, last = name.rpartition("/")
        described = next((last.removesuffix(end) for end in SIDECARS if last.endswith(end)), "")
        if described and described in beside:
            return None
        if not described and not self._globs.match(_text(name)):
            return None
        own = next((last + end for end in SIDECARS if last + end in beside), "")
        return f"{path}/{own}" if own and path else own

    # ------------------------------------------------------------ remote

    def _remote_files(self) -> Iterator[Found | Passed]:
        filesystem, root = self._opened()
        try:
            if filesystem.isfile(root):
                yield _remote("", root.rpartition("/")[2], filesystem.info(root), "")
                return
            listed = filesystem.find(root, detail=True)
        except OSError as error:
            raise _unlisted(self.location, error) from error
        infos = {path[len(root) :].lstrip("/"): info for path, info in listed.items()}
        if not infos:
            raise _absent(self.location)
        beside: dict[str, set[str]] = {}
        for name in infos:
            path, _, last = name.rpartition("/")
            beside.setdefault(path, set()).add(last)
        for name in sorted(infos):
            if any(part.startswith(".") for part in name.split("/")):
                continue
            sidecar = self._wanted(name, beside[name.rpartition("/")[0]])
            if sidecar is not None:
                yield _remote(name, name, infos[name], sidecar)

    def _opened(self) -> tuple[Any, str]:
        if self._filesystem is not None:
            return self._filesystem
        import fsspec

        try:
            filesystem, root = fsspec.core.url_to_fs(self.location)
        except (ValueError, ImportError, OSError) as error:
            raise Misconfigured(
                "HF109", f"'{self.location}' cannot be opened: {error}", "install what it names, or copy it to a folder"
            ) from error
        self._filesystem = filesystem, root.rstrip("/")
        return self._filesystem


def _looked_at(entry: os.DirEntry[str], name: str, sidecar: str, inside: Path) -> Found | Passed:
    shown = _text(name)
    try:
        if entry.is_symlink():
            target = Path(entry.path).resolve(strict=True)
            if target.is_dir():
                return Passed(id=shown, reason="a link to a folder")
            if not target.is_relative_to(inside):
                return Passed(id=shown, reason="a link that leads out of the folder")
        found = entry.stat()
    except RuntimeError:  # what Python before 3.13 says of links that lead to each other
        return Passed(id=shown, reason="a link that leads in a circle", failed=True)
    except OSError as error:
        return Passed(id=shown, reason=f"unreadable: {_said(error)}", failed=True)
    if not stat.S_ISREG(found.st_mode):
        return Passed(id=shown, reason="not a plain file")  # reading a pipe would never end
    return _local(name, shown, found, sidecar)


def _local(name: str, shown: str, found: os.stat_result, sidecar: str | None) -> Found:
    at = datetime.fromtimestamp(int(found.st_mtime), UTC)
    return Found(name=name, shown=shown, size=found.st_size, updated_at=at, sidecar=sidecar or None)


def _remote(name: str, shown: str, info: Mapping[str, Any], sidecar: str) -> Found:
    size = info.get("size")
    said = next((info[key] for key in _TIMES if info.get(key)), info.get("date_time"))
    if isinstance(said, tuple):  # as zip archives have it
        said = "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}".format(*said)
    at = datetime.fromtimestamp(int(said), UTC) if isinstance(said, int | float) else moment_of(said)
    return Found(name=name, shown=_text(shown), size=size, updated_at=at, sidecar=sidecar or None)


def _text(name: str) -> str:
    """A name as text: bytes that are none are written as `\\xff`."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _said(error: OSError) -> str:
    return error.strerror or str(error)


def _absent(location: str) -> Misconfigured:
    return Misconfigured("HF109", f"there is nothing at '{location}'", "check the path setting of the corpus")


def _unlisted(location: str, error: OSError) -> Misconfigured:
    return Misconfigured(
        "HF109", f"'{location}' cannot be listed: {_said(error)}", "check the path setting and who may read there"
    )


async def threaded(items: Iterator[T]) -> AsyncIterator[T]:
    """The same items, made in a thread, some at a time, so that reading files does not hold up the loop.

    As many wait in memory as fit `BATCH_BYTES`, and one more.
    """
    while batch := await asyncio.to_thread(_some, items):
        for item in batch:
            yield item


def _some(items: Iterator[T]) -> Sequence[T]:
    batch: list[T] = []
    weight = 0
    for item in items:
        batch.append(item)
        weight += len(item.body) if isinstance(item, RawDocument) else 0
        if len(batch) >= BATCH or weight >= BATCH_BYTES:
            break
    return batch
