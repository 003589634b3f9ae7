"""The routes of gates: the list of them, and one with its verdict.

Knows nothing of how a verdict is found.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import FastAPI, Query, Request, Response
from msgspec import Struct

from holdfast.errors import NotFound
from holdfast.gate import Gate
from holdfast.identity import to_json
from holdfast.runtime.who import Who
from holdfast.server.declared import Id
from holdfast.server.evaluations import Filter
from holdfast.server.exchange import WHO
from holdfast.server.needs import Project
from holdfast.server.openapi import gives
from holdfast.stores import EvaluationQuery


class GatePage(Struct, frozen=True):
    """Gates, newest first; `next` is the `before` of the page after this one, null on the last."""

    gates: tuple[Gate, ...]
    next: str | None


GATE_STRUCTS: tuple[type[Struct], ...] = (GatePage, Gate)
"""What the routes give, for the OpenAPI document."""


def declare_gates(api: FastAPI, project: Project) -> None:
    """Add the routes, over one project."""

    async def gates(request: Request, only: Annotated[Filter, Query()]) -> Response:
        """Gates, newest first, with their verdicts, but without the outputs of what broke."""
        query = EvaluationQuery(feature=only.feature, tenant=_tenant(request), before=only.before, limit=only.limit + 1)
        found = await project.store.gates.find(query)
        page = tuple(map(_short, found[: only.limit]))
        return _json(GatePage(page, page[-1].id if len(found) > only.limit else None))

    async def gate(request: Request, gate_id: str) -> Response:
        """A gate, with everything that came of it as far as it went."""
        try:
            name = msgspec.convert(gate_id, Id)
        except msgspec.ValidationError:
            raise NotFound("HF211", "there is no gate with that id", "list them: GET /v1/gates") from None
        return _json(await project.store.gates.get(name, _tenant(request)))

    api.get("/v1/gates", **gives(GatePage))(gates)
    api.get("/v1/gates/{gate_id}", **gives(Gate))(gate)


def _short(gate: Gate) -> Gate:
    if gate.verdict is None:
        return gate
    broken = tuple(msgspec.structs.replace(each, diff=()) for each in gate.verdict.regressions)
    return msgspec.structs.replace(gate, verdict=msgspec.structs.replace(gate.verdict, regressions=broken))


def _tenant(request: Request) -> str:
    who = request.scope[WHO]
    assert isinstance(who, Who)
    return who.tenant


def _json(value: Struct) -> Response:
    return Response(to_json(value), media_type="application/json")
