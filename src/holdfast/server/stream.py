"""A request's events as server-sent events, in order, while it runs.

Knows nothing of features or recordings, only of the events a listener hears.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import msgspec
from msgspec import Struct

from holdfast.contracts import Delta, Event, Reset
from holdfast.records import Call, Check, Effect, Embed, Generate, Rerank, Retrieve

SILENCE_S = 15.0
"""After so long without an event a comment is sent, so that proxies keep the connection."""

COMMENT = b": keep-alive\n\n"
HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),  # nginx would hold events back
)
_encode = msgspec.json.Encoder().encode


class StepSaid(Struct, frozen=True):
    """What a stream says of a step: no bodies."""

    kind: str
    name: str
    ms: float
    replayed: bool


def frame(event: str, data: object) -> bytes:
    """One event. JSON has no raw line break, so one `data:` line holds it."""
    return b"event: %s\ndata: %s\n\n" % (event.encode(), _encode(data))


def name_of(effect: Effect) -> str:
    """What an effect was asked of: the corpus, the slot, the guard, the function."""
    match effect:
        case Retrieve(corpus=name) | Generate(slot=name) | Embed(encoder=name) | Rerank(reranker=name):
            return name
        case Check(guard=name) | Call(name=name):
            return name
        case _:
            return ""


class Channel:
    """Events on their way from one listener to one reader, as `framed` writes them.

    Holds no more than the answer itself: while the reader is slow, deltas are joined, and a reset drops the deltas
    that it voids.
    """

    def __init__(
        self,
        silence_s: float = SILENCE_S,
        framed: Callable[[Event | list[str]], bytes] | None = None,
        comment: bytes = COMMENT,
    ) -> None:
        self._silence_s = silence_s
        self._framed = framed or _framed
        self._comment = comment
        self._waiting: list[Event | list[str]] = []
        self._changed = asyncio.Event()
        self._closed = False
        self._taken = self._quiet = False
        self._timer: asyncio.TimerHandle | None = None

    def hear(self, event: Event) -> None:
        """Take an event; never waits."""
        if isinstance(event, Delta):
            last = self._waiting[-1] if self._waiting else None
            if isinstance(last, list):
                last.append(event.text)
            else:
                self._waiting.append([event.text])
        else:
            if isinstance(event, Reset):
                self._waiting = [waiting for waiting in self._waiting if not isinstance(waiting, list)]
            self._waiting.append(event)
        self._changed.set()

    def close(self) -> None:
        """Nothing comes after this."""
        self._closed = True
        self._changed.set()
        if self._timer is not None:
            self._timer.cancel()

    async def take(self) -> bytes:
        """The frames that wait; a comment after silence, at the latest after twice the time; empty when the channel is
        closed and read."""
        if self._timer is None and not self._closed:
            self._listen()
        while True:
            if not self._waiting and not self._closed and not self._quiet:
                await self._changed.wait()
            self._changed.clear()
            quiet, self._quiet = self._quiet, False
            waiting, self._waiting = self._waiting, []
            if frames := b"".join([self._framed(event) for event in waiting]):
                self._taken = True
                return frames
            if quiet:
                return self._comment
            if self._closed and not self._waiting:
                return b""

    def _listen(self) -> None:
        """One timer for the whole stream, not one for each event."""
        self._taken = False
        self._timer = asyncio.get_running_loop().call_later(self._silence_s, self._tick)

    def _tick(self) -> None:
        if not self._taken:
            self._quiet = True
            self._changed.set()
        self._listen()


def _framed(event: Event | list[str]) -> bytes:
    if isinstance(event, list):
        return frame("delta", {"text": "".join(event)})
    if isinstance(event, Delta):
        return frame("delta", {"text": event.text})
    if isinstance(event, Reset):
        return frame("reset", {"reason": event.reason})
    step = event.step
    kind = step.effect.__struct_config__.tag
    return frame("step", StepSaid(kind=str(kind), name=name_of(step.effect), ms=step.ms, replayed=step.replayed))
