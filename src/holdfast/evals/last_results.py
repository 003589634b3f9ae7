"""What became of each case lately: passed, failed or flaky, over the evaluations that are kept.

Knows nothing of how a case is asked or scored.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from holdfast.evaluation import Case, CaseResult, Evaluation
from holdfast.stores import EvaluationQuery, Store

_LOOKED_AT = 50
"""Evaluations of a feature that are looked at, the newest ones."""

Came: TypeAlias = Literal["passed", "failed", "flaky"]


class LastResult(Struct, frozen=True, kw_only=True):
    """What a case came to under the release and the code that were last asked it, over every time they were asked it.

    `flaky`: it passed `passed` of `asked` times, neither none nor all. `at` is when the newest evaluation began.
    """

    came: Came
    passed: int
    asked: int
    evaluation: str
    at: datetime


async def last_results(
    store: Store, feature: str, cases: Sequence[Case], *, tenant: str = ""
) -> Mapping[str, LastResult]:
    """The last result of each case by id. What came of a case before it was changed is none."""
    wanted = {case.id: _bare(case) for case in cases}
    newest: dict[str, Evaluation] = {}
    results: dict[str, list[CaseResult]] = defaultdict(list)
    for evaluation in await store.evaluations.find(EvaluationQuery(feature=feature, tenant=tenant, limit=_LOOKED_AT)):
        asked = {case.id: _bare(case) for case in await store.evaluations.cases(evaluation.id, tenant)}
        for result in await store.evaluations.results(evaluation.id, tenant):
            if result.case not in wanted or asked.get(result.case) != wanted[result.case]:
                continue
            last = newest.setdefault(result.case, evaluation)
            if (last.release, last.code_hash) == (evaluation.release, evaluation.code_hash):
                results[result.case].append(result)
    return {name: _summed(newest[name], found) for name, found in results.items()}


def _summed(evaluation: Evaluation, results: Sequence[CaseResult]) -> LastResult:
    passed = sum(result.passed for result in results)
    came: Came = "passed" if passed == len(results) else "flaky" if passed else "failed"
    return LastResult(came=came, passed=passed, asked=len(results), evaluation=evaluation.id, at=evaluation.started_at)


def _bare(case: Case) -> Case:
    """What is asked and what is right, without what the case is called."""
    return replace(case, tags=(), must_pass=False, recording=None)
