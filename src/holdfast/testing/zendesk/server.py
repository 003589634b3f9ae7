"""A real HTTP server on loopback that behaves as the Zendesk API does, faults and limits included.

Knows the API and the account that it serves; does not know who asks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from holdfast.testing.zendesk.account import ADMIN, TOKEN, Account
from holdfast.testing.zendesk.call import pool_of
from holdfast.testing.zendesk.connection import Incoming, Outgoing, serve
from holdfast.testing.zendesk.desk import answered
from holdfast.testing.zendesk.exchange import Answer, Asked, Pool, Seen
from holdfast.testing.zendesk.faults import Fault, Planned, When
from holdfast.testing.zendesk.limits import NO_LIMITS, Limiter, Limits


class ZendeskServer:
    """`async with ZendeskServer(account) as server:` serves the account on free ports of loopback, one for each brand.

    `server.url` is where the default brand and Support are, `server.auth` a name and a password that are let in. Every
    row, page and error has the shape that Zendesk gives it; links lead back to this server. `requests` is everything
    that came, in order, with what was said to it. `limits` counts as the plan it is told does, by `clock_s`, which is
    not the account's own clock and by default is that of the machine; a test that waits for nothing hands its own.
    """

    def __init__(
        self,
        account: Account | None = None,
        *,
        limits: Limits = NO_LIMITS,
        clock_s: Callable[[], float] = time.monotonic,
        port: int = 0,
    ) -> None:
        self.account = account or Account()
        self.auth = (f"{ADMIN}/token", TOKEN)
        self.requests: list[Seen] = []
        self.limiter = Limiter(limits)
        self._clock_s = clock_s
        self._port = port
        self._planned: list[Planned] = []
        self._servers: dict[int, asyncio.Server] = {}
        self._open: set[asyncio.Task[None]] = set()
        self._page_before: dict[str, Sequence[object]] = {}
        self._arrived = asyncio.Event()

    @property
    def url(self) -> str:
        """The root of the default brand, without a path."""
        return self.brand_url(self.account.help_center.default_brand.id)

    @property
    def roots(self) -> Mapping[int, str]:
        """Where each brand is served."""
        return {brand_id: self.brand_url(brand_id) for brand_id in self._servers}

    def brand_url(self, brand_id: int) -> str:
        assert brand_id in self._servers, "a brand is served inside the `async with`, if it was there at its beginning"
        return f"http://127.0.0.1:{self._servers[brand_id].sockets[0].getsockname()[1]}"

    def on_request(self, when: int | When, fault: Fault, *, times: int | None = 1) -> None:
        """Let a fault befall the request of this number, from 1, or the requests that `when` picks: the first `times`
        of them, None: all. Of several that fit, the first that was told counts."""
        number = when
        picks = (lambda asked: asked.number == number) if isinstance(when, int) else when
        self._planned.append(Planned(picks, fault, times))

    def clear_faults(self) -> None:
        """From now on everything goes well."""
        self._planned.clear()

    def count(self, pool: Pool | None = None) -> int:
        """How many requests came, of all or of one pool."""
        return sum(1 for seen in self.requests if pool in (None, seen.asked.pool))

    @property
    def over_limit(self) -> int:
        """How many requests were one too many for a pool, by the server's own counting."""
        return sum(1 for seen in self.requests if seen.limited)

    @property
    def early(self) -> int:
        """How many requests came before the time that the `Retry-After` of their pool gave them."""
        return sum(1 for seen in self.requests if seen.early)

    async def received(self, count: int) -> None:
        """Wait until so many requests have come."""
        while len(self.requests) < count:
            self._arrived.clear()
            await self._arrived.wait()

    async def __aenter__(self) -> Self:
        for brand_id in self.account.help_center.brands:
            port = self._port if brand_id == self.account.help_center.default_brand.id else 0
            self._servers[brand_id] = await asyncio.start_server(self._accept(brand_id), "127.0.0.1", port)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for server in self._servers.values():
            server.close()
        for task in tuple(self._open):
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)
        for server in self._servers.values():
            await server.wait_closed()
        self._servers.clear()

    def _accept(self, brand_id: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.get_running_loop().create_task(
                serve(reader, writer, lambda incoming: self._respond(brand_id, incoming))
            )
            self._open.add(task)
            task.add_done_callback(self._open.discard)

        return accept

    def _heard(self, brand_id: int, incoming: Incoming) -> Asked:
        split = urlsplit(incoming.target)
        query = dict(parse_qsl(split.query, keep_blank_values=True))
        host = incoming.headers.get("host", "").partition(":")[0].removesuffix(".zendesk.com")
        for brand in self.account.help_center.brands.values():
            brand_id = brand.id if brand.subdomain == host else brand_id
        path = unquote(split.path)
        return Asked(
            number=len(self.requests) + 1,
            method=incoming.method,
            path=path,
            query=query,
            headers=incoming.headers,
            body=incoming.body,
            brand_id=brand_id,
            at_s=self._clock_s(),
            pool=pool_of(path, query),
        )

    async def _respond(self, brand_id: int, incoming: Incoming) -> Outgoing:
        asked = self._heard(brand_id, incoming)
        seen = Seen(asked, early=self.limiter.early(asked.pool, asked.at_s))
        self.requests.append(seen)
        self._arrived.set()
        refusal, headers = self.limiter.take(asked.pool, asked.at_s)
        fault = None if refusal is not None else self._fault(asked)
        if fault is not None:
            seen.fault = fault.name
            if fault.before_s:
                await asyncio.sleep(fault.before_s)
            if fault.then is not None:
                fault.then(self.account)
        seen.limited = refusal is not None
        answer = refusal or self._answer(asked, fault)
        self._waiting(seen, answer)
        seen.status = 0 if fault is not None and fault.cut else answer.status
        dated = format_datetime(datetime.fromtimestamp(self.account.clock.now(), UTC), usegmt=True)
        headers = (("Date", dated), ("X-Zendesk-Request-Id", f"{asked.number:016x}"), *headers)
        if fault is None:
            return Outgoing(answer, headers)
        return Outgoing(answer, headers, fault.cut, fault.truncated)

    def _fault(self, asked: Asked) -> Fault | None:
        for planned in self._planned:
            if planned.times != 0 and planned.when(asked):
                if planned.times is not None:
                    planned.times -= 1
                return planned.fault
        return None

    def _answer(self, asked: Asked, fault: Fault | None) -> Answer:
        if fault is not None and fault.status is not None:
            return Answer(fault.status, fault.body, headers=fault.headers, media_type=fault.media_type)
        answer = answered(self.account, asked, self.roots, emptied=fault is not None and fault.emptied)
        rows = () if isinstance(answer.body, bytes) else answer.body.get(answer.rows, ())
        if not answer.rows or isinstance(answer.body, bytes) or not isinstance(rows, list):
            return answer
        if fault is not None and fault.doubled:
            before = self._page_before.get(asked.path, ())
            answer.body = {**answer.body, answer.rows: [*before[-fault.doubled :], *rows]}
        self._page_before[asked.path] = rows
        self.requests[asked.number - 1].rows = len(rows)
        return answer

    def _waiting(self, seen: Seen, answer: Answer) -> None:
        """Note when the client was told to come back."""
        for name, value in answer.headers:
            if name == "Retry-After":
                seen.retry_after_s = float(value)
                self.limiter.told_to_wait(seen.asked.pool, self._clock_s() + float(value))
