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


def _write(held: int, path: Path, holder: Holder) -> None:
    try:
        os.ftruncate(held, 0)
        os.pwrite(held, msgspec.json.encode(holder), 0)
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> StoreFailed:
    return StoreFailed("HF601", f"{path} cannot be written: {error.strerror}", "make it writable, or free some space")


def _taken(held: int) -> Misconfigured:
    holder = Holder(0)
    with suppress(msgspec.DecodeError):  # the holder may be writing it just now
        holder = msgspec.json.decode(os.pread(held, 4096, 0), type=Holder)
    who = f"process {holder.pid}" if holder.pid else "another process"
    where = f" at {holder.address}" if holder.address else ""
    use = f"use {holder.address}, or " if holder.address else ""
    stop = f"stop it with: kill {holder.pid}" if holder.pid else "stop it"
    return Misconfigured("HF105", f"{who} serves this project already{where}", use + stop)
