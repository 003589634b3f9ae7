"""The routes of jobs: ask for one, see how it stands, cancel it, have it tried again.

Knows nothing of how jobs are done: what is asked is kept, and the engine of whoever holds the project's lock finds it.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

import msgspec
from fastapi import FastAPI, Query, Request, Response
from msgspec import Meta, Struct
from pydantic import BaseModel, ConfigDict, Field

from holdfast.errors import HoldfastError, Misconfigured, NotFound, Refused, unknown
from holdfast.evals.cases import cases_of
from holdfast.identity import to_json
from holdfast.job import Job, JobQuery
from holdfast.jobs import asking
from holdfast.jobs.asking import (
    EvaluationAsked,
    FeatureAsked,
    ForecastAsked,
    GateAsked,
    RestoreAsked,
    SyncAsked,
    new_job,
)
from holdfast.jobs.said import JobPage, JobSaid, said
from holdfast.jobs.webhook import check_url
from holdfast.records import Json
from holdfast.runtime.who import Who
from holdfast.server.declared import FEATURES, Id
from holdfast.server.exchange import WHO, converted, header_text, read_json
from holdfast.server.features import answered
from holdfast.server.needs import Project
from holdfast.server.openapi import gives, takes
from holdfast.server.problems import HttpRefused
from holdfast.server.reading import may_read

_ENVELOPE = frozenset({"input", "webhook"})


class JobTaken(Struct, frozen=True):
    """A job that will be done."""

    job_id: str


class FeatureJobAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request to be answered later, and whom to tell then. The bare input is taken as well."""

    input: Json
    webhook: str | None = None


class SyncJobAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A sync: `full` makes everything anew and allows most of the corpus to vanish, `accept` lets limits be broken."""

    full: bool = False
    accept: bool = False
    webhook: str | None = None


class ForecastJobAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A forecast of a sync, or of one that makes everything anew."""

    full: bool = False
    webhook: str | None = None


class RestoreJobAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The version that is to answer, as in `v12`."""

    version: str
    webhook: str | None = None


class EvaluationJobAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An evaluation of the working tree's release, changed by `set` (`slot.field` to value), each case `repeat` times.

    `max_cost_usd` is the most that all of it may cost.
    """

    feature: str
    set: dict[str, Json] = {}
    repeat: Annotated[int, Meta(ge=1, le=100)] = 1
    max_cost_usd: Annotated[float, Meta(ge=0)] | None = None
    webhook: str | None = None


class GateJobAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The working tree's release, changed by `set`, held against another by its name or id, or `live` or `working`.

    `margin` is a fall that matters, as a share; `primary` the scorer that decides, null: whether cases pass; `slices`
    are tags that decide too; `repeat` is how often each case is asked, null: as often as it takes.
    """

    feature: str
    against: Annotated[str, Meta(min_length=1, max_length=80)]
    set: dict[str, Json] = {}
    margin: Annotated[float, Meta(gt=0, lt=1)] | None = None
    primary: str | None = None
    slices: tuple[str, ...] = ()
    repeat: Annotated[int, Meta(ge=1, le=100)] | None = None
    max_cost_usd: Annotated[float, Meta(ge=0)] | None = None
    webhook: str | None = None


class JobFilter(BaseModel):
    """Which jobs: every parameter narrows."""

    model_config = ConfigDict(extra="forbid")
    kind: Annotated[str | None, Field(max_length=80, pattern=r"^[a-z_]+$")] = None
    status: Literal["queued", "running", "done", "failed", "cancelled"] | None = None
    before: Annotated[str | None, Field(max_length=80, pattern=r"^[A-Za-z0-9_.-]+$")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


JOB_STRUCTS: tuple[type[Struct], ...] = (
    JobTaken,
    FeatureJobAsked,
    SyncJobAsked,
    ForecastJobAsked,
    RestoreJobAsked,
    EvaluationJobAsked,
    GateJobAsked,
    JobSaid,
    JobPage,
)


class JobRoutes:
    """The endpoints, over one project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._jobs = project.store.jobs

    async def ask_feature(self, request: Request, name: str) -> Response:
        """Have a request answered later. With an Idempotency-Key, asking twice gives the same job."""
        if name not in self._project.features:
            raise unknown("HF200", "feature", name, self._project.features)
        feature = self._project.features[name]
        asked = _asked(await self._body(request), feature.input_schema())
        feature.parse(asked.input)
        return await self.ask(request, "feature", FeatureAsked(name, asked.input), asked.webhook)

    async def ask_sync(self, request: Request, name: str) -> Response:
        """Have a corpus brought up to date with its source. The body may be left out."""
        self._known(name)
        asked = converted(await self._body(request), SyncJobAsked) if _has_body(request) else SyncJobAsked()
        who = _who(request).subject or "whoever asked over HTTP"
        what = SyncAsked(name, asked.full, accept=who if asked.accept else None)
        return await self.ask(request, "sync", what, asked.webhook)

    async def ask_forecast(self, request: Request, name: str) -> Response:
        """Have it counted what a sync of a corpus would do. The body may be left out."""
        self._known(name)
        asked = converted(await self._body(request), ForecastJobAsked) if _has_body(request) else ForecastJobAsked()
        return await self.ask(request, "forecast", ForecastAsked(name, asked.full), asked.webhook)

    async def ask_restore(self, request: Request, name: str) -> Response:
        """Have an earlier version of a corpus answer, from then until a sync finds the source changed."""
        self._known(name)
        asked = converted(await self._body(request), RestoreJobAsked)
        kept = [each.name for each in await asyncio.to_thread(self._project.corpora.versions, name)]
        if asked.version not in kept:
            raise unknown("HF202", "corpus version", asked.version, kept)
        return await self.ask(request, "restore", RestoreAsked(name, asked.version), asked.webhook)

    def _known(self, name: str) -> None:
        corpora = self._project.config.corpora
        if name not in corpora:
            raise unknown("HF202", "corpus", name, corpora)

    async def ask_evaluation(self, request: Request) -> Response:
        """Have a feature asked its cases. With an Idempotency-Key, asking twice gives the same job."""
        asked = converted(await self._body(request), EvaluationJobAsked)
        await self._check(asked.feature, asked.set)
        what = EvaluationAsked(asked.feature, asked.set, asked.repeat, asked.max_cost_usd)
        return await self.ask(request, "evaluation", what, asked.webhook)

    async def ask_gate(self, request: Request) -> Response:
        """Have a release held against another. With an Idempotency-Key, asking twice gives the same job."""
        asked = converted(await self._body(request), GateJobAsked)
        await self._check(asked.feature, asked.set)
        what = GateAsked(
            feature=asked.feature,
            against=asked.against,
            set=asked.set,
            margin=asked.margin,
            primary=asked.primary,
            slices=asked.slices,
            repeat=asked.repeat,
            max_cost_usd=asked.max_cost_usd,
        )
        return await self.ask(request, "gate", what, asked.webhook)

    async def _check(self, name: str, changes: dict[str, Json]) -> None:
        """Raises what is wrong with a feature, its cases or a change, before anything is kept."""
        if name not in self._project.features:
            raise unknown("HF200", "feature", name, self._project.features)
        self._project.release()  # a mistake of the working tree itself is not the request's
        try:
            self._project.release(changes)
        except HoldfastError as error:
            raise Refused("HF701", error.message, error.fix) from error
        feature = self._project.features[name]
        try:
            await asyncio.to_thread(cases_of, self._project.config.folder, feature.name, feature.parse)
        except Misconfigured as error:
            raise HttpRefused(error.code, error.message, error.fix, status=422) from error

    async def list(self, request: Request, only: Annotated[JobFilter, Query()]) -> Response:
        """Jobs, newest first."""
        query = JobQuery(
            tenant=_who(request).tenant,
            kind=only.kind,
            status=only.status,
            before=only.before,
            limit=only.limit + 1,
        )
        found = await self._jobs.find(query)
        page = tuple(said(job) for job in found[: only.limit])
        return _json(JobPage(page, page[-1].job_id if len(found) > only.limit else None))

    async def show(self, request: Request, job_id: str) -> Response:
        """A job: how it stands, and what came of it."""
        return await self._said(await self._jobs.get(_id(job_id), _who(request).tenant), _who(request))

    async def cancel(self, request: Request, job_id: str) -> Response:
        """Have a job not done, or stopped soon."""
        return await self._said(await asking.cancel(self._jobs, _id(job_id), _who(request).tenant), _who(request))

    async def retry(self, request: Request, job_id: str) -> Response:
        """Have a job that failed or was cancelled done again, under the same id."""
        return await self._said(await asking.retry(self._jobs, _id(job_id), _who(request).tenant), _who(request))

    async def ask(self, request: Request, kind: str, asked: Struct, webhook: str | None) -> Response:
        """Keep what is asked as a job. With an Idempotency-Key, asking twice gives the same job."""
        if webhook is not None:
            check_url(webhook, self._project.config.jobs.webhook_hosts)
        key = header_text(dict(request.scope["headers"]), b"idempotency-key")
        job = new_job(kind, msgspec.to_builtins(asked), who=_who(request), webhook=webhook, key=key)
        kept = await asking.ask(self._jobs, job)
        location = {"location": f"/v1/jobs/{kept.id}"}
        return Response(to_json(JobTaken(kept.id)), 202, location, "application/json")

    async def _said(self, job: Job, who: Who) -> Response:
        """The job with the answer of its recording, if it has one that may be read."""
        recording_id = job.result.get("recording_id") if isinstance(job.result, dict) else None
        if recording_id is None:
            return _json(said(job))
        try:
            recording = await self._project.store.recordings.get(recording_id, job.tenant)
            seen = await asyncio.to_thread(may_read, self._project, recording, who)
            answer = answered(recording) if seen else None
        except NotFound:  # it was deleted since
            answer = None
        result = job.result if answer is None else {**job.result, **msgspec.to_builtins(answer)}
        return _json(msgspec.structs.replace(said(job), result=result))

    async def _body(self, request: Request) -> Json:
        headers = dict(request.scope["headers"])
        return await read_json(headers, request.receive, self._project.config.server.max_body_bytes)


