"""One of several processes that serve a project: `python -m holdfast.server.worker FOLDER SOCKET WORD`.

Knows nothing of the others. SOCKET and WORD are descriptors its parent left open: where it listens, and where it says
that it is ready. Standard input ends when it is time to stop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from pathlib import Path

import msgspec

from holdfast.app import open_project
from holdfast.errors import HoldfastError
from holdfast.server import build_asgi
from holdfast.server.access import Access, is_loopback
from holdfast.server.listening import Listener
from holdfast.server.serve import new_loop
from holdfast.server.warming import warming
from holdfast.server.workers import Said


async def work(folder: Path, bound: socket.socket, word: int) -> None:
    """Serve the project on the socket until standard input ends."""
    try:
        project = await open_project(folder)
    except HoldfastError as error:
        _say(word, Said(error.code, error.message, error.fix))
        return
    try:
        access = Access(project, loopback=is_loopback(bound.getsockname()[0]))
        edge = build_asgi(project, access=access, metrics=False)
        listener = Listener(edge, project.config.server.shutdown_s, lambda: _say(word, Said()), signals=False)
        asyncio.get_running_loop().add_reader(sys.stdin.fileno(), lambda: setattr(listener, "should_exit", True))
        async with warming(project):
            await listener.serve([bound])
    finally:
        await project.close()


def _say(word: int, said: Said) -> None:
    os.write(word, msgspec.json.encode(said))
    os.close(word)


def main(folder: str, bound: str, word: str) -> None:
    # The parent alone decides when to stop: a signal to the whole group must not count twice.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(work(Path(folder), socket.socket(fileno=int(bound)), int(word)))


if __name__ == "__main__":
    main(*sys.argv[1:])
