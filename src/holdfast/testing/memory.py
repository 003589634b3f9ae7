"""A store that lives in memory: the twin of the real ones, for tests of code that needs a store.

Knows nothing of durability: what it holds ends with the process.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import msgspec

from holdfast.errors import unknown
from holdfast.identity import recording_from_json, to_json
from holdfast.records import Feedback, Recording, RecordingSummary
from holdfast.release import Prompt, Release
from holdfast.store.codec import Codec, Packed, Row, micros
from holdfast.store.cutting import fill
from holdfast.store.faults import closed, key_taken, name_taken, no_key, no_recording, nothing_before
from holdfast.store.preview import says, says_in
from holdfast.stores import (
    Deleted,
    Key,
    NamedRelease,
    Promotion,
    RecordingQuery,
)
from holdfast.testing.memory_certificates import MemoryCertificates
from holdfast.testing.memory_diagnoses import MemoryDiagnoses
from holdfast.testing.memory_evaluations import MemoryEvaluations
from holdfast.testing.memory_findings import MemoryFindings
from holdfast.testing.memory_gates import MemoryGates
from holdfast.testing.memory_jobs import MemoryJobs
from holdfast.testing.memory_trials import MemoryTrials
from holdfast.testing.memory_wear import MemoryCaseWear
from holdfast.where import Seen, holds


class MemoryStore:
    """Keeps every promise of `Store` but durability. Give it to whatever takes a store:

    store = MemoryStore()
    await store.recordings.add(recording)
    """

    def __init__(self, *, secrets: Sequence[str] = ()) -> None:
        self._gate = gate = _Gate()
        codec = Codec(secrets)
        kept: dict[tuple[str, str], Packed] = {}
        self.feedback = MemoryFeedback(gate, codec, kept)
        self.jobs = MemoryJobs(gate.check)
        self.evaluations = MemoryEvaluations(gate.check, codec)
        self.trials = MemoryTrials(gate.check, codec, kept)
        self.diagnoses = MemoryDiagnoses(gate.check, codec, kept)
        self.findings = MemoryFindings(gate.check, codec, kept)
        beside = Beside(self.feedback, self.jobs, self.evaluations, self.trials, self.diagnoses, self.findings)
        self.recordings = MemoryRecordings(gate, codec, kept, beside)
        self.releases = MemoryReleases(gate)
        self.prompts = MemoryPrompts(gate)
        self.keys = MemoryKeys(gate)
        self.gates = MemoryGates(gate.check, codec)
        self.certificates = MemoryCertificates(gate.check, codec)
        self.wear = MemoryCaseWear(gate.check)

    async def ping(self) -> None:
        """See `Store`."""
        self._gate.check()

    async def close(self) -> None:
        """See `Store`."""
        self._gate.is_open = False


class _Gate:
    """Whether the store is open."""

    is_open = True

    def check(self) -> None:
        if not self.is_open:
            raise closed()


@dataclass(frozen=True, slots=True)
class Beside:
    """The stores whose contents belong to recordings."""

    feedback: MemoryFeedback
    jobs: MemoryJobs
    evaluations: MemoryEvaluations
    trials: MemoryTrials
    diagnoses: MemoryDiagnoses
    findings: MemoryFindings


class MemoryRecordings:
    """Recordings by tenant and id, as they would be written: changing an input after the add changes nothing."""

    def __init__(
        self,
        gate: _Gate,
        codec: Codec,
        kept: dict[tuple[str, str], Packed],
        beside: Beside,
    ) -> None:
        self._gate = gate
        self._codec = codec
        self._kept = kept
        self._beside = beside

    async def add(self, recording: Recording) -> None:
        """See `Recordings`."""
        self._gate.check()
        packed = self._codec.pack(recording)
        self._kept.setdefault(packed.row[:2], packed)

    async def get(self, recording_id: str, tenant: str = "") -> Recording:
        """See `Recordings`."""
        self._gate.check()
        frame, *pieces = (body.data for body in self._packed(recording_id, tenant).bodies)
        return recording_from_json(fill(frame, pieces))

    async def whole(self, recording_ids: Sequence[str], tenant: str = "") -> tuple[Recording, ...]:
        """See `Recordings`."""
        return tuple([await self.get(each, tenant) for each in recording_ids if (tenant, each) in self._kept])

    async def find(self, query: RecordingQuery) -> tuple[RecordingSummary, ...]:
        """See `Recordings`."""
        self._gate.check()
        arrived = {name: n for n, name in enumerate(self._kept)}

        def place(packed: Packed) -> tuple[int, int]:
            return packed.row.started_at, arrived[packed.row[:2]]

        found = [packed for packed in self._kept.values() if _matches(packed.row, query)]
        if (where := query.where) is not None:
            found = [packed for packed in found if holds(where, self._seen(packed.row), says_in)]
        if query.before is not None:
            before = place(self._packed(query.before, query.tenant))
            found = [packed for packed in found if place(packed) < before]
        return tuple(packed.row.summary for packed in sorted(found, key=place, reverse=True)[: query.limit])

    async def delete_subject(self, subject: str, tenant: str = "") -> Deleted:
        """See `Recordings`."""
        self._gate.check()
        names = [
            name for name, packed in self._kept.items() if (packed.row.tenant, packed.row.subject) == (tenant, subject)
        ]
        gone = [self._kept.pop(name) for name in names]
        used = {body.hash for packed in self._kept.values() for body in packed.bodies}
        shared = {body.hash for packed in gone for body in packed.bodies} - used - {None}
        own = sum(body.hash is None for packed in gone for body in packed.bodies)
        feedback = self._beside.feedback.forget(set(names), subject, tenant)
        jobs = self._beside.jobs.forget(subject, tenant)
        trials = self._beside.trials.forget(set(names), subject, tenant)
        diagnoses = self._beside.diagnoses.forget(set(names))
        self._beside.findings.forget(set(names))
        return Deleted(
            recordings=len(gone),
            bodies=own + len(shared),
            feedback=feedback,
            jobs=jobs,
            trials=trials,
            diagnoses=diagnoses,
        )

    def _seen(self, row: Row) -> Seen:
        return Seen(
            summary=row.summary,
            answered=row.answered,
            degraded=row.degraded,
            blocked=row.blocked,
            failure=row.failure,
            feedback=self._beside.feedback.on(row.id, row.tenant),
            scores=self._beside.evaluations.scores_of(row.id, row.tenant),
        )

    def _packed(self, recording_id: str, tenant: str) -> Packed:
        found = self._kept.get((tenant, recording_id))
        if found is None:
            raise no_recording(recording_id)
        return found


def _matches(row: Row, query: RecordingQuery) -> bool:
    return (
        row.tenant == query.tenant
        and query.evaluation in (None, row.evaluation)
        and not (query.live_only and row.evaluation is not None)
        and query.feature in (None, row.feature)
        and query.release in (None, row.release)
        and query.outcome in (None, row.outcome)
        and query.subject in (None, row.subject)
        and (query.since is None or row.started_at >= micros(query.since))
        and (query.until is None or row.started_at < micros(query.until))
        and says(row.asked, query.text or "")
    )


class MemoryFeedback:
    """Feedback on recordings."""

    def __init__(self, gate: _Gate, codec: Codec, recordings: Mapping[tuple[str, str], Packed]) -> None:
        self._gate = gate
        self._codec = codec
        self._recordings = recordings
        self._kept: dict[tuple[str, str], Feedback] = {}

    async def add(self, feedback: Feedback, tenant: str = "") -> None:
        """See `Feedbacks`. The same id again changes nothing."""
        self._gate.check()
        if (tenant, feedback.recording_id) not in self._recordings:
            raise no_recording(feedback.recording_id)
        content = self._codec.scrubbed(to_json(feedback))
        self._kept.setdefault((tenant, feedback.id), msgspec.json.decode(content, type=Feedback))

    async def of(self, recording_id: str, tenant: str = "") -> tuple[Feedback, ...]:
        """See `Feedbacks`."""
        self._gate.check()
        return self.on(recording_id, tenant)

    def on(self, recording_id: str, tenant: str) -> tuple[Feedback, ...]:
        """The feedback on a recording, whether the store is open or not."""
        return tuple(
            feedback
            for (whose, _), feedback in self._kept.items()
            if (whose, feedback.recording_id) == (tenant, recording_id)
        )

    def forget(self, recordings: set[tuple[str, str]], subject: str, tenant: str) -> int:
        """Drop the feedback on those recordings and of that subject; gives how many."""
        gone = [
            name
            for name, feedback in self._kept.items()
            if (name[0], feedback.recording_id) in recordings or (name[0], feedback.subject) == (tenant, subject)
        ]
        for name in gone:
            del self._kept[name]
        return len(gone)


class MemoryReleases:
    """Releases by id and by name, and which of them answers."""

    def __init__(self, gate: _Gate) -> None:
        self._gate = gate
        self._kept: dict[str, bytes] = {}
        self._named: dict[str, NamedRelease] = {}
        self._promotions: list[tuple[Promotion, int]] = []

    async def add(self, release: Release) -> None:
        """See `Releases`."""
        self._gate.check()
        self._kept.setdefault(release.id, to_json(msgspec.structs.replace(release, name=None)))

    async def get(self, release_id: str) -> Release:
        """See `Releases`. By id it has no name."""
        self._gate.check()
        if release_id in self._kept:
            return msgspec.json.decode(self._kept[release_id], type=Release)
        return self._of_name(release_id).release

    async def create(self, named: NamedRelease) -> NamedRelease:
        """See `Releases`."""
        self._gate.check()
        kept = self._named.setdefault(named.name, msgspec.json.decode(to_json(named), type=NamedRelease))
        if not kept.same_as(named):
            raise name_taken(named.name)
        await self.add(named.release)
        return kept

    async def named(self) -> tuple[NamedRelease, ...]:
        """See `Releases`."""
        self._gate.check()
        return tuple(reversed(self._named.values()))

    async def promote(self, name: str | None, at: datetime, by: str) -> Promotion:
        """See `Releases`."""
        self._gate.check()
        if name is not None:
            self._of_name(name)
        if self._promotions and self._promotions[-1][0].release == name:
            return self._promotions[-1][0]
        number = len(self._promotions)
        self._promotions.append((Promotion(number=number + 1, release=name, at=at, by=by), number))
        return self._promotions[-1][0]

    async def rollback(self, at: datetime, by: str) -> Promotion:
        """See `Releases`."""
        self._gate.check()
        if not self._promotions or (self._promotions[-1][0].release is None and self._promotions[-1][1] == 0):
            raise nothing_before()
        previous = self._promotions[-1][1]
        back, before = (None, 0)
        if previous:
            back, before = self._promotions[previous - 1][0].release, self._promotions[previous - 1][1]
        number = len(self._promotions) + 1
        self._promotions.append((Promotion(number=number, release=back, at=at, by=by, rollback=True), before))
        return self._promotions[-1][0]

    async def promotions(self, limit: int = 50) -> tuple[Promotion, ...]:
        """See `Releases`."""
        self._gate.check()
        return tuple(promotion for promotion, _ in reversed(self._promotions))[:limit]

    def _of_name(self, name: str) -> NamedRelease:
        if name not in self._named:
            raise unknown("HF204", "release", name, self._named)
        return self._named[name]


class MemoryPrompts:
    """Prompts by path and number."""

    def __init__(self, gate: _Gate) -> None:
        self._gate = gate
        self._kept: dict[str, list[Prompt]] = {}

    async def note(self, prompt: Prompt) -> int:
        """See `Prompts`. The same text again gives the same number."""
        self._gate.check()
        used = self._kept.setdefault(prompt.path, [])
        if prompt.hash not in (numbers := {each.hash: n for n, each in enumerate(used, 1)}):
            used.append(prompt)
            return len(used)
        return numbers[prompt.hash]

    async def get(self, path: str, number: int) -> Prompt:
        """See `Prompts`."""
        self._gate.check()
        used = self._kept.get(path, [])
        if 1 <= number <= len(used):
            return used[number - 1]
        known = (f"{each}@{n}" for each, texts in self._kept.items() for n, _ in enumerate(texts, 1))
        raise unknown("HF201", "prompt", f"{path}@{number}", known)


class MemoryKeys:
    """Keys by id."""

    def __init__(self, gate: _Gate) -> None:
        self._gate = gate
        self._kept: dict[str, Key] = {}

    async def add(self, key: Key) -> None:
        """Keep a key; the same one again changes nothing. Raises StoreFailed (HF600) when the id is another key's."""
        self._gate.check()
        if self._kept.setdefault(key.id, key) != key:
            raise key_taken(key.id)

    async def get(self, key_id: str) -> Key | None:
        """See `Keys`."""
        self._gate.check()
        return self._kept.get(key_id)

    async def all(self) -> tuple[Key, ...]:
        """Every key, in order of arrival, the revoked ones too."""
        self._gate.check()
        return tuple(self._kept.values())

    async def revoke(self, key_id: str, at: datetime) -> Key:
        """See `Keys`."""
        self._gate.check()
        found = self._kept.get(key_id)
        if found is None:
            raise no_key(key_id)
        if found.revoked_at is None:
            found = self._kept[key_id] = msgspec.structs.replace(found, revoked_at=at)
        return found
