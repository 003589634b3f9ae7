"""`holdfast drill`: the user's own feature under a vendor's fault. Knows nothing of how a vendor is made to fail."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from holdfast.cli.asked import Asked
from holdfast.cli.leaving import MISSED

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.records import Json, Recording
    from holdfast.runtime.feature import Feature
    from holdfast.testing.drilling import Aim, Drilled

LIST, ALL = "list", "all"
_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Options:
    """Which fault, where it strikes, and what the feature is asked."""

    fault: Annotated[str, typer.Option("--fault", metavar="KIND[@WHEN]", help="A fault; `list` names them; or `all`.")]
    input: Annotated[
        str | None,
        typer.Option(
            metavar="INPUT",
            help="JSON, @FILE, -, a plain text, a recording's id, or last (default: the first case).",
        ),
    ] = None
    rung: Annotated[int, typer.Option(metavar="N", min=1, help="The hosted rung of each ladder, from 1.")] = 1
    provider: Annotated[str | None, typer.Option(metavar="NAME", help="Every rung of this provider instead.")] = None
    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="SLOT.FIELD=VALUE", help="Change the release. May be repeated.")
    ] = None


def drill(
    asked: Asked,
    feature: Annotated[str | None, typer.Argument(metavar="FEATURE")] = None,
    options: Options = Options(fault=LIST),  # frozen
) -> None:
    """Run a feature under a fault of its vendor, on this machine.

    Local vendors take the places of all providers in the ladders: no key is used, nothing leaves the machine, nothing
    is kept, and side effects never happen. They answer from the prompt they are sent. Ladders, limits, prompts, guards
    and corpora are the project's own.

    WHEN is any of @start, @3 (after three pieces of the answer), @50%, @once (the first request only) and @always, as
    in cut@50%@once. `--fault list` says what there is. `--fault all` tries each and prints how the feature bears it.

    The feature is asked the first case of evals/FEATURE.jsonl, else what was last recorded of it. A recording also
    answers what the feature calls.

    Exit codes: 1 the feature failed under the fault, or took longer than the bar's p95_ms. --json: what came of the
    drill in a line, {"fault", "held", "outcome", ...}, with "drill", the recording and what the vendors saw; a list of
    lines for `all`, of faults for `list`.
    """
    import asyncio

    from holdfast.cli.drill_pretty import show_catalogue, show_drilled, show_report
    from holdfast.errors import Misconfigured
    from holdfast.testing.faults import FAULTS, parse

    if options.fault == LIST:
        listed = [{"name": fault.name, "says": fault.says, "needs": fault.needs} for fault in FAULTS.values()]
        asked.answer(listed, lambda: show_catalogue(asked.terminal, tuple(FAULTS.values())))
        return
    if options.fault != ALL:
        parse(options.fault)  # a wrong word is told before the project is opened
    if feature is None:
        raise Misconfigured("HF100", "name the feature to drill", f"holdfast drill FEATURE --fault {options.fault}")
    drilled, declared = asyncio.run(_drilled(asked, feature, options))
    missed = [one for one in drilled if not held(one, declared)]
    if options.fault == ALL:
        asked.answer(
            [summary(one, declared) for one in drilled], lambda: show_report(asked.terminal, drilled, declared)
        )
    else:
        (one,) = drilled
        asked.answer({**summary(one, declared), "drill": one}, lambda: show_drilled(asked.terminal, one, declared))
    if missed:
        raise typer.Exit(MISSED)


def held(drilled: Drilled, feature: Feature) -> bool:
    """Whether the caller was answered, and in the time that the bar allows."""
    limit = feature.bar.limits.get("p95_ms") if feature.bar is not None else None
    answered = drilled.recording.outcome in ("ok", "degraded", "blocked")
    return answered and (limit is None or drilled.recording.ms <= limit)


def summary(drilled: Drilled, feature: Feature) -> dict[str, Json]:
    """What came of a drill, in a line."""
    recording = drilled.recording
    return {
        "fault": drilled.fault,
        "held": held(drilled, feature),
        "outcome": recording.outcome,
        "code": None if recording.failure is None else recording.failure.code,
        "degraded": recording.degraded,
        "ms": recording.ms,
        "first_text_ms": drilled.first_text_ms,
        "resets": drilled.resets,
        "befell": drilled.befell,
        "calls": {saw.provider: len(saw.calls) for saw in drilled.vendors},
    }


async def _drilled(asked: Asked, feature: str, options: Options) -> tuple[list[Drilled], Feature]:
    from holdfast.app import open_configured
    from holdfast.cli.values import changes_of
    from holdfast.testing.drilling import Aim
    from holdfast.testing.memory import MemoryStore

    store = MemoryStore(secrets=asked.config.secrets)
    project = await open_configured(asked.config, store=store, changes=changes_of(options.set or ()))
    try:
        what = await _input(asked, project, feature, options.input)
        aim = Aim(options.rung, options.provider)
        with asked.terminal.spinner("drilling"):
            return await _each(project, feature, what, options.fault, aim), project.feature(feature)
    finally:
        await project.close()


async def _each(project: Project, feature: str, what: Json | Recording, fault: str, aim: Aim) -> list[Drilled]:
    """One drill, or one for each fault of the catalogue after one under none."""
    import asyncio

    from holdfast.testing.drilling import drill as drill_once
    from holdfast.testing.faults import FAULTS, When, parse

    # What a process loads at its first request is no part of a drill: one is made for nothing.
    await drill_once(project, feature, what, fault=None, when=When(), aim=aim)
    if fault != ALL:
        kind, when = parse(fault)
        return [await drill_once(project, feature, what, fault=kind, when=when, aim=aim)]
    healthy = await drill_once(project, feature, what, fault=None, when=When(), aim=aim)
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(name: str) -> Drilled:
        async with gate:
            kind, when = parse(name)
            return await drill_once(project, feature, what, fault=kind, when=when, aim=aim)

    every = await asyncio.gather(*map(one, FAULTS))
    return [healthy, *(drilled for drilled in every if drilled.befell)]


async def _input(asked: Asked, project: Project, feature: str, given: str | None) -> Json | Recording:
    """What the feature is asked. Raises NotFound (HF203, HF207), Refused (HF700, HF701)."""
    from holdfast.cli.values import input_of, text_of
    from holdfast.evals.cases import cases_file, read_cases

    declared = project.feature(feature)
    if given == "last" or (given is not None and given.startswith("rec_")):
        return await _recorded(asked, feature, given)
    if given is not None:
        return input_of(text_of(given), declared.input_schema(), feature)
    cases = read_cases(cases_file(asked.folder, feature), declared.parse)
    return cases[0].input if cases else await _recorded(asked, feature, "last")


async def _recorded(asked: Asked, feature: str, name: str) -> Recording:
    """A recording of the feature, from the project's own store."""
    from holdfast.app import open_project_store
    from holdfast.errors import NotFound, Refused
    from holdfast.stores import RecordingQuery

    store = await open_project_store(asked.config)
    try:
        if name != "last":
            recording = await store.recordings.get(name)
            if recording.feature != feature:
                raise Refused("HF701", f"{name} is a recording of '{recording.feature}'", "name that feature")
            return recording
        for found in await store.recordings.find(RecordingQuery(feature=feature, limit=1)):
            return await store.recordings.get(found.id, found.tenant)
    finally:
        await store.close()
    fix = f"holdfast drill {feature} --fault ... --input INPUT, or write a case to evals/{feature}.jsonl"
    raise NotFound("HF203", f"there is neither a case nor a recording of '{feature}'", fix)
