"""The routes of releases: which there are, which answers, what differs.

Knows nothing of keys; the edge has seen that the caller may do it.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import FastAPI, Request, Response
from msgspec import Meta, Struct

from holdfast.errors import Misconfigured, NotFound, Refused
from holdfast.identity import to_json
from holdfast.records import Json
from holdfast.release import Release
from holdfast.releases.rollout import Created, Promoted, ReleaseDetail, ReleaseDiff, ReleaseList
from holdfast.runtime.who import Who
from holdfast.server.exchange import WHO, converted, read_json
from holdfast.server.needs import Project
from holdfast.server.openapi import gives, takes

RELEASES = "/v1/releases"
_Name = Annotated[str, Meta(min_length=1, max_length=63)]


class ReleaseAsked(Struct, frozen=True, forbid_unknown_fields=True):
    """What a release is called, null for a name made from its content, which corpora stay at the latest, and what is
    changed (`slot.field` to value) before the working tree is frozen, in the release alone."""

    name: _Name | None = None
    latest: tuple[str, ...] = ()
    set: dict[str, Json] = {}


RELEASE_STRUCTS: tuple[type[Struct], ...] = (ReleaseList, ReleaseDetail, ReleaseAsked, Created, Promoted, ReleaseDiff)


class ReleaseRoutes:
    """The endpoints, over the releases of one project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._rollout = project.rollout
        self._max_body_bytes = project.config.server.max_body_bytes

    def declare(self, api: FastAPI) -> None:
        """Add the routes."""
        api.get(RELEASES, **gives(ReleaseList))(self.releases)
        api.post(RELEASES, **gives(Created, 201), **takes(ReleaseAsked))(self.create)
        api.get(RELEASES + "/{release}", **gives(ReleaseDetail))(self.release)
        api.get(RELEASES + "/{before}/diff/{after}", **gives(ReleaseDiff))(self.diff)
        api.post(RELEASES + "/rollback", **gives(Promoted))(self.rollback)
        api.post(RELEASES + "/{release}/promote", **gives(Promoted))(self.promote)

    async def releases(self) -> Response:
        """The working tree, the releases that have a name, newest first, and the newest promotions."""
        return _json(await self._rollout.listing())

    async def release(self, release: str) -> Response:
        """A release by name or id, whole; `working` is the working tree."""
        return _json(await self._rollout.show(release))

    async def create(self, request: Request) -> Response:
        """Freeze the working tree under a name. 200 where the same content has the name already."""
        headers = dict(request.scope["headers"])
        asked = converted(await read_json(headers, request.receive, self._max_body_bytes), ReleaseAsked)
        of = await self._changed(asked.set) if asked.set else None
        created = await self._rollout.create(asked.name, by=_by(request), latest=asked.latest, of=of)
        return _json(created, 201 if created.new else 200)

    async def _changed(self, changes: dict[str, Json]) -> Release:
        """The working tree's release, changed. Raises Refused (HF701) for a change that cannot be."""
        release = self._project.release()
        try:
            return await self._project.changed(release, changes)
        except (Misconfigured, NotFound) as error:
            raise Refused("HF701", error.message, error.fix) from error

    async def promote(self, request: Request, release: str) -> Response:
        """Let a release answer live requests, in every process; `working` is the working tree."""
        return _json(await self._rollout.promote(release, by=_by(request)))

    async def rollback(self, request: Request) -> Response:
        """Let answer again what did before the last promotion."""
        return _json(await self._rollout.rollback(by=_by(request)))

    async def diff(self, before: str, after: str) -> Response:
        """What differs between two releases, each by name or id, or `working`: as values, and in words."""
        return _json(await self._rollout.diff(before, after))


def _by(request: Request) -> str:
    """Who changes what answers: the subject, or somebody on this machine where no key is needed."""
    who = request.scope[WHO]
    assert isinstance(who, Who)
    return who.subject or "localhost"


def _json(value: Struct, status: int = 200) -> Response:
    return Response(to_json(value), status, media_type="application/json")
