"""A file of the project that people and Holdfast both write: replaced as a whole, by one process at a time.

Knows nothing of what stands in it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from holdfast.errors import StoreFailed


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Hold the folder of a file, made where there is none, so that nobody else changes the file meanwhile.

    Raises StoreFailed (HF601).
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        folder = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise _unwritable(file, error) from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
        with suppress(OSError):  # not every file system can; the file itself is on disk
            os.fsync(folder)
    finally:
        os.close(folder)


def put(file: Path, content: bytes) -> None:
    """Put content in place of a file's, with its permissions where there was one.

    A reader sees the old one or the new one, and a kill leaves one of them. Raises StoreFailed (HF601).
    """
    unfinished = file.with_name(f".{file.name}.{os.getpid()}.unfinished")
    try:
        mode = file.stat().st_mode & 0o777 if file.exists() else None
        with unfinished.open("wb") as opened:
            if mode is not None:
                os.fchmod(opened.fileno(), mode)
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        unfinished.replace(file)
    except OSError as error:
        raise _unwritable(file, error) from error
    finally:
        unfinished.unlink(missing_ok=True)


def _unwritable(file: Path, error: OSError) -> StoreFailed:
    return StoreFailed("HF601", f"{file} cannot be written: {error.strerror}", "check the folder's permissions")
