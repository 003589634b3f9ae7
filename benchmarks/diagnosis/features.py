"""The features that faults are planted in: four kinds of work, each an ordinary feature of Holdfast.

Know nothing of the bench.
"""

from __future__ import annotations

from functools import lru_cache

from pydantic import BaseModel

from holdfast.app import App
from holdfast.records import Citation
from holdfast.runtime.context import Context


class Question(BaseModel):
    question: str


class Reply(BaseModel):
    text: str
    citations: list[Citation]


class Field(BaseModel):
    value: str
    evidence: str


class Sorted(BaseModel):
    label: str
    reason: str


@lru_cache(maxsize=1)
def app() -> App:
    """A project's features, as its features.py would declare them; the same each time, for it only declares."""
    made = App()

    @made.feature()
    async def answer(ctx: Context, asked: Question) -> Reply:
        """Answer from passages, with citations."""
        passages = await ctx.retrieve("docs", asked.question)
        reply = await ctx.generate("answer", Reply, question=asked.question, passages=passages)
        await ctx.guard("shape", reply.text)
        await ctx.guard("grounded", reply.text, sources=passages)
        return reply

    @made.feature()
    async def rewritten(ctx: Context, asked: Question) -> Reply:
        """Make a query of a message first, then answer from what it finds."""
        query = await ctx.generate("rewrite", question=asked.question)
        passages = await ctx.retrieve("docs", query.text)
        reply = await ctx.generate("answer", Reply, question=asked.question, passages=passages)
        await ctx.guard("shape", reply.text)
        await ctx.guard("grounded", reply.text, sources=passages)
        return reply

    @made.feature()
    async def extract(ctx: Context, asked: Question) -> Field:
        """Take one field out of the documents found."""
        passages = await ctx.retrieve("docs", asked.question)
        found = await ctx.generate("answer", Field, question=asked.question, passages=passages)
        await ctx.guard("shape", found.evidence)
        return found

    @made.feature()
    async def sort_alike(ctx: Context, asked: Question) -> Sorted:
        """Say who deals with a message, by what is found that is like it."""
        passages = await ctx.retrieve("docs", asked.question)
        return await ctx.generate("answer", Sorted, question=asked.question, passages=passages)

    @made.feature()
    async def sort_plain(ctx: Context, asked: Question) -> Sorted:
        """Say who deals with a message, from the message alone."""
        return await ctx.generate("answer", Sorted, question=asked.question)

    return made
