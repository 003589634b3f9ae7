"""The routes of corpora: their versions, what is wrong with the data, and a document as it stands in a version.

Knows nothing of how a corpus is synced or searched; a document is shown only to those who may see it now.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from msgspec import Struct
from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field

from holdfast.corpus.checks.limits import LimitStanding
from holdfast.corpus.forecast import Forecast
from holdfast.corpus.last_sync import LastSync
from holdfast.corpus.ledger import Ledger, what_is_red
from holdfast.corpus.quality import Broken, CorpusFinding, QualityReport
from holdfast.corpus.quality_kept import CorpusQuality
from holdfast.corpus.room import VersionDetail, VersionSummary
from holdfast.corpus.why import Walk
from holdfast.errors import NotFound, Refused
from holdfast.identity import to_json
from holdfast.records import Document
from holdfast.runtime.who import Who
from holdfast.server.exchange import WHO
from holdfast.server.needs import Corpora, Project
from holdfast.server.openapi import gives
from holdfast.why import Asking


class Refusal(Struct, frozen=True, kw_only=True):
    """A version that was made and not published, and the limits it breaks."""

    at: datetime
    broken: tuple[Broken, ...]


class CorpusSaid(Struct, frozen=True, kw_only=True):
    """A corpus with the versions that are kept, the newest first, and what its last sync reported.

    Before the first sync there are no versions and `last_sync` is null. `refused` is what the last sync would not
    publish, null where it did; `next_sync_at` is when the next is due, null where nothing says so.
    """

    name: str
    versions: tuple[VersionSummary, ...]
    last_sync: LastSync | None
    refused: Refusal | None
    next_sync_at: datetime | None


class CorpusList(Struct, frozen=True):
    corpora: tuple[CorpusSaid, ...]


class Differences(Struct, frozen=True, kw_only=True):
    """How many documents differ from the version before."""

    before: str
    added: int
    changed: int
    removed: int


class VersionSaid(Struct, frozen=True, kw_only=True):
    """A version closely; `differences` is null where no earlier version is kept."""

    corpus: str
    detail: VersionDetail
    differences: Differences | None


class QualitySaid(CorpusQuality, frozen=True, kw_only=True):
    """What is wrong with the data of the version that answers, and where that stands against the corpus's limits."""

    limits: tuple[LimitStanding, ...]


CORPUS_STRUCTS: tuple[type[Struct], ...] = (CorpusList, CorpusSaid, VersionSaid, QualitySaid, Document, Forecast, Walk)


class WhyAsked(BaseModel):
    """Which document, in which search: of `query` now, or as a recording asked. Done as the caller, in the version
    that is named, else the recording's, else the one that answers."""

    model_config = ConfigDict(extra="forbid")

    document: Annotated[str, Field(min_length=1, max_length=2000)]
    query: Annotated[str, Field(max_length=4000)] = ""
    recording: Annotated[str, Field(max_length=80, pattern=r"^[A-Za-z0-9_.-]*$")] = ""
    version: Annotated[str | None, Field(max_length=20, pattern=r"^(latest|v[0-9]+)$")] = None


