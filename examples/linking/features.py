"""Which article answers a ticket, and which articles are missing."""

from collections import Counter

from gaps import apart, clusters, words
from pydantic import BaseModel

import holdfast as hf
from holdfast import scorers
from holdfast.support import extract

app = hf.App(
    scorers={
        "linked": scorers.Ranking(measure="mrr", k=1, field="citations"),
        "found": scorers.Ranking(measure="recall", k=3),
    }
)

LINKED_FROM = 0.5
"""Below this chance a ticket is better linked to nothing. It is no `min_confidence` of the slot, because `gaps` wants
to know what came near."""


class Ticket(BaseModel):
    id: str | None = None
    subject: str | None = None
    body: str

    @property
    def text(self) -> str:
        return f"{self.subject or ''}\n{self.body}".strip()


class Link(BaseModel):
    """`citations` are the articles, best first, each with the sentence that decides; none where the help centre has
    no answer. `text` is the sentence of the first."""

    text: str
    confidence: float
    citations: list[hf.Citation]


class Backlog(BaseModel):
    """`similar` is the mean cosine from which tickets are about the same."""

    tickets: list[Ticket]
    similar: float = 0.45
    smallest: int = 2


class Near(BaseModel):
    """An article that came near, and the words of the tickets that what was found of it does not have."""

    document: str
    title: str
    lacks: list[str]


class Gap(BaseModel):
    title: str
    size: int
    examples: list[str]
    nearest: list[Near]


class Gaps(BaseModel):
    """What the help centre lacks, the largest gap first. `single` are unanswered tickets that are like no other."""

    asked: int
    answered: int
    gaps: list[Gap]
    single: list[str]


@app.feature(bar=hf.Bar(linked=0.7, found=0.9, answered=0.75, p95_ms=2500))
async def link_ticket(ctx: hf.Context, ticket: Ticket) -> Link:
    """The articles that answer a ticket, or none."""
    passages = await ctx.retrieve("help_center", ticket.text)
    sure = passages.confidence or 0.0
    citations = [] if sure < LINKED_FROM else [cited(ticket, passage) for passage in passages]
    return Link(text=citations[0].quote if citations else "", confidence=sure, citations=citations)


@app.feature()
async def gaps(ctx: hf.Context, backlog: Backlog) -> Gaps:
    """What the tickets that no article answers are about: what to write next. Needs the encoder."""
    found = [await ctx.retrieve("help_center", ticket.text) for ticket in backlog.tickets]
    missed = [n for n, passages in enumerate(found) if (passages.confidence or 0.0) < LINKED_FROM]
    vectors = await ctx.embed([backlog.tickets[n].text for n in missed]) if missed else []
    groups = [[missed[at] for at in group] for group in clusters(vectors, backlog.similar)]
    said = [words(ticket.text) for ticket in backlog.tickets]
    return Gaps(
        asked=len(found),
        answered=len(found) - len(missed),
        gaps=[gap(backlog, found, said, group) for group in groups if len(group) >= backlog.smallest],
        single=[name(backlog.tickets[n]) for group in groups if len(group) < backlog.smallest for n in group],
    )


def gap(backlog: Backlog, found: list[hf.Passages], said: list[set[str]], group: list[int]) -> Gap:
    telling = apart(said, group)
    titles = Counter(passage.document for n in group for passage in found[n])
    nearest = []
    for document, _ in titles.most_common(2):
        read = [passage for n in group for passage in found[n] if passage.document == document]
        has = words(" ".join([read[0].title, *(passage.text for passage in read)]))
        nearest.append(Near(document=document, title=read[0].title, lacks=[one for one in telling if one not in has]))
    return Gap(
        title=" ".join(telling[:3]) or name(backlog.tickets[group[0]]),
        size=len(group),
        examples=[name(backlog.tickets[n]) for n in group[:3]],
        nearest=nearest,
    )


def name(ticket: Ticket) -> str:
    return f"{ticket.id}: {ticket.subject or ticket.body}" if ticket.id else ticket.subject or ticket.body


def cited(ticket: Ticket, passage: hf.Passage) -> hf.Citation:
    """The article, with the sentence of it that has most of the ticket; its first lines where none has any."""
    best = extract(ticket.text, [passage.text], titles=[passage.title], max_sentences=1).extracts
    quote = best[0].text if best else passage.text[:200]
    return hf.Citation(
        document=passage.document, chunk=passage.chunk, title=passage.title, url=passage.url, quote=quote
    )
