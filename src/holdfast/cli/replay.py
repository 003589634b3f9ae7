"""`holdfast replay`: recordings again, with things changed. Knows nothing of how an effect is remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.cli.asked import Asked
from holdfast.cli.leaving import exit_code_of
from holdfast.errors import Misconfigured
from holdfast.records import Json

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.cli.terminal import Terminal
    from holdfast.runtime.again import Again
    from holdfast.runtime.compare import Replay, StepChange


@dataclass(frozen=True, slots=True)
class Options:
    """What is changed, what is done again, and how far many replays go."""

    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="SLOT.FIELD=VALUE", help="Change the release. May be repeated.")
    ] = None
    fresh: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Do effects of this kind again. May be repeated.")
    ] = None
    strict: Annotated[bool, typer.Option("--strict", help="A step that was not recorded is an error.")] = False
    limit: Annotated[int, typer.Option(metavar="N", min=1, max=100_000, help="Of --where: so many at most.")] = 1000
    max_cost: Annotated[
        float | None, typer.Option("--max-cost", metavar="USD", min=0, help="Of --where: spend no more than that.")
    ] = None
    concurrency: Annotated[int, typer.Option(metavar="N", min=1, max=256, help="Of --where: at a time.")] = 8
    margin: Annotated[
        float, typer.Option(metavar="SHARE", min=0.001, max=0.5, help="Of --where: less than that is not worse.")
    ] = 0.05
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the newest trial that is not finished.")] = False
    forecast: Annotated[bool, typer.Option("--forecast", help="Of --where: only say how many and what they cost.")] = (
        False
    )


def replay(
    asked: Asked,
    recording: Annotated[str | None, typer.Argument(metavar="ID|last")] = None,
    where: Annotated[str | None, typer.Option(metavar="EXPR", help="Every recording for which this holds.")] = None,
    options: Options = Options(),  # frozen
) -> None:
    """Run a recording again; what did not change is remembered, and side effects are not repeated.

    `last` is the newest recording that is not itself a replay. KIND is retrieve, generate, embed, rerank, check, call,
    clock or chance. A prompt may be given as `path@N`, the Nth text that was used there.

    With --where the change is tried on every recording for which EXPR holds, like: outcome=degraded and since=7d. Of
    more than --limit a sample is taken, the same one each time; replays are left out. --resume goes on with one that
    was stopped. Each is compared with its replay
    by outcome, guards and scorers, and what can be said is said with its evidence.

    A replay that gives something else is 0; one that fails, or misses with --strict, has the code of its error; nothing
    to replay is 5; with --where, a change that is shown to be worse is 1. --json: {"recording", "remembered", "redone",
    "code_changed", "diff"}, with --where {"trial", "pairs"} without the pairs that are the same.
    """
    from holdfast.cli.values import changes_of
    from holdfast.runtime.again import Again

    if [recording is None, where is None, not options.resume].count(False) != 1:
        message = "name one recording, or say which with --where, or go on with --resume"
        raise Misconfigured("HF100", message, "holdfast replay last")
    changes = changes_of(options.set or ())
    fresh = tuple(options.fresh or ())
    if recording is not None:
        _replay_one(asked, recording, Again(changes, fresh, options.strict))
        return
    from holdfast.cli.replay_many import Spending, replay_many
    from holdfast.evals.trying import Plan

    plan = None if where is None else Plan(where, changes, fresh, options.strict, options.limit, options.margin)
    replay_many(asked, plan, Spending(options.max_cost, options.concurrency, options.forecast))


def _replay_one(asked: Asked, name: str, again: Again) -> None:
    from holdfast.cli.finding import one
    from holdfast.cli.opening import in_project

    async def work(project: Project) -> Replay:
        before = await one(project.store, name)
        return await project.replay(before, changes=again.changes, fresh=again.fresh, strict=again.strict)

    replay = in_project(asked, work)
    asked.answer(replay, lambda: show_replay(asked.terminal, replay))
    if _is_new_failure(replay) and replay.recording.failure is not None:
        raise typer.Exit(exit_code_of(replay.recording.failure.code))


def _is_new_failure(replay: Replay) -> bool:
    return replay.recording.failure is not None and replay.diff.outcome_before != "failed"


def show_replay(terminal: Terminal, replay: Replay) -> None:
    """What was remembered and what was redone, then what differs, side by side."""
    from rich.text import Text

    from holdfast.cli import words
    from holdfast.cli.terminal import table

    diff, again = replay.diff, replay.recording
    redone = f"{replay.redone} redone" if replay.redone else "none redone"
    terminal.show(f"{words.counted(replay.remembered, 'step')} remembered, {redone}")
    if replay.code_changed:
        terminal.show(Text("the feature's code has changed since it was recorded", style="yellow"))
    if diff.same:
        terminal.show(Text("the same answer", style="green"))
    else:
        terminal.show(Text("a different answer", style="yellow"))
    rows: list[tuple[str, str, str]] = []
    rows += [] if diff.outcome_before == diff.outcome_after else [("outcome", diff.outcome_before, diff.outcome_after)]
    rows += [(change.path or "output", _cell(change.before), _cell(change.after)) for change in diff.output]
    rows += _steps_abreast(diff.steps)
    rows.append(("cost", words.usd(diff.cost_usd_before), words.usd(diff.cost_usd_after)))
    rows.append(("time", words.duration(diff.ms_before), words.duration(diff.ms_after)))
    terminal.show("", table("", "before", "after", rows=rows), "")
    if again.failure is not None:
        terminal.show(Text(f"failed: {again.failure.code}: {again.failure.message}", style="red"))
        terminal.show(f"  fix: {again.failure.fix}")
    parts = (f"replay of {again.replay_of}", f"release {again.release}", f"recording {again.id}")
    terminal.show(Text(" · ".join(parts), style="dim"))


def _steps_abreast(steps: Sequence[StepChange]) -> Iterator[tuple[str, str, str]]:
    """Steps that only one of the two has; those of one kind stand beside each other."""
    for kind in dict.fromkeys(step.kind for step in steps):
        before = [step.what for step in steps if step.kind == kind and step.side == "before"]
        after = [step.what for step in steps if step.kind == kind and step.side == "after"]
        for old, new in zip_longest(before, after, fillvalue="-"):
            yield "step", old, "with other settings or texts" if new == old else new


def _cell(value: Json) -> str:
    return "-" if value is None else value if isinstance(value, str) else repr(value)
