"""A small real project for journeys of jobs, served by the command line in a process of its own.

Knows nothing of what is asked of it.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

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


@app.feature()
async def shout(ctx: Context, ticket: Ticket) -> Reply:
    """Say it louder."""
    await asyncio.sleep(0.003)
    return Reply(text=ticket.body.upper())


@app.feature()
async def hold(ctx: Context, ticket: Ticket) -> Reply:
    """Answer once somebody lets it go."""
    with (HERE / "begun.txt").open("a") as file:
        file.write(ticket.body + "\\n")
    while not (HERE / "go").exists():
        await asyncio.sleep(0.01)
    return Reply(text="let go")


@app.feature()
async def pace(ctx: Context, ticket: Ticket) -> Reply:
    """Answer eight at once, and the others once somebody lets them go."""
    with (HERE / "begun.txt").open("a") as file:
        file.write(ticket.body + "\\n")
    while int(ticket.body) >= 8 and not (HERE / "go").exists():
        await asyncio.sleep(0.01)
    return Reply(text=ticket.body)


@app.feature()
async def fail(ctx: Context, ticket: Ticket) -> Reply:
    """Raise until it is mended."""
    if not (HERE / "mended").exists():
        raise ValueError("there is no ticket")
    return Reply(text="mended")
'''


def written(folder: Path, settings: str = "") -> Path:
    """The project with a corpus of one article, in that folder."""
    (folder / "articles").mkdir(parents=True, exist_ok=True)
    (folder / "articles" / "refunds.md").write_text("# Refunds\n\nA refund takes five days and is paid by card.\n")
    (folder / "features.py").write_text(FEATURES)
    (folder / "holdfast.toml").write_text(
        f'[app]\n\n[server]\nport = 0\n\n[corpora.faq]\nsource = "folder"\npath = "articles"\n{settings}\n'
    )
    return folder


@dataclass
class Served:
    process: Process
    http: httpx.AsyncClient

    async def ask(self, path: str, body: Any, **headers: str) -> str:
        """Ask for a job; its id."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = await self.http.post(path, json=body, headers=named)
        assert answer.status_code == 202, answer.text
        return str(answer.json()["job_id"])

    async def job(self, job_id: str) -> dict[str, Any]:
        answer = await self.http.get(f"/v1/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async def ended(self, job_id: str) -> dict[str, Any]:
        """The job, once it has ended."""
        job: dict[str, Any] = {}

        async def over() -> bool:
            nonlocal job
            job = await self.job(job_id)
            return job["ended_at"] is not None

        await until(over)
        return job

    async def ended_by(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        async with asyncio.timeout(30):
            return await self.process.wait()


@asynccontextmanager
async def served(folder: Path) -> AsyncIterator[Served]:
    """The project, served by `holdfast up` until the end."""
    process = await typed(folder, "up", "--json", stderr=None)
    assert process.stdout is not None
    try:
        async with asyncio.timeout(40):
            said = json.loads(await process.stdout.readline())
        async with httpx.AsyncClient(base_url=said["address"], timeout=30, trust_env=False) as http:
            yield Served(process, http)
    finally:
        if process.returncode is None:
            process.terminate()
            async with asyncio.timeout(30):
                await process.wait()


async def typed(folder: Path, *arguments: str, stderr: int | None = PIPE) -> Process:
    """A command of the command line, in a process of its own."""
    command = (sys.executable, "-m", "holdfast.cli", *arguments, "--project", str(folder))
    return await asyncio.create_subprocess_exec(*command, stdout=PIPE, stderr=stderr)


async def said(folder: Path, *arguments: str) -> tuple[int, Any]:
    """What a command gives: its exit code, and its JSON."""
    process = await typed(folder, *arguments, "--json")
    async with asyncio.timeout(60):
        out, err = await process.communicate()
    assert process.returncode is not None
    return process.returncode, json.loads(out or err)


async def until(holds: Callable[[], Any], within_s: float = 40) -> None:
    """Wait for something that another process does: no event of ours crosses from there."""
    async with asyncio.timeout(within_s):
        while True:
            held = holds()
            if await held if inspect.isawaitable(held) else held:
                return
            await asyncio.sleep(0.005)


def rows(path: Path) -> list[dict[str, Any]]:
    """The whole lines of a file, as JSON."""
    return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]] if path.exists() else []
