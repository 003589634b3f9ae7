"""What a gate asks, decided from the baseline alone: how many answers, and whether older ones may still be used.

Knows nothing of the candidate, so that nothing which is decided here can favour it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from holdfast.evals import power
from holdfast.evals.confirming import BANK, FRESH, RECHECK
from holdfast.evals.counts import mid_p_above, mid_p_of_passes
from holdfast.evals.observed import Answers, share_passed, steady, value_of
from holdfast.evals.weighing import ALPHA_NOT_WORSE, ALPHA_WORSE
from holdfast.evaluation import Case, CaseResult
from holdfast.gate import GatePlan

FEW_CASES = 100
"""Cases below which the candidate is always asked `MOST_ANSWERS` times."""
MOST_ANSWERS = 3
LEAST_BANK = 5
"""Answers of the baseline that each case is to have at least."""
CONTROLS = 10
"""Cases that the baseline is asked again, to see whether it still answers as it did."""
ALPHA_DRIFT = 0.01
_LIKE = 3
"""Answers to a case from which on it can be told that they read the same."""
_NEVER_SEEN = 0.1
"""As what share of an answer it counts that none was seen to stand out: a small one, since most systems that answer the
same each time always do."""
_PASSES_OFTEN = 0.95


@dataclass(frozen=True, slots=True)
class PlanTerms:
    """The measure that decides, the margin, how often the candidate is asked where that was said, and whether the
    baseline can still be asked."""

    primary: str
    margin: float
    repeat: int | None = None
    can_ask: bool = True


def plan(cases: Sequence[Case], bank: Answers, terms: PlanTerms) -> GatePlan:
    """How often the candidate is asked, and what that can find, given what is stored of the baseline."""
    least = LEAST_BANK if terms.can_ask else 0
    stored = [len(bank.get(case.id, ())) for case in cases]
    sizes = [max(each, least, 1) for each in stored]
    values = [
        [v for result in bank.get(case.id, ()) if (v := value_of(result, terms.primary)) is not None] for case in cases
    ]
    still = [steady([bank[case.id]], [values[n]]) if stored[n] else False for n, case in enumerate(cases)]
    variance = power.variances([(each,) for each in values], steady=still)
    soft = any(value not in (0.0, 1.0) for each in values for value in each)
    answers = terms.repeat
    if answers is None:
        least_varying = tuple(power.worse_by(terms.margin, values))
        chances = power.Chances(alpha=ALPHA_NOT_WORSE, power=_PASSES_OFTEN, least=least_varying)
        answers = MOST_ANSWERS
        if len(cases) >= FEW_CASES and not soft:
            answers = power.answers_needed(variance, sizes, margin=terms.margin, at=chances, most=MOST_ANSWERS)
    error = power.standard_error(variance, sizes, [answers] * len(cases))
    lacking = sum(max(0, least - each) for each in stored)
    controls = min(CONTROLS, sum(each > 0 for each in stored)) if terms.can_ask else 0
    calls = len(cases) * answers + lacking + controls
    again = FRESH + (max(RECHECK, BANK - min(sizes, default=0)) if terms.can_ask else 0)
    price = _price(bank)
    return GatePlan(
        cases=len(cases),
        answers=answers,
        bank=min(sizes, default=0),
        stored=sum(stored),
        detectable=power.detectable_drop(error, alpha=ALPHA_WORSE),
        calls=calls,
        calls_each=again,
        cost_usd=None if price is None else price * calls,
    )


def controls(cases: Sequence[Case], bank: Answers, seed: str) -> tuple[str, ...]:
    """Cases by lot, of those that have stored answers, in order."""
    known = [case.id for case in cases if bank.get(case.id)]
    drawn = set(random.Random(seed).sample(known, min(CONTROLS, len(known))))
    return tuple(case for case in known if case in drawn)


def drifted(bank: Answers, control: Sequence[CaseResult]) -> bool:
    """Whether fresh answers of the baseline pass otherwise than stored ones do, by mid-p values.

    On each case the fresh one could as well have been any of the stored ones: it passes as often as all of them do.
    Where answers always read the same, one that now reads and is scored otherwise says more: it is as likely as one of
    the stored answers is to stand out from the others of its case.
    """
    fresh = [result for result in control if result.fault is None and bank.get(result.case)]
    if not fresh:
        return False
    chances, changed = [], []
    for result in fresh:
        stored = bank[result.case]
        if steady([stored], [[float(each.passed) for each in stored]]):
            changed.append(_reads_otherwise(stored[0], result))
        chances.append((share_passed(stored) * len(stored) + result.passed) / (len(stored) + 1))
    if changed and mid_p_above(sum(changed), [_standing_out(bank)] * len(changed)) <= ALPHA_DRIFT:
        return True
    return mid_p_of_passes(sum(result.passed for result in fresh), chances) <= ALPHA_DRIFT


def _standing_out(bank: Answers) -> float:
    """How likely an answer is to stand out from the others of its case, which all read the same; never 0."""
    seen, stood_out = 0, 0
    for answers in bank.values():
        kinds = Counter((each.output_hash, each.passed) for each in answers)
        if len(answers) < _LIKE or any(not output for output, _ in kinds):
            continue
        if len(kinds) == 1:
            seen += len(answers)
        elif len(kinds) == 2 and min(kinds.values()) == 1:
            one, other = kinds
            seen, stood_out = seen + 1, stood_out + (one[0] != other[0] and one[1] != other[1])
    return (stood_out + _NEVER_SEEN) / (seen + 1)


def _reads_otherwise(stored: CaseResult, fresh: CaseResult) -> bool:
    return stored.output_hash != fresh.output_hash and stored.passed != fresh.passed


def lacking(cases: Sequence[Case], bank: Answers) -> Mapping[int, tuple[str, ...]]:
    """The cases that have too few answers of the baseline, by how many they lack."""
    found: dict[int, list[str]] = {}
    for case in cases:
        if (lacks := LEAST_BANK - len(bank.get(case.id, ()))) > 0:
            found.setdefault(lacks, []).append(case.id)
    return {lacks: tuple(ids) for lacks, ids in sorted(found.items())}


def _price(bank: Answers) -> float | None:
    costs = [result.cost_usd for each in bank.values() for result in each]
    known = [cost for cost in costs if cost is not None]
    return fmean(known) if known and len(known) == len(costs) else None
