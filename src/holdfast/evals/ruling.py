"""From what both sides answered to a verdict: values in, one value out.

Knows nothing of how anything was asked. Source of the procedure: docs/decisions, the release gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from holdfast.evals import batches, weighing
from holdfast.evals.confirming import must_pass_failed, newly_failing, regressions
from holdfast.evals.flakiness import flaky
from holdfast.evals.observed import CLUSTER, Evidence, cluster_of, measures_of
from holdfast.evals.slices import shared_tag
from holdfast.evaluation import CaseResult, Standing
from holdfast.gate import GateVerdict, Measured, Slice

MOST_FAULTS = 0.02
"""The share of answers that a fault outside the release may prevent."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed before: the measure that decides, the margin, the slices that may decide, and how the candidate
    stands against the bar. Measures in `informing` are left out; `notes` are told with the verdict."""

    primary: str
    margin: float
    slices: tuple[str, ...] = ()
    bar: tuple[Standing, ...] = ()
    informing: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def not_comparable(reason: str, terms: Terms) -> GateVerdict:
    """The verdict where there is nothing to hold the candidate against. The bar has its lines where it was asked."""
    return GateVerdict(
        ruling="not_comparable",
        reasons=(reason,),
        margin=terms.margin,
        bar=terms.bar,
        bar_missed=_below_bar(terms),
        notes=terms.notes,
    )


def faulty(side: str, results: Sequence[CaseResult]) -> str | None:
    """Why a side cannot be judged: too many of its answers were prevented by a fault. None where it can."""
    faults = [result for result in results if result.fault is not None]
    if not results or len(faults) / len(results) <= MOST_FAULTS:
        return None
    said = "; ".join(faults[0].wrong)
    return f"{len(faults)} of {len(results)} answers of the {side} could not be had ({said})"


def rule(evidence: Evidence, terms: Terms) -> GateVerdict:
    """What it comes to. The same evidence and terms give the same verdict."""
    pairs = evidence.both(terms.primary)
    if not pairs and evidence.stopped is not None:
        reason = f"not everything was asked: {evidence.stopped}"
        return replace(not_comparable(reason, terms), ruling="inconclusive")
    if not pairs:
        return not_comparable(f"'{terms.primary}' says nothing of any case on both sides", terms)
    p_worse, declared = weighing.drift(pairs, terms.slices)
    primary = weighing.measured(terms.primary, pairs, terms.margin, p_worse, weighing.ALPHA_WORSE)
    named = measures_of(
        result for side in (evidence.bank, evidence.candidate) for each in side.values() for result in each
    )
    others = weighing.guarded(
        evidence, [name for name in named if name not in (terms.primary, *terms.informing)], terms.margin
    )
    e_worse, e_not_worse = batches.shown(evidence, terms.primary, terms.margin)
    verdict = GateVerdict(
        ruling="inconclusive",
        reasons=(),
        margin=terms.margin,
        primary=batches.cleared(primary, evidence, terms.margin),
        generalising=weighing.generalised(pairs, cluster_of),
        regressions=(regressed := regressions(evidence)),
        newly_failing=len(newly_failing(evidence)),
        asked_again=len(evidence.fresh),
        shared=shared_tag(
            [each.case for each in regressed],
            {case.id: [tag for tag in case.tags if not tag.startswith(CLUSTER)] for case in evidence.cases},
        ),
        flaky=flaky(evidence, [each.case for each in regressed]),
        slices=weighing.sliced(pairs, declared),
        measures=tuple(
            batches.cleared(each, evidence, terms.margin, alpha=weighing.ALPHA_MEASURE / len(others)) for each in others
        ),
        ratios=weighing.ratios(evidence),
        bar=terms.bar,
        bar_missed=_missed(evidence, terms),
        e_worse=e_worse,
        e_not_worse=e_not_worse,
        notes=terms.notes,
    )
    return _ruled(verdict, evidence)


def _ruled(verdict: GateVerdict, evidence: Evidence) -> GateVerdict:
    assert verdict.primary is not None
    if harm := _harm(verdict):
        return replace(verdict, ruling="regressed", reasons=harm)
    doubts = _doubts(verdict, evidence)
    if not doubts:
        return replace(verdict, ruling="pass", reasons=(_within(verdict),))
    unclear = [each for each in verdict.measures if _may_have_fallen(each, verdict.margin)]
    unclear += [verdict.primary] if verdict.primary.state == "unclear" else []
    settling = None if evidence.stopped else batches.settling(unclear, evidence, verdict.margin)
    return replace(verdict, ruling="inconclusive", reasons=doubts, settling=settling)


def _harm(verdict: GateVerdict) -> tuple[str, ...]:
    """What is shown to be worse, in words."""
    found = []
    primary, broken = verdict.primary, verdict.regressions
    if broken:
        sharing = [each for each in broken if verdict.shared in each.tags]
        named = "" if verdict.shared is None else f", {len(sharing)} of them tagged '{verdict.shared}'"
        fail = "case newly fails" if len(broken) == 1 else "cases newly fail"
        found.append(f"{len(broken)} {fail}, reproduced{named}")
    if primary is not None and primary.state == "worse":
        over = (
            f" (over all batches: e-value {verdict.e_worse:.3g})" if verdict.e_worse >= 1 / batches.ALPHA_BATCH else ""
        )
        found.append(f"'{primary.name}' {_fell(primary)}{over}")
    found += [f"the slice '{each.tag}' {_fell(each)}" for each in verdict.slices if each.worse]
    found += [f"'{each.name}' {_fell(each)}" for each in verdict.measures if each.state == "worse"]
    return tuple(found)


def _doubts(verdict: GateVerdict, evidence: Evidence) -> tuple[str, ...]:
    """Why it cannot be passed, in words; none: it can."""
    found = [] if evidence.stopped is None else [f"not everything was asked: {evidence.stopped}"]
    primary = verdict.primary
    assert primary is not None
    if primary.state != "not worse":
        found.append(f"'{primary.name}' {_fell(primary)}: a fall of {_points(verdict.margin)} cannot be ruled out")
    fell = [f"'{each.name}'" for each in verdict.measures if _may_have_fallen(each, verdict.margin)]
    if fell:
        found.append(f"{', '.join(fell)} fell by {_points(verdict.margin)} or more, which may be chance")
    lacking = sum(not evidence.candidate.get(case.id) or not evidence.bank.get(case.id) for case in evidence.cases)
    if lacking and evidence.stopped is None and lacking / len(evidence.cases) > MOST_FAULTS:
        found.append(f"{lacking} of {len(evidence.cases)} cases have no answer of both sides")
    return tuple(found)


def _may_have_fallen(each: Measured, margin: float) -> bool:
    return each.state == "unclear" and each.difference <= -margin


def _within(verdict: GateVerdict) -> str:
    primary = verdict.primary
    assert primary is not None
    said = f"'{primary.name}' is not worse by {_points(verdict.margin)} or more"
    return f"{said}, and no new failure was reproduced" if verdict.asked_again else said


def _fell(each: Measured | Slice) -> str:
    if round(each.difference, 3) == 0:
        return f"stayed at {each.candidate:.1%}"
    way = "fell" if each.difference < 0 else "rose"
    return f"{way} by {_points(abs(each.difference))}, {each.baseline:.1%} to {each.candidate:.1%}"


def _points(share: float) -> str:
    value = round(100 * share, 1)
    return f"{value:g} {'point' if value == 1 else 'points'}"


def _missed(evidence: Evidence, terms: Terms) -> tuple[str, ...]:
    return (*_below_bar(terms), *(f"must pass: {case}" for case in must_pass_failed(evidence)))


def _below_bar(terms: Terms) -> tuple[str, ...]:
    return tuple(standing.name for standing in terms.bar if standing.verdict == "missed")
