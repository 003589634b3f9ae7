"""One request of a dialect, run once: answered whole, or told while it grows.

Knows no dialect; it is handed what writes one.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from holdfast.contracts import Hear, deaf
from holdfast.records import Recording
from holdfast.server import stream
from holdfast.server.dialects.errors import ids, send_error
from holdfast.server.dialects.said import Said
from holdfast.server.dialects.telling import Framing, Telling
from holdfast.server.exchange import JSON, Extra, Gone, Receive, header_text, send_body
from holdfast.server.features import Exchange
from holdfast.server.flight import Flight, Stopping, watching
from holdfast.server.meter import Meter
from holdfast.server.needs import Project
from holdfast.server.once import Once, Request, Turn
from holdfast.server.outlet import Outlet
from holdfast.server.problems import Problem, Problems


@dataclass(frozen=True, slots=True)
class Desk:
    """What every route of a dialect stands on."""

    project: Project
    flight: Flight
    meter: Meter
    problems: Problems
    once: Once


@dataclass(frozen=True, slots=True)
class Writer:
    """How one request's answer is written. `framing` writes a stream under an answer's number; None: nobody streams.

    `undivided`: half an answer and another one behind it are of no use, as with JSON.
    """

    said: Callable[[Recording], Said | None]
    whole: Callable[[Said], bytes]
    framing: Callable[[str], Framing] | None = None
    undivided: bool = False
    anthropic: bool = False


class Runner:
    """Runs requests and answers them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def answer(self, request: Request, writer: Writer, exchange: Exchange) -> None:
        """Run the request, or take what the same Idempotency-Key gave before, and answer.

        What is raised before the first byte is the caller's to say.
        """
        key = header_text(exchange.headers, b"idempotency-key")
        if key is None:
            turn = Turn(self._desk.project.new_recording_id())
            await _Answering(self._desk, request, writer, exchange, turn.recording_id).run(exchange.receive)
            return
        async with self._desk.once.turn(key, request) as turn:
            answering = _Answering(self._desk, request, writer, exchange, turn.recording_id)
            if turn.recorded is not None:
                await answering.say(turn.recorded)
            else:
                await answering.run(None)  # with its key the client can ask again, so it goes on without one


class _Answering:
    """One request on its way to its answer."""

    def __init__(self, desk: Desk, request: Request, writer: Writer, exchange: Exchange, recording_id: str) -> None:
        self._desk = desk
        self._request = request
        self._writer = writer
        self._exchange = exchange
        self._id = recording_id
        number = recording_id.removeprefix("rec_")
        self._framing = writer.framing(number) if writer.framing is not None else None

    async def run(self, receive: Receive | None) -> None:
        """Run it and answer; with `receive` it is cancelled when the client hangs up."""
        if self._framing is not None:
            await self._streamed(self._framing, receive)
            return
        task = self._start(deaf)
        try:
            recording = await self._desk.flight.finish(task, receive)
        except Stopping as stopped:
            await self._refuse(self._desk.problems.of_error(stopped, self._id), stopped)
            return
        self._desk.meter.note(recording)
        await self.say(recording)

    async def say(self, recording: Recording) -> None:
        """Answer with a recording that is there."""
        said = self._writer.said(recording)
        if said is None:
            await self._refuse(self._desk.problems.of_recording(recording), None)
            return
        degraded = recording.degraded
        extra: list[tuple[bytes, bytes]] = []
        if degraded is not None:
            shown = " ".join(f"{degraded.slot} rung {degraded.rung} {degraded.model}: {degraded.reason}".split())
            extra.append((b"holdfast-degraded", shown[:500].encode("ascii", "replace")))
        if self._framing is None:
            await send_body(self._exchange.send, 200, self._writer.whole(said), [JSON, *extra, *self._ids()])
            return
        outlet = Outlet(self._exchange.send, self._desk.project.config.server.write_timeout_s)
        try:
            await outlet.begin(200, [*stream.HEADERS, *extra, *self._ids()])
            telling = Telling(self._framing, whole=self._writer.undivided)
            await outlet.write(self._framing.begin() + telling.end(said), more=False)
        finally:
            outlet.close()

    def _start(self, hear: Hear) -> asyncio.Task[Recording]:
        request = self._request
        return self._desk.flight.start(
            self._desk.project.run(
                request.feature,
                request.input,
                who=request.who,
                hear=hear,
                release=request.release,
                recording_id=self._id,
            )
        )

    async def _streamed(self, framing: Framing, receive: Receive | None) -> None:
        """Tell it as it grows. Nothing is sent before there is text, so that what fails until then has a status."""
        settings = self._desk.project.config.server
        telling = Telling(framing, whole=self._writer.undivided)
        channel = stream.Channel(settings.silence_s, telling.hear, framing.ping)
        task = self._start(channel.hear)
        task.add_done_callback(lambda _: channel.close())
        async with self._watched(task, receive) as outlet:
            frames = await channel.take()
            if not frames and await self._failed_at_once(task):
                return
            await outlet.begin(200, [*stream.HEADERS, *self._ids()])
            frames = framing.begin() + frames
            while frames:
                await outlet.write(frames, more=not telling.broken)
                if telling.broken:
                    return
                frames = await channel.take()
            await outlet.write(self._last(task, telling, framing), more=False)

    @asynccontextmanager
    async def _watched(self, task: asyncio.Task[Recording], receive: Receive | None) -> AsyncIterator[Outlet]:
        watch = None if receive is None else watching(task, receive)
        outlet = Outlet(self._exchange.send, self._desk.project.config.server.write_timeout_s)
        try:
            yield outlet
        finally:
            outlet.close()
            task.cancel()  # does nothing to a run that has ended
            if watch is not None:
                watch.cancel()

    async def _failed_at_once(self, task: asyncio.Task[Recording]) -> bool:
        """Answer with an error where the run ended before any text was told, and not with an answer."""
        problem, error = self._problem_of(task)
        if problem is None:
            return False
        if not task.cancelled() and error is None:
            self._desk.meter.note(task.result())
        await self._refuse(problem, error)
        return True

    def _problem_of(self, ended: asyncio.Task[Recording]) -> tuple[Problem | None, BaseException | None]:
        """What is wrong with a run that has ended; nothing where it holds an answer. Raises Gone without a client."""
        problems = self._desk.problems
        if ended.cancelled():
            if not self._desk.flight.ended:
                raise Gone
            stopping = Stopping()
            return problems.of_error(stopping, self._id), stopping
        error = ended.exception()
        if error is not None:
            return problems.of_error(error), error
        recording = ended.result()
        return (None if self._writer.said(recording) is not None else problems.of_recording(recording)), None

    def _last(self, ended: asyncio.Task[Recording], telling: Telling, framing: Framing) -> bytes:
        """The end of a stream that has begun: what is left of the answer, or an error."""
        problem, error = self._problem_of(ended)
        if error is None:
            self._desk.meter.note(ended.result())
        if problem is not None:
            return framing.failed(problem)
        said = self._writer.said(ended.result())
        assert said is not None
        return telling.end(said)

    async def _refuse(self, problem: Problem, error: BaseException | None) -> None:
        await send_error(self._exchange.send, problem, error, anthropic=self._writer.anthropic)

    def _ids(self) -> Extra:
        return ((b"holdfast-recording", self._id.encode()), *ids(self._id))
