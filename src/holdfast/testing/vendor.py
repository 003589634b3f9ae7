"""A vendor on this machine that answers, fails, stalls and breaks off as it is told: a real HTTP server on loopback.

Knows the dialects of OpenAI (chat completions, Responses, embeddings), Azure, Anthropic and Google (`testing/speech`);
does not know Holdfast's side of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self, TypeAlias

from holdfast.records import Usage
from holdfast.testing.act import Act
from holdfast.testing.asked import Asked
from holdfast.testing.connection import Connection
from holdfast.testing.received import Received

_WELL = (Act(),)

Rule: TypeAlias = Callable[[Asked], Act]
"""Decides how a request is treated by what it asks. `testing/rules.py` holds many."""


class Vendor:
    """`async with Vendor([Act(status=500), Act()]) as vendor:` serves on a free port of loopback.

    It is told acts, which requests take in turn (the last one is repeated once the others are used up), or a rule,
    which decides by what is asked. Both may be replaced while it serves (`acts`, `rule`). `vendor.base_url` is what a
    provider of any dialect takes: which one is meant is told by the rest of the path. `requests` is everything that was
    received, in order. Leaving the block closes every connection, also those that stall on purpose.
    """

    def __init__(self, told: Sequence[Act] | Rule = _WELL, *, port: int = 0) -> None:
        self.rule: Rule | None = told if callable(told) else None
        self.acts: list[Act] = [] if callable(told) else list(told)
        self.requests: list[Received] = []
        self.connections = 0
        self._port = port
        self._server: asyncio.Server | None = None
        self._open: set[Connection] = set()
        self._arrived = asyncio.Event()
        self._started_s = 0.0

    @property
    def url(self) -> str:
        """The root of the server, without a version."""
        assert self._server is not None, "the vendor serves inside its `async with` only"
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    @property
    def base_url(self) -> str:
        return f"{self.url}/v1"

    @property
    def calls(self) -> int:
        """How many requests came."""
        return len(self.requests)

    @property
    def billed(self) -> Usage:
        """What all requests cost together, counted as `Received.billed` says."""
        every = [received.billed for received in self.requests]
        return Usage(
            input_tokens=sum(one.input_tokens for one in every),
            output_tokens=sum(one.output_tokens for one in every),
            cache_read_tokens=sum(one.cache_read_tokens for one in every),
            cache_write_tokens=sum(one.cache_write_tokens for one in every),
            reasoning_tokens=sum(one.reasoning_tokens for one in every),
        )

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._started_s = loop.time()
        self._server = await loop.create_server(lambda: Connection(self), "127.0.0.1", self._port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in tuple(self._open):
            await connection.stop()
        await self._server.wait_closed()

    async def received(self, count: int) -> None:
        """Wait until so many requests have come."""
        while len(self.requests) < count:
            self._arrived.clear()
            await self._arrived.wait()

    def opened(self, connection: Connection) -> int:
        """A connection was made; its number, from 1."""
        self._open.add(connection)
        self.connections += 1
        return self.connections

    def closed(self, connection: Connection) -> None:
        self._open.discard(connection)

    def now_ms(self) -> float:
        """The time since it began to serve."""
        return (asyncio.get_running_loop().time() - self._started_s) * 1000

    def note(self, received: Received) -> None:
        """A request came."""
        self.requests.append(received)
        self._arrived.set()

    def act_for(self, asked: Asked) -> Act:
        """How to treat this request."""
        if self.rule is not None:
            return self.rule(asked)
        return self.acts[min(asked.number + 1, len(self.acts)) - 1]
