"""The file of cases, added to: one line more for each new case, every other byte as it was.

Knows nothing of where a case comes from.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from holdfast.errors import Refused, StoreFailed
from holdfast.evals.cases import check_case, read_cases
from holdfast.evaluation import Case
from holdfast.records import Json


def add_cases(file: Path, cases: Sequence[Case], parse: Callable[[Json], object]) -> None:
    """Add cases at the end of a JSONL file, all of them or none; the file and its folder are made where there is none.

    The file is replaced as a whole, so that a reader sees the old one or the new one and a kill leaves one of them. Of
    two processes that add at once, one waits for the other. `parse` is the feature's own reading of an input.
    Raises Refused (HF720) for an id that is taken, Misconfigured (HF111) for a case or a file that is wrong,
    StoreFailed (HF601) where it cannot be written.
    """
    file = file.resolve()
    with _alone(file):
        _refuse(file, cases, parse)
        before = file.read_bytes() if file.exists() else b""
        gap = b"" if not before or before.endswith(b"\n") else b"\n"
        added = b"".join(msgspec.json.encode(case) + b"\n" for case in cases)
        unfinished = file.with_name(f".{file.name}.{os.getpid()}.unfinished")
        try:
            _write(unfinished, before + gap + added, like=file if before else None)
            unfinished.replace(file)
        except OSError as error:
            raise _unwritable(file, error) from error
        finally:
            unfinished.unlink(missing_ok=True)


def refuse_taken(file: Path, case_id: str, taken: Collection[str]) -> None:
    """Raises Refused (HF720) where a case of the file has that id."""
    if case_id in taken:
        place = f"{file.parent.name}/{file.name}"
        message = f"there is a case '{case_id}' in {place} already"
        raise Refused("HF720", message, f"give it another id, or change that line of {place}")


def _refuse(file: Path, cases: Sequence[Case], parse: Callable[[Json], object]) -> None:
    taken = {case.id for case in read_cases(file, parse)}
    for case in cases:
        refuse_taken(file, case.id, taken)
        taken.add(case.id)
        check_case(case, f"the case '{case.id}'", parse)


def _write(file: Path, content: bytes, like: Path | None) -> None:
    with file.open("wb") as opened:
        if like is not None:
            os.fchmod(opened.fileno(), like.stat().st_mode & 0o777)
        opened.write(content)
        opened.flush()
        os.fsync(opened.fileno())


@contextmanager
def _alone(file: Path) -> Iterator[None]:
    """Hold the folder of the file, so that nobody else adds to it meanwhile."""
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


def _unwritable(file: Path, error: OSError) -> StoreFailed:
    return StoreFailed("HF601", f"{file} cannot be written: {error.strerror}", "check the folder's permissions")
