"""A small project that is served over real HTTP in the server's tests: real contracts, scripted features."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from pydantic import BaseModel, TypeAdapter, ValidationError

from holdfast.contracts import (
    Delta,
    Hear,
    Reset,
    StepDone,
    deaf,
)
from holdfast.errors import Misconfigured, NotFound, Refused, StoreFailed, unknown
from holdfast.gateway import Gateway
from holdfast.identity import new_id
from holdfast.records import (
    Blocked,
    Call,
    Called,
    Degraded,
    Failure,
    Feedback,
    Json,
    Recording,
    RecordingSummary,
    Retrieve,
    Retrieved,
    Step,
)
from holdfast.release import ModelSlot, Release
from holdfast.runtime.compare import Replay, compare
from holdfast.runtime.who import ANYONE, Who
from holdfast.store.preview import preview, says
from holdfast.stores import Deleted, Key, RecordingQuery
from holdfast.testing import MemoryStore

SECRET = "sk-very-secret-0123456789"
AT = datetime(2026, 3, 1, tzinfo=UTC)


class Ticket(BaseModel):
    body: str
    urgent: bool = False


@dataclass(frozen=True)
class Limits:
    limits: Mapping[str, float]


@dataclass(frozen=True)
class DoubleFeature:
    name: str
    doc: str = "Answers a ticket."
    input_type: Any = Ticket
    bar: Limits | None = Limits({"grounded": 0.9})

    def parse(self, value: Json) -> Any:
        try:
            return TypeAdapter(Ticket).validate_python(value)
        except ValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise Refused("HF701", f"the input does not match feature '{self.name}': {wrong}", "see it") from error

    def input_schema(self) -> dict[str, Json]:
        return Ticket.model_json_schema()

    def output_schema(self) -> dict[str, Json]:
        return {"$defs": {"Part": {"type": "string"}}, "properties": {"text": {"$ref": "#/$defs/Part"}}}


@dataclass(frozen=True)
class Settings:
    host: str = "127.0.0.1"
    port: int = 0
    max_body_bytes: int = 10_000
    max_concurrency: int = 64
    max_media_bytes: int = 100_000
    media_hosts: tuple[str, ...] = ()
    write_timeout_s: float = 30.0
    silence_s: float = 15.0
    shutdown_s: float = 5.0
    allowed_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class JobSettings:
    webhook_hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Config:
    folder: Path
    server: Settings = Settings()
    jobs: JobSettings = JobSettings()
    corpora: Mapping[str, Any] = field(default_factory=lambda: {"faq": None})
    secrets: tuple[str, ...] = (SECRET,)


class Recordings:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Recording] = {}
        self.added = asyncio.Event()

    async def add(self, recording: Recording) -> None:
        await asyncio.sleep(0)
        self.kept.setdefault((recording.tenant, recording.id), recording)
        self.added.set()

    async def get(self, recording_id: str, tenant: str = "") -> Recording:
        if (tenant, recording_id) not in self.kept:
            raise NotFound("HF203", f"there is no recording '{recording_id}'", "list them")
        return self.kept[tenant, recording_id]

    async def find(self, query: RecordingQuery) -> tuple[RecordingSummary, ...]:
        found = [
            each
            for each in reversed(self.kept.values())
            if each.tenant == query.tenant
            and each.evaluation == query.evaluation
            and query.feature in (None, each.feature)
            and query.outcome in (None, each.outcome)
            and query.subject in (None, each.subject)
            and query.release in (None, each.release)
            and (query.since is None or each.started_at >= query.since)
            and (query.until is None or each.started_at < query.until)
            and says(preview(each.input), query.text or "")
        ]
        ids = [each.id for each in found]
        if query.before is not None:
            found = found[ids.index(query.before) + 1 :] if query.before in ids else []
        return tuple(
            RecordingSummary(
                id=each.id,
                feature=each.feature,
                release=each.release,
                outcome=each.outcome,
                cost_usd=each.cost_usd,
                ms=each.ms,
                started_at=each.started_at,
                subject=each.subject,
                tenant=each.tenant,
                asked=preview(each.input),
            )
            for each in found[: query.limit]
        )

    async def delete_subject(self, subject: str, tenant: str = "") -> Deleted:
        return Deleted()


class Keys:
    def __init__(self) -> None:
        self.kept: dict[str, Key] = {}
        self.reads = 0

    async def add(self, key: Key) -> None:
        self.kept[key.id] = key

    async def get(self, key_id: str) -> Key | None:
        return self.kept.get(key_id)

    async def all(self) -> tuple[Key, ...]:
        self.reads += 1
        await asyncio.sleep(0)
        return tuple(self.kept.values())

    async def revoke(self, key_id: str, at: datetime) -> Key:
        self.kept[key_id] = replace(self.kept[key_id], revoked_at=at)
        return self.kept[key_id]


class Store:
    """Only what the server asks for."""

    def __init__(self) -> None:
        self.recordings = Recordings()
        self.keys = Keys()
        self.down = False
        self.releases: Any = None
        self.prompts: Any = None
        self.feedback: Any = None
        kept = MemoryStore()
        self.evaluations, self.gates, self.certificates = kept.evaluations, kept.gates, kept.certificates
        self.jobs = MemoryStore().jobs

    async def ping(self) -> None:
        if self.down:
            raise StoreFailed("HF600", "the database does not answer", "start it")

    async def close(self) -> None: ...


class Corpora:
    """No corpora: whatever was found once may be seen still."""

    names = ()

    def still_visible(self, effect: object, documents: Collection[str]) -> frozenset[str]:
        return frozenset(documents)


Behaviour = Callable[["Double", Json, Hear], Awaitable[dict[str, Any]]]


class Double:
    """The project. `runs` counts how often each feature really ran."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.config = Config(folder, Settings(**settings))
        self.store = Store()
        self.gateway = Gateway({})
        self.corpora: Any = Corpora()
        self.features = {name: DoubleFeature(name) for name in BEHAVIOURS}
        self.rollout: Any = None
        self.runs: list[str] = []
        self.whos: list[Who] = []
        self.rated: list[Feedback] = []
        self.replays: list[tuple[Mapping[str, Json], Collection[str], bool]] = []
        self.begun = asyncio.Event()
        self.warmed = "not begun"
        self.go = asyncio.Event()
        self.closed = False

    encoder = ""

    def feature(self, name: str) -> DoubleFeature:
        if name not in self.features:
            raise unknown("HF200", "feature", name, self.features)
        return self.features[name]

    def who(self, subject: str | None, tenant: str = "") -> Who:
        groups = {"ana": ("staff",)}
        return Who(subject=subject, tenant=tenant, principals=groups.get(subject or "", ()))

    def release(self, changes: Mapping[str, Json] | None = None) -> Release:
        release = Release(slots={"answer": ModelSlot(models=("extractive",))})
        for name, value in (changes or {}).items():
            release = release.with_change(name, value)
        return release

    async def warm(self) -> None:
        """What never comes to an end must hold nothing up."""
        self.warmed = "begun"
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.warmed = "given up"
            raise

    def new_recording_id(self) -> str:
        return new_id("rec")

    async def run(
        self,
        name: str,
        input: Json,
        *,
        who: Who = ANYONE,
        hear: Hear = deaf,
        release: Release | None = None,
        recording_id: str | None = None,
    ) -> Recording:
        if name not in self.features:
            raise unknown("HF200", "feature", name, self.features)
        self.features[name].parse(input)
        self.runs.append(name)
        self.whos.append(who)
        common: dict[str, Any] = {
            "id": recording_id or self.new_recording_id(),
            "feature": name,
            "release": "r_1",
            "input": input,
            "ms": 1.5,
            "started_at": AT,
            "subject": who.subject,
            "tenant": who.tenant,
        }
        try:
            said = await BEHAVIOURS[name](self, input, hear)
        except asyncio.CancelledError:
            await self.store.recordings.add(Recording(**common, outcome="cancelled"))
            raise
        recording = Recording(**common, **said)
        await self.store.recordings.add(recording)
        return recording

    async def replay(
        self,
        recording: Recording | str,
        *,
        changes: Mapping[str, Json] | None = None,
        fresh: Collection[str] = (),
        strict: bool = False,
    ) -> Replay:
        assert isinstance(recording, Recording)
        self.replays.append((changes or {}, fresh, strict))
        if "answer.nope" in (changes or {}):
            raise Misconfigured("HF100", "slot 'answer' does not take that", "check the value")
        return Replay(
            recording=recording, remembered=2, redone=1, code_changed=False, diff=compare(recording, recording)
        )

    async def rate(self, feedback: Feedback, tenant: str = "") -> None:
        await self.store.recordings.get(feedback.recording_id, tenant)
        self.rated.append(feedback)

    async def close(self) -> None:
        self.closed = True


