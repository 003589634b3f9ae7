"""The bank: every stored answer of a release to these cases that may be held against fresh ones.

Knows nothing of what is asked next.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from holdfast.evals.observed import by_case
from holdfast.evals.sameness import case_hash
from holdfast.evaluation import Case, CaseResult, Evaluation
from holdfast.gate import Gate
from holdfast.stores import EvaluationQuery, Store

MOST_ANSWERS = 20
"""Stored answers to a case that are used, the newest."""
_LOOKED_AT = 500
"""Evaluations and gates of the feature that are looked at, the newest."""


class Account(Struct, frozen=True, kw_only=True):
    """Whose answers, scored how: answers of another account are never mixed in. `before` is when the asking gate began,
    `gate` its id."""

    feature: str
    release: str
    code_hash: str
    scoring_hash: str
    pins: Mapping[str, str]
    before: datetime
    gate: str
    tenant: str = ""


async def stored(store: Store, account: Account, cases: Sequence[Case]) -> dict[str, tuple[CaseResult, ...]]:
    """The answers by case, the oldest first, those that a fault prevented left out.

    A case counts only where it was the same as it is now. What was answered before the baseline was last seen to have
    drifted is left out, and so is what an evaluation remembered rather than asked.
    """
    hashes = {case.id: case_hash(case) for case in cases}
    since = await _last_drift(store, account)
    found: dict[str, tuple[CaseResult, ...]] = {}
    query = EvaluationQuery(feature=account.feature, tenant=account.tenant)
    looked_at = 0
    while looked_at < _LOOKED_AT and not _full(found, cases) and (page := await store.evaluations.find(query)):
        looked_at += len(page)
        for evaluation in page:
            if not _belongs(evaluation, account) or (since is not None and evaluation.started_at < since):
                continue
            asked = await store.evaluations.cases(evaluation.id, account.tenant)
            same = {case.id for case in asked if hashes.get(case.id) == case_hash(case)}
            results = by_case(await store.evaluations.results(evaluation.id, account.tenant))
            for case in same & results.keys():
                found[case] = (*results[case], *found.get(case, ()))
        query = replace(query, before=page[-1].id)
    return {case: answers[-MOST_ANSWERS:] for case, answers in found.items()}


async def code_known(store: Store, feature: str, release: str, now: str, tenant: str = "") -> str:
    """The code that a release without a name was last evaluated with: the present one where it ever was."""
    query = EvaluationQuery(feature=feature, tenant=tenant, limit=_LOOKED_AT)
    known = [each.code_hash for each in await store.evaluations.find(query) if each.release == release]
    return now if now in known or not known else known[0]


def _belongs(evaluation: Evaluation, account: Account) -> bool:
    return (
        (evaluation.release, evaluation.code_hash) == (account.release, account.code_hash)
        and evaluation.scoring_hash == account.scoring_hash
        and evaluation.pins == account.pins
        and not evaluation.cached
        and evaluation.gate != account.gate
        and evaluation.started_at < account.before
    )


def _full(found: Mapping[str, Sequence[CaseResult]], cases: Sequence[Case]) -> bool:
    return all(len(found.get(case.id, ())) >= MOST_ANSWERS for case in cases)


async def _last_drift(store: Store, account: Account) -> datetime | None:
    """When a gate last saw that the baseline no longer answers as it did."""

    def saw(gate: Gate) -> bool:
        same = (gate.baseline, gate.baseline_code) == (account.release, account.code_hash)
        return gate.drifted and same and gate.started_at < account.before

    query = EvaluationQuery(feature=account.feature, tenant=account.tenant, limit=_LOOKED_AT)
    return next((gate.started_at for gate in await store.gates.find(query) if saw(gate)), None)
