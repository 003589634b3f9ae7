"""What tests of the corpus room build on: a source in memory, documents, and a room over a temporary folder.

Knows nothing of what is being tested.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

from embedders import HashingEmbedder
from holdfast.contracts import Embedder
from holdfast.corpus.room import CorpusRoom, nothing_named, open_corpora
from holdfast.corpus.settings import CorpusSettings
from holdfast.records import Passage, Retrieve, Search
from holdfast.sources import Passed, RawDocument


class ListSource:
    """A source that holds what `items` holds now; fails after `fail_after` items when that is set."""

    def __init__(self, items: Iterable[RawDocument | Passed] = ()) -> None:
        self.items = {item.id: item for item in items}
        self.fail_after: int | None = None

    async def read(self) -> AsyncIterator[RawDocument | Passed]:
        for number, item in enumerate(self.items.values()):
            if number == self.fail_after:
                raise ConnectionError("the source broke off")
            yield item

    def put(self, *items: RawDocument | Passed) -> None:
        self.items.update({item.id: item for item in items})


def raw(document_id: str, body: str | None = None, **more: Any) -> RawDocument:
    """A Markdown document with a title that no other one has."""
    text = f"This page explains {word(document_id)} to everybody who asks." if body is None else body
    return RawDocument(
        id=document_id, body=text, media_type="text/markdown", title=f"About {word(document_id)}", **more
    )


def word(document_id: str) -> str:
    """A word that only this document has, of letters only."""
    return "w" + "".join(chr(ord("a") + byte % 26) + chr(ord("a") + byte // 26) for byte in document_id.encode())


def open_room(root: Path, embedder: Embedder | None = None, **more: Any) -> CorpusRoom:
    """A room with one corpus, `kb`; `more` are its settings. A HashingEmbedder unless told otherwise."""
    keep = more.pop("versions", nothing_named)
    return open_corpora(root, {"kb": CorpusSettings(name="kb", **more)}, embedder=embedder, keep=keep)


def hashing_room(root: Path, **more: Any) -> CorpusRoom:
    return open_room(root, HashingEmbedder(), **more)


async def find(room: CorpusRoom, query: str, version: str = "latest", **more: Any) -> tuple[Passage, ...]:
    principals = more.pop("principals", ())
    effect = Retrieve(corpus=room.pinned("kb", version), query=query, search=Search(**more), principals=principals)
    return await room.search(effect)


async def finds(room: CorpusRoom, query: str, version: str = "latest", **more: Any) -> set[str]:
    """The ids of the documents that are found."""
    return {passage.document for passage in await find(room, query, version, **more)}
