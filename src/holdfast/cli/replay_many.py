"""`holdfast replay --where`: a change tried on many recordings, and what it made better and worse.

Knows nothing of how a replay is made or judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from msgspec import Struct

from holdfast.cli.asked import Asked
from holdfast.cli.leaving import MISSED, NothingToDo, exit_code_of
from holdfast.errors import NotFound
from holdfast.trial import Evidence, Pair, PairVerdict, Trial

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.cli.terminal import Terminal
    from holdfast.evals.trying import Plan

_SHOWN = 10
"""Pairs of a kind that a person is shown; --json has all of them."""


class Tried(Struct, frozen=True):
    """A trial, and every pair of it that is not the same."""

    trial: Trial
    pairs: tuple[Pair, ...]


class Spending(Struct, frozen=True):
    """What may be spent, by how many at a time, and whether it is only forecast."""

    max_cost_usd: float | None
    concurrency: int
    forecast: bool


def replay_many(asked: Asked, plan: Plan | None, spending: Spending) -> None:
    """Say what it may cost, try it, show it; without a plan, go on with the newest trial that is not finished.

    Raises NothingToDo where nothing matches, or nothing is unfinished.
    """
    from holdfast.cli.opening import in_project

    async def work(project: Project) -> Tried:
        from holdfast.evals.trying import How, all_pairs, go_on

        trial = await _begun(project, plan, spending)
        asked.terminal.note(forecast_of(trial))
        if spending.forecast:
            return Tried(trial, ())
        with asked.terminal.progress("replaying") as progress:
            trial = await go_on(project, trial, How(spending.concurrency, spending.max_cost_usd, progress))
        return Tried(trial, tuple([pair async for pair in all_pairs(project.store, trial) if pair.verdict != "same"]))

    tried = in_project(asked, work)
    if spending.forecast:
        asked.answer(tried.trial, lambda: None)
        return
    asked.answer(tried, lambda: show_tried(asked.terminal, tried))
    if code := _code(tried):
        raise typer.Exit(code)


async def _begun(project: Project, plan: Plan | None, spending: Spending) -> Trial:
    """The trial that is planned, or the one that is not finished."""
    from holdfast.evals.trying import begin, forecast
    from holdfast.stores import TrialQuery

    if plan is None:
        trials = await project.store.trials.find(TrialQuery())
        unfinished = next((trial for trial in trials if trial.finished_at is None), None)
        if unfinished is None:
            raise NothingToDo("HF210", "no trial is unfinished", "begin one with: holdfast replay --where EXPR")
        return unfinished
    try:
        return await (forecast if spending.forecast else begin)(project, plan)
    except NotFound as error:
        if error.code != "HF203":
            raise
        raise NothingToDo(error.code, error.message, error.fix) from error


def _code(tried: Tried) -> int:
    """1 where it is worse; the code of the first error where nothing could be compared, or with --strict anything."""
    errors = [pair.error for pair in tried.pairs if pair.error is not None]
    if errors and (tried.trial.strict or tried.trial.not_compared == tried.trial.done):
        return exit_code_of(errors[0].code)
    return MISSED if tried.trial.evidence is not None and tried.trial.evidence.says == "worse" else 0


def forecast_of(trial: Trial) -> str:
    """How many recordings there are, how many are replayed, and what it may cost."""
    from holdfast.cli import words

    some = "all of them" if trial.chosen == trial.matching else f"{trial.chosen} of them, chosen by chance,"
    matching = f"{trial.matching} recordings match; {some} are replayed"
    if trial.matching == 1:
        matching = "1 recording matches; it is replayed"
    if trial.unpriced == trial.chosen:
        return f"{matching}. What they cost is not known"
    unknown = f", {trial.unpriced} of unknown price left out" if trial.unpriced else ""
    usd = words.usd(trial.recorded_usd) if trial.recorded_usd else "nothing"
    cost = f"They cost {usd} when they were recorded{unknown}"
    return f"{matching}. {cost}: about the most that this costs, at the same prices"


def show_tried(terminal: Terminal, tried: Tried) -> None:
    """Better, worse and the same; the evidence; what it cost; then the pairs that differ, the worse ones first."""
    from rich.text import Text

    from holdfast.cli import words

    trial = tried.trial
    counts = Text.assemble(
        (f"{trial.better} better", "green"),
        ", ",
        (f"{trial.worse} worse", "red"),
        f", {trial.same} the same",
        f" ({trial.changed} answers differ)" if trial.changed else "",
    )
    if trial.not_compared:
        counts.append(f", {trial.not_compared} not compared", "yellow")
    if trial.diverged:
        counts.append(f" ({trial.diverged} came to a step that was never recorded)", "yellow")
    terminal.show(counts)
    if trial.evidence is not None:
        terminal.show(said(trial.evidence))
    if trial.diverged:
        terminal.show(Text("what was led to steps that were never recorded counts against whatever is said"))
    if trial.code_changed:
        changed = f"the feature's code has changed since {words.counted(trial.code_changed, 'recording')} of these"
        terminal.show(Text(f"{changed}: what differs may be due to that", style="yellow"))
    if trial.stopped is not None:
        terminal.show(Text(f"stopped after {trial.done} of {trial.chosen}: {trial.stopped}", style="yellow"))
    terminal.show("", _figures(trial), "")
    _show_pairs(terminal, tried.pairs, "worse")
    _show_pairs(terminal, tried.pairs, "better")
    _show_pairs(terminal, tried.pairs, "not_compared")
    spent = f"spent {words.usd(trial.spent_usd)}"
    terminal.show(Text(f"trial {trial.id} · {spent} · side effects were not repeated", style="dim"))


def said(evidence: Evidence) -> str:
    """What the evidence allows to be said, in a sentence, and what is missing."""
    net = f"net change between {evidence.low:+.1%} and {evidence.high:+.1%} of requests, at any look"
    wrongly = f"said wrongly at most {evidence.alpha:.0%} of the time"
    match evidence.says:
        case "worse":
            return f"It is worse (e = {evidence.e_worse:.3g}; {wrongly}); {net}"
        case "better":
            return f"It is better (e = {evidence.e_better:.3g}; {wrongly}); {net}"
        case "no_worse":
            most = f"by {evidence.margin:.0%} of requests or more"
            return f"It is not worse {most} (e = {evidence.e_no_worse:.3g}; {wrongly}); {net}"
    values = f"e: worse {evidence.e_worse:.3g}, better {evidence.e_better:.3g}, not worse {evidence.e_no_worse:.3g}"
    values += f", each needs {1 / evidence.alpha:.0f}"
    if evidence.more is None or evidence.heading_for is None:
        return f"Nothing can be said yet ({values}); {net}. More recordings like these would not settle it"
    heading = {"worse": "worse", "better": "better", "no_worse": "not worse"}.get(evidence.heading_for, "")
    return f"Nothing can be said yet ({values}); {net}. About {evidence.more} more would settle it, as {heading}"


def _figures(trial: Trial) -> Any:
    from holdfast.cli import words
    from holdfast.cli.terminal import table

    rows = []
    if trial.mean_usd_before is not None and trial.mean_usd_after is not None:
        rows.append(("cost of an answer", words.usd(trial.mean_usd_before), words.usd(trial.mean_usd_after)))
    if trial.mean_ms_before is not None and trial.mean_ms_after is not None:
        rows.append(("time of its steps", words.duration(trial.mean_ms_before), words.duration(trial.mean_ms_after)))
    rows.append(("steps", f"{trial.remembered} remembered", f"{trial.redone} redone"))
    return table("mean", "before", "after", rows=rows)


def _show_pairs(terminal: Terminal, pairs: tuple[Pair, ...], verdict: PairVerdict) -> None:
    from rich.text import Text

    from holdfast.cli import words
    from holdfast.cli.terminal import table

    found = [pair for pair in pairs if pair.verdict == verdict]
    if not found:
        return
    more = f" (the first {_SHOWN} of {len(found)})" if len(found) > _SHOWN else ""
    terminal.show(Text(f"{verdict.replace('_', ' ').capitalize()}{more}", style="bold"))
    rows = []
    for pair in found[:_SHOWN]:
        error = [] if pair.error is None else [f"{pair.error.code}: {pair.error.message}"]
        why = words.one_line("; ".join([*pair.why, *error]), 160)
        rows.append((pair.recording, pair.replay or "", words.one_line(pair.asked or "", 40), why))
    terminal.show(table("recording", "replay", "asked", "why", rows=rows), "")
