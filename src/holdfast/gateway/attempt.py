"""One attempt: a model is asked once, watched while it speaks, and stopped when it is late.

Does not know of other rungs, of retries or of money.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import NamedTuple

import msgspec

from holdfast.contracts import Answer
from holdfast.errors import HoldfastError
from holdfast.gateway.fault import Broken, Fault, from_status, redact
from holdfast.gateway.rung import HandedIn, Hosted
from holdfast.gateway.sse import EventStream, EventTooLarge
from holdfast.gateway.transport import MAX_ERROR_BYTES, Response, Transport
from holdfast.gateway.waiting import Pace, retry_after_ms
from holdfast.gateway.wire.dialect import WIRES
from holdfast.gateway.wire.reading import Reader
from holdfast.records import Generate, Usage

FILTERED = frozenset({"content_filter", "refusal"})
"""Reasons to stop of an answer that was not allowed to be given."""


class Limits(NamedTuple):
    """How long one attempt may take, in ms; `deadline_at` in the event loop's seconds.

    Text that comes slower than `floor_chars_per_s` over `floor_ms` is as good as none.
    """

    connect_ms: float
    first_token_ms: float
    idle_ms: float
    deadline_at: float
    floor_chars_per_s: float = 0.0
    floor_ms: float = 8_000.0


class Asked(NamedTuple):
    """What one attempt sends, to whom, and how. `without` names parameters that are left out; `fresh`: not over a
    connection that was kept from a call before."""

    rung: Hosted
    key: str | None
    request: Generate
    streaming: bool = True
    without: frozenset[str] = frozenset()
    fresh: bool = False


class Watch:
    """What an attempt has said so far, and the one time limit that moves along as it speaks.

    Until the first sign of generation the limit is `first_token_ms`, after it `idle_ms` from the last bytes, and at no
    time later than the ladder's deadline. `on_begin` is called at the first sign of generation.
    """

    __slots__ = (
        "_floor_at_s",
        "_floor_from",
        "_limit",
        "_limits",
        "_loop",
        "_open",
        "_say",
        "_started_s",
        "_stopped",
        "characters",
        "first_token_ms",
        "on_begin",
        "reader",
    )

    def __init__(self, say: Callable[[str], None], limits: Limits) -> None:
        self._say = say
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._started_s = time.perf_counter()  # uvloop's own clock counts whole milliseconds
        self._floor_at_s = 0.0
        self._floor_from = 0
        self.first_token_ms: float | None = None
        self.characters = 0
        self.reader: Reader | None = None
        self.on_begin: Callable[[], None] | None = None
        self._open = False
        self._stopped = False
        self._limit = asyncio.timeout_at(min(self._loop.time() + limits.first_token_ms / 1000, limits.deadline_at))

    @property
    def connect_s(self) -> float:
        """How long connecting may take."""
        return min(self._limits.connect_ms / 1000, max(0.0, self._limits.deadline_at - self._loop.time()))

    @property
    def ms(self) -> float:
        return (time.perf_counter() - self._started_s) * 1000

    @property
    def charged_usd(self) -> float | None:
        """What the vendor itself says it charges."""
        return None if self.reader is None else self.reader.cost_usd

    def say(self, text: str) -> None:
        """Pass on visible text. What a model says after its time is up is not heard. Raises Broken when text comes too
        slowly to wait for."""
        if text and self._open:
            self.generating()
            if self._stopped:
                return
            self.characters += len(text)
            if self._limits.floor_chars_per_s:
                self._weigh()
            self._say(text)

    def generating(self) -> None:
        """The model has begun, if only to reason."""
        if self.first_token_ms is None:
            self.first_token_ms = self.ms
            self.alive()
            if self.on_begin is not None and not self._stopped:  # two that begin at once must not end each other
                self.on_begin()

    def busy(self) -> None:
        """The model is at work on what is not visible text, which is no reason to call its text slow."""
        self.generating()
        self._floor_at_s = 0.0

    def alive(self) -> None:
        """Bytes came. Before the first token that buys no time: a vendor may send signs of life for ever."""
        if self.first_token_ms is not None and not self._stopped:
            limits = self._limits
            self._until(min(self._loop.time() + limits.idle_ms / 1000, limits.deadline_at))

    def whole(self) -> None:
        """The answer is whole: nothing that comes after it can be late."""
        if not self._stopped:
            self._until(None)

    def stop(self) -> None:
        """End the attempt: another was quicker. Does nothing to one that has ended."""
        self._stopped = True
        self._until(self._loop.time())

    def _until(self, at_s: float | None) -> None:
        """Move the limit, unless the attempt has ended or is about to because its time is up."""
        if self._open and not self._limit.expired():
            self._limit.reschedule(at_s)

    @property
    def stopped_early(self) -> bool:
        """It ended because its time was up or another was quicker, and not because its caller had gone."""
        return self._stopped or self._limit.expired()

    def _weigh(self) -> None:
        now_s = time.perf_counter()
        if not self._floor_at_s:
            self._floor_at_s, self._floor_from = now_s, self.characters
            return
        window_s = now_s - self._floor_at_s
        if window_s * 1000 >= self._limits.floor_ms:
            rate = (self.characters - self._floor_from) / window_s
            if rate < self._limits.floor_chars_per_s:
                raise Broken(Fault("slow", f"{rate:.1f} characters a second over {window_s:.1f} s"))
            self._floor_at_s, self._floor_from = now_s, self.characters

    async def over(self, asking: Coroutine[None, None, Answer]) -> Answer | Fault:
        """Ask, within the limit. Cancelling goes through to the call."""
        if self._stopped:
            asking.close()
            return self._late()
        try:
            async with self._limit:
                self._open = True
                answer = await asking
        except Broken as broken:
            return broken.fault
        except TimeoutError as error:
            return self._late() if self._limit.expired() else Fault("model_failed", f"TimeoutError: {error}")
        except (HoldfastError, OSError) as error:  # of a model that was handed in
            said = error.message if isinstance(error, HoldfastError) else str(error)
            return Fault("model_failed", f"{type(error).__name__}: {said}")
        finally:
            self._open = False
        if answer.text.strip() or answer.tool_calls or answer.stop_reason in FILTERED:
            return answer
        return Fault("blank", f"the answer holds no text (it ended with '{answer.stop_reason}')")

    def _late(self) -> Fault:
        if self._stopped:
            return Fault("cancelled", "the other was quicker")
        if self._limit.when() == self._limits.deadline_at:
            return Fault("deadline", f"the deadline passed after {self.ms:.0f} ms of this attempt")
        if self.first_token_ms is None:
            return Fault("silent", f"nothing was generated within {self.ms:.0f} ms")
        return Fault("stalled", f"nothing came for {self._limits.idle_ms:.0f} ms")


async def ask_object(rung: HandedIn, request: Generate, watch: Watch) -> Answer:
    """Ask a model that was handed in; one that does not stream is heard when it is done."""
    answer = await rung.instance.generate(rung.model, request, watch.say)
    if not watch.characters:
        watch.say(answer.text)
    return answer


class Hosts:
    """Asks hosted models over one transport."""

    def __init__(self, transport: Transport, pace: Pace, wall_clock: Callable[[], float] = time.time) -> None:
        self._transport = transport
        self._pace = pace
        self._wall_clock = wall_clock

    async def ask(self, asked: Asked, watch: Watch) -> Answer:
        """Ask once. Raises Broken, its message free of the provider's secrets."""
        provider = asked.rung.provider
        wire = WIRES[provider.dialect]
        watch.reader = wire.reader(asked.request)
        headers = {"content-type": "application/json", **wire.headers(asked.key)}
        headers |= {name.lower(): value for name, value in provider.headers.items()}
        body = msgspec.json.encode(wire.body(asked.request, asked.rung.model, provider, asked.streaming, asked.without))
        touched = False
        try:
            async with self._transport.post(
                wire.url(provider, asked.rung.model, asked.streaming),
                headers,
                body,
                watch.connect_s,
                fresh=asked.fresh,
                proxy=provider.proxy,
            ) as response:
                touched = True
                await self._read(response, watch.reader, watch, streaming=asked.streaming)
                return watch.reader.answer()
        except Broken as broken:
            fault = broken.fault
            untouched = fault.kind == "broken_off" and not touched
            message = redact(fault.message, provider.secrets)
            raise Broken(msgspec.structs.replace(fault, message=message, untouched=untouched)) from None

    async def _read(self, response: Response, reader: Reader, watch: Watch, *, streaming: bool) -> None:
        if response.status >= 300:
            raise Broken(await self._refusal(response))
        match response.media_type:
            case "application/json":
                await self._read_whole(response, reader, watch)
            case "text/html":
                raise Broken(Fault("not_an_answer", f"HTTP {response.status} with a web page"))
            case kind if streaming or kind == "text/event-stream":
                await self._read_stream(response, reader, watch)
            case _:
                await self._read_whole(response, reader, watch)

    async def _refusal(self, response: Response) -> Fault:
        """The fault of an error response. Its status counts even where its body does not come."""
        body = b""
        try:
            async with asyncio.timeout(self._pace.settle_ms / 1000):
                body = await response.body(MAX_ERROR_BYTES)
        except (TimeoutError, Broken):
            body = b""
        return from_status(response.status, body, retry_after_ms(response.headers, self._wall_clock))

    async def _read_whole(self, response: Response, reader: Reader, watch: Watch) -> None:
        body = await response.body()
        try:
            parsed = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise Broken(Fault("garbled", "the response is not JSON")) from None
        watch.say(reader.take_whole(parsed))

    async def _read_stream(self, response: Response, reader: Reader, watch: Watch) -> None:
        events = EventStream()
        try:
            while not reader.finished:
                chunk = await response.read()
                for event in events.feed(chunk) if chunk else events.end():
                    text = reader.take(event)
                    if text:
                        watch.say(text)
                    elif reader.started:
                        watch.busy()
                if not chunk:
                    break
                watch.alive()
        except EventTooLarge as error:
            raise Broken(Fault("garbled", str(error))) from None
        if not reader.finished:
            raise Broken(Fault("broken_off", "the stream ended before the answer did"))
        watch.whole()
        await self._settle(response, events, reader, watch)

    async def _settle(self, response: Response, events: EventStream, reader: Reader, watch: Watch) -> None:
        """Take the usage that follows the answer, and let the connection end so that the next call can have it.

        The answer is whole by now: a fault from here on costs the usage or the connection, not the answer; unless text
        follows, from a vendor that says in each event that the answer has ended.
        """
        goes_on = False
        try:
            async with asyncio.timeout(self._pace.settle_ms / 1000) as limit:
                while not response.at_end:
                    if reader.closed:
                        limit.reschedule(asyncio.get_running_loop().time() + self._pace.hang_ms / 1000)
                    chunk = await response.read()
                    for event in events.feed(chunk) if chunk else events.end():
                        if text := reader.take(event):
                            goes_on = True
                            watch.say(text)
                            limit.reschedule(asyncio.get_running_loop().time() + self._pace.settle_ms / 1000)
        except (TimeoutError, Broken, EventTooLarge) as error:
            if goes_on and isinstance(error, Broken):
                raise


