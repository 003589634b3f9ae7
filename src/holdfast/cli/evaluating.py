"""`holdfast eval`: a feature asked its cases and weighed against its bar. Knows nothing of how either is done."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from holdfast.cli.asked import Asked
from holdfast.cli.leaving import FINE, INCONCLUSIVE, MISSED, NothingToDo
from holdfast.errors import Misconfigured, NotFound, StoreFailed

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.evals.evaluate import Evaluated
    from holdfast.evaluation import Evaluation
    from holdfast.records import Json

Format = Literal["pretty", "json", "jsonl", "junit", "md"]
EXIT = MappingProxyType({"met": FINE, "missed": MISSED, "inconclusive": INCONCLUSIVE})


@dataclass(frozen=True, slots=True)
class Options:
    """What is evaluated, how far it goes, and in which form it is told."""

    set: Annotated[
        list[str] | None, typer.Option("--set", metavar="SLOT.FIELD=VALUE", help="Change the release. May be repeated.")
    ] = None
    against: Annotated[
        str | None, typer.Option("--against", metavar="RELEASE", help="Hold it against a release, live or working.")
    ] = None
    margin: Annotated[float | None, typer.Option(metavar="SHARE", help="A fall that matters (0.05: 5 points).")] = None
    primary: Annotated[str | None, typer.Option(metavar="SCORER", help="What decides (default: passing).")] = None
    slice: Annotated[
        list[str] | None, typer.Option("--slice", metavar="TAG", help="Cases that decide too. May be repeated.")
    ] = None
    extend: Annotated[bool, typer.Option("--extend", help="Ask an inconclusive gate one batch more.")] = False
    repeat: Annotated[int | None, typer.Option(metavar="N", min=1, max=100, help="Ask each case so often.")] = None
    max_cost: Annotated[
        float | None, typer.Option("--max-cost", metavar="USD", min=0, help="Ask no case that could cost more in all.")
    ] = None
    cached: Annotated[bool, typer.Option("--cached", help="Remember generations of earlier evaluations.")] = False
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the newest one that is not finished.")] = False
    audit: Annotated[bool, typer.Option("--audit", help="Ask the hidden audit split instead, see [evals].")] = False
    strict: Annotated[bool, typer.Option("--strict", help="The whole interval must reach the bar.")] = False
    concurrency: Annotated[int, typer.Option(metavar="N", min=1, max=256, help="Cases asked at a time.")] = 4
    format: Annotated[Format, typer.Option("--format", metavar="FORMAT", help="pretty, json, jsonl, junit or md.")] = (
        "pretty"
    )
    out: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Where the report goes, written whole or not at all.")
    ] = None


def evaluate(
    asked: Asked,
    feature: Annotated[str | None, typer.Argument(metavar="FEATURE")] = None,
    options: Options = Options(),  # frozen
) -> None:
    """Ask a feature every case of evals/FEATURE.jsonl and weigh what comes of it against the feature's bar.

    FEATURE may be left out where only one has cases. Each case is asked by itself, side effects never happen, and each
    result is kept as it comes: --resume goes on with the release and the cases that the evaluation began with. A
    degraded answer counts as a failure of the model under test.

    With --against the release is held against another, on the same cases: what was reproduced to be worse, or that
    nothing is, or what it would cost to know. What can be found is said before anything is asked, and stored answers of
    the baseline are used where they still hold. --resume then goes on with the newest gate, or shows it again where it
    is finished, in any form. Where audit_share under [evals] is set, --audit alone asks that share of the cases.

    Exit codes: 1 the bar was missed, a case that must pass did not, or a regression is confirmed; 3 not comparable;
    4 with --strict where the cases do not suffice to say; 5 no cases. --json is --format json: {"verdict",
    "evaluation", "results"}, and with --against {"verdict", "gate"}.
    """
    if options.against is not None:
        from holdfast.cli.gating import held_against

        held_against(asked, feature, options)
        return
    from holdfast.cli.eval_formats import report
    from holdfast.cli.eval_pretty import show_evaluated
    from holdfast.cli.opening import in_project
    from holdfast.evals.verdict import verdict_of

    changes = _changes(options)

    async def work(project: Project) -> Evaluated:
        from holdfast.evals.evaluate import How, go_on

        evaluation = await _evaluation(project, feature, options)
        with asked.terminal.progress("evaluating") as progress:
            return await go_on(project, evaluation, How(options.concurrency, options.max_cost, progress))

    evaluated = in_project(asked, work, changes)
    wanted: Format = "json" if asked.as_json else options.format
    if options.out is not None:
        write_whole(options.out, report(evaluated, wanted))
    if wanted == "pretty" or options.out is not None:
        show_evaluated(asked.terminal, evaluated)
    else:
        typer.echo(report(evaluated, wanted), nl=False)
    if code := EXIT[verdict_of(evaluated.evaluation)]:
        raise typer.Exit(code)


def _changes(options: Options) -> dict[str, Json]:
    """The changes to the release. Raises Misconfigured (HF100) for options that do not go together."""
    from holdfast.cli.values import changes_of

    changes = changes_of(options.set or ())
    if options.extend or any(each is not None for each in (options.margin, options.primary, options.slice)):
        message = "--margin, --primary, --slice and --extend are for holding a release against another"
        raise Misconfigured("HF100", message, "name it: --against RELEASE")
    if options.resume and (changes or options.repeat is not None or options.cached or options.audit):
        message = "--resume goes on with the release, the cases, the repeats and the cache of the evaluation"
        raise Misconfigured("HF100", message, "leave out --set, --repeat, --cached and --audit, or leave out --resume")
    return changes


async def _evaluation(project: Project, name: str | None, options: Options) -> Evaluation:
    """A new evaluation, or the newest that is not finished.

    Raises NothingToDo where there are no cases, or nothing to go on with; Misconfigured (HF110, HF111).
    """
    from msgspec.structs import replace

    from holdfast.evals.audit import to_ask
    from holdfast.evals.cases import cases_of
    from holdfast.evals.evaluate import Plan, begin, unfinished

    feature = project.feature(only_one(project) if name is None else name)
    try:
        if options.resume:
            return replace(await unfinished(project, feature.name), strict=options.strict)
        kept = cases_of(project.config.folder, feature.name, feature.parse)
        cases = to_ask(kept, project.config.evals.audit_share, audit=options.audit)
    except NotFound as error:
        raise NothingToDo(error.code, error.message, error.fix) from error
    plan = Plan(cases, repeat=options.repeat or 1, cached=options.cached, strict=options.strict)
    return await begin(project, feature, project.release(), plan)


def only_one(project: Project) -> str:
    """The only feature that has cases."""
    from holdfast.evals.cases import FIRST_CASE, cases_file

    found = [name for name in project.features if cases_file(project.config.folder, name).is_file()]
    if not found:
        raise NothingToDo("HF207", f"no feature has cases in {project.config.folder / 'evals'}", FIRST_CASE)
    if len(found) > 1:
        raise Misconfigured("HF100", "several features have cases: name one", f"holdfast eval {found[0]}")
    return found[0]


def write_whole(out: Path, text: str) -> None:
    """Write a report, whole or not at all. Raises StoreFailed (HF601)."""
    unfinished = out.with_name(f".{out.name}.{os.getpid()}.unfinished")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(out)
    except OSError as error:
        raise StoreFailed("HF601", f"{out} cannot be written: {error.strerror}", "name another file") from error
    finally:
        unfinished.unlink(missing_ok=True)
