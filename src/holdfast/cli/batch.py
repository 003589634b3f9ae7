"""`holdfast batch`: a file of requests. Knows nothing of how one is answered or made sure of."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.cli.asked import Asked
from holdfast.cli.leaving import NOTHING, exit_code_of
from holdfast.errors import from_code, unknown

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.cli.terminal import Terminal
    from holdfast.jobs.batch import Batch, BatchReport
    from holdfast.stores import Store


def batch(
    asked: Asked,
    feature: Annotated[str, typer.Argument(metavar="FEATURE")],
    source: Annotated[Path, typer.Argument(metavar="IN.jsonl", help="One input on each line, as JSON.")],
    target: Annotated[Path, typer.Argument(metavar="OUT.jsonl", help="Gets one answer for each line.")],
    workers: Annotated[int, typer.Option(min=1, max=256, metavar="N", help="Requests at a time.")] = 4,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where OUT.jsonl ends.")] = False,
) -> None:
    """Answer every line of a file, each exactly once, and append the answers to another as they come.

    OUT.jsonl gets {"line", "input", "output", "recording_id", "outcome", "error"}, in order of completion; a bad line
    gets its error. Whatever stops it, --resume does the rest: it refuses (2) an IN.jsonl that has changed. While the
    project is served, the server does it as a job. A line that failed gives the exit code of its error, nothing to do
    is 5. --json: {"lines", "answered", "failed", "skipped", "errors"}.
    """
    from holdfast.cli.following import is_served
    from holdfast.cli.opening import in_project, in_store
    from holdfast.jobs.batch import Batch

    what = Batch(feature=feature, source=str(source.resolve()), target=str(target.resolve()), workers=workers)
    if is_served(asked.folder):
        report = in_store(asked, lambda store: _by_the_server(asked, store, what, resume=resume))
    else:
        report = in_project(asked, lambda project: _here(asked, project, what, resume=resume))
    asked.answer(report, lambda: _show(asked.terminal, report, target))
    if report.skipped == report.lines:
        raise typer.Exit(NOTHING)
    if report.errors:
        raise typer.Exit(max(exit_code_of(code) for code in report.errors))


async def _here(asked: Asked, project: Project, what: Batch, *, resume: bool) -> BatchReport:
    from holdfast.jobs.batch import answer, begin

    project.feature(what.feature)
    begin(what, resume=resume)
    with asked.terminal.progress(what.feature) as progress:
        return await answer(project, what, progress)


async def _by_the_server(asked: Asked, store: Store, what: Batch, *, resume: bool) -> BatchReport:
    import msgspec

    from holdfast.app import load_app
    from holdfast.cli.following import followed
    from holdfast.jobs.asking import new_job
    from holdfast.jobs.batch import BatchReport, begin

    features = (await load_app(asked.config)).features
    if what.feature not in features:
        raise unknown("HF200", "feature", what.feature, features)
    begin(what, resume=resume)
    job = new_job("batch", msgspec.to_builtins(what))
    asked.terminal.note(f"the server does it, as job {job.id}")
    with asked.terminal.progress(what.feature) as progress:
        job = await followed(store, job, asked.folder, progress)
    if job.failure is not None:
        raise from_code(job.failure.code, job.failure.message, job.failure.fix)
    if job.status == "cancelled":
        raise from_code("HF310", f"the job {job.id} was cancelled", "go on with --resume")
    return msgspec.convert(job.result, BatchReport)


def _show(terminal: Terminal, report: BatchReport, target: Path) -> None:
    from rich.text import Text

    from holdfast.cli import words

    said = f"{words.counted(report.lines, 'line')} in {target}: {report.answered} answered, {report.failed} failed"
    terminal.show(f"{said}; {report.skipped} were there before" if report.skipped else said)
    for code, count in report.errors.items():
        terminal.show(Text(f"  {count} × {code}", style="yellow"))
