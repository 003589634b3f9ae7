"""POST /v1/features/{name}: one request to a feature, answered whole or as a stream.

Knows nothing of keys, and of features only their names; the project runs them.
"""

from __future__ import annotations

import asyncio
import base64

import msgspec
from msgspec import Struct

from holdfast.errors import Refused, unknown
from holdfast.records import Blocked, Degraded, Json, Recording
from holdfast.runtime.who import Who
from holdfast.server import stream
from holdfast.server.exchange import (
    JSON,
    Headers,
    Receive,
    Send,
    header_text,
    parsed,
    read_body,
    read_json,
    send_body,
    send_problem,
)
from holdfast.server.flight import Flight, Stopping, watching
from holdfast.server.meter import Meter
from holdfast.server.multipart import boundary_of, parts_of
from holdfast.server.needs import Project
from holdfast.server.once import Once, Request
from holdfast.server.outlet import Outlet
from holdfast.server.problems import Problems

RELEASE = b"holdfast-release"
_encode = msgspec.json.Encoder().encode


class Answer(Struct, frozen=True, kw_only=True):
    """What a feature's caller gets."""

    output: Json
    recording_id: str
    release: str
    cost_usd: float | None
    ms: float
    degraded: Degraded | None
    blocked: Blocked | None


class Exchange(Struct, frozen=True):
    """One HTTP exchange: what was sent with it, where the rest comes from, where the answer goes."""

    headers: Headers
    receive: Receive
    send: Send


def answered(recording: Recording) -> Answer | None:
    """The answer in a recording; None where there is only a problem."""
    if recording.outcome in ("failed", "cancelled") or (recording.outcome == "blocked" and recording.output is None):
        return None
    return Answer(
        output=recording.output,
        recording_id=recording.id,
        release=recording.release,
        cost_usd=recording.cost_usd,
        ms=recording.ms,
        degraded=recording.degraded,
        blocked=recording.blocked,
    )