def step(effect: Any, result: Any) -> Step:
    return Step(key="k.0", effect=effect, result=result, ms=2.0, started_at=AT)


async def _echo(project: Double, value: Json, hear: Hear) -> dict[str, Any]:
    return {"outcome": "ok", "output": {"text": value["body"], "citations": []}, "cost_usd": 0.001}


async def _talk(project: Double, value: Json, hear: Hear) -> dict[str, Any]:
    hear(StepDone(step(Retrieve(corpus="help@v1", query="q"), Retrieved(passages=()))))
    for piece in ("wrong", " start"):
        hear(Delta(piece))
        await asyncio.sleep(0)
    hear(Reset("the guard wants another"))
    for piece in ("good ", "end\n\nevent: fake"):
        hear(Delta(piece))
        await asyncio.sleep(0)
    return {"outcome": "ok", "output": {"text": "good end\n\nevent: fake"}, "cost_usd": 0.0}


async def _wait(project: Double, value: Json, hear: Hear) -> dict[str, Any]:
    hear(Delta("begun"))
    project.begun.set()
    await project.go.wait()
    return {"outcome": "ok", "output": {"text": "waited"}}


async def _flood(project: Double, value: Json, hear: Hear) -> dict[str, Any]:
    for _ in range(2_000):
        hear(Delta("x" * 10_000))
        await asyncio.sleep(0)
    project.begun.set()
    return {"outcome": "ok", "output": {"text": "flooded"}}


