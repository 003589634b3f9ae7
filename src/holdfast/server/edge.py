"""The edge: the one ASGI application, where every request enters and every error is said.

Knows nothing of what a feature does or how a recording is kept.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType

from msgspec import Struct

from holdfast.keys import CASES, NAME_RELEASE, PROMOTE
from holdfast.runtime.who import ANYONE
from holdfast.server.access import Access
from holdfast.server.declared import FEATURES
from holdfast.server.dialects.routes import Dialects, refuse, route_of
from holdfast.server.exchange import WHO, Extra, Gone, Headers, Receive, Scope, Send, send_body, send_problem
from holdfast.server.features import RELEASE, Exchange, FeatureRoute
from holdfast.server.flight import Flight, Stopping
from holdfast.server.problems import wrong_method
from holdfast.server.releases import RELEASES
from holdfast.server.webhooks import is_webhook

Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]
HEALTH = ("/livez", "/readyz")


class Page(Struct, frozen=True):
    """A response made before it is asked for. An `open` one holds nothing of the project and needs no key."""

    body: bytes
    headers: tuple[tuple[bytes, bytes], ...]
    open: bool = False

    def said(self, _asked: Headers, /) -> tuple[bytes, Extra]:
        """Body and headers for a request with those headers."""
        return self.body, self.headers


class Edge:
    """The application. `flight` is where whoever serves it says that it shuts down."""

    def __init__(
        self,
        access: Access,
        flight: Flight,
        features: FeatureRoute,
        dialects: Dialects,
        declared: Asgi,
        pages: Mapping[str, Page],
    ) -> None:
        self.access = access
        self.flight = flight
        self._features = features
        self._dialects = dialects
        self._declared = declared
        self._pages = pages
        self._problems = features.problems

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. Everything that is raised becomes a problem; after the first byte it is raised on."""
        if scope["type"] != "http":
            await _not_http(scope, receive, send)
            return
        started = False

        async def tell(message: Scope) -> None:
            nonlocal started
            started = True
            await send(message)

        try:
            await self._enter(scope, receive, tell)
        except Gone:
            return
        except Exception as error:  # the server's edge: what is no HoldfastError is logged as a bug
            problem = self._problems.of_error(error)
            if started:
                raise
            if (route := route_of(scope["path"])) is not None:
                await refuse(route, dict(scope["headers"]), send, problem, error)
            else:
                await send_problem(send, problem, error)

    async def _enter(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, method = scope["path"], scope["method"]
        if method == "HEAD":  # answered as GET; the HTTP server leaves the body out
            method = "GET"
            scope = {**scope, "method": method}
        if path in HEALTH:
            await self._declared(scope, receive, send)
            return
        if self.flight.closing:
            raise Stopping
        if is_webhook(method, path):  # its signature says who calls, which a browser that is led astray has not
            scope[WHO] = ANYONE
            await self._declared(scope, receive, send)
            return
        headers = dict(scope["headers"])
        await self.access.check_address(scope, headers)
        page = self._pages.get(path)
        if page is None or not page.open:
            scope[WHO] = await self.access.admit(scope, headers, _scopes(method, path, headers))
        if page is not None:
            _only("GET", method, path)
            await send_body(send, 200, *page.said(headers))
        elif (route := route_of(path)) is not None:
            await self._dialects.answer(route, method, scope[WHO], Exchange(headers, receive, send))
        elif path.startswith(FEATURES) and "/" not in path[len(FEATURES) :] and len(path) > len(FEATURES):
            _only("POST", method, path)
            await self._features.answer(path[len(FEATURES) :], scope[WHO], Exchange(headers, receive, send))
        else:
            await self._declared(scope, receive, send)


_ADDING: Mapping[str, str] = MappingProxyType({"case": "/v1/recordings/", "answer": "/v1/diagnoses/"})
"""Routes that add to the project's cases, by their last word: how they begin."""


def _scopes(method: str, path: str, headers: Headers) -> list[str]:
    """What a key must be allowed to do beyond calling."""
    changes = method == "POST" and (path == RELEASES or path.startswith(f"{RELEASES}/"))
    last = path.rstrip("/").rpartition("/")[2]
    adds = method == "POST" and path.startswith(_ADDING.get(last, "\n"))
    return ([PROMOTE] if changes else []) + ([CASES] if adds else []) + ([NAME_RELEASE] if headers.get(RELEASE) else [])


def _only(allowed: str, method: str, path: str) -> None:
    if method != allowed:
        raise wrong_method(method, path, allowed)


async def _not_http(scope: Scope, receive: Receive, send: Send) -> None:
    """Take part in the lifespan, which starts and stops nothing here; refuse web sockets."""
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1000})
        return
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
