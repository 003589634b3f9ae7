"""A small real project whose models are a scriptable vendor, served over real HTTP for vendors' own clients."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.unit.server.serving import Served, serving

from holdfast.app import Project, open_project
from holdfast.testing import Act, Vendor

FEATURES = '''
import holdfast as hf
from pydantic import BaseModel

app = hf.App()


class Ticket(BaseModel):
    body: str
    urgent: bool = False


class Reply(BaseModel):
    text: str
    citations: list[hf.Citation]


class Invoice(BaseModel):
    total: float
    paid: bool


class Chat(BaseModel):
    messages: list[hf.Message]


class Scan(BaseModel):
    question: str
    picture: hf.File


@app.feature()
async def answer(ctx: hf.Context, ticket: Ticket) -> Reply:
    """Answer a ticket, with a source."""
    cited = hf.Citation(document="d1", chunk="d1.0", title="Returns", url="https://h.example/r", quote="30 days")
    return Reply(text=f"You said: {ticket.body} [1]", citations=[cited])


@app.feature()
async def invoice(ctx: hf.Context, ticket: Ticket) -> Invoice:
    return Invoice(total=12.5, paid=True)


@app.feature()
async def chat(ctx: hf.Context, talk: Chat) -> str:
    return " | ".join(f"{each.role}: {each.text}" for each in talk.messages)


@app.feature()
async def several(ctx: hf.Context, input: Invoice) -> str:
    return f"total {input.total}"


@app.feature()
async def scan(ctx: hf.Context, scan: Scan) -> Reply:
    return await ctx.generate("answer", Reply, scan=scan)


@app.feature()
async def guarded(ctx: hf.Context, ticket: Ticket) -> Reply:
    await ctx.guard("grounded", "The moon is cheese.", sources=["Nothing of that."])
    return Reply(text=ticket.body, citations=[])
'''
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89"
    b"\x00\x00\x00\rIDATx\x9cc\xf8\xcf\xc0\xf0\x1f\x00\x05\x00\x01\xff\x89\x99=\x1d\x00\x00\x00\x00IEND\xaeB`\x82"
)


@dataclass
class Site:
    vendor: Vendor
    served: Served
    project: Project

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.served.port}"


def write(folder: Path, base_url: str, dialect: str = "openai", settings: str = "") -> None:
    """The project's files, in that folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "features.py").write_text(FEATURES)
    (folder / "holdfast.toml").write_text(
        f'[app]\n[server]\nport = 0\n{settings}\n[providers.v]\ndialect = "{dialect}"\nbase_url = "{base_url}"\n'
        'documents = "file"\n'
        '[slots.answer]\nmodels = ["v:one", "v:two"]\nretries = 0\n'
        '[guards.grounded]\non_fail = "safe_answer"\nsafe_answer = "Please ask a person."\n'
    )


@asynccontextmanager
async def site(
    folder: Path, acts: Sequence[Act] = (Act(),), *, dialect: str = "openai", settings: str = ""
) -> AsyncIterator[Site]:
    """The project in `folder`; its provider `v` is the vendor, in that dialect."""
    async with Vendor(acts) as vendor:
        write(folder, vendor.base_url, dialect, settings)
        project = await open_project(folder, environ={})
        try:
            async with serving(project) as served:
                yield Site(vendor, served, project)
        finally:
            await project.close()
