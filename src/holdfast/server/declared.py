"""The declared routes: features, recordings, replays, feedback, and the OpenAPI document of them all.

Knows nothing of keys or of the feature route itself; who calls stands in the scope.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Literal

import msgspec
from fastapi import FastAPI, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.asyncexitstack import AsyncExitStackMiddleware
from fastapi.routing import APIRoute
from msgspec import Meta, Struct
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp

from holdfast.errors import Misconfigured, NotFound, Refused, nearest
from holdfast.identity import new_id, to_json
from holdfast.records import Feedback, Json, Outcome, Recording, RecordingSummary
from holdfast.runtime.compare import Replay
from holdfast.runtime.who import Who
from holdfast.server.exchange import WHO, Receive, Scope, Send, converted, read_json
from holdfast.server.flight import Flight
from holdfast.server.meter import Meter
from holdfast.server.needs import Project
from holdfast.server.openapi import gives, takes
from holdfast.server.problems import HttpRefused, wrong_method
from holdfast.server.reading import check_read, check_repeat
from holdfast.server.releases import RELEASE_STRUCTS, ReleaseRoutes
from holdfast.stores import RecordingQuery, with_release_names
from holdfast.where import parse

FEATURES = "/v1/features/"

Kind = Literal["retrieve", "generate", "embed", "rerank", "check", "call", "clock", "chance"]
Plain = Annotated[str, Meta(max_length=20_000, pattern=r"^[^\x00]*$")]
Id = Annotated[str, Meta(min_length=1, max_length=80, pattern=r"^[A-Za-z0-9_.-]+$")]
Name = Annotated[str | None, Field(max_length=255, pattern=r"^[^\x00-\x1f\x7f]*$")]


class FeatureSaid(Struct, frozen=True, kw_only=True):
    """A feature as it is listed: JSON Schemas of what it takes and gives, and the bar it must reach."""

    name: str
    doc: str
    input: dict[str, Json]
    output: dict[str, Json]
    bar: Mapping[str, float] | None


class Features(Struct, frozen=True):
    features: tuple[FeatureSaid, ...]


class RecordingPage(Struct, frozen=True):
    """Recordings, newest first; `next` is the `before` of the page after this one, null on the last."""

    recordings: tuple[RecordingSummary, ...]
    next: str | None


class ReplayAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """What a replay changes (`slot.field` to value), which kinds of effect it does afresh, if a miss is an error."""

    changes: dict[str, Json] = {}
    fresh: tuple[Kind, ...] = ()
    strict: bool = False


class FeedbackGiven(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What somebody thinks of an answer: at least one of score (-1 to 1), label, comment and correction."""

    recording_id: Id
    score: Annotated[float, Meta(ge=-1, le=1)] | None = None
    label: Plain | None = None
    comment: Plain | None = None
    correction: Json = None


