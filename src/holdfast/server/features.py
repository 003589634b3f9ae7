"""POST /v1/features/{name}: one request to a feature, answered whole or as a stream.

Knows nothing of keys, and of features only their names; the project runs them.
"""

from __future__ import annotations

import asyncio

import msgspec
from msgspec import Struct

from holdfast.errors import unknown
from holdfast.records import Blocked, Degraded, Json, Recording
from holdfast.runtime.who import Who
from holdfast.server import stream
from holdfast.server.exchange import (
    JSON,
    Headers,
    Receive,
    Send,
    header_text,
    read_json,
    send_body,
    send_problem,
)
from holdfast.server.flight import Flight, Stopping, watching
from holdfast.server.meter import Meter
from holdfast.server.needs import Project
from holdfast.server.once import Once, Request
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
    """Answers requests to features. `silence_s` is when a stream without events sends a comment."""

    def __init__(
        self, project: Project, flight: Flight, meter: Meter, problems: Problems, *, silence_s: float = stream.SILENCE_S
    ) -> None:
        self._project = project
        self._flight = flight
        self._meter = meter
        self._problems = problems
        self._silence_s = silence_s
        self._once = Once(project.store.recordings, project.config.folder, project.config.secrets)
        self._max_body_bytes = project.config.server.max_body_bytes

    async def answer(self, name: str, who: Who, exchange: Exchange) -> None:
        """Run the feature and answer. What is raised before the first byte is the caller's to say as a problem."""
        if name not in self._project.features:
            raise unknown("HF200", "feature", name, self._project.features)
        value = await read_json(exchange.headers, exchange.receive, self._max_body_bytes)
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
            await send_problem(exchange.send, self._problems.of_error(stopped, recording_id), stopped)
            return
        self._meter.note(recording)
        await self._whole(recording, exchange)

    async def _whole(self, recording: Recording, exchange: Exchange) -> None:
        answer = answered(recording)
        if answer is None:
            await send_problem(exchange.send, self._problems.of_recording(recording))
            return
        header = (b"holdfast-recording", recording.id.encode())
        await send_body(exchange.send, 200, _encode(answer), (JSON, header))

    async def _streamed(self, request: Request, recording_id: str, exchange: Exchange, *, kept: bool) -> None:
        # The input is parsed here too, so that a wrong one is answered with its own status and not inside a stream.
        self._project.features[request.feature].parse(request.input)
        channel = stream.Channel()
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
        try:
            await _begin_stream(exchange, recording_id)
            while frames := await channel.take(self._silence_s):
                await exchange.send({"type": "http.response.body", "body": frames, "more_body": True})
            last = self._last(task, recording_id)
            if last:
                await exchange.send({"type": "http.response.body", "body": last})
        finally:
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
            return stream.frame("error", self._problems.of_recording(recording))
        return stream.frame("done", answer)

    def _error(self, error: BaseException, recording_id: str | None) -> bytes:
        return stream.frame("error", self._problems.of_error(error, recording_id))


def _wants_stream(headers: Headers) -> bool:
    return b"text/event-stream" in headers.get(b"accept", b"")


async def _begin_stream(exchange: Exchange, recording_id: str) -> None:
    headers = [*stream.HEADERS, (b"holdfast-recording", recording_id.encode())]
    await exchange.send({"type": "http.response.start", "status": 200, "headers": headers})
