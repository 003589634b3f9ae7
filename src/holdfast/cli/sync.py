"""`holdfast sync`: corpora brought up to date, and what is wrong with their data. Knows nothing of how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked
from holdfast.cli.leaving import NothingToDo, Problem, exit_code_of, problem_of, say_error
from holdfast.errors import HoldfastError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from holdfast.app import Project
    from holdfast.cli.terminal import Terminal
    from holdfast.corpus.quality import SyncReport


class NotSynced(Struct, frozen=True):
    """A corpus that could not be synced; the version before still serves."""

    corpus: str
    error: Problem


class Synced(Struct, frozen=True):
    """A sync of several corpora as JSON."""

    reports: tuple[SyncReport, ...]
    failed: tuple[NotSynced, ...]


def sync(
    asked: Asked,
    corpora: Annotated[list[str] | None, typer.Argument(metavar="[CORPUS]...", show_default=False)] = None,
    full: Annotated[bool, typer.Option("--full", help="Make everything anew, and allow most of it to vanish.")] = False,
) -> None:
    """Bring corpora up to date with their sources: those named, or all.

    Says what changed and what is wrong with the data. Nothing to change is 0; a project without corpora is 5. A corpus
    that fails does not keep the others from being synced. --json: {"reports", "failed"}.
    """
    from holdfast.cli.opening import in_project

    async def work(project: Project) -> Synced:
        if not project.config.corpora:
            raise NothingToDo("HF202", "the project has no corpora", "add [corpora.NAME] to holdfast.toml")
        return await synced(project, asked.terminal, corpora or tuple(project.config.corpora), full=full)

    done = in_project(asked, work)

    def show() -> None:
        for report in done.reports:
            show_report(asked.terminal, report)

    asked.answer(done, show)
    for each in done.failed:
        if not asked.as_json:
            say_error(each.error, as_json=False)
    if done.failed:
        raise typer.Exit(exit_code_of(done.failed[0].error.code))


async def synced(project: Project, terminal: Terminal, names: Sequence[str], *, full: bool = False) -> Synced:
    """Sync each corpus, with progress on the terminal. Raises NotFound (HF202) before anything is done."""
    from holdfast.errors import unknown

    for name in names:
        if name not in project.config.corpora:
            raise unknown("HF202", "corpus", name, project.config.corpora)
    reports: list[SyncReport] = []
    failed: list[NotSynced] = []
    for name in dict.fromkeys(names):
        try:
            with terminal.progress(name) as progress:
                reports += await project.sync([name], full=full, progress=progress)
        except HoldfastError as error:
            failed.append(NotSynced(name, problem_of(error)))
    return Synced(tuple(reports), tuple(failed))


def show_report(terminal: Terminal, report: SyncReport) -> None:
    """What one sync changed, what it passed over, and what it found."""
    from rich.text import Text

    from holdfast.cli import words

    said = Text(f"{report.corpus} {report.version}", style="bold")
    if report.published:
        was = "" if report.previous is None else f" (was {report.previous})"
        said.append(
            f"{was}: {words.counted(report.kept, 'document')}, {report.added} added, {report.changed} changed, "
        )
        said.append(f"{report.removed} removed; {words.counted(report.chunks, 'chunk')}")
    else:
        said.append(f": nothing has changed; {words.counted(report.kept, 'document')}")
    said.stylize("not bold", len(f"{report.corpus} {report.version}"))
    said.append(f"  {report.seconds.get('total', 0.0):.1f} s", style="dim")
    terminal.show(said)
    for group in report.passed:
        more = "" if group.count <= len(group.examples) else ", ..."
        terminal.show(f"  passed over {group.count}: {group.reason} ({', '.join(group.examples)}{more})")
    for finding in report.findings:
        named = f" ({', '.join(finding.documents)})" if finding.documents else ""
        said = Text(f"  {finding.count} × {finding.code}: ", style="yellow")
        terminal.show(said.append(f"{finding.message}{named}", style="default"))
    if report.lexical_only is not None:
        terminal.show(Text(f"  searched by words only: {report.lexical_only}", style="yellow"))
