"""The routes of diagnoses: one is asked for as a job, shown, and listed.

Knows nothing of how a verdict is come to.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

import msgspec
from fastapi import FastAPI, Query, Request, Response
from msgspec import Meta, Struct, structs
from pydantic import BaseModel, ConfigDict, Field

from holdfast.diagnosis import Diagnosis, Tried, Verdict
from holdfast.errors import NotFound
from holdfast.evals.diagnose.telling import headline
from holdfast.evals.shares import jeffreys
from holdfast.identity import to_json
from holdfast.jobs.asking import DiagnosisAsked
from holdfast.judgement import Interval
from holdfast.records import Recording
from holdfast.runtime.who import Who
from holdfast.server.declared import Id, recording_id_of
from holdfast.server.exchange import WHO, converted, read_json
from holdfast.server.jobs import JobRoutes, JobTaken
from holdfast.server.needs import Project
from holdfast.server.openapi import gives, takes
from holdfast.server.reading import check_repeat
from holdfast.stores import DiagnosisQuery

LEVEL = 0.9
"""How sure the interval of what was tried is: as in the sentences of a diagnosis."""
_ID = r"^[A-Za-z0-9_.-]+$"


class DiagnosisJobAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Why an answer is not good, found out with at most `max_calls` calls of models, and no more of them once
    `max_cost_usd` is spent. `case` is the id of the feature's case that says what a good answer is; null: it is found.
    """

    case: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    max_calls: Annotated[int, Meta(ge=1, le=1000)] = 48
    max_cost_usd: Annotated[float, Meta(ge=0)] | None = None
    webhook: str | None = None


class TriedSaid(Tried, frozen=True, kw_only=True):
    """A substitution that was made, with the share that passes and its 90 % interval; null where none was asked."""

    share: Interval | None = None


class DiagnosisSaid(Diagnosis, frozen=True, kw_only=True):
    """A diagnosis; `said` is its verdict in a line."""

    tried: tuple[TriedSaid, ...] = ()
    said: str


class DiagnosisPage(Struct, frozen=True):
    """Diagnoses, newest first; `next` is the `before` of the page after this one, null on the last.

    `counts` says how many came to each verdict, of the feature that was asked for or of all.
    """

    diagnoses: tuple[DiagnosisSaid, ...]
    next: str | None
    counts: dict[Verdict, int]


DIAGNOSIS_STRUCTS: tuple[type[Struct], ...] = (DiagnosisJobAsked, DiagnosisPage, DiagnosisSaid)
"""What the routes take and give, for the OpenAPI document."""


class DiagnosisFilter(BaseModel):
    """Which diagnoses: every parameter narrows."""

    model_config = ConfigDict(extra="forbid")
    feature: Annotated[str | None, Field(max_length=200)] = None
    recording: Annotated[str | None, Field(max_length=80, pattern=_ID)] = None
    verdict: Verdict | None = None
    before: Annotated[str | None, Field(max_length=80, pattern=_ID)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class DiagnosisRoutes:
    """The endpoints, over one project."""

    def __init__(self, project: Project, jobs: JobRoutes) -> None:
        self._project = project
        self._jobs = jobs

    async def ask(self, request: Request, recording_id: str) -> Response:
        """Have it found out why an answer is not good, as a job. The body may be left out.

        The job's result names the diagnosis. A job that fails with HF741 had an answer that passes, one with HF742
        nothing that says what a good one is.
        """
        sent = int(request.headers.get("content-length", 0)) or "transfer-encoding" in request.headers
        headers, most = dict(request.scope["headers"]), self._project.config.server.max_body_bytes
        body = await read_json(headers, request.receive, most) if sent else {}
        asked = converted(body, DiagnosisJobAsked)
        recording = await self._may_repeat(recording_id_of(recording_id), _who(request))
        what = DiagnosisAsked(recording.id, asked.case, asked.max_calls, asked.max_cost_usd)
        return await self._jobs.ask(request, "diagnosis", what, asked.webhook)

    async def list(self, request: Request, only: Annotated[DiagnosisFilter, Query()]) -> Response:
        """Diagnoses, newest first, and how many came to each verdict.

        A caller that may not act for any subject sees them without what they say of documents.
        """
        who = _who(request)
        query = DiagnosisQuery(
            feature=only.feature,
            recording=only.recording,
            verdict=only.verdict,
            tenant=who.tenant,
            before=only.before,
            limit=only.limit + 1,
        )
        found = await self._project.store.diagnoses.find(query)
        page = found[: only.limit]
        counts = await self._project.store.diagnoses.counts(only.feature, None, who.tenant)
        after = page[-1].id if len(found) > only.limit else None
        said = tuple(_said(each if who.for_any else _without_documents(each)) for each in page)
        return _json(DiagnosisPage(said, after, dict(counts)))

    async def show(self, request: Request, diagnosis_id: str) -> Response:
        """A diagnosis: the verdict and how sure it is, what it rests on, and the fixes, the cheapest first."""
        who = _who(request)
        diagnosis = await self._project.store.diagnoses.get(diagnosis_id_of(diagnosis_id), who.tenant)
        await self._may_repeat(diagnosis.recording, who)
        return _json(_said(diagnosis))

    async def _may_repeat(self, recording_id: str, who: Who) -> Recording:
        """The recording. A diagnosis searches as its subject, so that whoever may see less is refused (HF704)."""
        recording = await self._project.store.recordings.get(recording_id, who.tenant)
        await asyncio.to_thread(check_repeat, self._project, recording, who)
        return recording


def diagnosis_id_of(given: str) -> str:
    """A diagnosis's id from a path, which may hold anything. Raises NotFound (HF214)."""
    try:
        return msgspec.convert(given, Id)
    except msgspec.ValidationError:
        message = "there is no diagnosis with that id"
        raise NotFound("HF214", message, "list them: GET /v1/diagnoses") from None


def add_diagnosis_routes(api: FastAPI, routes: DiagnosisRoutes) -> None:
    """Declare them."""
    api.post("/v1/recordings/{recording_id}/diagnose", **gives(JobTaken, 202), **takes(DiagnosisJobAsked))(routes.ask)
    api.get("/v1/diagnoses", **gives(DiagnosisPage))(routes.list)
    api.get("/v1/diagnoses/{diagnosis_id}", **gives(DiagnosisSaid))(routes.show)


def _said(diagnosis: Diagnosis) -> DiagnosisSaid:
    """A diagnosis as it is shown."""
    tried = tuple(
        TriedSaid(**structs.asdict(each), share=jeffreys(each.passed, each.asked, LEVEL)) for each in diagnosis.tried
    )
    return DiagnosisSaid(**{**structs.asdict(diagnosis), "tried": tried, "said": headline(diagnosis)})


def _without_documents(diagnosis: Diagnosis) -> Diagnosis:
    """A diagnosis for whoever may see less than whom it is about: without what stands in documents or was decided
    of it."""
    hidden = {"gold": (), "readings": (), "question": None, "decided": None, "because": (), "facts": (), "known": ()}
    return structs.replace(diagnosis, **hidden)


def _who(request: Request) -> Who:
    who = request.scope[WHO]
    assert isinstance(who, Who)
    return who


def _json(value: Struct) -> Response:
    return Response(to_json(value), media_type="application/json")
