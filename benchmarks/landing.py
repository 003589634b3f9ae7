"""What it costs to keep a feed's pages and to read documents back: tickets of five comments each, at any number.

    python benchmarks/landing.py [TICKETS]

Prints milliseconds and bytes for 10,000 items, how long the next sync looks for what changed, and the memory of the
process. Knows nothing of any vendor: the text is of random words, which compress worse than what people write.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from holdfast.sources import FeedPage, Item
from holdfast.store.landing import SqliteLanding

COMMENTS = 5
PAGE = 100
WORDS_OF_A_COMMENT = 80


def pages(tickets: int) -> Iterator[FeedPage]:
    """Tickets, and after them their comments, a hundred items a page, as an export gives them."""
    chance = random.Random(1)
    words = ["".join(chance.choices("etaoinshrdlucmf", k=chance.randint(2, 9))) for _ in range(5000)]

    def text() -> str:
        return " ".join(chance.choices(words, k=WORDS_OF_A_COMMENT))

    for start in range(0, tickets, PAGE):
        ids = range(start, min(start + PAGE, tickets))
        subjects = ({"id": n, "subject": " ".join(chance.choices(words, k=6)), "status": "closed"} for n in ids)
        items = tuple(Item(kind="ticket", id=str(d["id"]), document=f"ticket/{d['id']}", data=d) for d in subjects)
        yield FeedPage(items=items, cursor=["tickets", start])
    for start in range(0, tickets * COMMENTS, PAGE):
        numbers = range(start, min(start + PAGE, tickets * COMMENTS))
        items = tuple(
            Item(kind="comment", id=str(n), document=f"ticket/{n // COMMENTS}", data={"id": n, "html_body": text()})
            for n in numbers
        )
        yield FeedPage(items=items, cursor=["comments", start])


def main(tickets: int) -> None:
    items = tickets * (1 + COMMENTS)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "landing.db"
        landing = SqliteLanding(path)
        kept = 0.0
        for page in pages(tickets):
            began = time.perf_counter()
            landing.keep(page)
            kept += time.perf_counter() - began
        mark = landing.mark
        memory_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        found = sum(len(parts) for _, parts in landing.documents())
        read = time.perf_counter() - began
        assert found == items, found
        for number in range(0, tickets, max(1, tickets // 100)):
            item = Item(kind="comment", id=str(number * COMMENTS), document=f"ticket/{number}", data={"id": -1})
            landing.keep(FeedPage(items=(item,), cursor=None), moves=False)
        began = time.perf_counter()
        touched = landing.touched(mark) or frozenset()
        here = sum(1 for _ in landing.document_ids())
        changed = sum(1 for _ in landing.documents(touched))
        looked = time.perf_counter() - began
        ids = frozenset(str(number) for number in range(tickets))
        began = time.perf_counter()
        landing.keep(FeedPage(items=(), cursor=None, present={"ticket": ids}))
        swept = time.perf_counter() - began
        landing.close()
        size = path.stat().st_size
    share = 10_000 / items
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    lines = (
        f"{items:,} items of {tickets:,} tickets",
        f"keep      {kept * share * 1000:8.0f} ms for 10,000 items, each page of {PAGE} synced to the disk",
        f"read      {read * share * 1000:8.0f} ms for 10,000 items, as documents",
        f"size      {size * share / 1000:8.0f} kB for 10,000 items",
        f"look      {looked * 1000:8.0f} ms to find and read {changed} changed documents among {here:,}",
        f"sweep     {swept * 1000:8.0f} ms to hold {tickets:,} ids against what is here",
        f"memory    {memory / 1000:8.0f} MB at most, {memory_before / 1000:.0f} MB before reading back",
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
