"""A search takes any text, ranks the same way every time, and shows what is worth reading."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora import ListSource, find, finds, hashing_room, raw, word
from holdfast.corpus.fusion import collapsed
from holdfast.corpus.lexical import LexicalIndex, LexicalWriter, Visible, analyzer
from holdfast.errors import Misconfigured
from holdfast.records import Chunk

EVERYONE = Visible()


def test_collapsing_keeps_order_and_drops_twins_and_the_surplus_of_a_document() -> None:
    found = [(0, 7, 100), (1, 7, 101), (2, 7, 102), (3, 8, 100), (4, 8, 103), (5, 9, 104)]
    assert list(collapsed(found, 3, 2)) == [0, 1, 4]
    assert list(collapsed(found, 9, 1)) == [0, 4, 5]
    assert list(collapsed(found, 0, 1)) == []


def chunk(document_id: str, text: str) -> Chunk:
    return Chunk(id="0" * 16, document=document_id, title="", headings=(), text=text, index_text=text, position=0)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("lexical") / "index"
    writer = LexicalWriter(folder, language="english")
    texts = ["Resetting your café router", "How the billing works", "nothing of the sort"]
    for number, text in enumerate(texts):
        writer.add(chunk(f"d{number}", text), number)
    writer.commit()
    return LexicalIndex(folder, language="english")


@given(st.text(max_size=60))
@settings(deadline=None)
def test_any_text_is_a_query(index: LexicalIndex, text: str) -> None:
    keys, scores = index.search(text, 5, EVERYONE)
    assert len(keys) == len(scores)


@pytest.mark.parametrize(
    "query", ["title:x AND (", '"unclosed', "a^b~2 -c +d", "* ? [1 TO 2]", "{!lucene}", "\\", "AND OR NOT"]
)
def test_marks_of_query_languages_mean_nothing(index: LexicalIndex, query: str) -> None:
    index.search(query, 5, EVERYONE)


def test_words_are_found_by_stem_without_accents_or_case(index: LexicalIndex) -> None:
    for query in ("resets", "RESET", "cafe", "CAFÉ's", "routers!"):
        assert index.search(query, 5, EVERYONE)[0].tolist() == [0], query
    assert index.search("the of and is", 5, EVERYONE)[0].tolist() == []


def test_words_that_only_ask_count_where_there_are_no_others(index: LexicalIndex) -> None:
    assert index.search("how does your billing do", 5, EVERYONE)[0].tolist() == [1]
    assert index.search("how", 5, EVERYONE)[0].tolist() == [1]


def test_neighbouring_words_count_for_more_than_the_same_words_apart(tmp_path: Path) -> None:
    writer = LexicalWriter(tmp_path / "index", language="english")
    texts = ["reset the router, then write the password down", "reset the password, then write the router down"]
    for number, text in enumerate(texts):
        writer.add(chunk(f"d{number}", text), number)
    writer.commit()
    index = LexicalIndex(tmp_path / "index", language="english")
    assert index.terms("How do I reset a password?") == ("reset", "password", "reset_password")
    assert index.search("reset password", 5, EVERYONE)[0].tolist() == [1, 0]
    assert index.search("reset router", 5, EVERYONE)[0].tolist() == [0, 1]
    terms = index.terms("reset password")
    assert index.matched(terms, "d0", 5) == {0: ("reset", "password")}
    assert index.matched(terms, "d1", 5) == {1: ("reset", "password", "reset_password")}


def test_search_within_one_document_gives_the_scores_it_has_among_all(index: LexicalIndex) -> None:
    keys, scores = index.search("the billing of a router", 5, EVERYONE)
    among_all = dict(zip(keys.tolist(), scores.tolist(), strict=True))
    assert len(among_all) == 2
    for number, score in among_all.items():
        own = index.search("the billing of a router", 5, EVERYONE, document=f"d{number}")
        assert (own[0].tolist(), own[1].tolist()) == ([number], [pytest.approx(score)])
    assert index.search("billing", 5, EVERYONE, document="d0")[0].tolist() == []


def test_index_made_before_there_were_pairs_is_searched_by_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import tantivy

    builder = tantivy.SchemaBuilder().add_integer_field("chunk", fast=True)
    for name, tokenizer in (("document", "raw"), ("principal", "raw"), ("title", "words"), ("text", "words")):
        builder = builder.add_text_field(name, tokenizer_name=tokenizer, index_option="freq")
    (tmp_path / "old").mkdir()
    old = tantivy.Index(builder.build(), path=str(tmp_path / "old"))
    old.register_tokenizer("words", analyzer("english"))
    writer = old.writer(32_000_000, 1)
    writer.add_document(
        tantivy.Document(chunk=7, document="d", principal=["public"], title="", text="reset a password")
    )
    writer.commit()
    writer.wait_merging_threads()
    index = LexicalIndex(tmp_path / "old", language="english")
    assert index.search("reset password", 5, EVERYONE)[0].tolist() == [7]


def test_unknown_language_names_the_nearest() -> None:
    with pytest.raises(Misconfigured) as failure:
        analyzer("germn")
    assert "did you mean 'german'" in failure.value.fix
    assert analyzer("none").analyze("The Cafés") == ["the", "cafes"]
    assert analyzer("german").analyze("Die Häuser und das Haus") == ["haus", "haus"]


async def test_lone_surrogates_blank_and_endless_queries_are_answered(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=ListSource([raw("a"), raw("b")]))
    assert await find(room, " \n") == ()
    assert await finds(room, f"\ud800 {word('a')}", k=1) == {"a"}
    assert await finds(room, f"{word('a')} " * 20_000, k=1) == {"a"}


async def test_same_search_gives_the_same_passages_in_range(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=ListSource(raw(f"doc{number}") for number in range(30)))
    for mode in ("lexical", "vector", "hybrid"):
        first = await find(room, "this page explains", mode=mode)
        assert first == await find(room, "this page explains", mode=mode)
        assert len(first) == 6
        assert all(0 <= passage.score <= 1 for passage in first)
        assert [passage.score for passage in first] == sorted((passage.score for passage in first), reverse=True)


async def test_one_document_does_not_crowd_out_the_others(tmp_path: Path) -> None:
    long = "\n\n".join(f"## Part {number}\n\nzebra stripes number {number}" for number in range(300))
    room = hashing_room(tmp_path)
    await room.sync(
        "kb", source=ListSource([raw("long", long), raw("short", "one zebra in a long text of other things")])
    )
    for mode in ("lexical", "vector", "hybrid"):
        passages = await find(room, "zebra stripes number", k=4, mode=mode)
        assert sorted(passage.document for passage in passages) == ["long", "long", "long", "short"]


async def test_passages_that_say_the_same_are_shown_once(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    items = [raw(f"doc{number}", "Press the button for ten seconds.") for number in range(5)]
    await room.sync("kb", source=ListSource([*items, raw("other", "A button is a thing to press.")]))
    passages = await find(room, "press button", k=4)
    assert len(passages) == 2
    assert "other" in {passage.document for passage in passages}


async def test_passage_carries_what_a_citation_needs(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=ListSource([raw("a", "# Top\n\n## Reset\n\nPress it.", url="https://x.org/a")]))
    (passage,) = await find(room, "press")
    assert (passage.document, passage.title, passage.url) == ("a", f"About {word('a')}", "https://x.org/a")
    assert (passage.text, passage.headings[-1]) == ("Press it.", "Reset")
    assert len(passage.chunk) == 16
