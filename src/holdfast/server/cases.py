"""The route that makes a case of a recording.

Knows nothing of what a case is asked for, nor of how its file is written.
"""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import FastAPI, Request, Response
from msgspec import Meta, Struct

from holdfast.errors import Misconfigured, unknown
from holdfast.evals.from_recording import MadeCase, Wanted
from holdfast.evals.keeping import Where, case_of, keep
from holdfast.identity import to_json
from holdfast.runtime.who import Who
from holdfast.server.declared import recording_id_of
from holdfast.server.exchange import WHO, converted, read_json
from holdfast.server.needs import Feature, Project
from holdfast.server.openapi import gives, takes
from holdfast.server.problems import HttpRefused
from holdfast.server.reading import check_read

_Word = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]


class CaseAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is said of the case: its `id` (null: the recording's), its tags, and whether it must pass."""

    id: _Word | None = None
    tags: Annotated[tuple[_Word, ...], Meta(max_length=50)] = ()
    must_pass: bool = False


CASE_STRUCTS: tuple[type[Struct], ...] = (CaseAsked, MadeCase)
"""What the route takes and gives, for the OpenAPI document."""


def declare_cases(api: FastAPI, project: Project) -> None:
    """Add the route, over one project."""

    def feature(name: str) -> Feature:
        if name not in project.features:
            raise unknown("HF200", "feature", name, project.features)
        return project.features[name]

    where = Where(project.store, project.config.folder, feature)

    async def make_case(request: Request, recording_id: str) -> Response:
        """Make a case of a recording and add it to the feature's file of cases. With keys, one with the scope `cases`.

        The body may be left out.
        """
        sent = int(request.headers.get("content-length", 0)) or "transfer-encoding" in request.headers
        headers = dict(request.scope["headers"])
        limit = project.config.server.max_body_bytes
        asked = converted(await read_json(headers, request.receive, limit), CaseAsked) if sent else CaseAsked()
        who = request.scope[WHO]
        assert isinstance(who, Who)
        wanted = Wanted(id=asked.id, tags=asked.tags, must_pass=asked.must_pass)
        recording = await project.store.recordings.get(recording_id_of(recording_id), who.tenant)
        await asyncio.to_thread(check_read, project, recording, who)
        made = await case_of(where, recording_id_of(recording_id), wanted, tenant=who.tenant)
        try:
            await keep(where, [made])
        except Misconfigured as error:
            raise HttpRefused(error.code, error.message, error.fix, status=422) from error
        return Response(to_json(made), 201, media_type="application/json")

    api.post("/v1/recordings/{recording_id}/case", **gives(MadeCase, 201), **takes(CaseAsked))(make_case)
