"""The routes that make cases: of a recording, and of the answer to what a diagnosis asks.

Knows nothing of what a case is asked for, nor of how its file is written.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import FastAPI, Request, Response
from msgspec import Meta, Struct

from holdfast.diagnosis import Decision, Right
from holdfast.errors import Misconfigured, unknown
from holdfast.evals.diagnose.deciding import LONGEST_RULE, decide
from holdfast.evals.from_recording import MadeCase, Wanted
from holdfast.evals.keeping import Where, case_of, keep
from holdfast.identity import to_json
from holdfast.records import Json
from holdfast.runtime.who import Who
from holdfast.server.declared import recording_id_of
from holdfast.server.diagnoses import diagnosis_id_of
from holdfast.server.exchange import WHO, converted, read_json
from holdfast.server.needs import Feature, Project
from holdfast.server.openapi import gives, takes
from holdfast.server.problems import HttpRefused
from holdfast.server.reading import check_read, check_repeat

_Word = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class CaseAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of the case: its `id` (null: the recording's), its tags, and whether it must pass."""

    id: _Word | None = None
    tags: Annotated[tuple[_Word, ...], Meta(max_length=50)] = ()
    must_pass: bool = False


class DecisionAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which of a diagnosis's two readings is right, and the `rule` that says so, in one sentence. `expected` is what a
    good answer says; null: the reading that is right."""

    right: Right
    rule: Annotated[str, Meta(min_length=1, max_length=LONGEST_RULE)]
    expected: Json = None


class DecisionMade(Struct, frozen=True, kw_only=True):
    """The case by its id, the file it stands in, and the one that has the rule, both below the project's folder."""

    case: str
    file: str
    rules_file: str


CASE_STRUCTS: tuple[type[Struct], ...] = (CaseAsked, MadeCase, DecisionAsked, DecisionMade)
"""What the routes take and give, for the OpenAPI document."""


class CaseRoutes:
    """The endpoints, over one project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._where = Where(project.store, project.config.folder, self._feature)

    async def make(self, request: Request, recording_id: str) -> Response:
        """Make a case of a recording and add it to the feature's file of cases. With keys, one with the scope `cases`.

        The body may be left out.
        """
        sent = int(request.headers.get("content-length", 0)) or "transfer-encoding" in request.headers
        asked = converted(await self._body(request), CaseAsked) if sent else CaseAsked()
        who = _who(request)
        wanted = Wanted(id=asked.id, tags=asked.tags, must_pass=asked.must_pass)
        await self._check(recording_id_of(recording_id), who)
        made = await case_of(self._where, recording_id_of(recording_id), wanted, tenant=who.tenant)
        try:
            await keep(self._where, [made])
        except Misconfigured as error:
            raise HttpRefused(error.code, error.message, error.fix, status=422) from error
        return Response(to_json(made), 201, media_type="application/json")

    async def answer(self, request: Request, diagnosis_id: str) -> Response:
        """Answer what a diagnosis asks: the case then says what is right, and judges of the feature are given the rule.

        With keys, one with the scope `cases`. The same answer again changes nothing, another takes its place. HF750:
        the diagnosis asks nothing, or the answer does not say what is right.
        """
        who = _who(request)
        diagnosis = await self._project.store.diagnoses.get(diagnosis_id_of(diagnosis_id), who.tenant)
        asked = converted(await self._body(request), DecisionAsked)
        await self._check(diagnosis.recording, who, again=True)
        decision = Decision(right=asked.right, rule=asked.rule, expected=asked.expected, by=who.subject or "localhost")
        try:
            decided = (await decide(self._where, diagnosis, decision)).decided
        except Misconfigured as error:
            raise HttpRefused(error.code, error.message, error.fix, status=422) from error
        made = DecisionMade(case=decided.case, file=decided.file, rules_file=decided.rules_file)
        return Response(to_json(made), media_type="application/json")

    def _feature(self, name: str) -> Feature:
        if name not in self._project.features:
            raise unknown("HF200", "feature", name, self._project.features)
        return self._project.features[name]

    async def _body(self, request: Request) -> Json:
        headers = dict(request.scope["headers"])
        return await read_json(headers, request.receive, self._project.config.server.max_body_bytes)

    async def _check(self, recording_id: str, who: Who, *, again: bool = False) -> None:
        """Raises NotFound (HF203), Refused (HF704) where the recording may not be read, or not be asked again."""
        recording = await self._project.store.recordings.get(recording_id, who.tenant)
        await asyncio.to_thread(check_repeat if again else check_read, self._project, recording, who)


def declare_cases(api: FastAPI, project: Project) -> None:
    """Add the routes, over one project."""
    routes = CaseRoutes(project)
    api.post("/v1/recordings/{recording_id}/case", **gives(MadeCase, 201), **takes(CaseAsked))(routes.make)
    api.post("/v1/diagnoses/{diagnosis_id}/answer", **gives(DecisionMade), **takes(DecisionAsked))(routes.answer)


def _who(request: Request) -> Who:
    who = request.scope[WHO]
    assert isinstance(who, Who)
    return who
