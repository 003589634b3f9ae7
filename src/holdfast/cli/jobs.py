"""`holdfast jobs`: what was asked to be done, and how it stands. Knows nothing of how it is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from holdfast.cli.asked import Asked, command, group

if TYPE_CHECKING:
    from holdfast.job import Job, JobStatus
    from holdfast.jobs.said import JobPage, JobSaid
    from holdfast.stores import Store

_Id = Annotated[str, typer.Argument(metavar="ID")]


def commands() -> typer.Typer:
    """The group with its commands."""
    made = group("Jobs: list, show, cancel, retry. A server does them: holdfast up.")
    command(made, "list")(list_)
    command(made, "show")(show)
    command(made, "cancel")(cancel)
    command(made, "retry")(retry)
    return made


def list_(
    asked: Asked,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="feature, sync, batch, evaluation, gate, trial or diagnosis.")
    ] = None,
    status: Annotated[
        str | None, typer.Option(metavar="STATUS", help="queued, running, done, failed or cancelled.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, metavar="N")] = 20,
) -> None:
    """Jobs, newest first. --json: {"jobs", "next"}."""
    from holdfast.cli.opening import in_store

    async def work(store: Store) -> JobPage:
        from holdfast.job import JobQuery
        from holdfast.jobs.said import JobPage, said

        query = JobQuery(kind=kind, status=_status(status), limit=limit + 1)
        found = [said(job) for job in await store.jobs.find(query)]
        return JobPage(tuple(found[:limit]), found[limit - 1].job_id if len(found) > limit else None)

    page = in_store(asked, work)

    def shown() -> None:
        from holdfast.cli import words
        from holdfast.cli.terminal import table

        rows = [(job.job_id, job.kind, _stands(job), words.moment(job.created_at), _came(job)) for job in page.jobs]
        if rows:
            asked.terminal.show(table("id", "kind", "status", "asked", "", rows=rows))
        else:
            asked.terminal.note("there is no such job")

    asked.answer(page, shown)


def show(asked: Asked, job: _Id) -> None:
    """A job: how it stands, what came of it. --json: the job."""
    _one(asked, lambda store: store.jobs.get(job, None))


def cancel(asked: Asked, job: _Id) -> None:
    """Have a job not done, or stopped soon. One that has ended is refused (2). --json: the job."""

    def work(store: Store) -> Awaitable[Job]:
        from holdfast.jobs import asking

        return asking.cancel(store.jobs, job, None)

    _one(asked, work)


def retry(asked: Asked, job: _Id) -> None:
    """Have a job that failed or was cancelled done again, as its next attempt. --json: the job."""

    def work(store: Store) -> Awaitable[Job]:
        from holdfast.jobs import asking

        return asking.retry(store.jobs, job, None)

    _one(asked, work)


def _one(asked: Asked, work: Callable[[Store], Awaitable[Job]]) -> None:
    """A job after what is done with it, shown."""
    from holdfast.cli.following import is_served
    from holdfast.cli.opening import in_store
    from holdfast.jobs.said import said

    job = said(in_store(asked, work))
    asked.answer(job, lambda: _show(asked, job))
    if job.ended_at is None and not asked.as_json and not is_served(asked.folder):
        asked.terminal.note("nobody serves the project: it is done once somebody does (holdfast up)")


def _show(asked: Asked, job: JobSaid) -> None:
    import msgspec
    from rich.text import Text

    from holdfast.cli import words

    show = asked.terminal.show
    show(Text(f"{job.job_id}  {job.kind}  {_stands(job)}", style="bold"))
    for what, at in (("asked", job.created_at), ("begun", job.started_at), ("ended", job.ended_at)):
        if at is not None:
            show(f"  {what:9} {words.moment(at)}")
    if job.attempt > 1:
        show(f"  attempt   {job.attempt}")
    if job.webhook is not None:
        told = "not told yet" if job.delivered_at is None else f"told {words.moment(job.delivered_at)}"
        show(f"  webhook   {job.webhook} ({told})")
    if job.failure is not None:
        show(Text(f"  {job.failure.code}: {job.failure.message}", style="red"), f"    fix: {job.failure.fix}")
    if job.result is not None:
        show(Text(msgspec.json.format(msgspec.json.encode(job.result), indent=2).decode()))


def _stands(job: JobSaid) -> str:
    if job.status != "running":
        return job.status
    progress = job.progress
    how_far = "" if progress is None else f" ({progress.stage} {progress.done}/{progress.total or '?'})"
    return f"{'cancelling' if job.cancelling else 'running'}{how_far}"


def _came(job: JobSaid) -> str:
    return "" if job.failure is None else f"{job.failure.code}: {job.failure.message}"


def _status(given: str | None) -> JobStatus | None:
    """Raises NotFound (HF201) for a word that is no status."""
    from holdfast.errors import unknown
    from holdfast.job import JobStatus

    statuses: tuple[JobStatus, ...] = get_args(JobStatus)
    for status in statuses:
        if status == given:
            return status
    if given is not None:
        raise unknown("HF201", "status", given, statuses)
    return None
