"""Several processes that serve one project on one socket.

Knows nothing of HTTP. The parent holds the socket and the project's lock; each worker is a Python of its own that
opens the project, says when it is ready, and stops when the parent closes its standard input, which also happens when
the parent is killed. So no worker serves without the lock, and a terminal's or a supervisor's signal to the whole group
is still one signal.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path

import msgspec
from msgspec import Struct

from holdfast.errors import alone, from_code

log = logging.getLogger("holdfast.server")

AGAIN_S = 1.0
"""How long after a worker died another one is started."""


class Said(Struct, frozen=True):
    """What a worker says once: it is ready (all empty), or why it cannot be."""

    code: str = ""
    message: str = ""
    fix: str = ""


class Workers:
    """Starts workers, replaces those that die, and stops them all."""

    def __init__(self, folder: Path, bound: socket.socket, count: int) -> None:
        self._folder = folder
        self._bound = bound
        self._count = count
        self._processes: set[Process] = set()
        self._stopping = False

    async def serve(self, ready: Callable[[], None]) -> None:
        """Serve until SIGTERM or SIGINT; `ready` is told when all workers are. A second signal kills the workers.

        Raises what kept a worker from starting; then no worker runs any more.
        """
        loop = asyncio.get_running_loop()
        signals = (signal.SIGINT, signal.SIGTERM)
        for number in signals:
            loop.add_signal_handler(number, self._signalled)
        try:
            async with asyncio.TaskGroup() as kept:
                started = [asyncio.Event() for _ in range(self._count)]
                for one in started:
                    kept.create_task(self._keep(one))
                for one in started:
                    await one.wait()
                if not self._stopping:
                    ready()
        except BaseExceptionGroup as errors:
            raise alone(errors) from None
        finally:
            for number in signals:
                loop.remove_signal_handler(number)

    def _signalled(self) -> None:
        for process in self._processes:
            if self._stopping:
                process.kill()
            else:
                _ask_to_stop(process)
        self._stopping = True

    async def _keep(self, started: asyncio.Event) -> None:
        """Keep one worker running until it is time to stop."""
        while not self._stopping:
            await self._one(started)
            if not self._stopping:
                log.warning("a worker ended by itself; another one is started")
                await asyncio.sleep(AGAIN_S)
        started.set()

    async def _one(self, started: asyncio.Event) -> None:
        """One worker from start to end. Raises what it says when it cannot start."""
        mine, its = os.pipe()
        descriptors = (self._bound.fileno(), its)
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "holdfast.server.worker", str(self._folder), *map(str, descriptors)),
                stdin=PIPE,
                pass_fds=descriptors,
            )
        finally:
            os.close(its)
        self._processes.add(process)
        try:
            if self._stopping:
                _ask_to_stop(process)
            word = await _word_from(mine)
            if word.code and not self._stopping:
                raise from_code(word.code, word.message, word.fix)
            started.set()
            await process.wait()
        finally:
            _ask_to_stop(process)
            await process.wait()
            self._processes.discard(process)


def _ask_to_stop(process: Process) -> None:
    assert process.stdin is not None
    process.stdin.close()


async def _word_from(descriptor: int) -> Said:
    """What a worker says. One that ends without a word could not start."""
    reader = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(descriptor, "rb", buffering=0)
    )
    try:
        said = await reader.read()
    finally:
        transport.close()
    if not said:
        return Said("HF102", "a worker ended before it was ready", "see what it printed above")
    return msgspec.json.decode(said, type=Said)
