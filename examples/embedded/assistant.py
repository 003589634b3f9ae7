"""What Brightwater Gardens' service can be asked: how to care for a plant, from the shop's own guides."""

from __future__ import annotations

from pydantic import BaseModel

import holdfast as hf

app = hf.App()


class Question(BaseModel):
    body: str
    plant: str | None = None


class Advice(BaseModel):
    text: str
    citations: list[hf.Citation]


@app.feature(bar=hf.Bar(grounded=0.95, p95_ms=2500))
async def plant_care(ctx: hf.Context, question: Question) -> Advice:
    """Answer a question about a plant from the care guides."""
    passages = await ctx.retrieve("guides", f"{question.plant or ''} {question.body}")
    advice = await ctx.generate("answer", Advice, question=question, passages=passages)
    await ctx.guard("grounded", advice.text, sources=passages)
    return advice
