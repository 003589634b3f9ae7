"""`holdfast postmortem`: what went wrong, for whom, what failed, what fixed it. Knows nothing of how that is found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.cli.asked import Asked
from holdfast.cli.leaving import NothingToDo
from holdfast.errors import Misconfigured, StoreFailed

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.evals.postmortem.document import Postmortem
    from holdfast.evals.postmortem.finding import Window

_URL = re.compile(r"https?://[^\s<>\[\]()\\`]+")
_When = "a date, a moment, or how long ago, like 7d"


@dataclass(frozen=True, slots=True)
class Options:
    """From when until when, of what, and in which form."""

    since: Annotated[
        str | None, typer.Option("--since", metavar="WHEN", help=f"What went wrong from then on: {_When}.")
    ] = None
    until: Annotated[str | None, typer.Option("--until", metavar="WHEN", help="What went wrong before then.")] = None
    feature: Annotated[str | None, typer.Option("--feature", metavar="NAME", help="Of this feature only.")] = None
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Write it there; a file that is there stays.")
    ] = None
    base_url: Annotated[
        str | None, typer.Option("--base-url", metavar="URL", help="Where the console is: sources become links.")
    ] = None
    no_texts: Annotated[bool, typer.Option("--no-texts", help="Quote nothing that people wrote.")] = False
    subjects: Annotated[bool, typer.Option("--subjects", help="Name the subjects that were affected.")] = False


def postmortem(
    asked: Asked,
    recording: Annotated[str | None, typer.Argument(metavar="[ID]", show_default=False)] = None,
    options: Options = Options(),  # frozen
) -> None:
    """Write down an incident for a person to edit: when, who it reached, what failed, what fixed it, what is not known.

    ID is a recording that went wrong, or a diagnosis: failures like it are told of, as far as no day without one lies
    between. With --since, everything that went wrong since, the biggest first. Each sentence names the recordings,
    releases, corpus versions and diagnoses it rests on; no model is asked, and nothing is assumed. Subjects are
    counted, and what rests on restricted documents is not quoted.

    Nothing that went wrong is 5. --json: {"made_at", "incidents", "more"}.
    """
    from holdfast.cli.opening import in_project
    from holdfast.evals.postmortem.rendering import rendered

    _check(recording, options)
    found = in_project(asked, lambda project: _found(project, recording, options), encoder=False)
    text = rendered(found, options.base_url)
    if options.out is not None:
        _write_new(options.out, text)
    asked.answer(found, lambda: _show(asked, text, options.out))


def _check(recording: str | None, options: Options) -> None:
    if recording is None and options.since is None:
        fix = "holdfast postmortem ID, or holdfast postmortem --since 7d"
        raise Misconfigured("HF100", "name a recording or a diagnosis, or say since when", fix)
    if recording is not None and options.feature is not None:
        raise Misconfigured("HF100", "a recording is of one feature already", "leave out --feature")
    if options.base_url is not None and not _URL.fullmatch(options.base_url):
        raise Misconfigured("HF100", f"--base-url is no address: {options.base_url}", "write http://HOST:PORT")
    if options.out is not None and options.out.exists():
        fix = "name another file, or remove it if nobody has edited it"
        raise Misconfigured("HF100", f"{options.out} is there already, and may have been edited", fix)


async def _found(project: Project, name: str | None, options: Options) -> Postmortem:
    from holdfast.evals.postmortem.gathering import Showing, named, postmortem_between, postmortem_of

    window = _window(project, options)
    showing = Showing(texts=not options.no_texts, subjects=options.subjects)
    if name is None:
        made = await postmortem_between(project, window, showing)
        if made is None:
            message = "nothing went wrong in that time: nothing failed, was blocked or degraded, or was found bad"
            raise NothingToDo("HF203", message, "name a longer time: --since 30d")
        return made
    recording = await named(project.store, name)
    if recording.evaluation is not None:
        message = f"{recording.id} was asked by {recording.evaluation}, and reached nobody"
        raise NothingToDo("HF203", message, f"holdfast diagnose {recording.id} says why the answer is not good")
    made = await postmortem_of(project, recording, window, showing)
    if made is None:
        message = f"nothing says that {recording.id} went wrong: it is {recording.outcome}, and nobody found it bad"
        fix = "say that it is bad (POST /v1/feedback with recording_id and score -1), or holdfast diagnose it"
        raise NothingToDo("HF203", message, fix)
    return made


def _window(project: Project, options: Options) -> Window:
    from holdfast.evals.postmortem.finding import Window

    feature = None if options.feature is None else project.feature(options.feature).name
    since, until = _moment("--since", options.since), _moment("--until", options.until)
    if since is not None and until is not None and since >= until:
        raise Misconfigured("HF100", "--since is not before --until", "exchange them")
    return Window(since=since, until=until, feature=feature)


def _moment(option: str, text: str | None) -> datetime | None:
    """A time as expressions have it."""
    from holdfast.errors import Refused
    from holdfast.where import Is, parse

    if text is None:
        return None
    wrong = Misconfigured("HF100", f"{option} is no time: {text}", f"write {_When}")
    try:
        read = parse(f'since="{text}"')
    except Refused as error:
        raise wrong from error
    if not isinstance(read, Is) or not isinstance(read.value, datetime):
        raise wrong
    return read.value


def _write_new(out: Path, text: str) -> None:
    """A new file: one that came to be meanwhile stays."""
    try:
        with out.open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except OSError as error:
        raise StoreFailed("HF601", f"{out} cannot be written: {error.strerror}", "name another file") from error


def _show(asked: Asked, text: str, out: Path | None) -> None:
    import sys

    if out is not None:
        asked.terminal.show(f"wrote {out}")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode())  # UTF-8, whatever the terminal is
