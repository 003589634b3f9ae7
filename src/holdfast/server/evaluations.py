"""The routes of evaluations: the list of them, and one with what came of its cases.

Knows nothing of how a case is asked or scored.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import FastAPI, Query, Request, Response
from msgspec import Struct
from pydantic import BaseModel, ConfigDict, Field

from holdfast.errors import NotFound
from holdfast.evals.by_tag import Passing, passing
from holdfast.evals.verdict import Verdict, verdict_of
from holdfast.evaluation import Case, CaseResult, Evaluation
from holdfast.identity import canonical, digest, to_json
from holdfast.runtime.who import Who
from holdfast.server.declared import Id, Name
from holdfast.server.exchange import WHO
from holdfast.server.needs import Project
from holdfast.server.openapi import gives
from holdfast.store.preview import preview
from holdfast.stores import EvaluationQuery


class EvaluationPage(Struct, frozen=True):
    """Evaluations, newest first; `next` is the `before` of the page after this one, null on the last."""

    evaluations: tuple[Evaluation, ...]
    next: str | None


class AskedCase(Struct, frozen=True, kw_only=True):
    """A case as it was asked: the words of its input, cut short, and a hash of the whole input."""

    id: str
    asked: str | None
    input_hash: str
    tags: tuple[str, ...]
    must_pass: bool


class EvaluationSaid(Struct, frozen=True):
    """An evaluation, what it comes to as far as it went, and what came of its cases, in order of arrival.

    `cases` are those that were to be asked; `passing` is the share that passes, of all and by tag.
    """

    verdict: Verdict
    evaluation: Evaluation
    results: tuple[CaseResult, ...]
    cases: tuple[AskedCase, ...] = ()
    passing: tuple[Passing, ...] = ()


EVALUATION_STRUCTS: tuple[type[Struct], ...] = (EvaluationPage, EvaluationSaid)
"""What the routes give, for the OpenAPI document."""


class Filter(BaseModel):
    """Which evaluations: every parameter narrows."""

    model_config = ConfigDict(extra="forbid")
    feature: Name = None
    before: Annotated[str | None, Field(max_length=80, pattern=r"^[A-Za-z0-9_.-]+$")] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


def declare_evaluations(api: FastAPI, project: Project) -> None:
    """Add the routes, over one project."""

    async def evaluations(request: Request, only: Annotated[Filter, Query()]) -> Response:
        """Evaluations, newest first, without their results."""
        query = EvaluationQuery(feature=only.feature, tenant=_tenant(request), before=only.before, limit=only.limit + 1)
        found = await project.store.evaluations.find(query)
        page = found[: only.limit]
        return _json(EvaluationPage(page, page[-1].id if len(found) > only.limit else None))

    async def evaluation(request: Request, evaluation_id: str) -> Response:
        """An evaluation with what came of its cases."""
        try:
            name = msgspec.convert(evaluation_id, Id)
        except msgspec.ValidationError:
            fix = "list them: GET /v1/evaluations"
            raise NotFound("HF208", "there is no evaluation with that id", fix) from None
        found = await project.store.evaluations.get(name, _tenant(request))
        results = await project.store.evaluations.results(name, _tenant(request))
        cases = await project.store.evaluations.cases(name, _tenant(request))
        asked = tuple(map(_asked, cases))
        return _json(EvaluationSaid(verdict_of(found), found, results, asked, passing(cases, results)))

    api.get("/v1/evaluations", **gives(EvaluationPage))(evaluations)
    api.get("/v1/evaluations/{evaluation_id}", **gives(EvaluationSaid))(evaluation)


def _asked(case: Case) -> AskedCase:
    return AskedCase(
        id=case.id,
        asked=preview(case.input),
        input_hash=digest(canonical(case.input)),
        tags=case.tags,
        must_pass=case.must_pass,
    )


def _tenant(request: Request) -> str:
    who = request.scope[WHO]
    assert isinstance(who, Who)
    return who.tenant


def _json(value: Struct) -> Response:
    return Response(to_json(value), media_type="application/json")
