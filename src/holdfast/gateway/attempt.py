"""One attempt: a model is asked once, watched while it speaks, and stopped when it is late.

Does not know of other rungs, of retries or of money.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine

import msgspec

from holdfast.contracts import Answer, Delta, Hear
from holdfast.errors import HoldfastError
from holdfast.gateway.fault import Broken, Fault, from_status, redact
from holdfast.gateway.rung import HandedIn, Hosted
from holdfast.gateway.sse import EventStream, EventTooLarge
from holdfast.gateway.transport import MAX_ERROR_BYTES, Response, Transport
from holdfast.gateway.waiting import Pace, retry_after_ms
from holdfast.gateway.wire.dialect import WIRES
from holdfast.gateway.wire.reading import Reader
from holdfast.records import Generate, Usage
from holdfast.release import ModelSlot

_WITHOUT_TEXT = frozenset({"content_filter", "refusal"})


class Watch:
    """What an attempt has said so far, and the one time limit that moves along as it speaks.

    Until the first sign of generation the limit is `first_token_ms`, after it `idle_ms` from the last bytes, and at no
    time later than the ladder's deadline.
    """

    __slots__ = (
        "_hear",
        "_idle_s",
        "_limit",
        "_loop",
        "_open",
        "_started_s",
        "characters",
        "deadline_at",
        "first_token_ms",
        "reader",
    )

    def __init__(self, hear: Hear, slot: ModelSlot, deadline_at: float) -> None:
        self._hear = hear
        self._loop = asyncio.get_running_loop()
        self._idle_s = slot.idle_ms / 1000
        self._started_s = time.perf_counter()  # uvloop's own clock counts whole milliseconds
        self.deadline_at = deadline_at
        self.first_token_ms: float | None = None
        self.characters = 0
        self.reader: Reader | None = None
        self._open = False
        self._limit = asyncio.timeout_at(min(self._loop.time() + slot.first_token_ms / 1000, deadline_at))

    @property
    def left_s(self) -> float:
        return max(0.0, self.deadline_at - self._loop.time())

    @property
    def ms(self) -> float:
        return (time.perf_counter() - self._started_s) * 1000

    @property
    def charged_usd(self) -> float | None:
        """What the vendor itself says it charges."""
        return None if self.reader is None else self.reader.cost_usd

    def say(self, text: str) -> None:
        """Pass on visible text. What a model says after its time is up is not heard."""
        if text and self._open:
            self.generating()
            self.characters += len(text)
            self._hear(Delta(text))

    def generating(self) -> None:
        """The model has begun, if only to reason."""
        if self.first_token_ms is None:
            self.first_token_ms = self.ms
            self.alive()

    def alive(self) -> None:
        """Bytes came. Before the first token that buys no time: a vendor may send signs of life for ever."""
        if self.first_token_ms is not None and self._open:
            self._limit.reschedule(min(self._loop.time() + self._idle_s, self.deadline_at))

    def whole(self) -> None:
        """The answer is whole: nothing that comes after it can be late."""
        if self._open:
            self._limit.reschedule(None)

    async def over(self, asking: Coroutine[None, None, Answer]) -> Answer | Fault:
        """Ask, within the limit. Cancelling goes through to the call."""
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
        if answer.text.strip() or answer.tool_calls or answer.stop_reason in _WITHOUT_TEXT:
            return answer
        return Fault("blank", f"the answer holds no text (it ended with '{answer.stop_reason}')")

    def _late(self) -> Fault:
        if self._limit.when() == self.deadline_at:
            return Fault("deadline", f"the deadline passed after {self.ms:.0f} ms of this attempt")
        if self.first_token_ms is None:
            return Fault("silent", f"nothing was generated within {self.ms:.0f} ms")
        return Fault("stalled", f"nothing came for {self._idle_s * 1000:.0f} ms")


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

    async def ask(self, rung: Hosted, key: str | None, request: Generate, watch: Watch, connect_ms: float) -> Answer:
        """Ask once, streaming. Raises Broken, its message free of the provider's secrets."""
        provider = rung.provider
        wire = WIRES[provider.dialect]
        watch.reader = wire.reader(request)
        own = {name.lower(): value for name, value in provider.headers.items()}
        headers = {"content-type": "application/json", **wire.headers(key), **own}
        body = msgspec.json.encode(wire.body(request, rung.model, provider))
        connect_s = min(connect_ms / 1000, watch.left_s)
        try:
            url = wire.url(provider, rung.model, True)
            async with self._transport.post(url, headers, body, connect_s, proxy=provider.proxy) as response:
                await self._read(response, watch.reader, watch)
                return watch.reader.answer()
        except Broken as broken:
            fault = broken.fault
            clean = Fault(fault.kind, redact(fault.message, provider.secrets), fault.retry_after_ms, fault.fix)
            raise Broken(clean) from None

    async def _read(self, response: Response, reader: Reader, watch: Watch) -> None:
        if response.status >= 300:
            raise Broken(await self._refusal(response))
        match response.media_type:
            case "application/json":
                await self._read_whole(response, reader, watch)
            case "text/html":
                raise Broken(Fault("not_an_answer", f"HTTP {response.status} with a web page"))
            case _:
                await self._read_stream(response, reader, watch)

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
        except (msgspec.DecodeError, UnicodeDecodeError):
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
                        watch.generating()
                if not chunk:
                    break
                watch.alive()
        except EventTooLarge as error:
            raise Broken(Fault("garbled", str(error))) from None
        if not reader.finished:
            raise Broken(Fault("broken_off", "the stream ended before the answer did"))
        watch.whole()
        await self._settle(response, events, reader)

    async def _settle(self, response: Response, events: EventStream, reader: Reader) -> None:
        """Take the usage that follows the answer, and let the connection end so that the next call can have it.

        The answer is whole by now: a fault from here on costs the usage or the connection, not the answer.
        """
        try:
            async with asyncio.timeout(self._pace.settle_ms / 1000) as limit:
                while not response.at_end:
                    if reader.closed:
                        limit.reschedule(asyncio.get_running_loop().time() + self._pace.hang_ms / 1000)
                    chunk = await response.read()
                    for event in events.feed(chunk) if chunk else events.end():
                        reader.take(event)
        except (TimeoutError, Broken, EventTooLarge):
            return


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