class Filter(BaseModel):
    """Which recordings: every parameter narrows; a time without zone is UTC. Those of an evaluation come only where it
    is named."""

    model_config = ConfigDict(extra="forbid")
    feature: Name = None
    outcome: Outcome | None = None
    subject: Name = None
    release: Name = None
    evaluation: Name = None
    since: datetime | None = None
    until: datetime | None = None
    text: Annotated[
        str | None,
        Field(max_length=200, description="Words that all occur in what was asked; their case does not matter."),
    ] = None
    where: Annotated[
        str | None,
        Field(description="An expression, like `outcome=degraded and since=7d`: see the page on finding recordings."),
    ] = None
    before: Annotated[str | None, Field(max_length=80, pattern=r"^[A-Za-z0-9_.-]+$")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Declared:
    """The endpoints, over one project."""

    def __init__(self, project: Project, flight: Flight, meter: Meter) -> None:
        self._project = project
        self._flight = flight
        self._meter = meter
        self.releases = ReleaseRoutes(project)

    async def features(self) -> Response:
        """The features, with what they take and give."""
        said = (
            FeatureSaid(
                name=feature.name,
                doc=feature.doc,
                input=feature.input_schema(),
                output=feature.output_schema(),
                bar=feature.bar.limits if feature.bar is not None else None,
            )
            for feature in self._project.features.values()
        )
        return _json(Features(tuple(said)))

    async def recordings(self, request: Request, only: Annotated[Filter, Query()]) -> Response:
        """Recordings, newest first, without their bodies."""
        where = None if only.where is None else parse(only.where)
        query = RecordingQuery(
            feature=only.feature,
            outcome=only.outcome,
            release=only.release,
            evaluation=only.evaluation,
            subject=only.subject,
            tenant=_who(request).tenant,
            since=_utc(only.since),
            until=_utc(only.until),
            text=only.text,
            where=await with_release_names(where, self._project.store.releases),
            before=only.before,
            limit=only.limit + 1,
        )
        found = await self._project.store.recordings.find(query)
        page = tuple(found[: only.limit])
        return _json(RecordingPage(page, page[-1].id if len(found) > only.limit else None))

    async def recording(self, request: Request, recording_id: str) -> Response:
        """The whole recording: input, steps, output."""
        who = _who(request)
        recording = await self._project.store.recordings.get(recording_id_of(recording_id), who.tenant)
        await asyncio.to_thread(check_read, self._project, recording, who)
        return _json(recording, recording.id)

    async def replay(self, request: Request, recording_id: str) -> Response:
        """Run a recording again, with what it remembers, what is changed, and what is done afresh."""
        asked = converted(await self._body(request), ReplayAsked)
        who = _who(request)
        recording = await self._project.store.recordings.get(recording_id_of(recording_id), who.tenant)
        await asyncio.to_thread(check_repeat, self._project, recording, who)
        work = self._project.replay(recording, changes=asked.changes, fresh=asked.fresh, strict=asked.strict)
        try:
            replay = await self._flight.finish(self._flight.start(work), request.receive)
        except Misconfigured as error:
            if error.code != "HF100":
                raise
            raise Refused("HF701", error.message, error.fix) from error  # a change that the request asked for
        return _json(replay)

    async def feedback(self, request: Request) -> Response:
        """Keep what somebody thinks of an answer."""
        given = converted(await self._body(request), FeedbackGiven)
        if given.score is None and given.label is None and given.comment is None and given.correction is None:
            raise Refused("HF701", "the feedback says nothing", "send a score, a label, a comment or a correction")
        who = _who(request)
        feedback = Feedback(
            id=new_id("fb"),
            recording_id=given.recording_id,
            at=datetime.now(UTC),
            score=given.score,
            label=given.label,
            comment=given.comment,
            correction=given.correction,
            subject=who.subject,
        )
        await self._project.rate(feedback, who.tenant)
        return _json(feedback, feedback.recording_id, 201)

    async def livez(self) -> Response:
        """Whether the process answers."""
        return Response("ok\n", media_type="text/plain")

    async def readyz(self) -> Response:
        """Whether requests can be taken: not shutting down, and the database answers."""
        if self._flight.closing:
            raise Refused("HF706", "the server is shutting down", "send requests to another server")
        await self._project.store.ping()
        return Response("ok\n", media_type="text/plain")

    async def metrics(self) -> Response:
        """Counts of requests for Prometheus."""
        return Response(
            self._meter.text(len(self._flight), self._project.gateway.health()), media_type="text/plain; version=0.0.4"
        )

    async def _body(self, request: Request) -> Json:
        headers = dict(request.scope["headers"])
        return await read_json(headers, request.receive, self._project.config.server.max_body_bytes)


STRUCTS: tuple[type[Struct], ...] = (
    Features,
    RecordingPage,
    Recording,
    ReplayAsked,
    Replay,
    FeedbackGiven,
    Feedback,
    *RELEASE_STRUCTS,
)
"""What the routes take and give, for the OpenAPI document."""


class Api(FastAPI):
    """FastAPI's routing alone: what its own edges would make of an error, the one edge of this server makes."""

    def build_middleware_stack(self) -> ASGIApp:
        return AsyncExitStackMiddleware(self.router)


def declare(declared: Declared, *, metrics: bool) -> FastAPI:
    """The routes. `metrics` only where one process serves the project: another one's counts would be missing."""
    api = Api(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    api.get("/v1/features", **gives(Features))(declared.features)
    api.get("/v1/recordings", **gives(RecordingPage))(declared.recordings)
    api.get("/v1/recordings/{recording_id}", **gives(Recording))(declared.recording)
    api.post("/v1/recordings/{recording_id}/replay", **gives(Replay), **takes(ReplayAsked))(declared.replay)
    api.post("/v1/feedback", **gives(Feedback, 201), **takes(FeedbackGiven))(declared.feedback)
    declared.releases.declare(api)
    api.get("/livez", response_class=Response)(declared.livez)
    api.get("/readyz", response_class=Response)(declared.readyz)
    if metrics:
        api.get("/metrics", response_class=Response)(declared.metrics)
    return api


def refusing(api: FastAPI) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """The routes as an application that raises Refused where FastAPI raises errors of its own."""
    paths = sorted({route.path for route in api.routes if isinstance(route, APIRoute)} | {FEATURES + "{name}"})

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await api(scope, receive, send)
        except RequestValidationError as error:
            wrong = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors()[:8])
            raise HttpRefused("HF709", f"the request does not fit: {wrong}", "see /openapi.json", status=422) from error
        except HTTPException as error:
            if error.status_code == 405:
                allowed = (error.headers or {}).get("Allow", "GET")
                raise wrong_method(scope["method"], scope["path"], allowed) from error
            known = nearest(scope["path"], paths)
            raise Refused("HF708", f"there is no route {scope['path']}", known) from error

    return app


def _who(request: Request) -> Who:
    who = request.scope[WHO]
    assert isinstance(who, Who)
    return who


def recording_id_of(given: str) -> str:
    """A recording's id from a path, which may hold anything."""
    try:
        return msgspec.convert(given, Id)
    except msgspec.ValidationError:
        raise NotFound("HF203", "there is no recording with that id", "list them: GET /v1/recordings") from None


def _utc(at: datetime | None) -> datetime | None:
    return at.replace(tzinfo=UTC) if at is not None and at.tzinfo is None else at


def _json(value: Struct, recording_id: str | None = None, status: int = 200) -> Response:
    headers = {"holdfast-recording": recording_id} if recording_id is not None else None
    return Response(to_json(value), status, headers, "application/json")
