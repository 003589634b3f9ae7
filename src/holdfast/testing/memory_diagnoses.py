"""Diagnoses that live in memory, by the contract `Diagnoses`.

Knows nothing of durability, nor of how a verdict is come to.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import msgspec

from holdfast.diagnosis import Decided, Diagnosis, Verdict
from holdfast.identity import canonical, to_json
from holdfast.records import Json
from holdfast.store.codec import Codec
from holdfast.store.faults import no_diagnosis, no_recording
from holdfast.stores import DiagnosisQuery


class MemoryDiagnoses:
    """Diagnoses by tenant and id. `check` raises where the store is closed; `recordings` are those that are there."""

    def __init__(self, check: Callable[[], None], codec: Codec, recordings: Collection[tuple[str, str]]) -> None:
        self._check = check
        self._codec = codec
        self._recordings = recordings
        self._kept: dict[tuple[str, str], bytes] = {}
        self._learned: dict[tuple[str, str, str], bytes] = {}

    async def add(self, diagnosis: Diagnosis) -> None:
        """See `Diagnoses`."""
        self._check()
        if (diagnosis.tenant, diagnosis.recording) not in self._recordings:
            raise no_recording(diagnosis.recording)
        self._kept.setdefault((diagnosis.tenant, diagnosis.id), self._codec.scrubbed(to_json(diagnosis)))

    async def get(self, diagnosis_id: str, tenant: str = "") -> Diagnosis:
        """See `Diagnoses`."""
        self._check()
        content = self._kept.get((tenant, diagnosis_id))
        if content is None:
            raise no_diagnosis(diagnosis_id)
        return msgspec.json.decode(content, type=Diagnosis)

    async def decide(self, diagnosis_id: str, decided: Decided, tenant: str = "") -> Diagnosis:
        """See `Diagnoses`."""
        noted = msgspec.structs.replace(await self.get(diagnosis_id, tenant), decided=decided)
        self._kept[tenant, diagnosis_id] = self._codec.scrubbed(to_json(noted))
        return await self.get(diagnosis_id, tenant)

    async def find(self, query: DiagnosisQuery) -> tuple[Diagnosis, ...]:
        """See `Diagnoses`."""
        self._check()
        if query.before is not None:
            await self.get(query.before, query.tenant)
        found = [each for each in self._of(query.tenant) if _wanted(each, query)]
        return tuple(sorted(found, key=lambda each: each.id, reverse=True)[: query.limit])

    async def counts(
        self, feature: str | None = None, since: datetime | None = None, tenant: str = ""
    ) -> Mapping[Verdict, int]:
        """See `Diagnoses`."""
        self._check()
        query = DiagnosisQuery(feature=feature, since=since)
        return Counter(each.verdict for each in self._of(tenant) if _wanted(each, query))

    async def keep_learned(self, feature: str, code_hash: str, learned: Json, tenant: str = "") -> None:
        """See `Diagnoses`."""
        self._check()
        self._learned[tenant, feature, code_hash] = self._codec.scrubbed(canonical(learned))

    async def learned(self, feature: str, code_hash: str, tenant: str = "") -> Json:
        """See `Diagnoses`."""
        self._check()
        content = self._learned.get((tenant, feature, code_hash))
        found: Json = None if content is None else msgspec.json.decode(content)
        return found

    def forget(self, recordings: Collection[tuple[str, str]]) -> int:
        """Drop the diagnoses of those recordings; gives how many."""
        gone = [name for name in self._kept if (name[0], self._one(name).recording) in recordings]
        for name in gone:
            del self._kept[name]
        return len(gone)

    def _of(self, tenant: str) -> list[Diagnosis]:
        return [self._one(name) for name in self._kept if name[0] == tenant]

    def _one(self, name: tuple[str, str]) -> Diagnosis:
        return msgspec.json.decode(self._kept[name], type=Diagnosis)


def _wanted(each: Diagnosis, query: DiagnosisQuery) -> bool:
    return (
        query.feature in (None, each.feature)
        and query.recording in (None, each.recording)
        and query.verdict in (None, each.verdict)
        and (query.since is None or each.started_at >= query.since)
        and (query.before is None or each.id < query.before)
    )
