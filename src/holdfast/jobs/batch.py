"""A batch: one request for each line of a file, answered exactly once, whatever stops it in between.

Knows nothing of who asked for it. Three files: the input; the output, to which every answer is appended and synced
before the next begins in its place; and beside the output, until all is answered, a note of which batch it belongs to.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import msgspec
from msgspec import Struct

from holdfast.contracts import Progress, silent
from holdfast.errors import Misconfigured, Refused, alone
from holdfast.identity import canonical
from holdfast.jobs.answers import Answers, unwritable_file
from holdfast.records import Failure, Json, Outcome, Recording

if TYPE_CHECKING:
    from holdfast.app import Project

_encode = msgspec.json.Encoder().encode

Hashes: TypeAlias = Mapping[int, bytes]
"""The hash of the input of each line that is answered, by number from 1."""


class Batch(Struct, frozen=True, kw_only=True):
    """What to answer with what, by how many at a time. Both paths are absolute where a server does it."""

    feature: str
    source: str
    target: str
    workers: int = 4


class Row(Struct, frozen=True, kw_only=True):
    """A line of the output. `line` counts from 1; `input` is the line's text where that is not JSON."""

    line: int
    input: Json
    output: Json
    recording_id: str | None
    outcome: Outcome
    error: Failure | None


class BatchReport(Struct, frozen=True, kw_only=True):
    """What the output holds: `lines` = `answered` + `failed`; `skipped` of them were there before."""

    lines: int
    answered: int
    failed: int
    skipped: int
    errors: dict[str, int]
    """How many lines failed with which code."""


class _Note(Struct, frozen=True):
    """Which batch an unfinished output belongs to."""

    feature: str
    source_sha256: str


def begin(batch: Batch, *, resume: bool) -> None:
    """Make the output, or with `resume` see that what it holds belongs to this batch. `answer` must follow.

    Raises Misconfigured (HF112): the input cannot be read; the output is there already; with `resume`, it is another
    batch's or the input has changed since. StoreFailed (HF601): the output cannot be written.
    """
    source, target = Path(batch.source), Path(batch.target)
    note = _Note(batch.feature, _sha256(source))
    if source.resolve() == target.resolve():
        raise Misconfigured("HF112", "the input and the output are one file", "name another file for the output")
    try:
        if target.exists():
            if not resume:
                raise Misconfigured("HF112", f"{target} is there already", "go on with --resume, or name another file")
            _check_note(batch, note)
            return
        _note_path(target).write_bytes(_encode(note))
        target.touch(exist_ok=False)
    except OSError as error:
        raise unwritable_file(target, error) from error


async def answer(project: Project, batch: Batch, progress: Progress = silent) -> BatchReport:
    """Answer every line that the output does not answer yet, and append it there. Run again, it does only the rest.

    A line that is not JSON or does not fit the feature is a row with its error, as is a request that failed. Stopped
    halfway, even by kill -9, the output holds whole rows, each line at most once. Raises NotFound (HF200);
    Misconfigured (HF112) where the output does not fit the input or another process writes it; StoreFailed.
    """
    project.feature(batch.feature)
    with Answers(Path(batch.target)) as answers:
        counts = _Counts()
        done, lines = await asyncio.to_thread(_seen, batch, answers, counts)
        counts.skipped = len(done)
        progress("answered", len(done), lines)
        waiting = iter(_unanswered(Path(batch.source), done))

        async def work() -> None:
            for number, text in waiting:
                row = await _row(project, batch.feature, number, text)
                await answers.append(_encode(row) + b"\n")
                counts.add(row)
                progress("answered", counts.lines, lines)

        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(batch.workers):
                    workers.create_task(work())
        except BaseExceptionGroup as errors:
            raise alone(errors) from None
    _note_path(Path(batch.target)).unlink(missing_ok=True)
    return counts.report()


async def _row(project: Project, feature: str, number: int, text: bytes) -> Row:
    value, readable = _value(text)
    try:
        if not readable:
            raise Refused("HF700", f"line {number} is not valid JSON", "write one JSON value on each line, as UTF-8")
        recording = await project.run(feature, value)
    except Refused as refused:
        error = Failure(code=refused.code, message=refused.message, fix=refused.fix)
        return Row(line=number, input=value, output=None, recording_id=None, outcome="failed", error=error)
    return Row(
        line=number,
        input=value,
        output=recording.output,
        recording_id=recording.id,
        outcome=recording.outcome,
        error=_error_of(recording),
    )


