"""What the server needs of a project, as protocols.

Knows nothing of how a project is built; `holdfast.app.Project` is one, a test's small double is another.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from holdfast.contracts import Hear, deaf
from holdfast.corpus.checks.limits import LimitStanding
from holdfast.corpus.closely import DocumentClosely, DocumentName, DocumentPage
from holdfast.corpus.last_sync import LastSync
from holdfast.corpus.quality import QualityReport
from holdfast.corpus.quality_kept import CorpusQuality
from holdfast.corpus.quality_kept import Refused as RefusedVersion
from holdfast.corpus.room import VersionDetail, VersionDiff, VersionSummary
from holdfast.corpus.why import Walk
from holdfast.gateway.health_report import HealthReport
from holdfast.gateway.media_limits import MediaLimits
from holdfast.records import Document, Feedback, Json, Passage, Recording, Retrieve
from holdfast.release import Release
from holdfast.releases.rollout import Rollout
from holdfast.runtime.compare import Replay
from holdfast.runtime.who import Who
from holdfast.stores import Store
from holdfast.why import Asking


class Limits(Protocol):
    """Anything with limits by name: a feature's bar."""

    @property
    def limits(self) -> Mapping[str, float]: ...


class Feature(Protocol):
    """A declared feature, as far as HTTP shows it."""

    @property
    def name(self) -> str: ...
    @property
    def doc(self) -> str: ...
    @property
    def input_type(self) -> Any: ...
    @property
    def bar(self) -> Limits | None: ...
    def parse(self, value: Json) -> Any:
        """Raises Refused (HF701) naming each field that is wrong."""
        ...

    def input_schema(self) -> dict[str, Json]: ...
    def output_schema(self) -> dict[str, Json]: ...


class Vendors(Protocol):
    """Whoever asks vendors."""

    def health(self) -> HealthReport:
        """How every route stands that was asked so far."""
        ...


class Settings(Protocol):
    """The `[server]` table. `shutdown_s` is how long open requests may still run when it stops."""

    @property
    def host(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def max_body_bytes(self) -> int: ...
    @property
    def max_concurrency(self) -> int: ...
    @property
    def max_media_bytes(self) -> int: ...
    @property
    def media_hosts(self) -> Collection[str]: ...
    @property
    def write_timeout_s(self) -> float: ...
    @property
    def silence_s(self) -> float: ...
    @property
    def shutdown_s(self) -> float: ...
    @property
    def allowed_hosts(self) -> Collection[str]: ...
    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]: ...


class JobSettings(Protocol):
    """The `[jobs]` table, as far as the server reads it."""

    @property
    def webhook_hosts(self) -> Collection[str]: ...


class CorpusSettings(Protocol):
    """A `[corpora.NAME]` table, as far as the server reads it."""

    @property
    def webhook_secret(self) -> str | None: ...
    @property
    def every_s(self) -> int | None: ...


class Config(Protocol):
    """The project's configuration, as far as the server reads it. `secrets` must never be said to a caller."""

    @property
    def folder(self) -> Path: ...
    @property
    def secrets(self) -> tuple[str, ...]: ...
    @property
    def server(self) -> Settings: ...
    @property
    def jobs(self) -> JobSettings: ...
    @property
    def corpora(self) -> Mapping[str, CorpusSettings]: ...


