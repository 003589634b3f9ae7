"""What is said of a search is what the search did: for every document, every mode, everybody who asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpora import ListSource, hashing_room, raw
from holdfast.corpus.room import CorpusRoom
from holdfast.corpus.search import SearchExplained
from holdfast.records import Passage, Retrieve, Search

WORDS = ("reset", "password", "router", "invoice", "refund", "plan", "user", "team", "page", "error", "limit", "export")
MODES = ("hybrid", "lexical", "vector")
DOCUMENTS = 40


def body(number: int) -> str:
    """Documents of one to four sections, some of which say the same as another's."""
    parts = []
    for section in range(1 + number % 4):
        seed = number % 9 if section == 1 else number * 7 + section
        said = " ".join(WORDS[(seed * step + step * step) % len(WORDS)] for step in range(1, 9))
        parts.append(f"## Part {section}\n\n{said}")
    return "\n\n".join(parts)


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[CorpusRoom]:
    made = hashing_room(tmp_path)
    staff = {number: ("staff",) for number in range(0, DOCUMENTS, 5)}
    items = [raw(f"doc{number}", body(number), principals=staff.get(number, ())) for number in range(DOCUMENTS)]
    await made.sync("kb", source=ListSource(items))
    yield made
    made.close()


async def both(room: CorpusRoom, query: str, document: str, **more: Any) -> tuple[tuple[Passage, ...], SearchExplained]:
    principals = more.pop("principals", ())
    search = Search(**more)
    effect = Retrieve(corpus="kb", query=query, search=search, principals=principals)
    return await room.search(effect), await room.explain(effect, document)


@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=5),
    st.integers(0, DOCUMENTS - 1),
    st.sampled_from(MODES),
    st.integers(1, 12),
    st.sampled_from([(), ("staff",)]),
)
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_explanation_agrees_with_the_search(
    room: CorpusRoom, words: list[str], number: int, mode: str, k: int, principals: tuple[str, ...]
) -> None:
    document = f"doc{number}"
    passages, said = await both(room, " ".join(words), document, mode=mode, k=k, principals=principals)
    assert said.passages == passages
    shown = {passage.chunk: rank for rank, passage in enumerate(passages, 1) if passage.document == document}
    assert {one.chunk: one.rank for one in said.chunks if one.rank} == shown
    assert said.standing == ("hidden" if number % 5 == 0 and not principals else "visible")
    for one in said.chunks:
        assert (one.left_out == "") == (one.rank is not None)
        assert (one.left_out == "no_candidate") == (one.fused_rank is None)
        parts = sum(stood.part for stood in (one.words, one.vectors) if stood is not None) + one.document_part
        assert one.score == pytest.approx(parts, abs=1e-5)
        if one.rank:
            assert passages[one.rank - 1].score == pytest.approx(one.score, abs=1e-6)
        if one.words is not None:
            assert bool(one.matched) == (one.words.score > 0) == (one.words.rank is not None)
        if one.same_as:
            assert one.same_as in {passage.chunk for passage in passages}


async def test_every_reason_for_being_left_out_is_given(room: CorpusRoom) -> None:
    reasons = set()
    for number in range(DOCUMENTS):
        for mode in MODES:
            _, said = await both(room, "reset password", f"doc{number}", mode=mode, k=20, max_per_document=1)
            reasons |= {one.left_out for one in said.chunks}
    _, few = await both(room, "reset password", "doc3", k=1)
    assert reasons | {one.left_out for one in few.chunks} == {
        *("", "no_candidate", "same_text", "document_is_full", "beyond_k"),
    }


async def test_what_moved_the_query_and_what_matched_is_named(room: CorpusRoom) -> None:
    passages, said = await both(room, "Where do I reset the password?", "doc3", k=5)
    assert said.terms == ("reset", "password", "reset_password")
    best = said.chunks[0]
    assert best.expanded is not None
    assert best.vectors is not None
    assert best.expanded.before == pytest.approx(best.vectors.score)
    assert len(best.expanded.towards) == 3
    assert passages[0].chunk in {chunk for _, chunk in best.expanded.towards}
    assert said.candidates >= len(passages)


async def test_a_document_that_is_not_there_or_not_asked_for_says_so(room: CorpusRoom) -> None:
    _, absent = await both(room, "reset", "nothing")
    assert (absent.standing, absent.chunks) == ("absent", ())
    _, filtered = await both(room, "reset", "doc3", where={"id": ("doc4",)})
    assert (filtered.standing, filtered.chunks) == ("hidden", ())
    _, blank = await both(room, " \n", "doc3")
    assert (blank.passages, blank.candidates) == ((), 0)
    assert {one.left_out for one in blank.chunks} == {"no_candidate"}


async def test_a_chunk_that_no_list_had_is_told_what_the_last_one_scored(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    items = [
        raw(f"doc{number}", f"reset password {'reset ' * (number % 7)} {WORDS[number % 12]}") for number in range(300)
    ]
    await room.sync("kb", source=ListSource([*items, raw("far", "An unrelated garden, once watered by a password.")]))
    passages, said = await both(room, "reset password", "far", k=6)
    (one,) = said.chunks
    assert one.left_out == "no_candidate"
    assert one.words is not None
    assert one.vectors is not None
    assert (one.words.rank, one.words.listed, one.vectors.rank) == (None, 200, None)
    assert 0 < one.words.score < one.words.last
    assert one.vectors.score < one.vectors.last
    assert one.score < passages[-1].score
