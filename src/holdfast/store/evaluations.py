"""Evaluations in a database, by the contract `Evaluations`.

Knows nothing of threads, nor of how a case is scored.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from holdfast.evaluation import Case, CaseResult, Evaluation
from holdfast.identity import to_json
from holdfast.store.faults import no_evaluation
from holdfast.store.keeper import Keeper
from holdfast.store.readers import Reader, Readers
from holdfast.store.writer import Writer
from holdfast.stores import EvaluationQuery


class SqlEvaluations:
    """Evaluations, their cases and results."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def add(self, evaluation: Evaluation, cases: Sequence[Case]) -> None:
        """See `Evaluations`."""
        data = msgspec.json.encode(list(cases))

        def add(keeper: Keeper) -> None:
            place = (evaluation.tenant, evaluation.id, evaluation.feature)
            contents = (to_json(evaluation).decode(), keeper.codec.scrubbed(data).decode())
            keeper.connection.execute(self._sql["add_evaluation"], (*place, *contents))

        await self._writer.change(add)

    async def change(self, evaluation: Evaluation) -> None:
        """See `Evaluations`."""
        row = (to_json(evaluation).decode(), evaluation.tenant, evaluation.id)

        def change(keeper: Keeper) -> None:
            if not keeper.connection.execute(self._sql["change_evaluation"], row).rowcount:
                raise no_evaluation(evaluation.id)

        await self._writer.change(change)

    async def add_result(self, evaluation_id: str, result: CaseResult, tenant: str = "") -> None:
        """See `Evaluations`."""
        data = to_json(result)

        def add(keeper: Keeper) -> None:
            number, _, _ = self._row(keeper, evaluation_id, tenant)
            content = keeper.codec.scrubbed(data)
            row = (number, result.case, result.repeat, content.decode())
            if keeper.connection.execute(self._sql["add_result"], row).rowcount:
                said = msgspec.json.decode(content, type=CaseResult)
                rows = [(number, tenant, said.recording, *each) for each in _scores(said)]
                keeper.connection.executemany(self._sql["add_score"], rows)

        await self._writer.change(add)

    async def get(self, evaluation_id: str, tenant: str = "") -> Evaluation:
        """See `Evaluations`."""
        _, content, _ = await self._readers.read(lambda reader: self._row(reader, evaluation_id, tenant))
        return msgspec.json.decode(content, type=Evaluation)

    async def cases(self, evaluation_id: str, tenant: str = "") -> tuple[Case, ...]:
        """See `Evaluations`."""
        _, _, cases = await self._readers.read(lambda reader: self._row(reader, evaluation_id, tenant))
        return msgspec.json.decode(cases, type=tuple[Case, ...])

    async def results(self, evaluation_id: str, tenant: str = "") -> tuple[CaseResult, ...]:
        """See `Evaluations`."""

        def read(reader: Reader) -> tuple[CaseResult, ...]:
            number, _, _ = self._row(reader, evaluation_id, tenant)
            rows = reader.connection.execute(self._sql["results_of"], (number,))
            return tuple(msgspec.json.decode(content, type=CaseResult) for (content,) in rows)

        return await self._readers.read(read)

    async def find(self, query: EvaluationQuery) -> tuple[Evaluation, ...]:
        """See `Evaluations`."""

        def read(reader: Reader) -> tuple[Evaluation, ...]:
            if query.before is not None:
                self._row(reader, query.before, query.tenant)
            filters = {"feature": "AND feature = :feature ", "before": "AND id < :before "}
            asked = "".join(text for name, text in filters.items() if getattr(query, name) is not None)
            statement = self._sql["find_evaluations"].replace("/* filters */", asked)
            rows = reader.connection.execute(
                statement, {name: getattr(query, name) for name in query.__struct_fields__}
            )
            return tuple(msgspec.json.decode(content, type=Evaluation) for (content,) in rows)

        return await self._readers.read(read)

    def _row(self, side: Keeper | Reader, evaluation_id: str, tenant: str) -> tuple[int, str, str]:
        row = side.connection.execute(self._sql["evaluation"], (tenant, evaluation_id)).fetchone()
        if row is None:
            raise no_evaluation(evaluation_id)
        number, content, cases = row
        return number, content, cases


def _scores(result: CaseResult) -> Iterator[tuple[str, float | None, str | None]]:
    """Each scorer with the number or the label it gave; True is 1 and False 0."""
    for score in result.scores:
        if isinstance(score.value, str):
            yield score.scorer, None, score.value
        elif score.value is not None:
            yield score.scorer, float(score.value), None
