"""`holdfast why`: the walk of a document through a search. Knows nothing of how it is walked."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.cli.asked import Asked
from holdfast.cli.leaving import MISSED, NOTHING
from holdfast.errors import Misconfigured

if TYPE_CHECKING:
    from rich.text import Text

    from holdfast.app import Project
    from holdfast.corpus.why import Station, Suggestion, Walk

_SIGNS = MappingProxyType({"passed": "ok", "missed": "--", "fell_out": "OUT", "not_asked": "", "not_reached": ""})
_STYLES = MappingProxyType({"passed": "green", "missed": "yellow", "fell_out": "bold red"})


@dataclass(frozen=True, slots=True)
class Options:
    """Which search it is, and who asks."""

    corpus: Annotated[
        str | None, typer.Option("--corpus", metavar="CORPUS", help="The corpus; may be left out where there is one.")
    ] = None
    document: Annotated[str, typer.Option("--document", metavar="ID", help="The document that was expected.")] = ""
    subject: Annotated[
        str | None, typer.Option("--subject", metavar="SUBJECT", help="Who asks; without it, anybody.")
    ] = None
    version: Annotated[str, typer.Option("--version", metavar="vN", help="Of the corpus: not what answers now.")] = ""
    feature: Annotated[
        str, typer.Option("--feature", metavar="FEATURE", help="As it asked when it was last asked QUERY.")
    ] = ""
    recording: Annotated[
        str, typer.Option("--recording", metavar="ID|last", help="As that recording asked: why not this document?")
    ] = ""


def why(
    asked: Asked,
    query: Annotated[str, typer.Argument(metavar="[QUERY]", show_default=False)] = "",
    options: Options = Options(),  # frozen
) -> None:
    """Why a search does or does not give a document: from its source to the prompt, and what would bring it in.

    Says for each station what was measured, and where the document fell out. What is offered as tried was done, and the
    document came through at the place that is named; what is offered as not tried promises nothing. QUERY may be left
    out with --recording, which gives query, version, subject and slot.

    0: it comes through every station, among the k best. 1: it falls out. 5: no version and no sync has heard of it.
    --json: {"corpus", "version", "document", "query", "known", "k", "rank", "fell_out_at", "stations": [{"name",
    "fate", "said", "measured", "would_help": [{"what", "verified", "rank", "changes", "note"}]}]}.
    """
    from holdfast.cli.opening import in_project

    corpus = _corpus(asked, options)
    if not options.document:
        raise Misconfigured("HF100", "no document is named", "add --document ID")
    if not (query or options.recording):
        raise Misconfigured("HF100", "no query is given", "holdfast why QUERY ..., or --recording ID")
    walked = in_project(asked, lambda project: _walked(project, query, corpus, options))
    asked.answer(walked, lambda: _show(asked, walked))
    if walked.fell_out_at is not None:
        raise typer.Exit(MISSED if walked.known else NOTHING)


def _corpus(asked: Asked, options: Options) -> str:
    names = tuple(asked.config.corpora)
    if options.corpus is not None:
        return options.corpus
    if len(names) != 1:
        there = ", ".join(names) or "none"
        raise Misconfigured("HF100", "which corpus is not said", f"add --corpus NAME; there are: {there}")
    return names[0]


async def _walked(project: Project, query: str, corpus: str, options: Options) -> Walk:
    from holdfast.cli.finding import LAST, one
    from holdfast.why import Asking

    recording = options.recording
    if recording == LAST:
        recording = (await one(project.store, LAST)).id
    asking = Asking(
        corpus=corpus,
        document=options.document,
        query=query,
        version=options.version,
        feature=options.feature,
        recording=recording,
    )
    return await project.why(asking, None if options.subject is None else project.who(options.subject))


def _show(asked: Asked, walked: Walk) -> None:
    from rich.text import Text

    terminal = asked.terminal
    terminal.show(f"{walked.document} in {walked.corpus}@{walked.version}, asked: {walked.query}")
    for station in walked.stations:
        if station.fate != "not_reached":
            terminal.show(_line(station))
    if walked.fell_out_at is None:
        where = f"it is number {walked.rank} of {walked.k}"
        terminal.show(Text(where, style="green"))
        return
    terminal.show(Text(f"it falls out at: {walked.fell_out_at}", style="bold red"))
    helps = [one for station in walked.stations for one in station.would_help]
    if not helps:
        terminal.show("  nothing that was tried brings it in")
    for one in helps:
        terminal.show(f"  {_suggested(one)}")


def _line(station: Station) -> Text:
    from rich.text import Text

    line = Text(f"  {_SIGNS[station.fate]:<4}", style=_STYLES.get(station.fate, "dim"))
    line.append(f"{station.name:<12}", style="bold" if station.fate == "fell_out" else "")
    return line.append(station.said, style="dim" if station.fate == "not_asked" else "")


def _suggested(one: Suggestion) -> str:
    if one.verified:
        return f"tried: {one.what}: number {one.rank}"
    return f"not tried: {one.what}" + (f" ({one.note})" if one.note else "")
