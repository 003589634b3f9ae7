"""The gate's way through what is to be asked: baseline, candidate, what newly fails, further batches; then the verdict.

Knows nothing of who answers: a project's evaluations do, or a simulation. Decides nothing itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from msgspec.structs import replace as changed

from holdfast.evals import confirming, planning
from holdfast.evals.observed import Answers, Batch, Evidence, by_case
from holdfast.evals.planning import PlanTerms
from holdfast.evals.ruling import Terms, faulty, not_comparable, rule
from holdfast.evaluation import Case, CaseResult, Standing
from holdfast.gate import GatePlan, GateVerdict, Role, Side


@dataclass(frozen=True, slots=True)
class Wanted:
    """Answers to be asked for: of one side to these cases, so often each. The same again is answered with the same."""

    role: Role
    side: Side
    cases: tuple[str, ...]
    repeat: int
    batch: int = 0


class Answering(Protocol):
    """Has cases answered. One gate asks for each role and batch at most once in each number of repeats."""

    async def ask(self, wanted: Wanted) -> tuple[CaseResult, ...]:
        """The answers, all of them unless `stopped` says why not."""
        ...

    @property
    def stopped(self) -> str | None:
        """Why nothing more may be asked; None while it may."""
        ...

    def standings(self) -> tuple[Standing, ...]:
        """How the candidate stands against the bar, as far as it was asked."""
        ...

    def informing(self) -> tuple[str, ...]:
        """Measures that inform and never decide: judges without a certificate that lets them."""
        ...


@dataclass(frozen=True, slots=True)
class Sides:
    """What is held against what: the cases, the stored answers of the baseline, the terms.

    `can_ask` says whether the baseline can be asked now, `seed` what the lots are drawn with.
    """

    cases: tuple[Case, ...]
    stored: Answers
    terms: Terms
    can_ask: bool = True
    repeat: int | None = None
    batches: int = 0
    seed: str = ""


@dataclass(frozen=True, slots=True)
class Decided:
    """The verdict, the plan it followed, and whether the baseline had drifted."""

    verdict: GateVerdict
    plan: GatePlan
    drifted: bool


@dataclass(slots=True)
class _Known:
    """The baseline as it becomes known."""

    bank: dict[str, tuple[CaseResult, ...]]
    asked: list[CaseResult] = field(default_factory=list)
    drifted: bool = False

    def add(self, results: Sequence[CaseResult]) -> None:
        self.asked += results
        for case, each in by_case(results).items():
            self.bank[case] = (*self.bank.get(case, ()), *each)


async def decide(sides: Sides, answering: Answering, planned: Callable[[GatePlan], None]) -> Decided:
    """Ask what has to be asked, in this order, and rule. `planned` hears the plan before anything is spent, and again
    where what was learned of the baseline changes it; never after the candidate was asked.

    Asked again after a stop it takes the same way, as far as what is asked again is answered the same.
    """
    terms = PlanTerms(sides.terms.primary, sides.terms.margin, sides.repeat, sides.can_ask)
    plan = planning.plan(sides.cases, sides.stored, terms)
    if not sides.can_ask and (reason := _unknown(sides)) is not None:
        return Decided(not_comparable(reason, sides.terms), plan, drifted=False)
    planned(plan)
    known = await _baseline(sides, answering)
    if (again := planning.plan(sides.cases, known.bank, terms)).answers != plan.answers:
        plan = _with_calls(again, plan)
        planned(plan)
    ids = tuple(case.id for case in sides.cases)
    results = () if answering.stopped else await answering.ask(Wanted("candidate", "candidate", ids, plan.answers))
    notes = (*sides.terms.notes, *_notes(known))
    ruled = replace(sides.terms, bar=answering.standings(), informing=answering.informing(), notes=notes)
    for side, answers in (("baseline", known.asked), ("candidate", results)):
        if (reason := faulty(side, answers)) is not None:
            return Decided(not_comparable(reason, ruled), plan, known.drifted)
    evidence = Evidence(sides.cases, known.bank, by_case(results), stopped=answering.stopped)
    if evidence.stopped is None:
        evidence = await _confirmed(evidence, sides, answering)
    if gone := confirming.gone(evidence):
        known.drifted, now = True, {case: evidence.recheck[case] for case in gone}
        evidence = replace(evidence, bank={**evidence.bank, **now})
        ruled = replace(ruled, notes=(*ruled.notes, _no_more(gone)))
    for batch in range(1, sides.batches + 1):
        if answering.stopped is None:
            evidence = await _batch(evidence, answering, plan.answers, batch)
    evidence = replace(evidence, stopped=answering.stopped)
    return Decided(rule(evidence, ruled), plan, known.drifted)


async def _baseline(sides: Sides, answering: Answering) -> _Known:
    """The stored answers, once it is seen that they still hold, and what they lack."""
    known = _Known(dict(sides.stored))
    if not sides.can_ask:
        return known
    if drawn := planning.controls(sides.cases, sides.stored, sides.seed):
        control = await answering.ask(Wanted("control", "baseline", drawn, 1))
        if planning.drifted(sides.stored, control):
            known = _Known({}, drifted=True)
        known.add(control)
    for lacks, cases in planning.lacking(sides.cases, known.bank).items():
        if answering.stopped is None:
            known.add(await answering.ask(Wanted("bank", "baseline", cases, lacks)))
    return known


async def _confirmed(evidence: Evidence, sides: Sides, answering: Answering) -> Evidence:
    """The evidence with fresh answers of both sides to what newly fails."""
    again = confirming.to_ask_again(confirming.newly_failing(evidence), sides.seed)
    if not again:
        return evidence
    ids = tuple(case.id for case in again)
    fresh = await answering.ask(Wanted("confirm", "candidate", ids, confirming.FRESH))
    evidence = replace(evidence, fresh=by_case(fresh))
    if not sides.can_ask or answering.stopped is not None:
        return evidence
    lacks = max(confirming.BANK - len(evidence.bank.get(case, ())) for case in ids)
    recheck = await answering.ask(Wanted("recheck", "baseline", ids, max(lacks, confirming.RECHECK)))
    return replace(evidence, recheck=by_case(recheck))


async def _batch(evidence: Evidence, answering: Answering, answers: int, batch: int) -> Evidence:
    ids = tuple(case.id for case in evidence.cases)
    before = await answering.ask(Wanted("more_baseline", "baseline", ids, answers, batch))
    after = await answering.ask(Wanted("more", "candidate", ids, answers, batch))
    if answering.stopped is not None:
        return evidence
    return replace(evidence, batches=(*evidence.batches, Batch(by_case(before), by_case(after))))


def _notes(known: _Known) -> tuple[str, ...]:
    if not known.drifted:
        return ()
    return ("the baseline no longer answers as it did: its stored answers were left out and it was asked anew",)


def _no_more(gone: Sequence[str]) -> str:
    named = ", ".join(gone[:5]) + (f" and {len(gone) - 5} more" if len(gone) > 5 else "")
    return f"the baseline itself fails now what it used to pass: {named}; only its fresh answers count there"


def _unknown(sides: Sides) -> str | None:
    """Why the baseline, which cannot be asked, is not known well enough: nothing is spent on its candidate."""
    least = planning.LEAST_BANK
    few = sum(len(sides.stored.get(case.id, ())) < least for case in sides.cases)
    if not few:
        return None
    return (
        f"the baseline's code is not here any more, and {few} of {len(sides.cases)} cases have fewer than {least}"
        f" stored answers of it: at that code, holdfast eval --repeat {least}"
    )


def _with_calls(plan: GatePlan, first: GatePlan) -> GatePlan:
    """The new plan, counting what the first one had to ask of the baseline as well."""
    calls = first.calls + (plan.answers - first.answers) * plan.cases
    cost = plan.cost_usd if plan.cost_usd is None else plan.cost_usd / plan.calls * calls
    return changed(plan, calls=calls, stored=first.stored, cost_usd=cost)
