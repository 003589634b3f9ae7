"""From what both sides answered to a verdict: values in, one value out.

Knows nothing of how anything was asked. Source of the procedure: docs/decisions, the release gate.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from msgspec.structs import replace

from holdfast.evals import evalues, weighing
from holdfast.evals.confirming import must_pass_failed, newly_failing, regressions
from holdfast.evals.observed import Evidence, Pair, measures_of, value_of
from holdfast.evals.slices import shared_tag
from holdfast.evaluation import Case, CaseResult, Standing
from holdfast.gate import GateVerdict, Measured, Settling, Slice

MOST_FAULTS = 0.02
"""The share of answers that a fault outside the release may prevent."""
ALPHA_BATCH = 0.025
"""How rarely further batches may be wrong, either way, however often one looks."""
CLUSTER = "cluster:"
"""What the tag of a case begins with that names what it has in common with others: a document, a customer."""
_CONCURRENCY = 4


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed before: the measure that decides, the margin, the slices that may decide, and how the candidate
    stands against the bar. `notes` are told with the verdict."""

    primary: str
    margin: float
    slices: tuple[str, ...] = ()
    bar: tuple[Standing, ...] = ()
    notes: tuple[str, ...] = ()


def not_comparable(reason: str, terms: Terms) -> GateVerdict:
    """The verdict where there is nothing to hold the candidate against."""
    return GateVerdict(ruling="not_comparable", reasons=(reason,), margin=terms.margin, notes=terms.notes)


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
        return GateVerdict(ruling="inconclusive", reasons=(reason,), margin=terms.margin, notes=terms.notes)
    if not pairs:
        return not_comparable(f"'{terms.primary}' says nothing of any case on both sides", terms)
    p_worse, declared = weighing.drift(pairs, terms.slices)
    primary = weighing.measured(terms.primary, pairs, terms.margin, p_worse, weighing.ALPHA_WORSE)
    named = measures_of(
        result for side in (evidence.bank, evidence.candidate) for each in side.values() for result in each
    )
    verdict = GateVerdict(
        ruling="inconclusive",
        reasons=(),
        margin=terms.margin,
        primary=primary,
        generalising=weighing.generalised(pairs, cluster_of),
        regressions=(regressed := regressions(evidence)),
        newly_failing=len(newly_failing(evidence)),
        asked_again=len(evidence.fresh),
        shared=shared_tag(
            [each.case for each in regressed],
            {case.id: [tag for tag in case.tags if not tag.startswith(CLUSTER)] for case in evidence.cases},
        ),
        slices=weighing.sliced(pairs, declared),
        measures=weighing.guarded(evidence, [name for name in named if name != terms.primary], terms.margin),
        ratios=weighing.ratios(evidence),
        bar=terms.bar,
        bar_missed=_missed(evidence, terms),
        e_worse=_over_batches(evidence, terms, pairs, worse=True),
        e_not_worse=_over_batches(evidence, terms, pairs, worse=False),
        notes=terms.notes,
    )
    return _ruled(verdict, evidence, pairs)


def cluster_of(case: Case) -> str:
    """What a case has in common with others by its tags; by itself, nothing."""
    return next((tag for tag in case.tags if tag.startswith(CLUSTER)), f"case:{case.id}")


def _ruled(verdict: GateVerdict, evidence: Evidence, pairs: Sequence[Pair]) -> GateVerdict:
    assert verdict.primary is not None
    if harm := _harm(verdict):
        return replace(verdict, ruling="regressed", reasons=harm)
    doubts = _doubts(verdict, evidence)
    if not doubts:
        return replace(verdict, ruling="pass", reasons=(_within(verdict),))
    return replace(verdict, ruling="inconclusive", reasons=doubts, settling=_settling(verdict, evidence, pairs))


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
        found.append(f"'{primary.name}' {_fell(primary)}")
    found += [f"the slice '{each.tag}' {_fell(each)}" for each in verdict.slices if each.worse]
    found += [f"'{each.name}' {_fell(each)}" for each in verdict.measures if each.state == "worse"]
    if verdict.e_worse >= 1 / ALPHA_BATCH:
        found.append(f"further batches show a fall (e-value {verdict.e_worse:.3g})")
    return tuple(found)