class Told(NamedTuple):
    """A vendor's own words about its answer: the model that gave it, its build, the answer's name; and how many events
    of it were no JSON and were skipped."""

    served: str | None
    fingerprint: str | None
    response_id: str | None
    skipped_events: int = 0


def told(watch: Watch) -> Told:
    """What the vendor said of its answer so far."""
    reader = watch.reader
    if reader is None:
        return Told(None, None, None)
    return Told(reader.served or None, reader.fingerprint, reader.response_id, reader.malformed)


def in_tool_call(watch: Watch) -> bool:
    """Whether the arguments of a tool call have begun to arrive: half of them are worth nothing."""
    return watch.reader is not None and watch.reader.in_tool_call


def spent(request: Generate, watch: Watch, outcome: Answer | Fault) -> Usage | None:
    """The tokens of an attempt: as the vendor counted them, else estimated at four characters a token once a hosted
    model had begun to generate; None where nothing is known to have been used."""
    answered = isinstance(outcome, Answer)
    if isinstance(outcome, Answer) and outcome.usage is not None:
        return outcome.usage
    reader = watch.reader
    if reader is None or (not answered and watch.first_token_ms is None and reader.usage is None):
        return None
    known = reader.usage
    if known is not None and reader.finished:
        return known
    output = max(watch.characters // 4, known.output_tokens if known else 0, 1)
    if known is not None:
        return msgspec.structs.replace(known, output_tokens=output, estimated=True)
    asked = sum(len(message.text) for message in request.messages) + sum(len(tool.name) for tool in request.tools)
    return Usage(input_tokens=max(asked // 4, 1), output_tokens=output, estimated=True)
