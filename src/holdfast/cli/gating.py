"""`holdfast eval --against`: a release held against another. Knows nothing of how that is decided."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import typer

from holdfast.cli.leaving import FINE, INCONCLUSIVE, INFRASTRUCTURE, MISSED, NothingToDo
from holdfast.errors import Misconfigured, NotFound
from holdfast.gate import Gate, GatePlan

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.cli.asked import Asked
    from holdfast.cli.evaluating import Options
    from holdfast.evals.against import Held

_EXIT = MappingProxyType({"pass": FINE, "regressed": MISSED, "inconclusive": FINE, "not_comparable": INFRASTRUCTURE})


def held_against(asked: Asked, feature: str | None, options: Options) -> None:
    """Ask what the gate needs, show its verdict, and leave with its exit code."""
    from holdfast.cli.evaluating import write_whole
    from holdfast.cli.gate_formats import report
    from holdfast.cli.gate_pretty import show_gate
    from holdfast.cli.opening import in_project
    from holdfast.cli.values import changes_of

    changes = changes_of(options.set or ())
    _check(options, changed=bool(changes))

    async def work(project: Project) -> Held:
        from holdfast.evals.against import go_on
        from holdfast.evals.evaluate import How

        gate = await _gate(project, feature, options)
        with asked.terminal.progress("gate") as progress:

            def planned(plan: GatePlan) -> None:
                from holdfast.cli import gate_words

                asked.terminal.note(gate_words.plan(plan))

            return await go_on(project, gate, How(options.concurrency, options.max_cost, progress), planned)

    held = in_project(asked, work, changes)
    wanted = "json" if asked.as_json else options.format
    if options.out is not None:
        write_whole(options.out, report(held.gate, held.cases, wanted))
    if wanted == "pretty" or options.out is not None:
        show_gate(asked.terminal, held.gate)
    else:
        typer.echo(report(held.gate, held.cases, wanted), nl=False)
    if code := exit_code_of(held.gate, strict=options.strict):
        raise typer.Exit(code)


def exit_code_of(gate: Gate, *, strict: bool) -> int:
    """1 regressed or the bar missed, 3 not comparable, 4 inconclusive with `strict`."""
    verdict = gate.verdict
    assert verdict is not None
    if verdict.ruling == "not_comparable":
        return INFRASTRUCTURE
    if verdict.bar_missed:
        return MISSED
    unmeasured = any(standing.verdict == "unmeasured" for standing in verdict.bar)
    if strict and (verdict.ruling == "inconclusive" or (unmeasured and verdict.ruling == "pass")):
        return INCONCLUSIVE
    return _EXIT[verdict.ruling]


async def _gate(project: Project, name: str | None, options: Options) -> Gate:
    """A new gate; or with --resume the newest, as far as it is not finished, with --extend the newest, to be asked for
    more.

    Raises NothingToDo where there are no cases, or nothing to go on with.
    """
    from holdfast.cli.evaluating import only_one
    from holdfast.evals.against import extend, newest
    from holdfast.jobs.asking import GateAsked
    from holdfast.jobs.gating import begun

    feature = project.feature(only_one(project) if name is None else name)
    assert options.against is not None
    try:
        if options.extend:
            return await extend(project, await newest(project, feature.name, lambda gate: _is(gate, options)))
        if options.resume:
            return await newest(project, feature.name, lambda gate: _is(gate, options))
        wanted = GateAsked(
            feature=feature.name,
            against=options.against,
            margin=options.margin,
            primary=options.primary,
            slices=tuple(options.slice or ()),
            repeat=options.repeat,
            audit=options.audit,
        )
        return await begun(project, wanted, project.release(), strict=options.strict)
    except NotFound as error:
        if error.code not in ("HF207", "HF211"):
            raise
        raise NothingToDo(error.code, error.message, error.fix) from error


def _is(gate: Gate, options: Options) -> bool:
    return gate.against == options.against


def _check(options: Options, *, changed: bool) -> None:
    """Raises Misconfigured (HF100) for options that do not go together."""
    if options.cached:
        message = "a gate asks afresh: answers that are remembered would be counted twice"
        raise Misconfigured("HF100", message, "leave out --cached")
    begun_with = (options.repeat, options.margin, options.primary, options.slice)
    told = changed or options.audit or any(each is not None for each in begun_with)
    if (options.resume or options.extend) and told:
        message = "--resume and --extend go on with the releases, the cases and the terms that the gate began with"
        raise Misconfigured("HF100", message, "leave out --set, --repeat, --margin, --primary, --slice and --audit")
    if options.resume and options.extend:
        raise Misconfigured("HF100", "--resume goes on, --extend asks for more", "leave out one of them")
