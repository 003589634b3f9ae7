"""Which cases pass at times, on either side of a gate.

Knows nothing of what decides: a case that passes at times is no regression.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from holdfast.evals.observed import Answers, Evidence, failed_in
from holdfast.evaluation import Case, CaseResult
from holdfast.gate import Flaky


def flaky(evidence: Evidence, regressed: Collection[str]) -> tuple[Flaky, ...]:
    """The cases of which one side passed some answers and failed others, the least steady first.

    All answers of a side count, of every batch. The `regressed` are left out: of them something else is said.
    """
    found = [_flaky(case, _answers(evidence, case.id)) for case in evidence.cases if case.id not in regressed]
    return tuple(sorted((each for each in found if each is not None), key=lambda each: (-_unsteady(each), each.case)))


def _answers(evidence: Evidence, case: str) -> tuple[list[CaseResult], list[CaseResult]]:
    """Every answer to a case that counts: the baseline's, the candidate's."""

    def of(sides: Sequence[Answers]) -> list[CaseResult]:
        return [result for side in sides for result in side.get(case, ())]

    before = of([evidence.bank, evidence.recheck, *(batch.baseline for batch in evidence.batches)])
    after = of([evidence.candidate, evidence.fresh, *(batch.candidate for batch in evidence.batches)])
    return list({each.recording: each for each in before}.values()), after


def _flaky(case: Case, answers: tuple[list[CaseResult], list[CaseResult]]) -> Flaky | None:
    if not any(0 < failed_in(side) < len(side) for side in answers):
        return None
    before, after = answers
    failed = next(result for side in (after, before) for result in side if not result.passed)
    return Flaky(
        case=case.id,
        baseline_passed=len(before) - failed_in(before),
        baseline=len(before),
        candidate_passed=len(after) - failed_in(after),
        candidate=len(after),
        must_pass=case.must_pass,
        tags=case.tags,
        recording=failed.recording,
    )


def _unsteady(each: Flaky) -> float:
    """How far the answers of the less steady side are from one verdict, in 0..1/2."""
    sides = ((each.baseline_passed, each.baseline), (each.candidate_passed, each.candidate))
    return max((min(passed, asked - passed) / asked for passed, asked in sides if asked), default=0.0)
