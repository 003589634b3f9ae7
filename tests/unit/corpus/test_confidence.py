"""How sure a search is: a chance, surer of what it has than of what it has not, or may not show."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpora import ListSource, hashing_room, open_room, raw
from holdfast.corpus.confidence import confidence
from holdfast.corpus.fusion import fused_words
from holdfast.corpus.room import CorpusRoom
from holdfast.corpus.search import Found
from holdfast.records import Retrieve, Retrieved, Search

SAID = {
    "password": "Reset the password under Account, Security. The link works for thirty minutes.",
    "refund": "A refund arrives on your card within five working days of the return.",
    "router": "Unplug the router for ten seconds when the ring is red.",
}
OTHERS = [f"Page {number} tells about subject{number} and its parts{number} in general." for number in range(60)]


async def filled(room: CorpusRoom) -> CorpusRoom:
    items = [raw(name, text, principals=("staff",)) for name, text in SAID.items()]
    items += [raw(f"other{number}", text) for number, text in enumerate(OTHERS)]
    await room.sync("kb", source=ListSource(items))
    return room


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[CorpusRoom]:
    made = await filled(hashing_room(tmp_path))
    yield made
    made.close()


@pytest.fixture
async def without_vectors(tmp_path: Path) -> AsyncIterator[CorpusRoom]:
    made = await filled(open_room(tmp_path / "words"))
    yield made
    made.close()


async def asked(room: CorpusRoom, query: str, *principals: str, **how: Any) -> Retrieved:
    search = Search(**how)
    return await room.retrieve(Retrieve(corpus="kb", query=query, search=search, principals=principals))


async def sure(room: CorpusRoom, query: str, *principals: str, **how: Any) -> float:
    found = (await asked(room, query, *principals, **how)).confidence
    assert found is not None
    return found


ANSWERED = ("reset the password", "refund on my card", "router with a red ring")
UNANSWERED = ("which wine goes with trout", "tax return of a freelancer", "train to Lisbon on the sixth")


@pytest.mark.parametrize("query", ANSWERED)
async def test_a_query_is_surer_with_what_answers_it_than_with_that_hidden(
    room: CorpusRoom, without_vectors: CorpusRoom, query: str
) -> None:
    for corpus, mode in ((room, "hybrid"), (room, "lexical"), (without_vectors, "hybrid")):
        assert await sure(corpus, query, "staff", mode=mode) > await sure(corpus, query, mode=mode) + 0.02


async def test_by_words_what_the_corpus_says_is_surer_than_what_it_does_not(
    room: CorpusRoom, without_vectors: CorpusRoom
) -> None:
    for corpus, mode in ((room, "lexical"), (without_vectors, "hybrid")):
        there = [await sure(corpus, query, "staff", mode=mode) for query in ANSWERED]
        not_there = [await sure(corpus, query, "staff", mode=mode) for query in UNANSWERED]
        assert min(there) > 0.4 > 0.3 > max(not_there)


async def test_a_search_by_meaning_alone_does_not_say_and_one_that_finds_nothing_is_sure_of_that(
    room: CorpusRoom, without_vectors: CorpusRoom
) -> None:
    assert (await asked(room, "reset the password", mode="vector")).confidence is None
    for found in (await asked(without_vectors, "zzyzx"), await asked(room, "  "), await asked(without_vectors, "?!")):
        assert found == Retrieved(passages=(), confidence=0.0)


@given(query=st.text(max_size=80), k=st.integers(1, 5))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_it_is_a_chance_whatever_is_asked_and_the_same_each_time(room: CorpusRoom, query: str, k: int) -> None:
    found = await asked(room, query, k=k)
    assert found.confidence is not None
    assert 0 <= found.confidence <= 1
    assert found == await asked(room, query, k=k)
    assert found.passages == await room.search(Retrieve(corpus="kb", query=query, search=Search(k=k)))


@given(st.lists(st.floats(0, 200, width=32), min_size=1, max_size=80), st.lists(st.floats(0, 15), max_size=40))
def test_a_best_score_that_stands_out_more_is_surer(scores: list[float], rarities: list[float]) -> None:
    ranked = np.array(sorted(scores, reverse=True), np.float32)
    higher = ranked.copy()
    higher[0] += 10
    before, after = (confidence(_by_words(each), tuple(rarities)) for each in (ranked, higher))
    assert before is not None
    assert after is not None
    assert before <= after


def _by_words(scores: np.ndarray[tuple[int], np.dtype[np.float32]]) -> Found:
    ranked = (np.arange(len(scores)), scores)
    return Found(words=ranked, vectors=None, compared=None, fused=fused_words(ranked), shown=(0,))
