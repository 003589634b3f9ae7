"""The route of findings: what there is to say of a feature, and what there was.

Knows nothing of how anything is found; documents are named only to those who may see them now.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, Query, Request, Response
from msgspec import Struct
from msgspec.structs import replace
from pydantic import BaseModel, ConfigDict, Field

from holdfast.errors import NotFound
from holdfast.evals.findings.looking import begins, take_stock
from holdfast.finding import MAX_EXAMPLES, Finding, Stock
from holdfast.identity import to_json
from holdfast.runtime.who import Who
from holdfast.server.exchange import WHO
from holdfast.server.needs import Project
from holdfast.server.openapi import gives
from holdfast.server.problems import HttpRefused

FINDING_STRUCTS: tuple[type[Struct], ...] = (Stock, Finding)
"""What the route gives, for the OpenAPI document."""


class StockAsked(BaseModel):
    """Since when recordings count, as a duration before now: 90s, 15m, 12h, 7d."""

    model_config = ConfigDict(extra="forbid")
    since: Annotated[str, Field(max_length=20)] = "7d"


class FindingRoutes:
    """The endpoint, over one project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    async def stock(self, request: Request, name: str, asked: Annotated[StockAsked, Query()]) -> Response:
        """What is wrong with a feature, with stable codes, counts and examples, and what to do about it.

        Computed from what was recorded, and kept; no model is asked. What earlier looks found and this one does not is
        `past`, and stands behind the others.
        """
        who = request.scope[WHO]
        assert isinstance(who, Who)
        now = datetime.now(UTC)
        try:
            since = begins(asked.since, now)
        except ValueError as error:
            raise HttpRefused("HF709", f"since: {error}", "since=7d looks back seven days", status=422) from error
        stock = await take_stock(self._project, name, since, tenant=who.tenant, now=now)
        findings = await asyncio.to_thread(self._shown, stock.findings, who)
        return Response(to_json(replace(stock, findings=findings)), media_type="application/json")

    def _shown(self, findings: tuple[Finding, ...], who: Who) -> tuple[Finding, ...]:
        """The findings, naming only documents that the caller may see."""
        return tuple(
            replace(each, examples=self._seen(each, who)) if each.of_data and each.examples else each
            for each in findings
        )

    def _seen(self, finding: Finding, who: Who) -> tuple[str, ...]:
        try:
            named = self._project.corpora.named(finding.about, finding.examples, who.principals, MAX_EXAMPLES)
        except NotFound:
            return ()  # the corpus is not configured any more
        return tuple(each.id for each in named)


def declare_findings(api: FastAPI, project: Project) -> None:
    """Add the route."""
    api.get("/v1/features/{name}/findings", **gives(Stock))(FindingRoutes(project).stock)
