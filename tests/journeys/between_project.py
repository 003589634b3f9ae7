"""A small project whose releases can be held against each other, and a reader that does what its prompt says.

Knows nothing of what is found out about it.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from holdfast.app import Project, open_configured
from holdfast.config import load_config
from holdfast.contracts import Answer
from holdfast.errors import EffectFailed
from holdfast.evals.between.explaining import Plan, explain
from holdfast.evals.between.periods import period_of
from holdfast.evals.between.sides import Named
from holdfast.fall import Fall
from holdfast.identity import new_id
from holdfast.records import Generate, Recording, Usage
from holdfast.release import Release
from holdfast.support import NOT_FOUND

FEATURES = """
from pydantic import BaseModel
import holdfast as hf

app = hf.App()
SENT = []

class Ticket(BaseModel):
    body: str

class Reply(BaseModel):
    text: str

@app.feature()
async def answer(ctx: hf.Context, ticket: Ticket) -> Reply:
    passages = await ctx.retrieve("help", ticket.body)
    reply = await ctx.generate("answer", Reply, ticket=ticket, passages=passages)
    await ctx.call("send", lambda text: SENT.append(text), reply.text)
    await ctx.guard("shape", reply.text)
    return reply
"""
CONFIG = """
[corpora.help]
source = "folder"
path = "articles"

[slots.answer]
prompt = "answer.md"
models = ["fake:good"]
retries = 0

[slots.help]
k = 4
max_per_document = 1
mode = "lexical"

[prices."fake:good"]
input_usd_per_mtok = 10
output_usd_per_mtok = 10

[prices."fake:terse"]
input_usd_per_mtok = 10
output_usd_per_mtok = 10
"""
SYSTEM = "Answer from the passages."
GADGETS = 12


def prompt(system: str = SYSTEM) -> str:
    return (
        f"{{% block system %}}{system}{{% endblock %}}"
        "{% block user %}{{ ticket.body }}\n\n{{ passages | sources }}{% endblock %}"
    )


class Reader:
    """Says what a passage says of the gadget that is asked for, and where none is, that nothing was found.

    Not where its prompt forbids it; nor, being `terse`, where the prompt wants it brief; nor since it is `tired` where
    the gadget's number is odd.
    """

    def __init__(self) -> None:
        self.tired = False
        self.build = ""
        self.down = 0
        self.requests: list[Generate] = []

    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        self.requests.append(request)
        if model == "down" or self.down > 0:
            self.down -= 1
            raise EffectFailed("HF301", "the vendor is down", "wait")
        asked = "\n".join(message.text for message in request.messages)
        gadget = re.search(r"gadget (\d+) be held", asked)
        said = re.search(rf"on gadget {gadget[1]} for (\d+ seconds)", asked) if gadget else None
        lost = "Never name a number" in asked
        lost |= "Be brief" in asked and request.models[0] == "fake:terse"
        lost |= self.tired and gadget is not None and int(gadget[1]) % 2 == 1
        text = f"Hold it for {said[1]}." if said and not lost else "Ask a person." if gadget else NOT_FOUND
        usage = Usage(input_tokens=100, output_tokens=10)
        return Answer(text=text, model=self.build or model, usage=usage)


class Echo:
    """Says its own name."""

    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        return Answer(text=model, model=model, usage=Usage(input_tokens=1, output_tokens=1))


class World:
    """A project and its reader; `freeze` makes a release of what the files say now."""

    def __init__(self, folder: Path, project: Project, reader: Reader) -> None:
        self.folder = folder
        self.project = project
        self.reader = reader

    def write(self, system: str = SYSTEM) -> None:
        (self.folder / "answer.md").write_text(prompt(system))

    async def freeze(self, name: str, **changes: object) -> Release:
        of = await self.project.changed(
            self.project.release(), {key.replace("__", "."): value for key, value in changes.items()}
        )
        await self.project.rollout.create(name, by="somebody", of=of)
        return await self.project.store.releases.get(name)

    async def between(self, a: str, b: str, plan: Plan | None = None) -> Fall:
        """Two releases by name, or two ranges of time."""
        first, second = period_of(a), period_of(b)
        if first is not None and second is not None:
            return await explain(self.project, "answer", (first, second), plan or Plan())
        code = self.project.feature("answer").code_hash
        sides = [Named(name, await self.project.store.releases.get(name), code) for name in (a, b)]
        return await explain(self.project, "answer", (sides[0], sides[1]), plan or Plan())

    async def asked(self, bodies: Sequence[str], at: datetime, release: Release | None = None) -> list[Recording]:
        """Live requests, as if they had been made then, a minute after one another."""
        made = []
        for place, body in enumerate(bodies):
            live = await self.project.run("answer", {"body": body}, release=release)
            moved = msgspec.structs.replace(live, id=new_id("rec"), started_at=at + timedelta(minutes=place))
            await self.project.store.recordings.add(moved)
            made.append(moved)
        return made


def question(gadget: int) -> str:
    return f"How long must the button of gadget {gadget} be held?"


def week(number: int) -> datetime:
    """The Monday noon of a week of 2026."""
    return datetime.fromisocalendar(2026, number, 1).replace(hour=12, tzinfo=UTC)


def keep_cases(folder: Path, gadgets: Sequence[int] = tuple(range(1, GADGETS + 1))) -> None:
    """A case of each gadget, in the feature's file."""
    (folder / "evals").mkdir(exist_ok=True)
    lines = [
        {
            "id": f"gadget-{number}",
            "input": {"body": question(number)},
            "facts": [f"{number * 3} seconds"],
            "calls": {"send": [None]},
        }
        for number in gadgets
    ]
    (folder / "evals" / "answer.jsonl").write_text("\n".join(map(json.dumps, lines)))


@asynccontextmanager
async def opened(folder: Path, more: str = "", features: str = FEATURES) -> AsyncIterator[World]:
    (folder / "articles").mkdir(exist_ok=True)
    (folder / "features.py").write_text(features)
    (folder / "holdfast.toml").write_text(f"{CONFIG}\n{more}\n")
    (folder / "answer.md").write_text(prompt())
    for number in range(1, GADGETS + 1):
        text = f"---\ntitle: Gadget {number}\n---\nThe button must be held on gadget {number} for {number * 3} seconds."
        (folder / "articles" / f"gadget-{number}.md").write_text(text)
    keep_cases(folder)
    reader = Reader()
    project = await open_configured(load_config(folder, {}), models={"fake": reader, "echo": Echo()}, encoder=False)
    try:
        await project.sync()
        yield World(folder, project, reader)
    finally:
        await project.close()
