"""`holdfast recordings`: list, show, export, delete. Knows nothing of how they are kept."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked, command, group
from holdfast.cli.leaving import NothingToDo
from holdfast.errors import StoreFailed

if TYPE_CHECKING:
    from typing import BinaryIO

    from rich.table import Table

    from holdfast.records import Recording, RecordingSummary
    from holdfast.stores import Deleted, Store
    from holdfast.where import Expression

_Where = Annotated[str | None, typer.Option(metavar="EXPR", help="As for `holdfast replay --where`.")]


class Listed(Struct, frozen=True):
    """Recordings as JSON, newest first."""

    recordings: tuple[RecordingSummary, ...]


class Exported(Struct, frozen=True):
    """An export as JSON."""

    recordings: int
    file: str


def commands() -> typer.Typer:
    made = group("What was asked and what came of it: list, show, export, delete.")
    command(made, "list")(list_)
    command(made, "show")(show)
    command(made, "export")(export)
    command(made, "delete")(delete)
    return made


def list_(
    asked: Asked,
    where: _Where = None,
    limit: Annotated[int, typer.Option(min=1)] = 20,
    text: Annotated[str | None, typer.Option(metavar="WORDS", help="Words that all occur in what was asked.")] = None,
) -> None:
    """The newest recordings. --json: {"recordings": [...]}, each without its steps.

    --text also shows what was asked. The case of its words does not matter.
    """
    from holdfast.cli.finding import found, parsed
    from holdfast.cli.opening import in_store

    expression = parsed(where)

    async def work(store: Store) -> Listed:
        return Listed(tuple([each async for each in found(store, expression, limit, text)]))

    listed = in_store(asked, work)

    def show() -> None:
        if listed.recordings:
            asked.terminal.show(_table(listed, asked=text is not None))
        elif where is not None or text is not None:
            asked.terminal.note("no recording matches")
        else:
            asked.terminal.note("there is no recording yet: holdfast run FEATURE")

    asked.answer(listed, show)


def _table(listed: Listed, *, asked: bool) -> Table:
    """The figures of recordings, or what was asked in their place, cut where the terminal ends."""
    from rich.text import Text

    from holdfast.cli import words
    from holdfast.cli.terminal import table

    rows = list[tuple[str | Text, ...]]()
    for each in listed.recordings:
        outcome = each.outcome + (" (replay)" if each.replay_of else "")
        begun = (each.id, words.moment(each.started_at), each.feature, outcome)
        if asked:
            rows.append((*begun, Text(each.asked or "", no_wrap=True, overflow="ellipsis")))
        else:
            rows.append((*begun, words.duration(each.ms), words.usd(each.cost_usd), each.subject or ""))
    more = ("asked",) if asked else ("time", "cost", "subject")
    return table("recording", "started", "feature", "outcome", *more, rows=rows)


def show(asked: Asked, recording: Annotated[str, typer.Argument(metavar="ID|last")]) -> None:
    """One recording, step by step. --json: the whole recording."""
    from holdfast.cli.finding import one
    from holdfast.cli.opening import in_store
    from holdfast.cli.timeline import show_recording

    async def work(store: Store) -> Recording:
        return await one(store, recording)

    found = in_store(asked, work)
    asked.answer(found, lambda: show_recording(asked.terminal, found))


def export(
    asked: Asked,
    where: _Where = None,
    out: Annotated[Path | None, typer.Option("--out", metavar="FILE", help="Written whole or not at all.")] = None,
) -> None:
    """Whole recordings as JSONL, newest first, on stdout or in a file. --json with --out: {"recordings", "file"}."""
    from holdfast.cli import words
    from holdfast.cli.finding import parsed
    from holdfast.cli.opening import in_store

    expression = parsed(where)
    if out is None:
        count = in_store(asked, lambda store: _write(store, expression, sys.stdout.buffer))
        asked.terminal.note(f"exported {words.counted(count, 'recording')}")
        return
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.unfinished")
    try:
        with unfinished.open("wb") as file:
            count = in_store(asked, lambda store: _write(store, expression, file))
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(out)
    except OSError as error:
        raise StoreFailed("HF601", f"{out} cannot be written: {error.strerror}", "name another file") from error
    finally:
        unfinished.unlink(missing_ok=True)
    exported = Exported(count, str(out))
    asked.answer(exported, lambda: asked.terminal.show(f"exported {words.counted(count, 'recording')} to {out}"))


async def _write(store: Store, expression: Expression | None, to: BinaryIO) -> int:
    """Write whole recordings, one a line. How many they were."""
    from holdfast.cli.finding import found
    from holdfast.identity import to_json

    count = 0
    async for summary in found(store, expression):
        to.write(to_json(await store.recordings.get(summary.id, summary.tenant)) + b"\n")
        count += 1
    return count


def delete(
    asked: Asked,
    subject: Annotated[str, typer.Option("--subject", metavar="S", help="Whose recordings.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Delete everything that is kept of a subject, and say what it was. On a terminal it asks first.

    Run twice, it deletes nothing more. Cases that were made of the subject's recordings stay, and are named on standard
    error. --json: {"recordings", "bodies", "files", "feedback", "jobs", "trials"}.
    """
    from holdfast.cli.opening import in_store
    from holdfast.evals.origins import cases_of_subject

    question = f"Delete everything that is kept of '{subject}'? It cannot be undone"
    if not yes and sys.stdin.isatty() and not typer.confirm(question, err=True):
        raise NothingToDo("HF203", "nothing was deleted", "answer y, or type --yes")

    async def work(store: Store) -> tuple[Deleted, tuple[str, ...]]:
        cases = await cases_of_subject(store, asked.config.folder, subject)
        return await store.recordings.delete_subject(subject), cases

    deleted, cases = in_store(asked, work)

    def show() -> None:
        from holdfast.cli import words

        parts = (
            words.counted(deleted.recordings, "recording"),
            f"{deleted.bodies} bodies that only they used",
            f"{words.counted(deleted.files, 'file')} of large bodies",
            f"{deleted.feedback} of feedback",
            words.counted(deleted.jobs, "job"),
            words.counted(deleted.trials, "trial"),
            f"{deleted.diagnoses} diagnos{'is' if deleted.diagnoses == 1 else 'es'}",
        )
        asked.terminal.show(f"deleted of '{subject}': {', '.join(parts)}")

    asked.answer(deleted, show)
    for case in cases:
        asked.terminal.note(f"a case was made of one of the recordings, and stays until you delete it: {case}")
