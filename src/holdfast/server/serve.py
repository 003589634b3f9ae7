"""Serving a project on an address: the lock, the socket, the processes, the end.

Knows nothing of routes. The command line prints; this module only says through `ready`.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, nullcontext

from holdfast.errors import Misconfigured
from holdfast.server import build_asgi
from holdfast.server.access import Access, is_loopback
from holdfast.server.lock import serving
from holdfast.server.needs import Project
from holdfast.server.warming import warming

BACKLOG = 2048


def new_loop() -> asyncio.AbstractEventLoop:
    """The event loop to serve on: uvloop where it is installed, as everywhere but on Windows."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def unsaid(address: str) -> None:
    """The `ready` of a server nobody waits for."""


async def serve(
    project: Project,
    host: str | None = None,
    port: int | None = None,
    *,
    workers: int = 1,
    ready: Callable[[str], None] = unsaid,
    beside: Callable[[], AbstractAsyncContextManager[None]] = nullcontext,
) -> None:
    """Serve until SIGTERM or SIGINT, then close the project. `ready` is told the address once requests are taken.

    `beside` is entered while requests are taken, under the project's lock: what at most one process may do.

    Host and port default to the configuration's; port 0 takes a free one. More than one worker are processes that share
    the socket, each with the project open on its own. Raises Misconfigured: HF105 when the project is served already,
    HF106 when the address cannot be taken or would be open to others without a key.
    """
    settings = project.config.server
    host = settings.host if host is None else host
    try:
        with (
            serving(project.config.folder) as say_address,
            _bound(host, settings.port if port is None else port) as bound,
        ):
            bound_host, bound_port = bound.getsockname()[:2]
            loopback = is_loopback(bound_host)
            access = Access(project, loopback=loopback)
            if not loopback and not await access.any_key():
                raise Misconfigured(
                    "HF106",
                    f"{host} can be reached by others, and there is no key",
                    "type: holdfast keys create NAME",
                )
            address = f"http://{_shown(bound_host)}:{bound_port}"
            say_address(address)
            async with beside():
                if workers > 1:
                    from holdfast.server.workers import Workers

                    await Workers(project.config.folder, bound, workers).serve(lambda: ready(address))
                else:
                    from holdfast.server.listening import Listener

                    edge = build_asgi(project, access=access)
                    async with warming(project):
                        await Listener(edge, settings.shutdown_s, lambda: ready(address)).serve([bound])
    finally:
        await project.close()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _bound(host: str, port: int) -> socket.socket:
    """A listening socket. Raises Misconfigured (HF106)."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, OverflowError) as error:
        raise Misconfigured(
            "HF106", f"there is no address '{host}' port {port}: {error}", "give another --host"
        ) from error
    taken = socket.socket(family, kind, protocol)
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(address)
        taken.listen(BACKLOG)
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            raise Misconfigured(
                "HF106", f"port {port} on {host} is taken", f"type: holdfast up --port {_another(port)}"
            ) from error
        raise Misconfigured(
            "HF106", f"{host} port {port} cannot be listened on: {error.strerror}", "give another --host or --port"
        ) from error
    taken.setblocking(False)
    return taken


def _another(port: int) -> int:
    return port + 1 if port < 65535 else 8000
