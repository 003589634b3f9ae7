"""A sync in a process of its own, to be killed: a help desk that is the same for everybody at the same revision.

    python tests/feed_killed.py FOLDER REVISION feed|source

Says every stage on stdout, and appends each page it asks for to FOLDER/asked.txt. Knows nothing of who kills it.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from corpora import hashing_room
from feeds import Desk, DeskFeed, feed_room, made
from holdfast.messages import Json
from holdfast.sources import FeedPage, Landed, Passed, RawDocument

ARTICLES = 80


def say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def desk_at(revision: int) -> Desk:
    """Each revision changes every second article, deletes a few, adds some, and lets others see some."""
    desk = Desk()
    for number in range(ARTICLES):
        desk.put(f"a{number:03}", f"revision 0 of article {number}. " + "lorem ipsum " * 40)
    for at in range(1, revision + 1):
        for number in range(at % 2, ARTICLES, 2):
            known = f"a{number:03}"
            if number % 10 == at % 10:
                desk.delete(known, silently=at % 3 == 0)
            else:
                principals = ("staff",) if number % 7 == at % 7 else ()
                desk.put(known, f"revision {at} of article {number}. " + "lorem ipsum " * 40, principals)
        for number in range(3):
            desk.put(f"n{at:03}-{number}", f"revision {at} made this article")
    return desk


def documents_at(revision: int) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Ids with text and principals."""
    return {
        known: (" ".join(str(data["text"]).split()), tuple(data["principals"]))
        for known, data in desk_at(revision).articles.items()
    }


class Source:
    """The same desk, read whole."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def read(self) -> AsyncIterator[RawDocument | Passed]:
        for known, data in self._desk.articles.items():
            yield made(known, data, "Section")


class Loud(DeskFeed):
    """Says of each page that it is asked for."""

    def __init__(self, desk: Desk, file: Path) -> None:
        super().__init__(desk)
        self._file = file

    async def pages(self, cursor: Json, landed: Landed) -> AsyncIterator[FeedPage]:
        pages = super().pages(cursor, landed)
        at = str(cursor)
        while True:
            with self._file.open("a") as file:
                file.write(f"{at}\n")
            say(f"asked {at}")
            page = await anext(pages, None)
            if page is None:
                return
            yield page
            at = str(page.cursor) if page.present is None else "end"


def main(folder: Path, revision: int, kind: str) -> None:
    def told(stage: str, done: int, total: int | None) -> None:
        say(f"{stage} {done}")

    desk = desk_at(revision)
    if kind == "feed":
        sync = feed_room(folder).sync("kb", source=Loud(desk, folder / "asked.txt"), progress=told)
    else:
        sync = hashing_room(folder).sync("kb", source=Source(desk), progress=told)
    report = asyncio.run(sync)
    say(f"{'published' if report.published else 'unchanged'} {report.version}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