def _doubts(verdict: GateVerdict, evidence: Evidence) -> tuple[str, ...]:
    """Why it cannot be passed, in words; none: it can."""
    found = [] if evidence.stopped is None else [f"not everything was asked: {evidence.stopped}"]
    primary = verdict.primary
    assert primary is not None
    if primary.state != "not worse" and verdict.e_not_worse < 1 / ALPHA_BATCH:
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
    way = "fell" if each.difference < 0 else "rose"
    return f"{way} by {_points(abs(each.difference))}, {each.baseline:.1%} to {each.candidate:.1%}"


def _points(share: float) -> str:
    value = round(100 * share, 1)
    return f"{value:g} {'point' if value == 1 else 'points'}"


def _missed(evidence: Evidence, terms: Terms) -> tuple[str, ...]:
    bar = [standing.name for standing in terms.bar if standing.verdict == "missed"]
    return (*bar, *(f"must pass: {case}" for case in must_pass_failed(evidence)))


def _over_batches(evidence: Evidence, terms: Terms, pairs: Sequence[Pair], *, worse: bool) -> float:
    """What the first look and every further batch show together; without further batches nothing is claimed.

    The first look counts where its answers were asked before any was seen: it is one batch like the others.
    """
    if not evidence.batches:
        return 1.0
    batches = [[pair.stratum.difference for pair in pairs]]
    batches += [
        [
            fmean(after) - fmean(before)
            for case in evidence.cases
            if (before := _values(batch.baseline.get(case.id, ()), terms.primary))
            and (after := _values(batch.candidate.get(case.id, ()), terms.primary))
        ]
        for batch in evidence.batches
    ]
    each = [evalues.worse(some) if worse else evalues.not_worse(some, terms.margin) for some in batches]
    return math.prod(each)


def _values(results: Sequence[CaseResult], name: str) -> list[float]:
    return [value for result in results if (value := value_of(result, name)) is not None]


def _settling(verdict: GateVerdict, evidence: Evidence, pairs: Sequence[Pair]) -> Settling | None:
    """What would settle it if the difference stayed as it is: enough answers that the margin or nought is clear of it
    by as many standard errors as an e-value of 1/`ALPHA_BATCH` takes. None where the measure that decides is clear.
    """
    assert verdict.primary is not None
    if evidence.stopped is not None:
        return None
    difference = verdict.primary.difference
    wanted = max(difference + verdict.margin, -difference) / math.sqrt(2 * math.log(1 / ALPHA_BATCH))
    error = weighing.error_of(pairs, verdict.margin)
    if error == 0:
        return None
    times = max(error / wanted, 1.0) ** 2
    batches = max(1, math.ceil(times - 1))
    answers = max(len(pair.stratum.candidate) for pair in pairs)
    calls = batches * 2 * answers * len(evidence.cases)
    cost, ms = (_usual(evidence, name) for name in ("cost_usd", "ms"))
    return Settling(
        batches=batches,
        calls=calls,
        cases=math.ceil(len(pairs) * (times - 1)) + 1,
        minutes=None if ms is None else ms * calls / _CONCURRENCY / 60_000,
        cost_usd=None if cost is None else cost * calls,
    )


def _usual(evidence: Evidence, name: str) -> float | None:
    """The mean over all answers; None where any cost is not known, or none was timed."""
    values = [
        getattr(result, name)
        for side in (evidence.bank, evidence.candidate)
        for each in side.values()
        for result in each
    ]
    known = [value for value in values if value is not None]
    return fmean(known) if known and (name == "ms" or len(known) == len(values)) else None