def add_job_routes(api: FastAPI, routes: JobRoutes) -> None:
    """Declare them."""
    ask_feature = {**gives(JobTaken, 202), **takes(FeatureJobAsked)}
    api.post(FEATURES + "{name}/jobs", **ask_feature)(routes.ask_feature)
    api.post("/v1/corpora/{name}/sync", **gives(JobTaken, 202), **takes(SyncJobAsked))(routes.ask_sync)
    ask_forecast = {**gives(JobTaken, 202), **takes(ForecastJobAsked)}
    api.post("/v1/corpora/{name}/forecast", **ask_forecast)(routes.ask_forecast)
    api.post("/v1/corpora/{name}/restore", **gives(JobTaken, 202), **takes(RestoreJobAsked))(routes.ask_restore)
    ask_evaluation = {**gives(JobTaken, 202), **takes(EvaluationJobAsked)}
    api.post("/v1/evaluations", **ask_evaluation)(routes.ask_evaluation)
    api.post("/v1/gates", **{**gives(JobTaken, 202), **takes(GateJobAsked)})(routes.ask_gate)
    api.get("/v1/jobs", **gives(JobPage))(routes.list)
    api.get("/v1/jobs/{job_id}", **gives(JobSaid))(routes.show)
    api.post("/v1/jobs/{job_id}/cancel", **gives(JobSaid))(routes.cancel)
    api.post("/v1/jobs/{job_id}/retry", **gives(JobSaid))(routes.retry)


def _asked(body: Json, schema: dict[str, Json]) -> FeatureJobAsked:
    """What a body asks: an input with its webhook, or the bare input, which has no other field than the schema's."""
    fields = schema.get("properties", {})
    if isinstance(body, dict) and "input" in body and set(body) <= _ENVELOPE and "input" not in fields:
        return converted(body, FeatureJobAsked)
    return FeatureJobAsked(input=body)


def _has_body(request: Request) -> bool:
    return bool(int(request.headers.get("content-length", 0))) or "transfer-encoding" in request.headers


def _who(request: Request) -> Who:
    who = request.scope[WHO]
    assert isinstance(who, Who)
    return who


def _id(given: str) -> str:
    """A job's id from a path, which may hold anything."""
    try:
        return msgspec.convert(given, Id)
    except msgspec.ValidationError:
        raise NotFound("HF209", "there is no job with that id", "list them: GET /v1/jobs") from None


def _json(value: Struct) -> Response:
    return Response(to_json(value), 200, None, "application/json")
