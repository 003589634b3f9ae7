"""Serves the double as a process of its own: `python -m tests.unit.server.serve_double FOLDER HOST PORT`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.unit.server.double import Double

from holdfast.errors import HoldfastError
from holdfast.server.serve import new_loop, serve


def say(*words: object) -> None:
    sys.stdout.write("|".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def main(folder: str, host: str, port: str) -> None:
    project = Double(Path(folder), host=host, port=int(port), shutdown_s=20.0)
    try:
        await serve(project, ready=lambda address: say("ready", address))
    except HoldfastError as error:
        say(error.code, error.message, error.fix)
    say("closed" if project.closed else "open")
    say("warming", project.warmed)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main(*sys.argv[1:]))