class FeatureRoute:
    """Answers requests to features."""

    def __init__(self, project: Project, flight: Flight, meter: Meter, problems: Problems, once: Once) -> None:
        self._project = project
        self._flight = flight
        self._meter = meter
        self.problems = problems
        self._once = once
        self._settings = project.config.server

    async def answer(self, name: str, who: Who, exchange: Exchange) -> None:
        """Run the feature and answer. What is raised before the first byte is the caller's to say as a problem."""
        if name not in self._project.features:
            raise unknown("HF200", "feature", name, self._project.features)
        value = await self._input(exchange)
        key = header_text(exchange.headers, b"idempotency-key")
        named = header_text(exchange.headers, RELEASE)
        release = None if named is None else await self._project.rollout.choose(named)
        request = Request(name, value, who, release)
        if key is None:
            await self._fresh(request, self._project.new_recording_id(), exchange, kept=False)
            return
        async with self._once.turn(key, request) as turn:
            if turn.recorded is None:
                await self._fresh(request, turn.recording_id, exchange, kept=True)
            elif _wants_stream(exchange.headers):
                await _begin_stream(exchange, turn.recording_id)
                await exchange.send({"type": "http.response.body", "body": self._end(turn.recorded)})
            else:
                await self._whole(turn.recorded, exchange)

    async def _input(self, exchange: Exchange) -> Json:
        """The body: JSON, or a form whose files stand in fields of the input by their names."""
        headers, most = exchange.headers, self._settings.max_body_bytes
        boundary = boundary_of(headers.get(b"content-type", b""))
        if boundary is None:
            return await read_json(headers, exchange.receive, most)
        body = await read_body(headers, exchange.receive, most + self._settings.max_media_bytes)
        return await asyncio.to_thread(input_of_form, body, boundary)

    async def _fresh(self, request: Request, recording_id: str, exchange: Exchange, *, kept: bool) -> None:
        """Run it. A `kept` run goes on when the client hangs up: with its key, the client can ask again."""
        if _wants_stream(exchange.headers):
            await self._streamed(request, recording_id, exchange, kept=kept)
            return
        run = self._project.run(
            request.feature, request.input, who=request.who, release=request.release, recording_id=recording_id
        )
        task = self._flight.start(run)
        try:
            recording = await self._flight.finish(task, None if kept else exchange.receive)
        except Stopping as stopped:
            await send_problem(exchange.send, self.problems.of_error(stopped, recording_id), stopped)
            return
        self._meter.note(recording)
        await self._whole(recording, exchange)

    async def _whole(self, recording: Recording, exchange: Exchange) -> None:
        answer = answered(recording)
        if answer is None:
            await send_problem(exchange.send, self.problems.of_recording(recording))
            return
        header = (b"holdfast-recording", recording.id.encode())
        await send_body(exchange.send, 200, _encode(answer), (JSON, header))

    async def _streamed(self, request: Request, recording_id: str, exchange: Exchange, *, kept: bool) -> None:
        # The input is parsed here too, so that a wrong one is answered with its own status and not inside a stream.
        self._project.features[request.feature].parse(request.input)
        channel = stream.Channel(self._settings.silence_s)
        run = self._project.run(
            request.feature,
            request.input,
            who=request.who,
            hear=channel.hear,
            release=request.release,
            recording_id=recording_id,
        )
        task = self._flight.start(run)
        task.add_done_callback(lambda _: channel.close())
        watch = None if kept else watching(task, exchange.receive)
        outlet = Outlet(exchange.send, self._settings.write_timeout_s)
        try:
            await outlet.begin(200, (*stream.HEADERS, (b"holdfast-recording", recording_id.encode())))
            while frames := await channel.take():
                await outlet.write(frames)
            if last := self._last(task, recording_id):
                await outlet.write(last, more=False)
        finally:
            outlet.close()
            task.cancel()  # does nothing to a run that has ended
            if watch is not None:
                watch.cancel()

    def _last(self, ended: asyncio.Task[Recording], recording_id: str) -> bytes:
        """The last event of a run that has ended; empty when the client hung up and nobody reads it."""
        if ended.cancelled():
            return self._error(Stopping(), recording_id) if self._flight.ended else b""
        error = ended.exception()
        if error is not None:
            return self._error(error, None)
        self._meter.note(ended.result())
        return self._end(ended.result())

    def _end(self, recording: Recording) -> bytes:
        answer = answered(recording)
        if answer is None:
            return stream.frame("error", self.problems.of_recording(recording))
        return stream.frame("done", answer)

    def _error(self, error: BaseException, recording_id: str | None) -> bytes:
        return stream.frame("error", self.problems.of_error(error, recording_id))


def input_of_form(body: bytes, boundary: bytes) -> Json:
    """A feature's input as a form sends it: the field `input` is its JSON, every other field stands in it by name, a
    file as an `hf.File`, the rest as text. A field that comes more than once is a list.

    Raises Refused (HF700).
    """
    value: Json = {}
    fields: dict[str, list[Json]] = {}
    for part in parts_of(body, boundary):
        if part.filename:
            data = base64.b64encode(part.data).decode()
            said: Json = {"media_type": part.media_type, "data": data, "name": part.filename}
            fields.setdefault(part.name, []).append(said)
        elif part.name == "input":
            value = parsed(part.data)
        else:
            fields.setdefault(part.name, []).append(part.data.decode("utf-8", "replace"))
    if fields and not isinstance(value, dict):
        raise Refused("HF700", "the field 'input' is no JSON object", "send an object, or no other fields")
    given = {name: each[0] if len(each) == 1 else each for name, each in fields.items()}
    return {**value, **given} if given else value


def _wants_stream(headers: Headers) -> bool:
    return b"text/event-stream" in headers.get(b"accept", b"")


async def _begin_stream(exchange: Exchange, recording_id: str) -> None:
    headers = [*stream.HEADERS, (b"holdfast-recording", recording_id.encode())]
    await exchange.send({"type": "http.response.start", "status": 200, "headers": headers})
