"""The small stores a project keeps things in, as contracts, and the values only they speak of.

Knows nothing of any database.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from holdfast.job import Job, JobQuery
from holdfast.records import Feedback, Outcome, Recording, RecordingSummary
from holdfast.release import Prompt, Release
from holdfast.stores_judged import CaseWear as CaseWear
from holdfast.stores_judged import CertificateQuery as CertificateQuery
from holdfast.stores_judged import Certificates as Certificates
from holdfast.stores_judged import Diagnoses as Diagnoses
from holdfast.stores_judged import DiagnosisQuery as DiagnosisQuery
from holdfast.stores_judged import EvaluationQuery as EvaluationQuery
from holdfast.stores_judged import Evaluations as Evaluations
from holdfast.stores_judged import Findings as Findings
from holdfast.stores_judged import Gates as Gates
from holdfast.stores_judged import PairQuery as PairQuery
from holdfast.stores_judged import StockQuery as StockQuery
from holdfast.stores_judged import TrialQuery as TrialQuery
from holdfast.stores_judged import Trials as Trials
from holdfast.where import SCORE, Expression, fields_of, with_releases


class RecordingQuery(Struct, frozen=True, kw_only=True):
    """Which recordings: newest first, at most `limit`, older than the one named by `before`.

    Those of the evaluation that is named; without one, those that no evaluation asked for. With `text`, those in whose
    `asked` every word of it occurs, also inside a word: as typed, in lower case, in upper case or capitalised, and its
    ASCII letters in any case. With `where`, those for which it holds, which is as `holdfast.where.holds` says; where it
    speaks of evaluations or scores itself, those that an evaluation asked for are among them.
    """

    feature: str | None = None
    outcome: Outcome | None = None
    release: str | None = None
    subject: str | None = None
    tenant: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before: str | None = None
    limit: int = 50
    evaluation: str | None = None
    text: str | None = None
    where: Expression | None = None

    @property
    def live_only(self) -> bool:
        """Whether it leaves out what evaluations asked for."""
        if self.evaluation is not None:
            return False
        return not any(field == "evaluation" or field.startswith(SCORE) for field in fields_of(self.where))


class Deleted(Struct, frozen=True, kw_only=True):
    """What an erasure removed."""

    recordings: int = 0
    bodies: int = 0
    files: int = 0
    feedback: int = 0
    jobs: int = 0
    trials: int = 0
    diagnoses: int = 0


class Recordings(Protocol):
    """Recordings by id. What `add` returned for is on disk, whole, whatever happens next."""

    async def add(self, recording: Recording) -> None:
        """Keep a recording; returns once it is durable. Adding the same id again changes nothing.

        Raises StoreFailed (HF600, HF601).
        """
        ...

    async def get(self, recording_id: str, tenant: str = "") -> Recording:
        """The whole recording. Raises NotFound (HF203); StoreFailed (HF603) when it is damaged."""
        ...

    async def whole(self, recording_ids: Sequence[str], tenant: str = "") -> tuple[Recording, ...]:
        """The whole recordings of those ids, in their order, read together. One that is not there any more is left out.

        Raises StoreFailed (HF603) when one is damaged.
        """
        ...

    async def find(self, query: RecordingQuery) -> tuple[RecordingSummary, ...]:
        """Summaries by `started_at`, newest first; of those that started together, the one that arrived last.

        `since` is included, `until` is not. Raises NotFound (HF203) when `before` names no recording of the tenant.
        """
        ...

    async def delete_subject(self, subject: str, tenant: str = "") -> Deleted:
        """Erase a subject's recordings, bodies only they used, feedback and jobs. Run twice, removes nothing more."""
        ...


class FeatureHashes(Struct, frozen=True, kw_only=True):
    """What a feature was when a release was made: `code` is over code and schemas, `schema` over the schemas alone."""

    code: str
    schema: str


class NamedRelease(Struct, frozen=True, kw_only=True):
    """A release under the name it was created with, and the features it was created for."""

    name: str
    release: Release
    features: dict[str, FeatureHashes]
    created_at: datetime
    created_by: str

    def same_as(self, other: NamedRelease) -> bool:
        """Whether both hold the same choices for the same code; who made them and when does not count."""
        return self.release.id == other.release.id and self.features == other.features


class Promotion(Struct, frozen=True, kw_only=True):
    """A change of what answers live requests. `release` is a name; None: the working tree. `number` counts from 1."""

    number: int
    release: str | None
    at: datetime
    by: str
    rollback: bool = False


