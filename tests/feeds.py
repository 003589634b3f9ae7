"""What tests of feeds build on: a help desk in memory that says what changed, and a feed over it.

Knows nothing of what is being tested.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from embedders import HashingEmbedder
from holdfast.corpus.room import CorpusRoom, open_corpora
from holdfast.corpus.settings import CorpusSettings
from holdfast.messages import Json
from holdfast.sources import FeedPage, Item, Landed, Passed, RawDocument
from holdfast.store.landing import SqliteLanding


class Desk:
    """Articles by id, each in a section; every change has a number. What is deleted leaves a name, or nothing."""

    def __init__(self) -> None:
        self.articles: dict[str, dict[str, Any]] = {}
        self.sections: dict[str, str] = {"s": "Section"}
        self.changes: list[tuple[str, str]] = []
        self.page_size = 10
        self.fail_after: int | None = None
        """After so many pages the API breaks off."""
        self.miscounts = 0
        """By how much the source's own count is wrong."""
        self.asked: list[str] = []
        """Every page that was asked for."""

    def put(self, article_id: str, text: str, principals: Sequence[str] = (), **more: Any) -> None:
        self.articles[article_id] = {"text": text, "principals": list(principals), "section": "s", **more}
        self.changes.append(("article", article_id))

    def delete(self, article_id: str, *, silently: bool = False) -> None:
        """`silently`: only a sweep of all ids tells."""
        self.articles.pop(article_id, None)
        if not silently:
            self.changes.append(("article", article_id))

    def rename(self, name: str) -> None:
        self.sections["s"] = name
        self.changes.append(("section", "s"))


class DeskFeed:
    """A feed over a desk: pages of changes, then a sweep of every id with the desk's own count."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.forgets: set[str] = set()
        """Documents that have landed and that the feed says nothing of: a defect."""
        self.looked: list[str] = []
        """Every document that was made."""

    async def pages(self, cursor: Json, landed: Landed) -> AsyncIterator[FeedPage]:
        desk, at, pages = self.desk, int(str(cursor or 0)), 0
        if cursor is None:
            yield FeedPage(items=tuple(self._item("section", one) for one in desk.sections), cursor=0)
        while at < len(desk.changes):
            if desk.fail_after is not None and pages >= desk.fail_after:
                raise ConnectionError("the help desk broke off")
            pages += 1
            desk.asked.append(str(at))
            some = dict.fromkeys(desk.changes[at : at + desk.page_size])
            at += desk.page_size
            at = min(at, len(desk.changes))
            yield FeedPage(items=tuple(self._item(*one) for one in some), cursor=at)
        yield FeedPage(
            items=(),
            cursor=at,
            present={"article": frozenset(desk.articles)},
            counts={"article": len(desk.articles) + desk.miscounts},
        )

    async def fetch(self, ids: Sequence[str]) -> FeedPage:
        self.desk.asked += [f"fetch {one}" for one in ids]
        return FeedPage(items=tuple(self._item("article", one) for one in ids), cursor=None)

    def documents(self, landed: Landed, only: Collection[str] | None = None) -> Iterator[RawDocument | Passed]:
        section = landed.get("section", "s")
        assert section is not None
        assert section.data is not None
        for document_id, (item,) in landed.documents(only):
            if document_id in self.forgets:
                continue
            self.looked.append(document_id)
            yield made(document_id, item.data or {}, str(section.data["name"]))

    def heard(self, message: Json) -> Sequence[str]:
        return [str(message["article"])] if isinstance(message, dict) and "article" in message else []

    def _item(self, kind: str, item_id: str) -> Item:
        if kind == "section":
            return Item(kind=kind, id=item_id, data={"name": self.desk.sections[item_id]})
        return Item(kind=kind, id=item_id, document=item_id, data=self.desk.articles.get(item_id))


DESKS: dict[str, Desk] = {}
"""By the name under which a project's configuration finds them."""


class NamedFeed(DeskFeed):
    """What `source = "feeds:NamedFeed"` with `desk = NAME` is."""

    def __init__(self, desk: str) -> None:
        super().__init__(DESKS[desk])


def made(document_id: str, data: dict[str, Any], section: str) -> RawDocument | Passed:
    """What an article is as a document."""
    if data.get("draft"):
        return Passed(id=document_id, reason="draft")
    if data.get("broken"):
        return Passed(id=document_id, reason="its body could not be fetched", failed=True)
    return RawDocument(
        id=document_id,
        body=data["text"],
        media_type="text/markdown",
        title=f"About {document_id}",
        section=(section,),
        principals=tuple(data["principals"]),
    )


def feed_room(root: Path, **more: Any) -> CorpusRoom:
    """A room with one corpus, `kb`, whose landings are on disk."""
    settings = {"kb": CorpusSettings(name="kb", **more)}
    return open_corpora(root, settings, embedder=HashingEmbedder(), landings=SqliteLanding)
