"""How often Zendesk may be asked: one pool for each of its limits, and how long it is worth waiting.

Knows nothing of what is asked. Limits are the account's, per minute; Zendesk says in headers what is left of them.
"""

from __future__ import annotations

import asyncio
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from holdfast.errors import Misconfigured

WINDOW_S = 60.0
FIRST_BACKOFF_S, LONGEST_BACKOFF_S = 1.0, 60.0
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_RESETS = re.compile(r"remaining=([0-9]{1,9})\b.*?resets=([0-9]{1,9})\b")


@dataclass(frozen=True, slots=True)
class Clock:
    """The time, waiting and chance. `now` is in seconds since 1970, `chance` in 0..1."""

    now: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    chance: Callable[[], float] = random.random


class Patience:
    """How long one question may wait, all its waits together."""

    def __init__(self, clock: Clock, limit_s: float) -> None:
        self._clock = clock
        self._limit_s = limit_s
        self._waited_s = 0.0
        self._tries = 0

    async def wait(self, seconds: float, reason: str) -> None:
        """Sleep so long, or raise Misconfigured (HF114) at once where that is longer than there is patience for."""
        if seconds <= 0:
            return
        if self._waited_s + seconds > self._limit_s:
            raise Misconfigured(
                "HF114",
                f"Zendesk gave no usable answer: {reason}; after {self._waited_s:.0f} s of waiting, "
                f"the next try would be due in {seconds:.0f} s",
                "sync again later: it goes on where it was; or set a longer patience for the corpus",
            )
        self._waited_s += seconds
        await self._clock.sleep(seconds)

    async def back_off(self, reason: str) -> None:
        """Wait longer each time, by chance up to half less, so that many who wait do not come back together."""
        seconds = min(LONGEST_BACKOFF_S, FIRST_BACKOFF_S * 2.0**self._tries)
        self._tries += 1
        await self.wait(seconds * (0.5 + self._clock.chance() / 2), reason)

    def shorten(self, limit_s: float) -> None:
        """Have no more patience than that."""
        self._limit_s = min(self._limit_s, limit_s)


class Pool:
    """One of Zendesk's limits: nothing is sent while Zendesk said to wait, nor when nothing is left of the minute."""

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._free_at = 0.0
        self._remaining: int | None = None
        self._whole_at = 0.0

    async def turn(self, patience: Patience) -> None:
        """Return when this pool may be asked. Raises Misconfigured (HF114)."""
        while (wait := self._free_at - self._clock.now()) > 0:
            await patience.wait(wait, f"its limit for {self._name} is used up")

    def spend(self) -> None:
        """A question to another pool counts here as well, and its answer does not say what is left here."""
        if self._remaining is not None:
            self._left(self._remaining - 1)

    def heard(self, headers: Mapping[str, str]) -> bool:
        """Take in what an answer says of the limit; whether it names a time to wait."""
        now = self._clock.now()
        remaining, resets = _left(headers)
        if remaining is not None:
            if resets is not None:
                self._whole_at = now + resets
            elif self._remaining is None or remaining > self._remaining:
                self._whole_at = now + WINDOW_S
            self._left(remaining)
        wait = retry_after_s(headers, now)
        if wait is not None:
            self._free_at = max(self._free_at, now + wait)
        return bool(wait)

    def _left(self, remaining: int) -> None:
        self._remaining = remaining if self._clock.now() < self._whole_at else None
        if remaining <= 0:
            self._free_at = max(self._free_at, self._whole_at)


def retry_after_s(headers: Mapping[str, str], now: float) -> float | None:
    """The seconds that `Retry-After` asks for, written as seconds or as a date; None where it is not there.

    A date counts from the answer's own `Date`, so that clocks need not agree. What cannot be read asks for a minute.
    """
    said = headers.get("Retry-After", "").strip()
    if not said:
        return None
    if _SECONDS.fullmatch(said):
        return float(said)
    until, since = date_of(said), date_of(headers.get("Date", ""))
    if until is None:
        return WINDOW_S
    return max(0.0, until - (now if since is None else since))


def date_of(said: str) -> float | None:
    """A date of HTTP in seconds since 1970; None where it is none."""
    try:
        moment: datetime = parsedate_to_datetime(said)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def _left(headers: Mapping[str, str]) -> tuple[int | None, float | None]:
    """What is left of the tightest limit an answer speaks of, and in how many seconds it is whole again."""
    found: list[tuple[int, float | None]] = []
    for name, value in headers.items():
        low = name.lower()
        if low.startswith("zendesk-ratelimit") and (parts := _RESETS.search(value)):
            found.append((int(parts[1]), float(parts[2])))
        elif low in ("x-rate-limit-remaining", "ratelimit-remaining") and _SECONDS.fullmatch(value.strip()):
            reset = headers.get("ratelimit-reset", "").strip()
            found.append((int(float(value)), float(reset) if _SECONDS.fullmatch(reset) else None))
    return min(found, key=lambda one: one[0]) if found else (None, None)