class Releases(Protocol):
    """Releases by id, the names some of them have, and which of those answers live requests.

    A release never changes once it is kept; a name never moves.
    """

    async def add(self, release: Release) -> None:
        """Keep the choices of a release by its id, under no name. A second time changes nothing."""
        ...

    async def get(self, release_id: str) -> Release:
        """By id, or by name. Raises NotFound (HF204)."""
        ...

    async def create(self, named: NamedRelease) -> NamedRelease:
        """Keep a release under a name, and give what is kept: the same again changes nothing.

        Raises Refused (HF710) when the name holds other choices or other code.
        """
        ...

    async def named(self) -> tuple[NamedRelease, ...]:
        """Every release that has a name, the newest first."""
        ...

    async def promote(self, name: str | None, at: datetime, by: str) -> Promotion:
        """Let a named release answer live requests; None: the working tree. What answers already changes nothing.

        Raises NotFound (HF204).
        """
        ...

    async def rollback(self, at: datetime, by: str) -> Promotion:
        """Go back to what answered before the last promotion that still stands; again, one further.

        Raises NotFound (HF204) when nothing is promoted.
        """
        ...

    async def promotions(self, limit: int = 50) -> tuple[Promotion, ...]:
        """The newest first. The first of them says what answers now; none: the working tree does."""
        ...


async def with_release_names(where: Expression | None, releases: Releases) -> Expression | None:
    """The expression with every release that it names by name under its id, which is what recordings know."""
    if where is None or "release" not in fields_of(where):
        return where
    return with_releases(where, {named.name: named.release.id for named in await releases.named()})


class Prompts(Protocol):
    """Texts of prompts by hash, kept at first use, numbered from 1 for each path."""

    async def note(self, prompt: Prompt) -> int:
        """Keep the text at its first use and give its number N, as in `path@N`."""
        ...

    async def get(self, path: str, number: int) -> Prompt:
        """The Nth text used under that path. Raises NotFound (HF201)."""
        ...


class Feedbacks(Protocol):
    async def add(self, feedback: Feedback, tenant: str = "") -> None:
        """Keep what somebody thought. Raises NotFound (HF203) when there is no such recording."""
        ...

    async def of(self, recording_id: str, tenant: str = "") -> tuple[Feedback, ...]: ...


class Key(Struct, frozen=True, kw_only=True):
    """Who may call. `id` is public and part of the key's text; only the SHA-256 of the secret part is kept."""

    id: str
    name: str
    secret_hash: str
    created_at: datetime
    scopes: tuple[str, ...] = ()
    tenant: str = ""
    revoked_at: datetime | None = None


class Keys(Protocol):
    """Keys of callers by their public id; none is ever removed, so that a recording can say who called."""

    async def add(self, key: Key) -> None: ...

    async def get(self, key_id: str) -> Key | None: ...

    async def all(self) -> tuple[Key, ...]: ...

    async def revoke(self, key_id: str, at: datetime) -> Key:
        """Mark it revoked and give it back. Raises NotFound (HF205). A second time changes nothing."""
        ...


class Jobs(Protocol):
    """Jobs by id, which is unique over all tenants. A change is made to the revision that was read, or not at all."""

    async def add(self, job: Job) -> Job:
        """Keep a job. Where there is one with its id already, nothing changes and that one is given back."""
        ...

    async def get(self, job_id: str, tenant: str | None = "") -> Job:
        """The job; `tenant` None: of any tenant. Raises NotFound (HF209)."""
        ...

    async def find(self, query: JobQuery) -> tuple[Job, ...]:
        """Jobs in order of arrival, newest first. Raises NotFound (HF209) when `before` names none of the tenant."""
        ...

    async def unfinished(self, limit: int = 100) -> tuple[Job, ...]:
        """Jobs of all tenants that are running or queued: the running ones first, then by arrival."""
        ...

    async def change(self, job: Job) -> Job | None:
        """Keep the job as it is given, with the next revision, and give it back; None when somebody was faster."""
        ...

    async def delete_ended(self, before: datetime) -> tuple[Job, ...]:
        """Delete the jobs that ended before then, and give them back."""
        ...


class Store(Protocol):
    """All small stores over one database."""

    @property
    def recordings(self) -> Recordings: ...
    @property
    def releases(self) -> Releases: ...
    @property
    def prompts(self) -> Prompts: ...
    @property
    def feedback(self) -> Feedbacks: ...
    @property
    def keys(self) -> Keys: ...
    @property
    def evaluations(self) -> Evaluations: ...
    @property
    def gates(self) -> Gates: ...
    @property
    def certificates(self) -> Certificates: ...
    @property
    def wear(self) -> CaseWear: ...
    @property
    def trials(self) -> Trials: ...
    @property
    def diagnoses(self) -> Diagnoses: ...
    @property
    def findings(self) -> Findings: ...
    @property
    def jobs(self) -> Jobs: ...

    async def ping(self) -> None:
        """Prove that the database answers. Raises StoreFailed."""
        ...

    async def close(self) -> None:
        """Write out what was acknowledged and let go of every file. A second time does nothing."""
        ...
