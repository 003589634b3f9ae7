"""`holdfast run`: one request, shown. Knows nothing of how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.cli.asked import Asked
from holdfast.cli.leaving import exit_code_of

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.cli.terminal import Terminal
    from holdfast.records import Recording


def run(
    asked: Asked,
    feature: Annotated[str, typer.Argument(metavar="FEATURE")],
    input: Annotated[
        str | None, typer.Argument(metavar="INPUT", help="JSON, @FILE, - for stdin, or a plain text.")
    ] = None,
    release: Annotated[
        str | None, typer.Option(metavar="R", help="A name or an id; working: the working tree.")
    ] = None,
) -> None:
    """Run a feature once, for real, and show the answer.

    A plain text is the input's only required field. The exit code is 0 also where a guard blocked the answer; a failed
    request has the code of its error. --json: the recording.
    """
    from holdfast.cli.opening import in_project
    from holdfast.errors import Refused

    async def work(project: Project) -> Recording:
        from holdfast.cli.values import example_call, input_of, text_of

        declared = project.feature(feature)
        schema = declared.input_schema()
        if input is None:
            raise Refused("HF701", f"feature '{feature}' needs an input", example_call(feature, schema))
        value = input_of(text_of(input), schema, feature)
        try:
            return await project.run(feature, value, release=release)
        except Refused as refused:
            raise Refused(refused.code, refused.message, example_call(feature, schema)) from refused

    recording = in_project(asked, work)
    asked.answer(recording, lambda: show_answer(asked.terminal, recording))
    if recording.failure is not None:
        raise typer.Exit(exit_code_of(recording.failure.code))


def show_answer(terminal: Terminal, recording: Recording) -> None:
    """The text, its citations, what became of the request, and what to type next."""
    from rich.text import Text

    from holdfast.cli import words

    rest = recording.output
    if isinstance(rest, dict) and isinstance(rest.get("text"), str):
        terminal.show(Text(rest["text"]))
        rest = {name: value for name, value in rest.items() if name != "text"}
        rest = _show_citations(terminal, rest)
    if rest not in (None, {}):
        import msgspec

        text = rest if isinstance(rest, str) else msgspec.json.format(msgspec.json.encode(rest), indent=2).decode()
        terminal.show(Text(text))
    if rest is not None or recording.output is not None:
        terminal.show("")
    if recording.failure is not None:
        terminal.show(Text(f"failed: {recording.failure.code}: {recording.failure.message}", style="red"))
        terminal.show(f"  fix: {recording.failure.fix}")
    if recording.degraded is not None:
        terminal.show(Text(words.degraded(recording.degraded), style="yellow"))
    if recording.blocked is not None:
        said = words.blocked(recording.blocked, safe_answer=recording.output is not None)
        terminal.show(Text(said, style="yellow"))
    figures = (words.duration(recording.ms), words.usd(recording.cost_usd))
    parts = (recording.outcome, *figures, f"release {recording.release}", f"recording {recording.id}")
    terminal.show(Text(" · ".join(parts), style="dim"))
    terminal.show(Text(f"next: {_next(recording)}", style="dim"))


def _show_citations(terminal: Terminal, rest: dict[str, object]) -> dict[str, object]:
    """The citations, numbered like the marks in the text. What else the output holds."""
    from rich.text import Text

    citations = rest.get("citations")
    if not isinstance(citations, list) or not all(isinstance(one, dict) and "title" in one for one in citations):
        return rest
    if citations:
        terminal.show("")
    for number, citation in enumerate(citations, start=1):
        line = Text(f"[{number}] {citation['title']}")
        line.append(f"  {citation['url'] or citation['document']}", style="dim")
        terminal.show(line)
        if quote := " ".join(str(citation.get("quote", "")).split()):
            terminal.show(Text(f"    “{quote}”", style="italic"))
    return {name: value for name, value in rest.items() if name != "citations"}


def _next(recording: Recording) -> str:
    """A replay with one thing changed that this recording makes sense of."""
    from holdfast.records import Generate, Retrieve

    if recording.failure is not None:
        return f"holdfast recordings show {recording.id}"
    for step in recording.steps:
        if isinstance(step.effect, Retrieve):
            k = max(1, step.effect.search.k // 2)
            return f"holdfast replay last --set {step.effect.corpus.partition('@')[0]}.k={k}"
        if isinstance(step.effect, Generate):
            return f"holdfast replay last --set {step.effect.slot}.models=extractive"
    return "holdfast replay last"
