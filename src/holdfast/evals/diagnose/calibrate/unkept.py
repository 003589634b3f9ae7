"""A store that reads what a project keeps, and keeps nothing that is added to it beyond its own life.

Knows nothing of why.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from holdfast.errors import NotFound, Refused
from holdfast.records import Json, Recording, RecordingSummary
from holdfast.release import Prompt, Release
from holdfast.stores import (
    CaseWear,
    Certificates,
    Deleted,
    Diagnoses,
    Evaluations,
    Feedbacks,
    Findings,
    Gates,
    Jobs,
    Keys,
    NamedRelease,
    Promotion,
    Prompts,
    RecordingQuery,
    Recordings,
    Releases,
    Store,
    Trials,
)


def _nothing_changes(what: str) -> Refused:
    return Refused("HF740", f"{what} cannot be released from what is planted", "release it in the project itself")


class UnkeptRecordings:
    """Recordings of the project; what is added is forgotten at once."""

    def __init__(self, kept: Recordings) -> None:
        self._kept = kept

    async def add(self, recording: Recording) -> None:
        """Forget it."""
        del recording

    async def get(self, recording_id: str, tenant: str = "") -> Recording:
        return await self._kept.get(recording_id, tenant)

    async def whole(self, recording_ids: Sequence[str], tenant: str = "") -> tuple[Recording, ...]:
        return await self._kept.whole(recording_ids, tenant)

    async def find(self, query: RecordingQuery) -> tuple[RecordingSummary, ...]:
        return await self._kept.find(query)

    async def delete_subject(self, subject: str, tenant: str = "") -> Deleted:
        """Delete nothing."""
        del subject, tenant
        return Deleted()


class UnkeptReleases:
    """Releases of the project, and beside them those that were added here."""

    def __init__(self, kept: Releases) -> None:
        self._kept = kept
        self._own: dict[str, Release] = {}

    async def add(self, release: Release) -> None:
        """Know it for as long as this lives."""
        self._own[release.id] = release

    async def get(self, release_id: str) -> Release:
        return self._own[release_id] if release_id in self._own else await self._kept.get(release_id)

    async def create(self, named: NamedRelease) -> NamedRelease:
        raise _nothing_changes(named.name)

    async def named(self) -> tuple[NamedRelease, ...]:
        return await self._kept.named()

    async def promote(self, name: str | None, at: datetime, by: str) -> Promotion:
        del at, by
        raise _nothing_changes(name or "the working tree")

    async def rollback(self, at: datetime, by: str) -> Promotion:
        del at, by
        raise _nothing_changes("the release before")

    async def promotions(self, limit: int = 50) -> tuple[Promotion, ...]:
        return await self._kept.promotions(limit)


class UnkeptPrompts:
    """Prompts of the project, and beside them those that were noted here, under paths of their own."""

    def __init__(self, kept: Prompts) -> None:
        self._kept = kept
        self._own: list[Prompt] = []

    async def note(self, prompt: Prompt) -> int:
        """A number that names the text here alone."""
        if prompt not in self._own:
            self._own.append(prompt)
        return self._own.index(prompt) + 1

    def noted(self, value: Json) -> Prompt | None:
        """The prompt noted here that is meant by `path@N`; None where it was not."""
        for number, prompt in enumerate(self._own, start=1):
            if value == f"{prompt.path}@{number}":
                return prompt
        return None

    async def get(self, path: str, number: int) -> Prompt:
        """See `Prompts`."""
        own = self.noted(f"{path}@{number}")
        if own is None:
            raise NotFound("HF201", f"there is no prompt {path}@{number}", "holdfast prompts list")
        return own


class UnkeptStore:
    """See `Store`: recordings, releases and prompts are kept nowhere, and all else is the project's, to be read."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.recordings = UnkeptRecordings(store.recordings)
        self.releases = UnkeptReleases(store.releases)
        self.prompts = UnkeptPrompts(store.prompts)

    @property
    def findings(self) -> Findings:
        return self._store.findings

    @property
    def feedback(self) -> Feedbacks:
        return self._store.feedback

    @property
    def keys(self) -> Keys:
        return self._store.keys

    @property
    def evaluations(self) -> Evaluations:
        return self._store.evaluations

    @property
    def gates(self) -> Gates:
        return self._store.gates

    @property
    def certificates(self) -> Certificates:
        return self._store.certificates

    @property
    def wear(self) -> CaseWear:
        return self._store.wear

    @property
    def trials(self) -> Trials:
        return self._store.trials

    @property
    def diagnoses(self) -> Diagnoses:
        return self._store.diagnoses

    @property
    def jobs(self) -> Jobs:
        return self._store.jobs

    async def ping(self) -> None:
        await self._store.ping()

    async def close(self) -> None:
        """Nothing: the store is the project's."""
