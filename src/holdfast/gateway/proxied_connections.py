"""The connections of one event loop: a pool that is replaced as it ages, and single connections for who needs one.

Does not know requests, or what a failure means.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiohttp import ClientSession

_KEEP_ALIVE_S = 30.0
_NAME_LIFE_S = 30


class Pool:
    """Connections that are used again, how old they are, and how many calls go over them now."""

    __slots__ = ("born_at", "calls", "session")

    def __init__(self, session: ClientSession, born_at: float) -> None:
        self.session = session
        self.born_at = born_at
        self.calls = 0


class Connections:
    """Lends sessions. A pool older than `life_s` gets no new calls and is closed when its last call ends."""

    def __init__(self, most_per_route: int, life_s: float) -> None:
        self._most_per_route = most_per_route
        self._life_s = life_s
        self._loop = asyncio.get_running_loop()
        self._shared: Pool | None = None
        self._single: Pool | None = None
        self._retired: set[Pool] = set()

    def take(self, fresh: bool) -> Pool:
        """A pool to make one call with, to be given back; `fresh`: its connections are used once."""
        pool = self._fresh() if fresh else self._young()
        pool.calls += 1
        return pool

    async def give(self, pool: Pool) -> None:
        """The call is done."""
        pool.calls -= 1
        if self._retired:
            idle = [old for old in self._retired if not old.calls]
            self._retired.difference_update(idle)
            for old in idle:
                await old.session.close()

    async def close(self) -> None:
        """Close every connection, also those in use."""
        pools = [pool for pool in (self._shared, self._single, *self._retired) if pool is not None]
        self._shared = self._single = None
        self._retired.clear()
        for pool in pools:
            await pool.session.close()

    def _young(self) -> Pool:
        pool, now = self._shared, self._loop.time()
        if pool is not None and now - pool.born_at < self._life_s:
            return pool
        if pool is not None:
            self._retired.add(pool)
        self._shared = Pool(self._open(once=False), now)
        return self._shared

    def _fresh(self) -> Pool:
        if self._single is None:
            self._single = Pool(self._open(once=True), self._loop.time())
        return self._single

    def _open(self, once: bool) -> ClientSession:
        import aiohttp

        if once:
            connector = aiohttp.TCPConnector(
                limit=0, limit_per_host=self._most_per_route, force_close=True, ttl_dns_cache=_NAME_LIFE_S
            )
        else:
            connector = aiohttp.TCPConnector(
                limit=0,
                limit_per_host=self._most_per_route,
                keepalive_timeout=_KEEP_ALIVE_S,
                ttl_dns_cache=_NAME_LIFE_S,
            )
        return aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            # An event stream that is compressed is an event stream that is held back.
            headers={"accept-encoding": "identity", "user-agent": "holdfast"},
            timeout=aiohttp.ClientTimeout(total=None),
        )
