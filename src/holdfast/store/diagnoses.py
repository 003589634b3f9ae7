"""Diagnoses in a database, by the contract `Diagnoses`.

Knows nothing of threads, nor of how a verdict is come to.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from holdfast.diagnosis import Decided, Diagnosis, Verdict
from holdfast.identity import canonical, to_json
from holdfast.records import Json
from holdfast.store.codec import micros
from holdfast.store.faults import no_diagnosis, no_recording
from holdfast.store.keeper import Keeper
from holdfast.store.readers import Reader, Readers
from holdfast.store.writer import Writer
from holdfast.stores import DiagnosisQuery

_FILTERS: Mapping[str, str] = {
    "feature": "d.feature = :feature",
    "recording": "r.id = :recording",
    "verdict": "d.verdict = :verdict",
    "since": "d.started_at >= :since",
    "before": "d.id < :before",
}


class SqlDiagnoses:
    """Diagnoses, and what was learned of features."""

    def __init__(self, sql: Mapping[str, str], writer: Writer, readers: Readers) -> None:
        self._sql = sql
        self._writer = writer
        self._readers = readers

    async def add(self, diagnosis: Diagnosis) -> None:
        """See `Diagnoses`."""
        tenant, of = diagnosis.tenant, diagnosis.recording

        def add(keeper: Keeper) -> None:
            row = keeper.connection.execute(self._sql["number_of_recording"], (tenant, of)).fetchone()
            if row is None:
                raise no_recording(of)
            content = keeper.codec.scrubbed(to_json(diagnosis)).decode()
            told = (diagnosis.feature, diagnosis.verdict, micros(diagnosis.started_at), content)
            keeper.connection.execute(self._sql["add_diagnosis"], (tenant, diagnosis.id, row[0], *told))

        await self._writer.change(add)

    async def get(self, diagnosis_id: str, tenant: str = "") -> Diagnosis:
        """See `Diagnoses`."""
        content = await self._readers.read(lambda reader: self._content(reader, diagnosis_id, tenant))
        return msgspec.json.decode(content, type=Diagnosis)

    async def decide(self, diagnosis_id: str, decided: Decided, tenant: str = "") -> Diagnosis:
        """See `Diagnoses`."""

        def decide(keeper: Keeper) -> Diagnosis:
            row = keeper.connection.execute(self._sql["diagnosis"], (tenant, diagnosis_id)).fetchone()
            if row is None:
                raise no_diagnosis(diagnosis_id)
            noted = msgspec.structs.replace(msgspec.json.decode(row[0], type=Diagnosis), decided=decided)
            content = keeper.codec.scrubbed(to_json(noted)).decode()
            keeper.connection.execute(self._sql["change_diagnosis"], (content, tenant, diagnosis_id))
            return msgspec.json.decode(content, type=Diagnosis)

        return await self._writer.change(decide)

    async def find(self, query: DiagnosisQuery) -> tuple[Diagnosis, ...]:
        """See `Diagnoses`."""

        def read(reader: Reader) -> tuple[Diagnosis, ...]:
            values = {name: getattr(query, name) for name in query.__struct_fields__}
            values["since"] = None if query.since is None else micros(query.since)
            if query.before is not None:
                self._content(reader, query.before, query.tenant)
            asked = "".join(f"AND {sql} " for name, sql in _FILTERS.items() if values[name] is not None)
            rows = reader.connection.execute(self._sql["find_diagnoses"].replace("/* filters */", asked), values)
            return tuple(msgspec.json.decode(content, type=Diagnosis) for (content,) in rows)

        return await self._readers.read(read)

    async def counts(
        self, feature: str | None = None, since: datetime | None = None, tenant: str = ""
    ) -> Mapping[Verdict, int]:
        """See `Diagnoses`."""
        row = (tenant, feature, -(2**62) if since is None else micros(since))
        return await self._readers.read(
            lambda reader: dict(reader.connection.execute(self._sql["count_diagnoses"], row).fetchall())
        )

    async def keep_learned(self, feature: str, code_hash: str, learned: Json, tenant: str = "") -> None:
        """See `Diagnoses`."""

        def keep(keeper: Keeper) -> None:
            content = keeper.codec.scrubbed(canonical(learned)).decode()
            keeper.connection.execute(self._sql["keep_learned"], (tenant, feature, code_hash, content))

        await self._writer.change(keep)

    async def learned(self, feature: str, code_hash: str, tenant: str = "") -> Json:
        """See `Diagnoses`."""
        asked = (tenant, feature, code_hash)
        row = await self._readers.read(lambda reader: reader.connection.execute(self._sql["learned"], asked).fetchone())
        found: Json = None if row is None else msgspec.json.decode(row[0])
        return found

    def _content(self, reader: Reader, diagnosis_id: str, tenant: str) -> str:
        row = reader.connection.execute(self._sql["diagnosis"], (tenant, diagnosis_id)).fetchone()
        if row is None:
            raise no_diagnosis(diagnosis_id)
        content: str = row[0]
        return content
