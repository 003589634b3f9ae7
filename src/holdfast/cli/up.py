"""`holdfast up`: sync what is stale, then serve. Knows nothing of HTTP or of how a corpus is made."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked
from holdfast.errors import from_code

if TYPE_CHECKING:
    from holdfast.app import Project


class Serving(Struct, frozen=True):
    """A server that takes requests, as JSON. `words_only`: why search goes by words only, or empty."""

    address: str
    features: tuple[str, ...]
    words_only: str


class Where(Struct, frozen=True):
    """Where it is to be served; None: as configured."""

    host: str | None
    port: int | None
    workers: int


def up(
    asked: Asked,
    folder: Annotated[Path | None, typer.Argument(metavar="[DIR]", show_default=False)] = None,
    host: Annotated[str | None, typer.Option(help="Default: server.host, 127.0.0.1.")] = None,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="Default: server.port, 8400; 0: a free one.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that serve.")] = 1,
) -> None:
    """Bring corpora up to date, then serve the project's features over HTTP until Ctrl-C.

    Corpora with `every` are synced again at that interval, and jobs that were asked for are done. Ctrl-C lets open
    requests finish, and leaves jobs to the next time; a second one does not wait.
    --json: {"address", "features", "words_only"} on one line, as soon as requests are taken.
    """
    import asyncio
    import logging

    from holdfast.server.serve import new_loop

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)  # what starts and stops, this command says itself
    asked = asked if folder is None else Asked(folder, asked.as_json)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(_up(asked, Where(host, port, workers)))


async def _up(asked: Asked, where: Where) -> None:
    from holdfast.app import open_project
    from holdfast.jobs.engine import Engine
    from holdfast.server.lock import serving
    from holdfast.server.serve import serve

    project = await open_project(asked.folder)
    try:
        with serving(project.config.folder):
            await sync_stale(asked, project)
        keyed = any(key.revoked_at is None for key in await project.store.keys.all())
        await serve(
            project,
            where.host,
            where.port,
            workers=where.workers,
            ready=lambda address: _say_ready(asked, project, address, keyed=keyed),
            beside=Engine(project).running,
        )
    finally:
        await project.close()


async def sync_stale(asked: Asked, project: Project) -> None:
    """Sync every corpus. A source that fails is a warning where an earlier version can serve, else an error."""
    from holdfast.cli.sync import synced
    from holdfast.cli.sync_showing import show_report

    done = await synced(project, asked.terminal, tuple(project.config.corpora))
    for report in done.reports:
        if report.published and not asked.as_json:
            show_report(asked.terminal, report)
    for failed in done.failed:
        error = failed.error
        if not project.corpora.versions(failed.corpus):
            raise from_code(error.code, error.message, error.fix)
        said = f"{failed.corpus} was not synced, {project.corpora.current(failed.corpus)} serves"
        asked.terminal.note(f"{said}: {error.code}: {error.message}\n  fix: {error.fix}", style="yellow")


def _say_ready(asked: Asked, project: Project, address: str, *, keyed: bool) -> None:
    from holdfast.cli.values import example_of

    features = tuple(project.features)
    words_only = project.without_encoder if project.config.corpora else ""

    def show() -> None:
        import msgspec
        from rich.text import Text

        terminal = asked.terminal
        terminal.show(Text(f"{', '.join(features) or 'no feature'} served at {address}", style="bold"))
        for feature in list(project.features.values())[:1]:
            schema = feature.input_schema()
            example = shlex.quote(msgspec.json.encode(example_of(schema, schema)).decode())
            url = f"{address}/v1/features/{feature.name}"
            key = " -H 'Authorization: Bearer KEY'" if keyed else ""
            terminal.show(f"  curl {url}{key} -H 'Content-Type: application/json' -d {example}")
        if words_only:
            terminal.show(f"  search goes by words only ({words_only}): holdfast models pull, then holdfast sync")
        elif project.config.corpora:
            terminal.show("  search goes by words and meaning")
        terminal.show("  stop with Ctrl-C")

    asked.answer(Serving(address, features, words_only), show)
    asked.flush()
