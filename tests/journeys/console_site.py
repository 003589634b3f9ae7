"""A project made to be looked at: a corpus, features of several kinds, models that wait until they are told to go on.

Knows nothing of a browser.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from holdfast.app import Project
from holdfast.contracts import Answer
from holdfast.records import Generate
from holdfast.testing import FakeModel, project

FEATURES = '''
from typing import Literal

from pydantic import BaseModel, Field

import holdfast as hf

app = hf.App()


class Ticket(BaseModel):
    subject: str | None = None
    body: str


class Reply(BaseModel):
    text: str
    citations: list[hf.Citation] = []


class Line(BaseModel):
    product: str
    count: int = Field(ge=1)


class Order(BaseModel):
    customer: str
    urgent: bool = False
    way: Literal["post", "van"] = "post"
    lines: list[Line] = []


@app.feature()
async def answer_ticket(ctx: hf.Context, ticket: Ticket) -> Reply:
    """Answer a ticket from the manual."""
    passages = await ctx.retrieve("manual", ticket.body)
    reply = await ctx.generate("answer", Reply, ticket=ticket, passages=passages)
    await ctx.guard("grounded", reply.text, sources=passages)
    return reply


@app.feature()
async def tell(ctx: hf.Context, ticket: Ticket) -> Reply:
    """Tell a story, slowly."""
    return await ctx.generate("story", Reply, ticket=ticket, passages=())


@app.feature()
async def check_order(ctx: hf.Context, order: Order) -> Order:
    """Give the order back."""
    return order
'''
CONFIG = """
[app]

[corpora.manual]
source = "folder"
path = "manual"

[slots.answer]
prompt = "answer.md"
models = ["fake:one", "extractive"]

[slots.story]
prompt = "answer.md"
models = "held:one"

[guards.grounded]
on_fail = "safe_answer"
safe_answer = "Please ask a person."
"""
RESET = """---
title: Reset the alarm
---
Read this before you begin, and keep the manual at hand.

Hold the red button for five seconds to reset the alarm.

| Model | Button |
| --- | --- |
| Small | red, below the lid |
| Large | red, beside the socket |
"""
SAID = "Hold the red button for five seconds to reset the alarm. [1]"

SAID_OTHERWISE = "To reset the alarm, hold the red button for five seconds. [1]"


class Held:
    """A model that says its first words, then the rest once `go` is set."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def generate(self, model: str, request: Generate, hear: Callable[[str], None]) -> Answer:
        hear("Once upon ")
        await self.go.wait()
        hear("a time.")
        return Answer(text="Once upon a time.", model=model)


def said(request: Generate) -> str:
    """What the manual says; something else, when the ticket asks about the moon. Model `two` has other words, and model
    `three` leaves the time out when it is asked politely."""
    asked = request.messages[-1].text
    if "fake:three" in request.models and "please" in asked:
        return "Hold the red button to reset the alarm. [1]"
    if "fake:two" in request.models:
        return SAID_OTHERWISE
    return "The moon is made of blue steel and lentils. [1]" if "moon" in asked else SAID


@asynccontextmanager
async def site(folder: Path, held: Held | None = None, config: str = CONFIG) -> AsyncIterator[Project]:
    """The project, written into the folder and opened; its corpus is synced."""
    (folder / "manual").mkdir(parents=True, exist_ok=True)
    (folder / "features.py").write_text(FEATURES)
    (folder / "holdfast.toml").write_text(config)
    (folder / "answer.md").write_text("{{ passages | sources }}\n\n{{ ticket.body }}")
    (folder / "manual" / "reset.md").write_text(RESET)
    models = {"fake": FakeModel(said), "held": held or Held()}
    async with project(folder, environ={}, models=models) as opened:
        yield opened
