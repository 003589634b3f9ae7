"""The features of this project: plain async functions, served by `holdfast up`."""

from pydantic import BaseModel

import holdfast as hf

app = hf.App()


class Ticket(BaseModel):
    subject: str | None = None
    body: str


class Reply(BaseModel):
    text: str
    citations: list[hf.Citation]


@app.feature(bar=hf.Bar(grounded=0.95, p95_ms=2500, cost_usd=0.01))
async def answer_ticket(ctx: hf.Context, ticket: Ticket) -> Reply:
    """Answer a support ticket from the help center, with citations."""
    passages = await ctx.retrieve("help_center", f"{ticket.subject or ''}\n{ticket.body}")
    reply = await ctx.generate("answer", Reply, ticket=ticket, passages=passages)
    await ctx.guard("grounded", reply.text, sources=passages)
    return reply
