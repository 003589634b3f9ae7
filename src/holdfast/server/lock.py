"""One server for each project: a lock that dies with its holder.

Knows nothing of what the holder serves.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from holdfast.errors import Misconfigured, StoreFailed


class Holder(Struct, frozen=True):
    """Who serves the project, and where; the address is empty until it listens."""

    pid: int
    address: str = ""


@contextmanager
def serving(folder: Path) -> Iterator[Callable[[str], None]]:
    """Hold the project's lock, and say with the callable at which address it is served.

    Raises Misconfigured (HF105) naming the holder when another process has it; StoreFailed (HF601) when the folder
    cannot be written. The system frees the lock when the process ends, however it ends.
    """
    path = folder / ".holdfast" / "serve.lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise _taken(held) from error
        _write(held, path, Holder(os.getpid()))
        yield lambda address: _write(held, path, Holder(os.getpid(), address))
    finally:
        os.close(held)


def holder(folder: Path) -> Holder | None:
    """Who serves the project, and so does its jobs; None where nobody does.

    Raises StoreFailed (HF601) when the lock cannot be looked at.
    """
    path = folder / ".holdfast" / "serve.lock"
    try:
        looked_at = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        fcntl.flock(looked_at, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _holder(looked_at)
    finally:
        os.close(looked_at)
    return None


def _write(held: int, path: Path, holder: Holder) -> None:
    try:
        os.ftruncate(held, 0)
        os.pwrite(held, msgspec.json.encode(holder), 0)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> StoreFailed:
    return StoreFailed("HF601", f"{path} cannot be written: {error.strerror}", "make it writable, or free some space")


def _taken(held: int) -> Misconfigured:
    found = _holder(held)
    who = f"process {found.pid}" if found.pid else "another process"
    where = f" at {found.address}" if found.address else ""
    use = f"use {found.address}, or " if found.address else ""
    stop = f"stop it with: kill {found.pid}" if found.pid else "stop it"
    return Misconfigured("HF105", f"{who} serves this project already{where}", use + stop)


def _holder(held: int) -> Holder:
    with suppress(msgspec.DecodeError):  # the holder may be writing it just now
        return msgspec.json.decode(os.pread(held, 4096, 0), type=Holder)
    return Holder(0)
