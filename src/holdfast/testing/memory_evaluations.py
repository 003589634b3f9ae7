"""Evaluations that live in memory, by the contract `Evaluations`.

Knows nothing of durability, nor of how a case is scored.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import msgspec

from holdfast.evaluation import Case, CaseResult, Evaluation, ScoreValue
from holdfast.identity import to_json
from holdfast.store.codec import Codec
from holdfast.store.faults import no_evaluation
from holdfast.stores import EvaluationQuery


@dataclass(slots=True)
class _Kept:
    content: bytes
    cases: bytes
    results: dict[tuple[str, int], bytes] = field(default_factory=dict)

    @property
    def evaluation(self) -> Evaluation:
        return msgspec.json.decode(self.content, type=Evaluation)


class MemoryEvaluations:
    """Evaluations by tenant and id. `check` raises where the store is closed."""

    def __init__(self, check: Callable[[], None], codec: Codec) -> None:
        self._check = check
        self._codec = codec
        self._kept: dict[tuple[str, str], _Kept] = {}

    async def add(self, evaluation: Evaluation, cases: Sequence[Case]) -> None:
        """See `Evaluations`."""
        self._check()
        kept = _Kept(to_json(evaluation), self._codec.scrubbed(msgspec.json.encode(list(cases))))
        self._kept.setdefault((evaluation.tenant, evaluation.id), kept)

    async def change(self, evaluation: Evaluation) -> None:
        """See `Evaluations`."""
        self._one(evaluation.id, evaluation.tenant).content = to_json(evaluation)

    async def add_result(self, evaluation_id: str, result: CaseResult, tenant: str = "") -> None:
        """See `Evaluations`."""
        content = self._codec.scrubbed(to_json(result))
        self._one(evaluation_id, tenant).results.setdefault((result.case, result.repeat), content)

    async def get(self, evaluation_id: str, tenant: str = "") -> Evaluation:
        """See `Evaluations`."""
        return self._one(evaluation_id, tenant).evaluation

    async def cases(self, evaluation_id: str, tenant: str = "") -> tuple[Case, ...]:
        """See `Evaluations`."""
        return msgspec.json.decode(self._one(evaluation_id, tenant).cases, type=tuple[Case, ...])

    async def results(self, evaluation_id: str, tenant: str = "") -> tuple[CaseResult, ...]:
        """See `Evaluations`."""
        contents = self._one(evaluation_id, tenant).results.values()
        return tuple(msgspec.json.decode(content, type=CaseResult) for content in contents)

    def scores_of(self, recording_id: str, tenant: str) -> tuple[tuple[str, ScoreValue], ...]:
        """What scorers said of a recording, each with its name."""
        contents = [c for (whose, _), kept in self._kept.items() if whose == tenant for c in kept.results.values()]
        results = (msgspec.json.decode(content, type=CaseResult) for content in contents)
        found = [score for result in results if result.recording == recording_id for score in result.scores]
        return tuple((score.scorer, score.value) for score in found if score.value is not None)

    async def find(self, query: EvaluationQuery) -> tuple[Evaluation, ...]:
        """See `Evaluations`."""
        self._check()
        if query.before is not None:
            self._one(query.before, query.tenant)
        found = [kept.evaluation for (tenant, _), kept in self._kept.items() if tenant == query.tenant]
        wanted = [
            each
            for each in found
            if query.feature in (None, each.feature) and (query.before is None or each.id < query.before)
        ]
        return tuple(sorted(wanted, key=lambda each: each.id, reverse=True)[: query.limit])

    def _one(self, evaluation_id: str, tenant: str) -> _Kept:
        self._check()
        found = self._kept.get((tenant, evaluation_id))
        if found is None:
            raise no_evaluation(evaluation_id)
        return found
