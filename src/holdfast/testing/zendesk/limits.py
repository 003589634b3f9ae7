"""How many requests a minute an account may make, pool by pool. Does not know what is asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from holdfast.testing.zendesk.exchange import Answer, Pool


@dataclass(frozen=True, slots=True)
class Limits:
    """Requests per window and pool; None: any number.

    Tickets' exports count as requests to Support as well. `deep` is for offset pages behind the 500th. A refusal says
    in whole seconds when to come back, at least `least_retry_after_s`; `plain` refuses in plain text, as some of
    Zendesk's own proxies do.
    """

    support: int | None = None
    help_center: int | None = None
    export: int | None = None
    deep: int | None = None
    window_s: float = 60.0
    least_retry_after_s: int = 1
    plain: bool = False


NO_LIMITS = Limits()
TEAM = Limits(support=200, help_center=200, export=10, deep=50)
PROFESSIONAL = Limits(support=400, help_center=400, export=10, deep=50)
ENTERPRISE = Limits(support=700, help_center=700, export=10, deep=50)
HIGH_VOLUME = Limits(support=2500, help_center=2500, export=30, deep=50)


class Limiter:
    """Counts by windows that begin with a pool's first request."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.over: dict[Pool, int] = {}
        """How many requests were one too many, by pool."""
        self._windows: dict[Pool, tuple[float, int]] = {}
        self._wait_until_s: dict[Pool, float] = {}

    def take(self, pool: Pool, at_s: float) -> tuple[Answer | None, tuple[tuple[str, str], ...]]:
        """Count a request: the refusal, where it is one too many, and the headers that say how many are left."""
        headers: tuple[tuple[str, str], ...] = ()
        for counted in _counted(pool):
            limit: int | None = getattr(self.limits, counted)
            if limit is None:
                continue
            began, count = self._windows.get(counted, (at_s, 0))
            if at_s - began >= self.limits.window_s:
                began, count = at_s, 0
            self._windows[counted] = (began, count + 1)
            reset_s = max(1, math.ceil(began + self.limits.window_s - at_s))
            headers = _headers(limit, max(0, limit - count - 1), reset_s)
            if count >= limit:
                self.over[counted] = self.over.get(counted, 0) + 1
                return refusal(pool, max(reset_s, self.limits.least_retry_after_s), plain=self.limits.plain), headers
        return None, headers

    def told_to_wait(self, pool: Pool, until_s: float) -> None:
        """A client was told in this pool not to come back before then."""
        self._wait_until_s[pool] = max(until_s, self._wait_until_s.get(pool, 0.0))

    def early(self, pool: Pool, at_s: float) -> bool:
        """Whether a request comes before the time that one of its pool was told."""
        return at_s < self._wait_until_s.get(pool, 0.0)


def _counted(pool: Pool) -> tuple[Pool, ...]:
    if pool == "none":
        return ()
    return ("support", pool) if pool in ("export", "deep") else (pool,)


def _headers(limit: int, left: int, reset_s: int) -> tuple[tuple[str, str], ...]:
    return (
        ("X-Rate-Limit", str(limit)),
        ("X-Rate-Limit-Remaining", str(left)),
        ("ratelimit-limit", str(limit)),
        ("ratelimit-remaining", str(left)),
        ("ratelimit-reset", str(reset_s)),
    )


def refusal(pool: Pool, retry_after_s: float, *, plain: bool = False) -> Answer:
    """429, and when to come back. Its body is JSON or plain text."""
    headers = (("Retry-After", f"{retry_after_s:g}"),)
    kind, said = ("APIRateLimitExceeded", "Rate limit for ticketing exceeded, please wait before trying again")
    if pool == "export":
        kind, said = ("TooManyRequests", "Number of allowed incremental ticket export API requests per minute exceeded")
    if plain:
        return Answer(429, said.encode(), headers=headers, media_type="text/plain; charset=utf-8")
    return Answer(429, {"error": kind, "description": said}, headers=headers)
