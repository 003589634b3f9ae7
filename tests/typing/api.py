"""The typed API of a feature, as a user's type checker sees it. Checked by mypy --strict, never run.

Knows only public names; a line that fails here is a break of somebody's project.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

from pydantic import BaseModel
from starlette.applications import Starlette
from starlette.routing import Mount

import holdfast as hf
from holdfast import scorers
from holdfast.testing import Act, FakeModel, MemoryStore, Vendor, project, rules
from holdfast.testing.fixtures import Record

app = hf.App()


class Ticket(BaseModel):
    subject: str | None = None
    body: str


class Reply(BaseModel):
    text: str
    citations: list[hf.Citation]


@app.feature(bar=hf.Bar(grounded=0.95, p95_ms=2500, cost_usd=0.01))
async def answer_ticket(ctx: hf.Context, ticket: Ticket) -> Reply:
    passages = await ctx.retrieve("help_center", f"{ticket.subject or ''}\n{ticket.body}")
    assert_type(passages, hf.Passages)
    reply = await ctx.generate("answer", Reply, ticket=ticket, passages=passages)
    assert_type(reply, Reply)
    verdict = await ctx.guard("grounded", reply.text, sources=passages)
    assert_type(verdict, hf.Verdict)
    return reply


@app.feature()
async def with_tools(ctx: hf.Context, question: str) -> str:
    weather = hf.Tool(name="weather", parameters={"type": "object"})
    said = await ctx.generate("answer", question=question, tools=[weather])
    assert_type(said, hf.Completion)
    for call in said.tool_calls:
        assert_type(call, hf.ToolCall)
        await ctx.call(call.name, lambda **asked: asked, **call.arguments)
    history = [hf.Message(role="user", text=question)]
    return (await ctx.generate("answer", history=history, question=question)).text


class Wiki:
    """A source of a user's own."""

    async def read(self) -> Any:
        yield hf.RawDocument(id="1", body="# One", media_type="text/markdown")
        yield hf.Passed(id="2", reason="draft")


source: hf.Source = Wiki()


class Short:
    """A scorer of a user's own."""

    async def score(self, answered: hf.Answered) -> bool:
        return len(answered.text) < 80


class Twice:
    """One that asks the case again to find out."""

    async def probe(self, answered: hf.Answered, lab: hf.Lab) -> hf.Scored | None:
        again = await lab.again(answered.recording.input)
        assert_type(again, hf.Recording | None)
        return None if again is None else hf.Scored(value=again.output == answered.recording.output, reason="again")


scored = hf.App(
    scorers={
        "short": Short(),
        "twice": Twice(),
        "polite": scorers.Judge(slot="judge", labels="evals/labels.jsonl", only=("answer_ticket",)),
        "fair": scorers.Bias(swaps=("names",)),
        "says": scorers.Contains("sorry", absent=True),
    }
)


async def in_another_program(ctx: hf.Context) -> None:
    assert_type(await answer_ticket(ctx, Ticket(body="Hello")), Reply)
    output = await app.run("answer_ticket", {"body": "Hello"}, subject="ada")
    assert_type(output, Any)
    assert_type(await app.open(), hf.Project)
    Starlette(routes=[Mount("/ai", app.asgi())])
    await app.close()
    opened = await hf.open_project(Path())
    assert_type(opened, hf.Project)
    recording = await opened.run("answer_ticket", {"body": "Hello"})
    assert_type(recording, hf.Recording)
    assert_type(await opened.replay(recording, changes={"answer.models": "extractive"}), hf.Replay)


async def in_a_test(recorded: Record) -> None:
    async with project(Path(), changes={"answer.models": "fake:any"}, models={"fake": FakeModel("Yes.")}) as opened:
        assert_type(opened, hf.Project)
    assert_type(await recorded("answer_ticket", {"body": "Hello"}), hf.Recording)
    async with Vendor() as vendor:
        assert_type(vendor.base_url, str)
        assert_type(vendor.calls, int)
    async with Vendor(rules.answers({"refund": "Five days."}, otherwise=Act(error="overloaded"))) as vendor:
        assert_type([seen.asked.text for seen in vendor.requests], list[str])
    await MemoryStore().ping()
