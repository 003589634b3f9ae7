"""A corpus whose source is `zendesk` is synced from one table of the configuration, and says who may see what."""

from __future__ import annotations

from pathlib import Path

from corpora import find, finds
from embedders import HashingEmbedder
from holdfast.config import load_config
from holdfast.corpus.opening import open_corpora
from holdfast.corpus.room import CorpusRoom
from holdfast.records import Retrieve, Search
from holdfast.store.landing import SqliteLanding
from holdfast.testing.zendesk import ADMIN, TOKEN, ZendeskServer
from zendesk_reading import PRIVATE, desk, help_center, pass_time

TABLE = """
[corpora.kb]
source = "zendesk"
base_url = "{url}"
email = "{email}"
token = "env:ZENDESK_TOKEN"
"""


def opened(folder: Path, server: ZendeskServer, more: str = "") -> CorpusRoom:
    (folder / "holdfast.toml").write_text(TABLE.format(url=server.url, email=ADMIN) + more)
    config = load_config(folder, {"ZENDESK_TOKEN": TOKEN})
    assert TOKEN in config.secrets
    return open_corpora(config, HashingEmbedder(), landings=SqliteLanding)


async def test_articles_are_found_by_those_who_may_see_them_and_gone_with_the_next_sync(tmp_path: Path) -> None:
    made, section = help_center(3)
    center = made.help_center
    center.article("Internal", "<p>zebra procedure</p>", section, segment=center.segment("staff", "staff"))
    async with ZendeskServer(made) as server:
        room = opened(tmp_path, server)
        report = await room.sync("kb")
        assert report.ledger is not None
        assert report.ledger.red == ()
        said = {count.kind: (count.here, count.said) for count in report.ledger.source}
        assert said["article"] == (4, 4)
        assert await finds(room, "zebra procedure", k=4) <= {str(own) for own in list(center.articles)[:3]}
        query = Retrieve(corpus="kb", query="zebra procedure", search=Search(k=1), principals=("staff",))
        (passage,) = await room.search(query)
        assert passage.title == "Internal"
        own = next(iter(center.articles))
        center.archive(own)
        report = await room.sync("kb")
        assert (report.removed, report.unchanged) == (1, 3)
        report = await room.sync("kb")
        assert not report.published


async def test_tickets_are_for_staff_unless_the_table_names_others_and_no_note_reaches_the_disk(tmp_path: Path) -> None:
    made, kim, ada = desk()
    ticket = made.support.create("Refund", "Where is my zebra?", kim.id)
    made.support.comment(ticket.id, f"{PRIVATE} note", ada.id, public=False)
    pass_time(made)
    async with ZendeskServer(made) as server:
        room = opened(tmp_path, server, 'content = "tickets"\n')
        await room.sync("kb")
        assert await find(room, "zebra") == ()
        query = Retrieve(corpus="kb", query="zebra", search=Search(k=1), principals=("staff",))
        assert [passage.document for passage in await room.search(query)] == [str(ticket.id)]
        room = opened(tmp_path, server, 'content = "tickets"\nprincipals = []\n')
        await room.sync("kb")
        assert [passage.document for passage in await find(room, "zebra")] == [str(ticket.id)]
        document = await room.document("kb", "latest", str(ticket.id))
        assert PRIVATE not in document.text
        assert not written(tmp_path, PRIVATE)
        assert written(tmp_path, "zebra")


def written(folder: Path, word: str) -> list[Path]:
    """The files that have a word in them."""
    return [path for path in folder.rglob("*") if path.is_file() and word.encode() in path.read_bytes()]


async def test_principals_of_a_table_are_for_documents_whose_source_names_nobody(tmp_path: Path) -> None:
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "open.md").write_text("A zebra for everybody.")
    (tmp_path / "docs" / "own.md").write_text("---\nprincipals: [ceo]\n---\nA zebra for one.")
    table = '[corpora.kb]\nsource = "folder"\npath = "docs"\n'
    for more, wanted in (("", {"open.md": (), "own.md": ("ceo",)}),
                         ('principals = ["staff"]\n', {"open.md": ("staff",), "own.md": ("ceo",)})):  # fmt: skip
        (tmp_path / "holdfast.toml").write_text(table + more)
        room = open_corpora(load_config(tmp_path, {}), HashingEmbedder(), landings=SqliteLanding)
        await room.sync("kb")
        for own, principals in wanted.items():
            assert (await room.document("kb", "latest", own)).principals == principals


async def test_a_webhook_about_an_article_reaches_all_its_languages(tmp_path: Path) -> None:
    made, _ = help_center(2)
    own = next(iter(made.help_center.articles))
    made.help_center.translate(own, "fr", "Titre", "<p>Mots</p>")
    async with ZendeskServer(made) as server:
        room = opened(tmp_path, server)
        await room.sync("kb")
        made.help_center.archive(own)
        event = {"type": "zen:event-type:article.unpublished", "detail": {"id": str(own)}}
        await room.sync("kb", only=room.heard("kb", event))
        assert {entry.id for entry in room._version("kb", "latest").entries()} == {
            str(one) for one in made.help_center.articles
        }
