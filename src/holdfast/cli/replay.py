"""`holdfast replay`: recordings again, with things changed. Knows nothing of how an effect is remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING, Annotated

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked
from holdfast.cli.leaving import NothingToDo, Problem, exit_code_of, problem_of
from holdfast.errors import HoldfastError, Misconfigured
from holdfast.records import Json

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.cli.terminal import Terminal
    from holdfast.runtime.compare import Replay, StepChange


class Replayed(Struct, frozen=True, kw_only=True):
    """One recording of many: `replay` is the id of the new recording, `error` why there is none."""

    id: str
    replay: str | None = None
    same: bool = False
    failed: bool = False
    remembered: int = 0
    redone: int = 0
    error: Problem | None = None


class Summary(Struct, frozen=True, kw_only=True):
    """What became of many replays; each recording counts once."""

    same: int
    different: int
    failed: int
    replays: tuple[Replayed, ...]


class How(Struct, frozen=True):
    """What is changed and what is done again."""

    changes: dict[str, Json]
    fresh: tuple[str, ...]
    strict: bool


def replay(
    asked: Asked,
    recording: Annotated[str | None, typer.Argument(metavar="ID|last")] = None,
    where: Annotated[str | None, typer.Option(metavar="EXPR", help="Every recording for which this holds.")] = None,
    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="SLOT.FIELD=VALUE", help="Change the release. May be repeated.")
    ] = None,
    fresh: Annotated[
        list[str] | None, typer.Option(metavar="KIND", help="Do effects of this kind again. May be repeated.")
    ] = None,
    strict: Annotated[bool, typer.Option("--strict", help="A step that was not recorded is an error.")] = False,
) -> None:
    """Run a recording again; what did not change is remembered, and side effects are not repeated.

    `last` is the newest recording that is not itself a replay. EXPR is like: outcome=degraded and feature=answer_ticket
    and since=24h (fields: feature, outcome, release, subject, since, until, cost_usd, ms; and, or, not, brackets);
    replays are left out. KIND is retrieve, generate, embed, rerank, check, call, clock or chance.

    A replay that gives something else is 0; one that fails, or misses with --strict, has the code of its error; nothing
    to replay is 5. --json: {"recording", "remembered", "redone", "code_changed", "diff"}, with --where {"same",
    "different", "failed", "replays"}.
    """
    from holdfast.cli.values import changes_of

    if (recording is None) == (where is None):
        raise Misconfigured("HF100", "name one recording, or say which with --where", "holdfast replay last")
    how = How(changes_of(set or ()), tuple(fresh or ()), strict)
    if recording is not None:
        _replay_one(asked, recording, how)
    else:
        assert where is not None
        _replay_many(asked, where, how)


def _replay_one(asked: Asked, name: str, how: How) -> None:
    from holdfast.cli.finding import one
    from holdfast.cli.opening import in_project

    async def work(project: Project) -> Replay:
        return await _again(project, (await one(project.store, name)).id, how)

    replay = in_project(asked, work)
    asked.answer(replay, lambda: show_replay(asked.terminal, replay))
    if _is_new_failure(replay) and replay.recording.failure is not None:
        raise typer.Exit(exit_code_of(replay.recording.failure.code))


def _replay_many(asked: Asked, where: str, how: How) -> None:
    from holdfast.cli.finding import found, parsed
    from holdfast.cli.opening import in_project

    expression = parsed(where)

    async def work(project: Project) -> list[Replayed]:
        ids = [each.id async for each in found(project.store, expression) if each.replay_of is None]
        if not ids:
            raise NothingToDo(
                "HF203", f"no recording matches '{where}'", "holdfast recordings list shows what there is"
            )
        done: list[Replayed] = []
        with asked.terminal.progress("replaying") as progress:
            for id in ids:
                progress("recordings", len(done), len(ids))
                done.append(await _one_of_many(project, id, how))
        return done

    done = in_project(asked, work)
    failed = sum(each.failed for each in done)
    same = sum(each.same and not each.failed for each in done)
    summary = Summary(same=same, different=len(done) - same - failed, failed=failed, replays=tuple(done))
    asked.answer(summary, lambda: _show_summary(asked.terminal, summary))
    for each in done:
        if each.error is not None:
            raise typer.Exit(exit_code_of(each.error.code))


async def _one_of_many(project: Project, id: str, how: How) -> Replayed:
    try:
        replay = await _again(project, id, how)
    except HoldfastError as error:
        return Replayed(id=id, failed=True, error=problem_of(error))
    failure = replay.recording.failure
    return Replayed(
        id=id,
        replay=replay.recording.id,
        same=replay.diff.same,
        failed=_is_new_failure(replay),
        remembered=replay.remembered,
        redone=replay.redone,
        error=Problem(failure.code, failure.message, failure.fix)
        if failure is not None and _is_new_failure(replay)
        else None,
    )


async def _again(project: Project, id: str, how: How) -> Replay:
    return await project.replay(id, changes=how.changes, fresh=how.fresh, strict=how.strict)


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


def _show_summary(terminal: Terminal, summary: Summary) -> None:
    from holdfast.cli.terminal import table

    rows = []
    for each in summary.replays:
        said = "failed" if each.failed else "same" if each.same else "different"
        why = "" if each.error is None else f"{each.error.code}: {each.error.message}"
        rows.append((each.id, said, f"{each.remembered} remembered, {each.redone} redone", each.replay or "", why))
    terminal.show(table("recording", "answer", "steps", "replay", "", rows=rows), "")
    terminal.show(f"{summary.same} same, {summary.different} different, {summary.failed} failed")
