"""The routes of certificates: how far each judge agrees with people.

Knows nothing of how a judge is measured.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from fastapi import FastAPI, Query, Request, Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from holdfast.errors import NotFound
from holdfast.evals.certifying import why_not
from holdfast.identity import to_json
from holdfast.judgement import Certificate
from holdfast.runtime.who import Who
from holdfast.server.declared import Id, Name
from holdfast.server.exchange import WHO
from holdfast.server.needs import Project
from holdfast.server.openapi import gives
from holdfast.stores import CertificateQuery


class CertificateSaid(Certificate, frozen=True, kw_only=True):
    """A certificate, and whether it lets its judge gate now; `why` says why it does not.

    A judge that has changed since, its labels or its feature's code, needs another one, whatever is said here.
    """

    gates: bool
    why: str


class CertificatePage(Struct, frozen=True):
    """Certificates, newest first; `next` is the `before` of the page after this one, null on the last."""

    certificates: tuple[CertificateSaid, ...]
    next: str | None


CERTIFICATE_STRUCTS: tuple[type[Struct], ...] = (CertificatePage, CertificateSaid)
"""What the routes give, for the OpenAPI document."""


class CertificateFilter(BaseModel):
    """Which certificates: every parameter narrows."""

    model_config = ConfigDict(extra="forbid")
    feature: Name = None
    scorer: Name = None
    before: Annotated[str | None, Field(max_length=80, pattern=r"^[A-Za-z0-9_.-]+$")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


def declare_certificates(api: FastAPI, project: Project) -> None:
    """Add the routes, over one project."""

    async def certificates(request: Request, only: Annotated[CertificateFilter, Query()]) -> Response:
        """Certificates of judges, newest first."""
        query = CertificateQuery(
            feature=only.feature,
            scorer=only.scorer,
            tenant=_tenant(request),
            before=only.before,
            limit=only.limit + 1,
        )
        found = await project.store.certificates.find(query)
        page = tuple(map(_said, found[: only.limit]))
        return _json(CertificatePage(page, page[-1].id if len(found) > only.limit else None))

    async def certificate(request: Request, certificate_id: str) -> Response:
        """How far one judge agrees with people, and where it does not."""
        try:
            name = msgspec.convert(certificate_id, Id)
        except msgspec.ValidationError:
            fix = "list them: GET /v1/certificates"
            raise NotFound("HF213", "there is no certificate with that id", fix) from None
        return _json(_said(await project.store.certificates.get(name, _tenant(request))))

    api.get("/v1/certificates", **gives(CertificatePage))(certificates)
    api.get("/v1/certificates/{certificate_id}", **gives(CertificateSaid))(certificate)


def _said(certificate: Certificate) -> CertificateSaid:
    why = why_not(certificate, datetime.now(UTC))
    return CertificateSaid(**msgspec.structs.asdict(certificate), gates=not why, why=why)


def _tenant(request: Request) -> str:
    who = request.scope[WHO]
    assert isinstance(who, Who)
    return who.tenant


def _json(value: Struct) -> Response:
    return Response(to_json(value), media_type="application/json")
