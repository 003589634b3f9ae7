"""`holdfast sync`: corpora brought up to date, and what is wrong with their data. Knows nothing of how."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked
from holdfast.cli.data_quality import show_refused
from holdfast.cli.leaving import NothingToDo, Problem, exit_code_of, problem_of, say_error
from holdfast.cli.sync_showing import show_forecast, show_report
from holdfast.errors import HoldfastError, unknown
from holdfast.records import Failure

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from holdfast.app import Project
    from holdfast.cli.terminal import Terminal
    from holdfast.corpus.forecast import Forecast
    from holdfast.corpus.quality import SyncReport
    from holdfast.stores import Store


class NotSynced(Struct, frozen=True):
    """A corpus that could not be synced; the version before still serves."""

    corpus: str
    error: Problem


class Foreseen(Struct, frozen=True):
    """What syncs of several corpora would do, as JSON."""

    forecasts: tuple[Forecast, ...]
    failed: tuple[NotSynced, ...]


class Synced(Struct, frozen=True):
    """A sync of several corpora as JSON."""

    reports: tuple[SyncReport, ...]
    failed: tuple[NotSynced, ...]


def sync(
    asked: Asked,
    corpora: Annotated[list[str] | None, typer.Argument(metavar="[CORPUS]...", show_default=False)] = None,
    full: Annotated[bool, typer.Option("--full", help="Make everything anew, and allow most of it to vanish.")] = False,
    forecast: Annotated[
        bool, typer.Option("--forecast", help="Say what it would change and take; publish nothing.")
    ] = False,
    accept: Annotated[bool, typer.Option("--accept", help="Publish even what breaks a limit, and record who.")] = False,
) -> None:
    """Bring corpora up to date with their sources: those named, or all.

    Says what changed, that every item of the source is accounted for, and what is wrong with the data. Nothing to
    change is 0; a project without corpora is 5; a ledger that does not add up is 3, and publishes nothing. A corpus
    that fails does not keep the others from being synced. While the project is served, the server does it as jobs.
    A version that breaks one of [corpora.NAME.limits] is not published (HF621).
    --json: {"reports", "failed"}; with --forecast {"forecasts", "failed"}.
    """
    from holdfast.cli.following import is_served
    from holdfast.cli.opening import in_project, in_store

    if not asked.config.corpora:
        raise NothingToDo("HF202", "the project has no corpora", "add [corpora.NAME] to holdfast.toml")
    names = _known(corpora or tuple(asked.config.corpora), asked.config.corpora)
    if forecast:
        _show_foreseen(asked, in_project(asked, lambda project: _foreseen(project, asked.terminal, names, full=full)))
        return
    who = f"{getpass.getuser()} at the command line" if accept else None
    if is_served(asked.folder):
        done = in_store(asked, lambda store: _by_the_server(asked, store, names, full=full, accept=who))
    else:
        done = in_project(asked, lambda project: synced(project, asked.terminal, names, full=full, accept=who))

    def show() -> None:
        for report in done.reports:
            show_report(asked.terminal, report)

    asked.answer(done, show)
    _leave(asked, done.failed)


def _leave(asked: Asked, failed: Sequence[NotSynced]) -> None:
    """Say what failed, and end the command with the first one's code."""
    for each in failed:
        if not asked.as_json:
            say_error(each.error, as_json=False)
            show_refused(asked, each.corpus, each.error.code)
    if failed:
        raise typer.Exit(exit_code_of(failed[0].error.code))


def _show_foreseen(asked: Asked, foreseen: Foreseen) -> None:
    def show() -> None:
        for each in foreseen.forecasts:
            show_forecast(asked.terminal, each)

    asked.answer(foreseen, show)
    _leave(asked, foreseen.failed)


async def _foreseen(project: Project, terminal: Terminal, names: Sequence[str], *, full: bool) -> Foreseen:
    """What a sync of each corpus would do, with progress on the terminal."""
    forecasts: list[Forecast] = []
    failed: list[NotSynced] = []
    for name in names:
        try:
            with terminal.progress(name) as progress:
                forecasts.append(await project.corpora.forecast(name, full=full, progress=progress))
        except HoldfastError as error:
            failed.append(NotSynced(name, problem_of(error)))
    return Foreseen(tuple(forecasts), tuple(failed))


async def synced(
    project: Project, terminal: Terminal, names: Sequence[str], *, full: bool = False, accept: str | None = None
) -> Synced:
    """Sync each corpus, with progress on the terminal."""
    reports: list[SyncReport] = []
    failed: list[NotSynced] = []
    for name in names:
        try:
            with terminal.progress(name) as progress:
                reports += await project.sync([name], full=full, progress=progress, accept=accept)
        except HoldfastError as error:
            failed.append(NotSynced(name, problem_of(error)))
    return Synced(tuple(reports), tuple(failed))


async def _by_the_server(asked: Asked, store: Store, names: Sequence[str], *, full: bool, accept: str | None) -> Synced:
    """Have each corpus synced by the server, one job after the other."""
    import msgspec

    from holdfast.cli.following import followed
    from holdfast.corpus.quality import SyncReport
    from holdfast.jobs.asking import SyncAsked, new_job

    reports: list[SyncReport] = []
    failed: list[NotSynced] = []
    for name in names:
        asking = new_job("sync", msgspec.to_builtins(SyncAsked(name, full, accept=accept)))
        with asked.terminal.progress(name) as progress:
            job = await followed(store, asking, asked.folder, progress)
        if job.status == "done":
            reports.append(msgspec.convert(job.result, SyncReport))
        else:
            why = job.failure or Failure(code="HF310", message=f"the job {job.id} was cancelled", fix="sync again")
            failed.append(NotSynced(name, Problem(why.code, why.message, why.fix)))
    return Synced(tuple(reports), tuple(failed))


def _known(names: Sequence[str], corpora: Collection[str]) -> tuple[str, ...]:
    """Each name once. Raises NotFound (HF202)."""
    for name in names:
        if name not in corpora:
            raise unknown("HF202", "corpus", name, corpora)
    return tuple(dict.fromkeys(names))
