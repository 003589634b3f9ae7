"""The routes of a corpus's documents: found by name, looked at closely, and compared between two versions.

Knows nothing of how a corpus is synced or searched; whoever asks learns only of documents they may see now.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from holdfast.corpus.closely import DocumentClosely, DocumentName, DocumentPage
from holdfast.identity import to_json
from holdfast.server.corpora import principals_of
from holdfast.server.needs import Project
from holdfast.server.openapi import gives

MOST_NAMED = 200


class DocumentFilter(BaseModel):
    """Which documents: every parameter narrows."""

    model_config = ConfigDict(extra="forbid")
    words: Annotated[str, Field(max_length=200, description="Words that all occur in the title or the id.")] = ""
    after: Annotated[str, Field(max_length=2000, description="The `next` of the page before.")] = ""
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class Differing(Struct, frozen=True, kw_only=True):
    """How many documents, and the first of them that the caller may see now."""

    count: int
    documents: tuple[DocumentName, ...]


class VersionsCompared(Struct, frozen=True, kw_only=True):
    """Which documents differ from `before` to `after`. What is gone by now is counted and not named."""

    before: str
    after: str
    added: Differing
    changed: Differing
    removed: Differing


DOCUMENT_STRUCTS: tuple[type[Struct], ...] = (DocumentPage, DocumentClosely, VersionsCompared)


class DocumentRoutes:
    """The endpoints, over one project's corpora."""

    def __init__(self, project: Project) -> None:
        self._corpora = project.corpora

    async def find(
        self, request: Request, name: str, version: str, only: Annotated[DocumentFilter, Query()]
    ) -> Response:
        """A version's documents by their id, as far as the caller may see them now."""
        listed = partial(self._corpora.documents, words=only.words, after=only.after, limit=only.limit)
        return _json(await asyncio.to_thread(listed, name, version, principals_of(request)))

    async def closely(self, request: Request, name: str, version: str, document_id: str) -> Response:
        """A document with what was removed from it, its chunks, and how it stood in every version that is kept."""
        principals = principals_of(request)
        return _json(await asyncio.to_thread(self._corpora.closely, name, version, document_id, principals))

    async def compare(self, request: Request, name: str, version: str, before: str) -> Response:
        """Which documents a version added, changed and removed since an earlier one."""
        return _json(await asyncio.to_thread(self._compared, name, before, version, principals_of(request)))

    def _compared(self, name: str, before: str, after: str, principals: tuple[str, ...]) -> VersionsCompared:
        diff = self._corpora.diff(name, before, after)

        def differing(ids: tuple[str, ...]) -> Differing:
            return Differing(count=len(ids), documents=self._corpora.named(name, ids, principals, MOST_NAMED))

        return VersionsCompared(
            before=diff.before,
            after=diff.after,
            added=differing(diff.added),
            changed=differing(diff.changed),
            removed=differing(diff.removed),
        )


def declare_documents(api: FastAPI, project: Project) -> None:
    """Add the routes."""
    routes = DocumentRoutes(project)
    version = "/v1/corpora/{name}/versions/{version}"
    api.get(version + "/documents", **gives(DocumentPage))(routes.find)
    api.get(version + "/closely/{document_id:path}", **gives(DocumentClosely))(routes.closely)
    api.get(version + "/since/{before}", **gives(VersionsCompared))(routes.compare)


def _json(value: Struct) -> Response:
    return Response(to_json(value), media_type="application/json")
