"""`holdfast diagnose --calibrate`: what is said of faults that are planted. Knows nothing of how one is planted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from msgspec import Struct

from holdfast.cli import words
from holdfast.errors import Misconfigured
from holdfast.evals.diagnose.calibrate.kept import Learned
from holdfast.judgement import Interval

if TYPE_CHECKING:
    from holdfast.app import Project
    from holdfast.cli.asked import Asked
    from holdfast.evals.diagnose.calibrate.calibrating import Announced


@dataclass(frozen=True, slots=True)
class Asking:
    """Which feature, on so many cases at most, for so much money at most."""

    feature: str | None = None
    cases: int | None = None
    max_cost_usd: float | None = None


class Differs(Struct, frozen=True, kw_only=True):
    """A number that was learned, beside what was believed of it before."""

    what: str
    before: float
    learned: float


class Calibrated(Struct, frozen=True, kw_only=True):
    """How good the verdicts on planted faults are: so many right, wrong, and left unknown; `precision` is the share of
    right ones among those given. `differs` is what was learned that differs most."""

    feature: str
    right: int
    wrong: int
    unknown: int
    precision: Interval | None
    learned: Learned
    differs: tuple[Differs, ...]


def calibrate(asked: Asked, what: Asking) -> None:
    """Plant faults in a feature's cases, and show what is said of them; what it takes is said first.

    Raises Misconfigured (HF100) where several features have to be chosen from, and what `calibrated` raises.
    """
    from holdfast.cli.diagnose_calibrate_pretty import show_calibrated
    from holdfast.cli.opening import in_project

    async def work(project: Project) -> Learned:
        from holdfast.evals.diagnose.calibrate.calibrating import CASES, Calibration, calibrated

        name = what.feature or _only(project)
        with asked.terminal.progress("calibrating") as progress:
            plan = Calibration(
                feature=name,
                cases=what.cases or CASES,
                max_cost_usd=what.max_cost_usd,
                progress=progress,
                announce=lambda announced: _announce(asked, announced, what.max_cost_usd),
            )
            return await calibrated(project, await project.rollout.choose(), plan)

    told = _told(in_project(asked, work))
    asked.answer(told, lambda: show_calibrated(asked.terminal, told))


def _only(project: Project) -> str:
    """The feature to calibrate where none is named: the only one that has cases."""
    from holdfast.evals.cases import cases_file

    having = [name for name in project.features if cases_file(project.config.folder, name).exists()]
    if len(having) == 1:
        return having[0]
    named = having or list(project.features)
    problem = "several features have cases" if having else "no feature has cases"
    fix = " or ".join(f"holdfast diagnose --calibrate --feature {name}" for name in named[:3])
    if not having:
        fix = f"holdfast cases add {named[0]} JSON" if named else "declare a feature with @app.feature"
    raise Misconfigured("HF100", problem, fix)


def _announce(asked: Asked, announced: Announced, max_cost_usd: float | None) -> None:
    """Say to a person what is about to be done."""
    if asked.as_json:
        return
    price = "for nothing" if announced.cost_usd == 0 else f"about {words.usd(announced.cost_usd)}"
    if announced.cost_usd is None:
        price = "at a price that is not known"
    asked.terminal.note(
        f"a fault of each part, and a pair, planted in {words.counted(announced.cases, 'case')} of {announced.feature}:"
        f" about {announced.calls} calls of models, {price}, {announced.minutes:g} minutes"
    )
    if max_cost_usd is not None:
        asked.terminal.note(f"no fault is planted once ${max_cost_usd:g} are spent")


def _told(learned: Learned) -> Calibrated:
    from holdfast.diagnosis import Verifier
    from holdfast.evals.diagnose.calibrate.learning import farthest, right_and_wrong
    from holdfast.evals.shares import jeffreys

    right, wrong = right_and_wrong(learned.matrix)
    anybody = Verifier(name="", sensitivity=1.0, specificity=1.0)
    return Calibrated(
        feature=learned.feature,
        right=right,
        wrong=wrong,
        unknown=learned.faults - right - wrong,
        precision=jeffreys(right, right + wrong),
        learned=learned,
        differs=tuple(
            Differs(what=name, before=before, learned=round(after, 4))
            for name, before, after in farthest(learned.beliefs(anybody))
        ),
    )
