"""`holdfast diagnose --between A B`: why a metric fell between two releases, or two ranges of time.

Knows nothing of how that is found out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from msgspec import Struct

from holdfast.cli.leaving import INCONCLUSIVE, NothingToDo
from holdfast.errors import Misconfigured, NotFound
from holdfast.fall import Fall, FallVerdict

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.cli.asked import Asked
    from holdfast.cli.diagnose import Options
    from holdfast.evals.between.explaining import Planned
    from holdfast.evals.between.periods import Period
    from holdfast.evals.between.sides import Named


class Fallen(Struct, frozen=True, kw_only=True):
    """A fall, its verdict first, and what to type next."""

    verdict: FallVerdict
    said: str
    fall: Fall
    next: tuple[str, ...]


_NOTHING_SAID = frozenset({"no_difference", "undecided"})


def diagnose_between(asked: Asked, options: Options) -> None:
    """Say why B passes less often than A, and leave with 4 where no fall is shown and --strict."""
    from holdfast.cli.between_pretty import show_fall
    from holdfast.cli.opening import in_project

    assert options.between is not None
    names = options.between

    async def work(project: Project) -> Fall:
        from holdfast.evals.between.explaining import Plan, explain

        feature = project.feature(_only_one(project) if options.feature is None else options.feature).name
        between = await _between(project, feature, names)

        def planned(what: Planned) -> None:
            if not asked.as_json:
                asked.terminal.note(announced(what, options.max_cost))

        with asked.terminal.progress("between") as progress:
            plan = Plan(options.repeat, options.max_cost, progress=progress, planned=planned)
            try:
                return await explain(project, feature, between, plan)
            except NotFound as error:
                if error.code not in ("HF203", "HF207"):
                    raise
                raise NothingToDo(error.code, error.message, error.fix) from error

    fall = in_project(asked, work)
    answer = Fallen(verdict=fall.verdict, said=fall.said, fall=fall, next=fall.next)
    asked.answer(answer, lambda: show_fall(asked.terminal, fall))
    if options.strict and fall.verdict in _NOTHING_SAID:
        raise typer.Exit(INCONCLUSIVE)


def announced(planned: Planned, max_cost_usd: float | None) -> str:
    """What is going to be asked, in a line or two."""
    from holdfast.cli.words import counted

    most = f"at most {counted(planned.calls, 'answer')}"
    times = "once" if planned.repeat == 1 else f"{planned.repeat} times"
    said = f"{counted(planned.cases, 'case')}, each asked {times}: {most}"
    if planned.each:
        said += f"; where B falls, at most {planned.each} more for each of {planned.changes} changes"
    if max_cost_usd is not None:
        said += f"; no more once ${max_cost_usd:g} could be exceeded"
    return f"{said}\na fall of {planned.detectable * 100:.0f} points or more is found 4 times of 5"


def _only_one(project: Project) -> str:
    """The only feature, or the only one that has cases. Raises Misconfigured (HF100) where there are several."""
    from holdfast.evals.cases import cases_file

    named = list(project.features)
    with_cases = [name for name in named if cases_file(project.config.folder, name).is_file()]
    found = named if len(named) == 1 else with_cases
    if len(found) != 1:
        message = "the project has several features: name one"
        raise Misconfigured("HF100", message, f"--feature {(with_cases or named or ['NAME'])[0]}")
    return found[0]


async def _between(
    project: Project, feature: str, names: tuple[str, str]
) -> tuple[Named, Named] | tuple[Period, Period]:
    """Both as ranges of time, or both as releases; a release that has the name of a range is meant.

    Raises Misconfigured (HF100), NotFound (HF204).
    """
    from holdfast.evals.between.periods import period_of
    from holdfast.evals.between.sides import Named
    from holdfast.jobs.gating import baseline_of

    known = {each.name for each in await project.store.releases.named()}
    periods = [None if name in known else period_of(name) for name in names]
    if periods[0] is not None and periods[1] is not None:
        return periods[0], periods[1]
    if any(periods):
        message = f"one of '{names[0]}' and '{names[1]}' is a release, the other a range of time"
        raise Misconfigured("HF100", message, "name two of a kind: holdfast release list shows the releases")
    found = [await baseline_of(project, name, feature) for name in names]
    first, second = (Named(name, each.release, each.code_hash) for name, each in zip(names, found, strict=True))
    return first, second
