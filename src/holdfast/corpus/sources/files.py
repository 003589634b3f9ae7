"""Files below a place: a local folder, or anything fsspec can list.

Knows nothing of what is in them.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from holdfast.errors import Misconfigured
from holdfast.sources import Passed

T = TypeVar("T")


class Files:
    """What stands at `location`: a folder with everything in it, or one file. Hidden files and folders are left out.

    A URL (`s3://...`) is read through fsspec, anything else is a path.
    """

    def __init__(self, location: str) -> None:
        self.location = location
        self._remote = "://" in location

    def names(self) -> Iterator[str | Passed]:
        """The files, relative to the location, sorted; Passed for links that lead out of it.

        Raises Misconfigured (HF109) when there is nothing at the location.
        """
        return self._remote_names() if self._remote else self._local_names()

    def read(self, name: str) -> bytes:
        """The whole file. Raises OSError."""
        if self._remote:
            filesystem, root = self._opened()
            data: bytes = filesystem.cat_file(f"{root}/{name}" if name else root)
            return data
        path = Path(self.location)
        return (path / name if name else path).read_bytes()

    def _local_names(self) -> Iterator[str | Passed]:
        root = Path(self.location)
        if root.is_file():
            yield ""
            return
        if not root.is_dir():
            raise _absent(self.location)
        inside = root.resolve()
        for folder, folders, files in os.walk(root):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in sorted([*links, *files]):
                if name.startswith("."):
                    continue
                path = Path(folder) / name
                relative = path.relative_to(root).as_posix()
                if not relative.isprintable() and not _encodable(relative):
                    yield Passed(id=ascii(relative), reason="the name is not valid text")
                elif name in links:
                    yield Passed(id=relative, reason="a link to a folder")
                elif path.is_symlink() and not path.resolve().is_relative_to(inside):
                    yield Passed(id=relative, reason="a link that leads out of the folder")
                else:
                    yield relative

    def _remote_names(self) -> Iterator[str | Passed]:
        filesystem, root = self._opened()
        if filesystem.isfile(root):
            yield ""
            return
        found = [path[len(root) :].lstrip("/") for path in filesystem.find(root)]
        if not found:
            raise _absent(self.location)
        yield from sorted(name for name in found if not any(part.startswith(".") for part in name.split("/")))

    def _opened(self) -> tuple[Any, str]:
        import fsspec

        try:
            filesystem, root = fsspec.core.url_to_fs(self.location)
        except (ValueError, ImportError) as error:
            raise Misconfigured(
                "HF109", f"'{self.location}' cannot be opened: {error}", "install what it names, or copy it to a folder"
            ) from error
        return filesystem, root.rstrip("/")


def _absent(location: str) -> Misconfigured:
    return Misconfigured("HF109", f"there is nothing at '{location}'", "check the path setting of the corpus")


def _encodable(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


async def threaded(items: Iterator[T], size: int = 64) -> AsyncIterator[T]:
    """The same items, made in a thread, `size` at a time, so that reading files does not hold up the loop."""
    while batch := await asyncio.to_thread(lambda: list(islice(items, size))):
        for item in batch:
            yield item
