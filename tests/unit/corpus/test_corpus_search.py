"""A search takes any text, ranks the same way every time, and shows what is worth reading."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from corpora import ListSource, find, finds, hashing_room, raw, word
from holdfast.corpus.fusion import collapsed, convex, normalised
from holdfast.corpus.lexical import LexicalIndex, LexicalWriter, Visible, analyzer
from holdfast.errors import Misconfigured
from holdfast.records import Chunk

EVERYONE = Visible()


def ranked(rows: list[int], scores: list[float]) -> tuple[np.ndarray, np.ndarray]:
    return np.array(rows, np.int64), np.array(scores, np.float32)


def test_convex_combination_is_the_weighted_sum_of_stretched_scores() -> None:
    rows, scores = convex(ranked([1, 2, 3], [10.0, 6.0, 2.0]), ranked([3, 4], [0.9, 0.1]), 0.6)
    assert dict(zip(rows.tolist(), scores.tolist(), strict=True)) == pytest.approx({3: 0.6, 1: 0.4, 2: 0.2, 4: 0.0})
    assert rows.tolist() == [3, 1, 2, 4]


@given(
    st.dictionaries(st.integers(0, 50), st.floats(-5, 30, width=32), max_size=20),
    st.dictionaries(st.integers(0, 50), st.floats(-1, 1, width=32), max_size=20),
    st.floats(0, 1),
)
def test_fused_scores_are_in_range_descending_and_cover_both_lists(
    words: dict[int, float], meaning: dict[int, float], weight: float
) -> None:
    lists = [ranked(list(found), list(found.values())) for found in (words, meaning)]
    rows, scores = convex(lists[0], lists[1], weight)
    assert set(rows.tolist()) == words.keys() | meaning.keys()
    assert all(0 <= score <= 1.000001 for score in scores)
    assert scores.tolist() == sorted(scores.tolist(), reverse=True)


def test_weight_zero_is_lexical_and_weight_one_is_vector() -> None:
    words, meaning = ranked([1, 2], [5.0, 1.0]), ranked([2, 1], [0.9, 0.2])
    assert convex(words, meaning, 0.0)[0].tolist() == [1, 2]
    assert convex(words, meaning, 1.0)[0].tolist() == [2, 1]


def test_equal_scores_are_all_the_best() -> None:
    assert normalised(np.array([3.0, 3.0], np.float32)).tolist() == [1.0, 1.0]
    assert normalised(np.empty(0, np.float32)).tolist() == []


def test_collapsing_keeps_order_and_drops_twins_and_the_surplus_of_a_document() -> None:
    found = [(0, 7, 100), (1, 7, 101), (2, 7, 102), (3, 8, 100), (4, 8, 103), (5, 9, 104)]
    assert list(collapsed(found, 3, 2)) == [0, 1, 4]
    assert list(collapsed(found, 9, 1)) == [0, 4, 5]
    assert list(collapsed(found, 0, 1)) == []


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> LexicalIndex:
    folder = tmp_path_factory.mktemp("lexical") / "index"
    writer = LexicalWriter(folder, language="english")
    texts = ["Resetting your café router", "How the billing works", "nothing of the sort"]
    for number, text in enumerate(texts):
        chunk = Chunk(id="0" * 16, document=f"d{number}", title="", headings=(), text=text, index_text=text, position=0)
        writer.add(chunk, number)
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
