"""A file of lines that only grows, each of them on the disk before its writer goes on.

Knows nothing of what the lines say.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from holdfast.errors import Misconfigured, StoreFailed


class Answers:
    """The file, open and locked. Opening it removes a last line that a kill left unfinished.

    Raises Misconfigured (HF112) when another process writes it; StoreFailed (HF601) when it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._waiting: list[bytes] = []
        self._turn = asyncio.Lock()
        self._using = threading.Lock()
        self._file: BinaryIO | None = None

    def __enter__(self) -> Answers:
        try:
            file = self._path.open("r+b")
        except OSError as error:
            raise unwritable_file(self._path, error) from error
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.close()
            raise Misconfigured(
                "HF112", f"another process writes {self._path}", "wait for it: holdfast jobs list"
            ) from error
        self._file = file
        _cut_torn_line(file)
        return self

    def __exit__(self, *_: object) -> None:
        with self._using:  # a write that nobody waits for any more still ends first
            file, self._file = self._file, None
            if file is not None:
                with suppress(OSError):  # what could not be written was said to whoever appended it
                    file.close()

    def kept(self) -> Iterator[bytes]:
        """The lines that are there, from the first."""
        assert self._file is not None
        self._file.seek(0)
        yield from self._file
        self._file.seek(0, os.SEEK_END)

    async def append(self, line: bytes) -> None:
        """Add a line; returns once it is on the disk. Lines that wait together are written together.

        Raises StoreFailed (HF601).
        """
        self._waiting.append(line)
        async with self._turn:
            if self._waiting:
                lines, self._waiting = self._waiting, []
                await asyncio.to_thread(self._write, b"".join(lines))

    def _write(self, data: bytes) -> None:
        with self._using:
            if self._file is None:
                return
            try:
                self._file.write(data)
                self._file.flush()
                os.fsync(self._file.fileno())
            except OSError as error:
                raise unwritable_file(self._path, error) from error


def _cut_torn_line(file: BinaryIO) -> None:
    end = whole = file.seek(0, os.SEEK_END)
    while whole > 0:
        start = max(0, whole - 65536)
        file.seek(start)
        found = file.read(whole - start).rfind(b"\n")
        if found >= 0:
            whole = start + found + 1
            break
        whole = start
    if whole < end:
        file.truncate(whole)
    file.seek(whole)


def unwritable_file(path: Path, error: OSError) -> StoreFailed:
    """The StoreFailed for a file that cannot be written."""
    return StoreFailed(
        "HF601", f"{path} cannot be written: {error.strerror}", "free some space, or name a file in a writable folder"
    )
