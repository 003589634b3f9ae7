"""The routes of the dialects: which path is whose, and in whose words its errors are said.

Knows nothing of what is asked.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Literal, TypeAlias

from msgspec import Struct

from holdfast.runtime.who import Who
from holdfast.server.dialects.embeddings import EmbeddingsRoute
from holdfast.server.dialects.errors import send_error
from holdfast.server.dialects.models import ModelsRoute
from holdfast.server.dialects.running import Desk
from holdfast.server.dialects.talk import TalkRoute
from holdfast.server.exchange import Headers, Send
from holdfast.server.features import Exchange
from holdfast.server.problems import Problem, wrong_method

Kind: TypeAlias = Literal["chat", "responses", "response", "messages", "count", "embeddings", "models"]


class Route(Struct, frozen=True):
    """A path of a dialect. `rest` is what follows its name: an id, or nothing."""

    kind: Kind
    rest: str = ""

    @property
    def method(self) -> str:
        return "GET" if self.kind in ("models", "response") else "POST"


_ROUTES = (
    ("/chat/completions", Route("chat")),
    ("/responses", Route("responses")),
    ("/messages", Route("messages")),
    ("/messages/count_tokens", Route("count")),
    ("/embeddings", Route("embeddings")),
    ("/models", Route("models")),
)
_PATHS = MappingProxyType({route.kind: "/v1" + path for path, route in _ROUTES} | {"response": "/v1/responses/ID"})
PATHS = MappingProxyType({prefix + path: route for path, route in _ROUTES for prefix in ("/v1", "")})
"""Every path, with and without the version: clients differ in which of the two their base URL holds."""


def route_of(path: str) -> Route | None:
    """The route of a path; None where it is no dialect's."""
    found = PATHS.get(path)
    if found is not None:
        return found
    short = path.removeprefix("/v1")
    for start, kind in (("/models/", "models"), ("/responses/", "response")):
        if short.startswith(start) and len(short) > len(start):
            return Route("models", short[len(start) :]) if kind == "models" else Route("response", short[len(start) :])
    return None


class Dialects:
    """All of them, over one project."""

    def __init__(self, desk: Desk) -> None:
        self._talk = TalkRoute(desk)
        self._embeddings = EmbeddingsRoute(desk)
        self._models = ModelsRoute(desk.project)

    async def answer(self, route: Route, method: str, who: Who, exchange: Exchange) -> None:
        """Answer one request. What is raised before the first byte is the caller's to say, with `refuse`."""
        if method != route.method:
            raise wrong_method(method, _PATHS[route.kind], route.method)
        match route.kind:
            case "chat" | "responses" | "messages":
                await self._talk.answer(route.kind, who, exchange)
            case "count":
                await self._talk.count(exchange)
            case "response":
                await self._talk.response(route.rest, who, exchange)
            case "embeddings":
                await self._embeddings.answer(who, exchange)
            case "models":
                await self._models.answer(route.rest, exchange)


async def refuse(route: Route, headers: Headers, send: Send, problem: Problem, error: BaseException) -> None:
    """Say what was raised in the words of the route's dialect."""
    anthropic = route.kind in ("messages", "count") or (route.kind == "models" and b"anthropic-version" in headers)
    await send_error(send, problem, error, anthropic=anthropic)
