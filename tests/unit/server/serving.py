"""Serving a project on a free port inside a test, and asking it over real HTTP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from holdfast.server import Access, build_asgi
from holdfast.server.edge import Edge
from holdfast.server.listening import Listener
from holdfast.server.needs import Project
from holdfast.server.serve import _bound

NOT_BUILT = Path("no console here")


@dataclass
class Served:
    project: Any
    edge: Edge
    listener: Listener
    port: int
    http: httpx.AsyncClient

    async def ask(self, feature: str, body: Any = None, **headers: str) -> httpx.Response:
        """POST to a feature; header names are given with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        value = {"body": "hello"} if body is None else body
        return await self.http.post(f"/v1/features/{feature}", json=value, headers=named)

    async def raw(self, data: bytes) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A connection of its own, with some bytes sent."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        writer.write(data)
        await writer.drain()
        return reader, writer


@asynccontextmanager
async def serving(
    project: Project, *, loopback: bool = True, console: Path = NOT_BUILT, port: int = 0
) -> AsyncIterator[Served]:
    """Serve it, with the plain page unless a built console is given."""
    access = Access(project, loopback=loopback)
    edge = build_asgi(project, access=access, console=console)
    started = asyncio.Event()
    listener = Listener(edge, project.config.server.shutdown_s, started.set, signals=False)
    bound = _bound("127.0.0.1", port)
    port = bound.getsockname()[1]
    task = asyncio.create_task(listener.serve([bound]))
    await started.wait()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20, trust_env=False) as http:
        try:
            yield Served(project, edge, listener, port, http)
        finally:
            listener.should_exit = True
    await task


def events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events as (name, data), read by the standard's rules; comments are left out."""
    found = []
    for block in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line for line in block.split("\n") if line and not line.startswith(":")]
        if lines:
            fields = [line.partition(": ")[::2] for line in lines]
            assert [name for name, _ in fields] == ["event", "data"]
            found.append((fields[0][1], json.loads(fields[1][1])))
    return found


def request(path: str, body: bytes = b'{"body":"hello"}', **headers: str) -> bytes:
    """The bytes of a POST."""
    said = {"host": "127.0.0.1", "content-type": "application/json", "content-length": str(len(body))}
    said |= {name.replace("_", "-"): value for name, value in headers.items()}
    lines = "".join(f"{name}: {value}\r\n" for name, value in said.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def refused(port: int) -> None:
    """Return once nobody accepts connections on the port any more."""
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            return
        except ConnectionResetError:  # it was waiting to be accepted
            continue
        writer.close()
