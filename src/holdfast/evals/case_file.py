"""The file of cases, changed: one line more for each new case, every other byte as it was.

Knows nothing of where a case comes from.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import msgspec

from holdfast.errors import Refused
from holdfast.evals.cases import check_case, read_cases
from holdfast.evals.kept_file import alone, put
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
    with alone(file):
        _refuse(file, cases, parse)
        before = file.read_bytes() if file.exists() else b""
        put(file, _with_more(before, cases))


def put_case(file: Path, case: Case, parse: Callable[[Json], object]) -> None:
    """Put a case in the place of the one with its id, or at the end of a JSONL file that has none.

    The same case again changes nothing. Raises as `add_cases` does, but for HF720.
    """
    file = file.resolve()
    with alone(file):
        known = {each.id: each for each in read_cases(file, parse)}
        check_case(case, f"the case '{case.id}'", parse)
        before = file.read_bytes() if file.exists() else b""
        if case.id not in known:
            put(file, _with_more(before, [case]))
        elif known[case.id] != case:
            put(file, b"".join(_replaced(line, case) for line in before.splitlines(keepends=True)))


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


def _with_more(before: bytes, cases: Sequence[Case]) -> bytes:
    gap = b"" if not before or before.endswith(b"\n") else b"\n"
    return before + gap + b"".join(msgspec.json.encode(case) + b"\n" for case in cases)


def _replaced(line: bytes, case: Case) -> bytes:
    """The line, or the case in its place where it is the one with that id."""
    text = line.removeprefix(b"\xef\xbb\xbf")
    if not text.strip() or msgspec.json.decode(text, type=Case).id != case.id:
        return line
    ending = line[len(line.rstrip(b"\r\n")) :]
    return line[: len(line) - len(text)] + msgspec.json.encode(case) + ending
