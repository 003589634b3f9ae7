"""A small real project for journeys over HTTP: no corpus, no network, one side effect that can be counted.

    python -m tests.journeys.http_project FOLDER [WORKERS]

serves it in a process of its own, which says `ready|ADDRESS`, or what went wrong.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from holdfast.app import open_project
from holdfast.errors import HoldfastError
from holdfast.server.serve import new_loop, serve

FEATURES = '''
import asyncio
from pathlib import Path

from pydantic import BaseModel

from holdfast.app import App
from holdfast.runtime.context import Context

app = App()
HERE = Path(__file__).parent


class Ticket(BaseModel):
    body: str


class Reply(BaseModel):
    text: str


def refund(body: str) -> str:
    with (HERE / "refunds.txt").open("a") as file:
        file.write(body + "\\n")
    return "refunded"


async def patience() -> str:
    (HERE / "waiting").touch()
    await asyncio.sleep(60)
    return "never"


@app.feature()
async def shout(ctx: Context, ticket: Ticket) -> Reply:
    """Say it louder."""
    return Reply(text=ticket.body.upper())


@app.feature()
async def pay(ctx: Context, ticket: Ticket) -> Reply:
    """Pay somebody back."""
    return Reply(text=await ctx.call("refund", refund, ticket.body))


@app.feature()
async def wait(ctx: Context, ticket: Ticket) -> Reply:
    """Wait for somebody who does not come."""
    return Reply(text=await ctx.call("patience", patience))


@app.feature()
async def fail(ctx: Context, ticket: Ticket) -> Reply:
    """Raise what the code of a feature may raise."""
    raise ValueError("there is no ticket")
'''


def written(folder: Path, settings: str = "") -> Path:
    """The project, in that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "features.py").write_text(FEATURES)
    (folder / "holdfast.toml").write_text(f"[app]\n\n[server]\nport = 0\n{settings}\n")
    return folder


def say(*words: object) -> None:
    sys.stdout.write("|".join(map(str, words)) + "\n")
    sys.stdout.flush()


async def main(folder: str, workers: str = "1") -> None:
    try:
        project = await open_project(Path(folder))
        await serve(project, workers=int(workers), ready=lambda address: say("ready", address))
    except HoldfastError as error:
        say(error.code, error.message, error.fix)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=new_loop) as runner:
        runner.run(main(*sys.argv[1:]))
