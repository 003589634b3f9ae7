"""Cases that newly fail: which are asked again, and which of them are regressions because that reproduced them.

Knows nothing of how a case is asked.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from holdfast.evals.counts import hypergeometric_tail
from holdfast.evals.multiplicity import benjamini_hochberg
from holdfast.evals.observed import Evidence, failed_in, share_passed
from holdfast.evals.shares import below
from holdfast.evaluation import Case, CaseResult
from holdfast.gate import Regression

FRESH = 5
"""Fresh answers to a case that newly fails."""
BANK = 10
"""Answers of the baseline that such a case is to have."""
RECHECK = 3
"""Fresh ones among them at least: a case that the baseline fails now, too, was not broken by the candidate."""
ALPHA_GONE = 0.01
MOST = 25
"""Cases that are asked again: more would not make it surer that something broke."""
FELL = 0.5
"""By how much a case must pass less often to be asked again."""
FALSE_SHARE = 0.02
"""The share of false ones among the regressions, at most."""
MUST_PASS_RATE = 0.9
MUST_PASS_SURE = 0.95


def newly_failing(evidence: Evidence) -> tuple[Case, ...]:
    """The cases that the candidate passes less often by half of its answers or more, and those that must pass and
    failed."""
    found = []
    for case in evidence.cases:
        bank, candidate = evidence.bank.get(case.id, ()), evidence.candidate.get(case.id, ())
        if not candidate:
            continue
        fails = bool(bank) and share_passed(bank) - share_passed(candidate) >= FELL
        if fails or (case.must_pass and failed_in(candidate)):
            found.append(case)
    return tuple(found)


def to_ask_again(failing: Sequence[Case], seed: str) -> tuple[Case, ...]:
    """At most `MOST` of them: those that must pass first, the others by lot."""
    lot = random.Random(seed)
    drawn = sorted(failing, key=lambda case: (not case.must_pass, lot.random()))[:MOST]
    chosen = {case.id for case in drawn}
    return tuple(case for case in failing if case.id in chosen)


def regressions(evidence: Evidence) -> tuple[Regression, ...]:
    """The cases whose fresh answers fail more often than the baseline's do, by Fisher's exact test.

    Only fresh answers count: those that drew attention to a case failed by selection. Of all that are named, a share of
    `FALSE_SHARE` is false at most (Benjamini and Hochberg). A case that must pass is one also where it surely passes
    less than 9 times in 10 and the baseline does not surely do so. The least certain come last.
    """
    asked = [case for case in evidence.cases if evidence.fresh.get(case.id)]
    sides = [(evidence.fresh[case.id], _known(evidence, case)) for case in asked]
    adjusted = benjamini_hochberg([_chance(fresh, known) for fresh, known in sides])
    found = [
        _regression(case, fresh, known, p)
        for case, (fresh, known), p in zip(asked, sides, adjusted, strict=True)
        if still_passes(evidence, case) and (p <= FALSE_SHARE or _must_not(case, fresh, known))
    ]
    return tuple(sorted(found, key=lambda each: (not each.must_pass, each.p, each.case)))


def still_passes(evidence: Evidence, case: Case) -> bool:
    """Whether the baseline passes the case mostly where it was asked again; where it could not be, nothing is held
    against it."""
    recheck = evidence.recheck.get(case.id, ())
    return not recheck or share_passed(recheck) > 0.5


def gone(evidence: Evidence) -> tuple[str, ...]:
    """The cases that the baseline used to pass and, asked again, surely passes no more: it drifted there."""
    found = []
    for case, recheck in evidence.recheck.items():
        bank = evidence.bank.get(case, ())
        failed = failed_in(recheck)
        tail = hypergeometric_tail(failed, len(recheck), failed + failed_in(bank), len(recheck) + len(bank))
        if share_passed(recheck) <= 0.5 and tail <= ALPHA_GONE:
            found.append(case)
    return tuple(found)


def must_pass_failed(evidence: Evidence) -> tuple[str, ...]:
    """The cases that must pass and surely pass less than 9 times in 10, whatever the baseline does."""
    return tuple(case.id for case in evidence.cases if case.must_pass and fails_surely(evidence.fresh.get(case.id, ())))


def fails_surely(results: Sequence[CaseResult]) -> bool:
    """Whether it is 95 % sure that such a case passes less than 9 times in 10. Never after a single failure."""
    failed = failed_in(results)
    return failed > 1 and below(MUST_PASS_RATE, len(results) - failed, failed) > MUST_PASS_SURE


def _must_not(case: Case, fresh: Sequence[CaseResult], known: Sequence[CaseResult]) -> bool:
    return case.must_pass and fails_surely(fresh) and bool(known) and not fails_surely(known)


def _known(evidence: Evidence, case: Case) -> tuple[CaseResult, ...]:
    return (*evidence.bank.get(case.id, ()), *evidence.recheck.get(case.id, ()))


def _chance(fresh: Sequence[CaseResult], known: Sequence[CaseResult]) -> float:
    failed = failed_in(fresh)
    return hypergeometric_tail(failed, len(fresh), failed + failed_in(known), len(fresh) + len(known))


def _regression(case: Case, fresh: Sequence[CaseResult], known: Sequence[CaseResult], p: float) -> Regression:
    failing = next(each for each in fresh if not each.passed)
    passing = next((each for each in reversed(known) if each.passed), None)
    return Regression(
        case=case.id,
        fresh_failed=failed_in(fresh),
        fresh=len(fresh),
        baseline_failed=failed_in(known),
        baseline=len(known),
        p=p,
        must_pass=case.must_pass,
        tags=case.tags,
        wrong="; ".join(failing.wrong),
        recording=failing.recording,
        baseline_recording="" if passing is None else passing.recording,
    )