class Corpora(Protocol):
    """The corpora of a project. All but `names`, `document` and `still_visible` read files: call them in threads."""

    @property
    def names(self) -> tuple[str, ...]: ...

    def versions(self, name: str) -> tuple[VersionSummary, ...]:
        """Raises NotFound (HF202)."""
        ...

    def last_sync(self, name: str) -> LastSync | None:
        """Raises NotFound (HF202)."""
        ...

    def show(self, name: str, version: str) -> VersionDetail:
        """Raises NotFound (HF202), ReplayDiverged (HF502) when it is gone."""
        ...

    def diff(self, name: str, before: str, after: str) -> VersionDiff: ...

    def still_visible(self, effect: Retrieve, documents: Collection[str]) -> frozenset[str]:
        """Those that there are now and that the effect's principals may see now."""
        ...

    def heard(self, name: str, message: Json) -> tuple[str, ...]:
        """The ids of the documents that a webhook's message is about; empty: it does not say.

        Raises Refused (HF701).
        """
        ...

    def quality(self, name: str, version: str = "latest") -> CorpusQuality:
        """Raises NotFound (HF202), ReplayDiverged (HF502) when it is gone."""
        ...

    def standings(self, name: str, report: QualityReport) -> tuple[LimitStanding, ...]:
        """How a report stands against the corpus's limits."""
        ...

    def refused(self, name: str) -> RefusedVersion | None:
        """The last version that broke a limit, until one is published."""
        ...

    def documents(
        self, name: str, version: str, principals: Sequence[str], *, words: str = "", after: str = "", limit: int = 50
    ) -> DocumentPage:
        """Those that somebody may see now. Raises NotFound (HF202), ReplayDiverged (HF502)."""
        ...

    def named(self, name: str, ids: Collection[str], principals: Sequence[str], limit: int) -> tuple[DocumentName, ...]:
        """The first of them that there are now and that may be seen now."""
        ...

    def closely(self, name: str, version: str, document_id: str, principals: Sequence[str] | None) -> DocumentClosely:
        """Raises NotFound (HF202, HF206), also for a document that the principals may not see."""
        ...

    def unseen(self, name: str, principals: Sequence[str]) -> tuple[str, ...]:
        """The documents there are now that somebody with these principals may not see. Raises NotFound (HF202)."""
        ...

    async def search(self, effect: Retrieve) -> tuple[Passage, ...]:
        """Raises NotFound (HF202), ReplayDiverged (HF502), EffectFailed (HF308)."""
        ...

    def sees_all(self, name: str, principals: Sequence[str]) -> bool:
        """Whether somebody may see every document that there is now. Raises NotFound (HF202)."""
        ...

    async def document(
        self, name: str, version: str, document_id: str, *, principals: Sequence[str] | None = None
    ) -> Document:
        """Raises NotFound (HF202, HF206), also for a document that the principals may not see."""
        ...


class Project(Protocol):
    """A project that can be served."""

    @property
    def config(self) -> Config: ...
    @property
    def features(self) -> Mapping[str, Feature]: ...
    @property
    def store(self) -> Store: ...
    @property
    def corpora(self) -> Corpora: ...
    @property
    def gateway(self) -> Vendors: ...
    @property
    def rollout(self) -> Rollout: ...

    def feature(self, name: str) -> Feature:
        """A declared feature, or what stands behind `slot:NAME`, `provider:model`, `embed:ENCODER`.

        Raises NotFound (HF200, HF207)."""
        ...

    @property
    def encoder(self) -> str:
        """The name of the project's own encoder; empty where it has none."""
        ...

    def media_limits(self, model: str) -> MediaLimits | None:
        """What may be sent to a ladder's rung of images and documents; None where it is no provider's model."""
        ...

    def who(self, subject: str | None, tenant: str = "") -> Who:
        """A subject, with the groups that the configuration gives it."""
        ...

    def release(self, changes: Mapping[str, Json] | None = None) -> Release:
        """The working tree's, changed. Raises NotFound (HF201), Misconfigured (HF100, HF103)."""
        ...

    async def changed(self, release: Release, changes: Mapping[str, Json]) -> Release:
        """A release with changes by name. Raises NotFound (HF201), Misconfigured (HF100, HF103)."""
        ...

    def new_recording_id(self) -> str: ...

    async def warm(self) -> None:
        """Load in threads what a first call to a model would otherwise wait for, or be held up by."""
        ...

    async def run(
        self,
        name: str,
        input: Json,
        *,
        who: Who = ...,
        hear: Hear = deaf,
        release: Release | None = None,
        recording_id: str | None = None,
    ) -> Recording:
        """The recording, once it is durable. Cancelling it first writes a recording with outcome `cancelled`."""
        ...

    async def replay(
        self,
        recording: Recording | str,
        *,
        changes: Mapping[str, Json] | None = None,
        fresh: Collection[str] = (),
        strict: bool = False,
    ) -> Replay:
        """Raises NotFound, Misconfigured for a change that cannot be, ReplayDiverged when `strict`."""
        ...

    async def why(self, asking: Asking, who: Who | None = None) -> Walk:
        """Raises NotFound (HF202, HF203), ReplayDiverged (HF502), EffectFailed (HF308)."""
        ...

    async def rate(self, feedback: Feedback, tenant: str = "") -> None: ...

    async def close(self) -> None: ...