def _error_of(recording: Recording) -> Failure | None:
    if recording.failure is None and recording.blocked is not None and recording.output is None:
        blocked = recording.blocked
        return Failure(
            code="HF400",
            message=f"guard '{blocked.guard}' stopped the answer: {blocked.reason}",
            fix=f"holdfast recordings show {recording.id}",
        )
    return recording.failure


def _value(text: bytes) -> tuple[Json, bool]:
    """The JSON on a line, and that it is; or the line itself."""
    try:
        return msgspec.json.decode(text), True
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return text.decode("utf-8", "replace"), False


class _Counts:
    """What the output holds so far."""

    def __init__(self) -> None:
        self.lines = self.skipped = 0
        self._errors: dict[str, int] = {}

    def add(self, row: Row) -> None:
        self.lines += 1
        if row.error is not None and row.outcome != "blocked":
            self._errors[row.error.code] = self._errors.get(row.error.code, 0) + 1

    def report(self) -> BatchReport:
        failed = sum(self._errors.values())
        return BatchReport(
            lines=self.lines,
            answered=self.lines - failed,
            failed=failed,
            skipped=self.skipped,
            errors=dict(sorted(self._errors.items())),
        )


def _seen(batch: Batch, answers: Answers, counts: _Counts) -> tuple[Hashes, int]:
    """Which lines the output answers, each checked against the input, and how many lines the input has."""
    done: dict[int, bytes] = {}
    for place, text in enumerate(answers.kept(), 1):
        try:
            row = msgspec.json.decode(text, type=Row)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            raise Misconfigured(
                "HF112", f"line {place} of {batch.target} is no answer of a batch: {error}", "name another file"
            ) from error
        if row.line in done:
            raise Misconfigured("HF112", f"{batch.target} answers line {row.line} twice", "name another file")
        done[row.line] = _hash(row.input)
        counts.add(row)
    lines = 0
    unseen = len(done)
    for number, text in _lines(Path(batch.source)):
        lines = number
        if (hashed := done.get(number)) is not None:
            unseen -= 1
            if hashed != _hash(_value(text)[0]):
                raise _changed(batch, f"line {number} is not the one that was answered")
    if unseen:
        raise _changed(batch, f"it has {lines} lines, and the output answers line {max(done)}")
    return done, lines


def _unanswered(source: Path, done: Hashes) -> Iterator[tuple[int, bytes]]:
    return ((number, text) for number, text in _lines(source) if number not in done)


def _lines(source: Path) -> Iterator[tuple[int, bytes]]:
    """Every line with its number from 1, the empty ones too, without what ends it."""
    with source.open("rb") as file:
        for number, text in enumerate(file, 1):
            yield number, text.rstrip(b"\r\n").removeprefix(b"\xef\xbb\xbf" if number == 1 else b"")


def _hash(value: Json) -> bytes:
    return hashlib.sha256(canonical(value)).digest()[:16]


def _sha256(source: Path) -> str:
    try:
        with source.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise Misconfigured(
            "HF112", f"{source} cannot be read: {error.strerror}", "name a file of JSON lines"
        ) from error


def _note_path(target: Path) -> Path:
    return target.with_name(target.name + ".batch")


def _check_note(batch: Batch, mine: _Note) -> None:
    """An output without a note is complete, or made elsewhere: then its rows alone are held against the input."""
    try:
        note = msgspec.json.decode(_note_path(Path(batch.target)).read_bytes(), type=_Note)
    except (FileNotFoundError, msgspec.DecodeError):
        return
    if note.feature != batch.feature:
        said = f"{batch.target} holds answers of '{note.feature}', not of '{batch.feature}'"
        raise Misconfigured("HF112", said, "name another file for the output")
    if note.source_sha256 != mine.source_sha256:
        raise _changed(batch, "it is not the file that the batch began with")


def _changed(batch: Batch, how: str) -> Misconfigured:
    return Misconfigured(
        "HF112",
        f"{batch.source} has changed since the batch began: {how}",
        "put it back as it was, or begin a new batch with another file for the output",
    )
