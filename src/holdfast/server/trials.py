"""The routes of trials: a change tried on recordings is asked for, forecast, listed, and shown pair by pair.

Knows nothing of how a replay is made or judged.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import FastAPI, Query, Request, Response
from msgspec import Meta, Struct
from pydantic import BaseModel, ConfigDict, Field

from holdfast.errors import HoldfastError, Misconfigured, NotFound, Refused
from holdfast.evals.trying import LIMIT, MOST, Plan, forecast
from holdfast.identity import to_json
from holdfast.jobs.asking import TrialAsked
from holdfast.records import Json
from holdfast.runtime.who import Who
from holdfast.server.declared import Id, Kind
from holdfast.server.exchange import WHO, converted, read_json
from holdfast.server.jobs import JobRoutes, JobTaken
from holdfast.server.needs import Project
from holdfast.server.openapi import gives, takes
from holdfast.stores import PairQuery, TrialQuery
from holdfast.trial import Pair, Trial

_ID = r"^[A-Za-z0-9_.-]+$"


class TrialJobAsked(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A change (`set`: `slot.field` to value) tried on the recordings for which `where` holds, at most `limit` of them.

    `fresh` names kinds of effect that are done again although they are remembered; `max_cost_usd` is the most that all
    of it may cost.
    """

    where: str
    set: dict[str, Json] = {}
    fresh: tuple[Kind, ...] = ()
    limit: Annotated[int, Meta(ge=1, le=MOST)] = LIMIT
    max_cost_usd: Annotated[float, Meta(ge=0)] | None = None
    webhook: str | None = None


class TrialPage(Struct, frozen=True):
    """Trials, newest first; `next` is the `before` of the page after this one, null on the last."""

    trials: tuple[Trial, ...]
    next: str | None


class PairPage(Struct, frozen=True):
    """Pairs in order of arrival; `next` is the `after` of the page after this one, null on the last."""

    pairs: tuple[Pair, ...]
    next: str | None


TRIAL_STRUCTS: tuple[type[Struct], ...] = (TrialJobAsked, TrialPage, PairPage, Trial)


class TrialFilter(BaseModel):
    """Which trials."""

    model_config = ConfigDict(extra="forbid")
    before: Annotated[str | None, Field(max_length=80, pattern=_ID)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class PairFilter(BaseModel):
    """Which pairs of a trial: in order of arrival, `after` the one of the recording that is named."""

    model_config = ConfigDict(extra="forbid")
    verdict: Literal["better", "worse", "same", "not_compared"] | None = None
    after: Annotated[str | None, Field(max_length=80, pattern=_ID)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class TrialRoutes:
    """The endpoints, over one project."""

    def __init__(self, project: Project, jobs: JobRoutes) -> None:
        self._project = project
        self._jobs = jobs

    async def ask(self, request: Request) -> Response:
        """Try a change on recordings, as a job. What cannot be tried is refused at once."""
        asked = await self._asked(request)
        await self._forecast(request, asked)
        what = TrialAsked(asked.where, asked.set, asked.fresh, asked.limit, asked.max_cost_usd)
        return await self._jobs.ask(request, "trial", what, asked.webhook)

    async def forecast(self, request: Request) -> Response:
        """The trial that would begin: how many recordings match, how many are replayed, and what they cost."""
        return _json(await self._forecast(request, await self._asked(request)))

    async def list(self, request: Request, only: Annotated[TrialFilter, Query()]) -> Response:
        """Trials, newest first."""
        query = TrialQuery(tenant=_tenant(request), before=only.before, limit=only.limit + 1)
        found = await self._project.store.trials.find(query)
        page = found[: only.limit]
        return _json(TrialPage(page, page[-1].id if len(found) > only.limit else None))

    async def show(self, request: Request, trial_id: str) -> Response:
        """A trial as far as it went, and what it allows to be said."""
        return _json(await self._project.store.trials.get(_id(trial_id), _tenant(request)))

    async def pairs(self, request: Request, trial_id: str, only: Annotated[PairFilter, Query()]) -> Response:
        """Recordings of a trial, each with its replay, and which is the better one."""
        query = PairQuery(
            trial=_id(trial_id),
            tenant=_tenant(request),
            verdict=only.verdict,
            after=only.after,
            limit=only.limit + 1,
        )
        found = await self._project.store.trials.pairs(query)
        page = found[: only.limit]
        return _json(PairPage(page, page[-1].recording if len(found) > only.limit else None))

    async def _asked(self, request: Request) -> TrialJobAsked:
        headers = dict(request.scope["headers"])
        most = self._project.config.server.max_body_bytes
        return converted(await read_json(headers, request.receive, most), TrialJobAsked)

    async def _forecast(self, request: Request, asked: TrialJobAsked) -> Trial:
        plan = Plan(asked.where, asked.set, asked.fresh, limit=asked.limit, tenant=_tenant(request))
        try:
            return await forecast(self._project, plan)
        except (Misconfigured, NotFound) as error:
            if error.code == "HF203":
                raise  # nothing to replay
            raise _refused(error) from error


def add_trial_routes(api: FastAPI, routes: TrialRoutes) -> None:
    """Declare them."""
    api.post("/v1/trials", **gives(JobTaken, 202), **takes(TrialJobAsked))(routes.ask)
    api.post("/v1/trials/forecast", **gives(Trial), **takes(TrialJobAsked))(routes.forecast)
    api.get("/v1/trials", **gives(TrialPage))(routes.list)
    api.get("/v1/trials/{trial_id}", **gives(Trial))(routes.show)
    api.get("/v1/trials/{trial_id}/pairs", **gives(PairPage))(routes.pairs)


def _refused(error: HoldfastError) -> Refused:
    """A change that the request asked for and that cannot be made."""
    return Refused("HF701", error.message, error.fix)


def _tenant(request: Request) -> str:
    who = request.scope[WHO]
    assert isinstance(who, Who)
    return who.tenant


def _id(given: str) -> str:
    try:
        return msgspec.convert(given, Id)
    except msgspec.ValidationError:
        raise NotFound("HF210", "there is no trial with that id", "list them: GET /v1/trials") from None


def _json(value: Struct) -> Response:
    return Response(to_json(value), media_type="application/json")
