"""The API as an application inside another one, under its prefix. Knows nothing of the application around it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from holdfast.errors import HoldfastError
from holdfast.server import build_asgi
from holdfast.server.access import Access
from holdfast.server.edge import Edge
from holdfast.server.exchange import Receive, Scope, Send
from holdfast.server.needs import Project


class Mounted:
    """An ASGI application over a project that is opened at its lifespan's start, or else at the first request.

    Each connection is judged by its own addresses, for the program around it may listen on any: without a key only this
    machine is answered. Metrics are left out, because they would count one process of possibly many.
    """

    def __init__(self, open: Callable[[], Awaitable[Project]], close: Callable[[], Awaitable[None]]) -> None:
        self._open = open
        self._close = close
        self._built: tuple[Project, Edge] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request. What keeps the project from opening is raised, for the program around to say."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        prefix, path = scope.get("root_path", ""), scope["path"]
        if prefix and path.startswith(prefix):
            path = path[len(prefix) :]
        edge = self._edge(await self._open(), prefix)
        await edge({**scope, "path": path or "/", "root_path": ""}, receive, send)

    def _edge(self, project: Project, prefix: str) -> Edge:
        if self._built is None or self._built[0] is not project:
            access = Access(project, loopback=None)
            self._built = (project, build_asgi(project, access=access, metrics=False, prefix=prefix))
        return self._built[1]

    async def _live(self, receive: Receive, send: Send) -> None:
        """Open at the start, close at the end."""
        await receive()
        try:
            await self._open()
        except HoldfastError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        if self._built is not None:
            self._built[1].flight.close()
        await self._close()
        await send({"type": "lifespan.shutdown.complete"})