async def _degraded(project: Double, value: Json, hear: Hear) -> dict[str, Any]:
    reason = Degraded(slot="answer", rung=1, model="extractive", reason="HF304")
    return {"outcome": "degraded", "output": {"text": "less"}, "degraded": reason}


async def _safe(project: Double, value: Json, hear: Hear) -> dict[str, Any]:
    blocked = Blocked(guard="grounded", reason="nothing supports it")
    return {"outcome": "blocked", "output": {"text": "Sorry."}, "blocked": blocked}


async def _blocked(project: Double, value: Json, hear: Hear) -> dict[str, Any]:
    return {"outcome": "blocked", "blocked": Blocked(guard="grounded", reason="nothing supports it")}


async def _failing(project: Double, value: Json, hear: Hear) -> dict[str, Any]:
    """Fails with the code that the input names; HF306 after a side effect."""
    failure = Failure(code=value["body"], message=f"it failed with {SECRET}", fix="try it again")
    steps = (step(Call(name="refund"), Called(value=1)),) if failure.code == "HF306" else ()
    return {"outcome": "failed", "failure": failure, "steps": steps}


async def _bug(project: Double, value: Json, hear: Hear) -> dict[str, Any]:
    raise RuntimeError(f"a bug with {SECRET}")


async def _full(project: Double, value: Json, hear: Hear) -> dict[str, Any]:
    raise StoreFailed("HF601", "the disk is full", "make room")


BEHAVIOURS: Mapping[str, Behaviour] = {
    "echo": _echo,
    "talk": _talk,
    "wait": _wait,
    "flood": _flood,
    "degraded": _degraded,
    "safe": _safe,
    "blocked": _blocked,
    "failing": _failing,
    "bug": _bug,
    "full": _full,
}