class CorpusRoutes:
    """The endpoints, over one project's corpora."""

    def __init__(self, project: Project) -> None:
        self._project = project

    async def list(self, request: Request) -> Response:
        """The corpora, each with its versions and what its last sync reported."""
        principals = principals_of(request)
        return _json(CorpusList(tuple([await self._said(name, principals) for name in self._project.corpora.names])))

    async def one(self, request: Request, name: str) -> Response:
        """One corpus, with its versions and what its last sync reported."""
        return _json(await self._said(name, principals_of(request)))

    async def version(self, request: Request, name: str, version: str) -> Response:
        """One version: its size, its languages, what is wrong with its data, what it changed."""
        corpora = self._project.corpora
        said = await asyncio.to_thread(_version, corpora, name, version)
        findings = await self._findings(said.detail.findings, name, version, principals_of(request))
        return _json(replace(said, detail=replace(said.detail, findings=findings)))

    async def document(self, request: Request, name: str, version: str, document_id: str) -> Response:
        """A document as it stands in that version, if the caller may see it now."""
        principals = principals_of(request)
        return _json(await self._project.corpora.document(name, version, document_id, principals=principals))

    async def why(self, request: Request, name: str, asked: Annotated[WhyAsked, Query()]) -> Response:
        """Why a search did or did not give a document: how far it came, and what would bring it in, tried.

        A document that the caller may not see is as good as not there.
        """
        who = _who(request)
        if not (asked.query or asked.recording):
            raise Refused("HF709", "no query is given", "add query=, or recording= with the id of one")
        version = asked.version or "latest"
        await self._project.corpora.document(name, version, asked.document, principals=who.principals)
        asking = Asking(
            corpus=name,
            document=asked.document,
            query=asked.query,
            version=asked.version or "",
            recording=asked.recording,
        )
        return _json(await self._project.why(asking, who))

    async def _said(self, name: str, principals: Sequence[str]) -> CorpusSaid:
        """The corpus, naming only documents that the caller may see."""
        said = await asyncio.to_thread(_said, self._project, name)
        if said.last_sync is None:
            return said
        report = said.last_sync.report
        newest = next((each.name for each in said.versions if each.newest), report.version)
        findings = await self._findings(report.findings, name, newest, principals)
        passed = [
            replace(group, examples=await self._seen(group.examples, name, newest, principals))
            for group in report.passed
        ]
        ledger = report.ledger
        if ledger is not None and not await asyncio.to_thread(self._project.corpora.sees_all, name, principals):
            ledger = _without_names(ledger)
        report = replace(report, findings=findings, passed=tuple(passed), ledger=ledger)
        return replace(said, last_sync=replace(said.last_sync, report=report))

    async def quality(self, request: Request, name: str) -> Response:
        """What is wrong with the data of the version that answers, how that was before, and what was refused last."""
        principals = principals_of(request)
        said = await asyncio.to_thread(self._project.corpora.quality, name)
        report = await self._report(said.report, name, principals)
        refused = (
            None if said.refused is None else replace(said.refused, report=_without_documents(said.refused.report))
        )
        limits = await asyncio.to_thread(self._project.corpora.standings, name, said.report)
        return _json(QualitySaid(report=report, history=said.history, refused=refused, limits=limits))

    async def _report(self, report: QualityReport, name: str, principals: Sequence[str]) -> QualityReport:
        """The report, naming and quoting only documents that the caller may see."""
        findings = await self._findings(report.findings, name, report.version, principals)
        profile = report.profile
        if not await asyncio.to_thread(self._project.corpora.sees_all, name, principals):
            profile = replace(profile, sections={}, fields={})
        return replace(report, findings=findings, profile=profile, pairs=())

    async def _findings(
        self, findings: Sequence[CorpusFinding], name: str, version: str, principals: Sequence[str]
    ) -> tuple[CorpusFinding, ...]:
        """The findings, naming and quoting only documents that the caller may see.

        An example without documents may tell of any, as the name of a section does: it is for those who see them all.
        """
        sees_all = await asyncio.to_thread(self._project.corpora.sees_all, name, principals)
        shown = []
        for finding in findings:
            ids = {document for example in finding.examples for document in example.documents}
            seen = set(await self._seen((*finding.documents, *ids), name, version, principals))
            examples = [e for e in finding.examples if (seen.issuperset(e.documents) if e.documents else sees_all)]
            documents = tuple(document for document in finding.documents if document in seen)
            shown.append(replace(finding, documents=documents, examples=tuple(examples)))
        return tuple(shown)

    async def _seen(
        self, document_ids: Sequence[str], name: str, version: str, principals: Sequence[str]
    ) -> tuple[str, ...]:
        """Those of the ids that are documents which the caller may see: what was passed over is not one."""
        seen = []
        for document_id in document_ids:
            try:
                await self._project.corpora.document(name, version, document_id, principals=principals)
            except NotFound:
                continue
            seen.append(document_id)
        return tuple(seen)


def declare_corpora(api: FastAPI, project: Project) -> None:
    """Add the routes."""
    routes = CorpusRoutes(project)
    one = "/v1/corpora/{name}"
    api.get("/v1/corpora", **gives(CorpusList))(routes.list)
    api.get(one, **gives(CorpusSaid))(routes.one)
    api.get(one + "/quality", **gives(QualitySaid))(routes.quality)
    api.get(one + "/why", **gives(Walk))(routes.why)
    api.get(one + "/versions/{version}", **gives(VersionSaid))(routes.version)
    api.get(one + "/versions/{version}/documents/{document_id:path}", **gives(Document))(routes.document)


def _said(project: Project, name: str) -> CorpusSaid:
    corpora = project.corpora
    refused = corpora.refused(name)  # before the configuration: raises where there is no such corpus
    every_s = project.config.corpora[name].every_s
    return CorpusSaid(
        name=name,
        versions=corpora.versions(name),
        last_sync=corpora.last_sync(name),
        refused=None if refused is None else Refusal(at=refused.at, broken=refused.broken),
        next_sync_at=None if every_s is None else _next(every_s, time.time()),
    )


def _next(every_s: int, now: float) -> datetime:
    """When the next interval begins: they are the same for everybody (`holdfast.jobs.schedule`)."""
    return datetime.fromtimestamp((now // every_s + 1) * every_s, UTC)


def _without_names(ledger: Ledger) -> Ledger:
    """The ledger for somebody who may not see every document: the same numbers, no ids."""
    bare = replace(ledger, unaccounted=(), damaged=(), red=())
    return replace(bare, red=what_is_red(bare) if ledger.red else ())


def _version(corpora: Corpora, name: str, version: str) -> VersionSaid:
    detail = corpora.show(name, version)
    kept = [each.name for each in corpora.versions(name)]
    earlier = kept[kept.index(detail.summary.name) + 1 :][:1]
    if not earlier:
        return VersionSaid(corpus=name, detail=detail, differences=None)
    diff = corpora.diff(name, earlier[0], detail.summary.name)
    counts = Differences(
        before=diff.before, added=len(diff.added), changed=len(diff.changed), removed=len(diff.removed)
    )
    return VersionSaid(corpus=name, detail=detail, differences=counts)


def _without_documents(report: QualityReport) -> QualityReport:
    """A report of a version that was refused: who may see its documents is said in no version that counts."""
    findings = tuple(replace(finding, documents=(), examples=()) for finding in report.findings)
    profile = replace(report.profile, sections={}, fields={})
    return replace(report, findings=findings, profile=profile, pairs=())


def principals_of(request: Request) -> tuple[str, ...]:
    return _who(request).principals


def _who(request: Request) -> Who:
    who = request.scope[WHO]
    assert isinstance(who, Who)
    return who


def _json(value: Struct) -> Response:
    return Response(to_json(value), media_type="application/json")
