"""How long to wait before the next try: what the vendor asked for, else backoff with full jitter.

Does not wait itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

from msgspec import Struct


class Pace(Struct, frozen=True, kw_only=True):
    """The gateway's own times. `retry_after_cap_ms`: a vendor that asks for a longer wait is left for the next rung.

    `floor_ms`: over how long a slow stream is weighed.

    `settle_ms`: how long usage may follow the end of an answer; `hang_ms`: how long a connection may stay open after
    the last event (it is kept for the next call when it ends in time).
    """

    backoff_ms: float = 250.0
    backoff_cap_ms: float = 4_000.0
    retry_after_cap_ms: float = 8_000.0
    settle_ms: float = 1_000.0
    hang_ms: float = 50.0
    floor_ms: float = 8_000.0


def backoff_ms(pace: Pace, tries: int, chance: Callable[[], float]) -> float:
    """Full jitter: anything between nothing and the exponential bound, so that callers do not come back in step.

    Source: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015.
    """
    bound = min(pace.backoff_cap_ms, pace.backoff_ms * 2.0 ** min(tries, 30))
    return bound * chance()


def retry_after_ms(headers: Mapping[str, str], wall_clock: Callable[[], float]) -> float | None:
    """The longest wait these response headers ask for, None when they ask for none that can be read.

    Reads `retry-after` as seconds and as an HTTP date, and `retry-after-ms` and `x-ms-retry-after-ms`.
    """
    waits = [
        _number(headers.get("retry-after-ms")),
        _number(headers.get("x-ms-retry-after-ms")),
        _seconds(headers.get("retry-after"), wall_clock),
    ]
    known = [wait for wait in waits if wait is not None]
    return max(known) if known else None


def _number(value: str | None) -> float | None:
    try:
        number = float(value or "")
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _seconds(value: str | None, wall_clock: Callable[[], float]) -> float | None:
    if value is None:
        return None
    seconds = _number(value)
    if seconds is not None:
        return seconds * 1000
    try:
        at = parsedate_to_datetime(value)
    except ValueError:
        return None
    if at.tzinfo is None:  # RFC 9110: an HTTP date is GMT
        at = at.replace(tzinfo=UTC)
    return max(0.0, (at.timestamp() - wall_clock()) * 1000)
