"""Where a document falls out of a search is where the search leaves it, and what was tried works when it is done."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from corpora import ListSource, hashing_room, open_room, raw
from holdfast.contracts import Hear
from holdfast.corpus.room import CorpusRoom
from holdfast.corpus.why import STATIONS, Station, Walk
from holdfast.errors import EffectFailed
from holdfast.records import Done, Effect, Rerank, Reranked, Retrieve
from holdfast.release import CorpusSlot, Release
from holdfast.runtime.who import Who
from holdfast.sources import Passed
from holdfast.testing.memory import MemoryStore
from holdfast.why import Asking, Ground, walk

WORDS = ("reset", "password", "router", "invoice", "refund", "plan", "user", "team", "page", "error", "limit", "export")
DOCUMENTS = 30


def body(number: int) -> str:
    """Documents of one to three sections, every fifth of which says what another does."""
    parts = []
    for section in range(1 + number % 3):
        seed = number % 5 if section == 0 and number % 5 == 0 else number * 7 + section
        said = " ".join(WORDS[(seed * step + step * step) % len(WORDS)] for step in range(1, 9))
        parts.append(f"## Part {section}\n\n{said}")
    return "\n\n".join(parts)


class Bench:
    """A room with one way to walk and one to search, and a reranker that likes short texts."""

    def __init__(self, room: CorpusRoom) -> None:
        self.room = room
        self.confidence: float | None = None
        self.broken = False
        self.asked_reranker = 0

    async def perform(self, effect: Effect, release: Release, hear: Hear) -> Done:
        del release, hear
        if isinstance(effect, Rerank):
            self.asked_reranker += 1
            if self.broken:
                raise EffectFailed("HF305", "the reranker is away", "wait")
            return Done(Reranked(scores=tuple(1.0 / len(text) for text in effect.texts)))
        assert isinstance(effect, Retrieve)
        found = await self.room.retrieve(effect)
        return Done(found if self.confidence is None else replace(found, confidence=self.confidence))

    async def why(self, document: str, query: str, slot: CorpusSlot, *principals: str, **more: Any) -> Walk:
        ground = Ground(
            self.room, MemoryStore(), Release(slots={"kb": slot}), self.perform, lambda name: name == "here"
        )
        asking = Asking(corpus="kb", document=document, query=query, **more)
        return await walk(ground, asking, Who(principals=principals))


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    made = hashing_room(tmp_path)
    staff = {number: ("staff",) for number in range(0, DOCUMENTS, 4)}
    items = [
        raw(f"doc{number}", body(number), principals=staff.get(number, ()), section=(f"s{number % 3}",))
        for number in range(DOCUMENTS)
    ]
    items += [raw("open", "Zebras sleep."), raw("closed", "Walruses sing.", principals=("staff", "night"))]
    await made.sync("kb", source=ListSource([*items, Passed(id="skipped", reason="draft")]))
    yield Bench(made)
    made.close()


def at(walked: Walk, name: str) -> Station:
    return next(one for one in walked.stations if one.name == name)


def suggestions(walked: Walk) -> dict[str, int | None]:
    return {one.what: one.rank for station in walked.stations for one in station.would_help if one.verified}


@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4),
    st.integers(0, DOCUMENTS - 1),
    st.sampled_from(["hybrid", "lexical", "vector"]),
    st.integers(1, 8),
    st.sampled_from([(), ("staff",)]),
    st.sampled_from([{}, {"section": "s1"}]),
    st.sampled_from([None, "here"]),
)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_walk_agrees_with_the_search_and_what_was_tried_works(
    bench: Bench,
    words: list[str],
    number: int,
    mode: Any,
    k: int,
    principals: tuple[str, ...],
    where: dict[str, str | tuple[str, ...]],
    reranker: str | None,
) -> None:
    document, query = f"doc{number}", " ".join(words)
    slot = CorpusSlot(k=k, mode=mode, where=where, reranker=reranker, rerank_k=10)
    walked = await bench.why(document, query, slot, *principals)
    assert tuple(one.name for one in walked.stations) == STATIONS
    effect = Retrieve(corpus="kb", query=query, search=slot.search(), principals=principals)
    searched = replace(effect, search=replace(effect.search, k=max(k, 10) if reranker else k))
    found = [passage.document for passage in await bench.room.search(searched)]
    assert (document in found) == (at(walked, "cut").fate == "passed")
    assert (walked.rank is None) == (walked.fell_out_at is not None)
    if reranker is None and document in found:
        assert walked.rank == found.index(document) + 1
    if number % 4 == 0 and not principals:
        assert walked.fell_out_at == "permissions"
    elif where and number % 3 != 1:
        assert walked.fell_out_at == "filters"
    else:
        assert at(walked, "filters").fate == "passed"
    reached = [one.fate for one in walked.stations]
    if walked.fell_out_at is not None:
        rest = reached[STATIONS.index(walked.fell_out_at) + 1 :]
        assert set(rest) <= {"not_asked", "not_reached"}
    if not principals and number % 4:
        named = {int(one) for one in re.findall(r"\bdoc(\d+)\b", msgspec.json.encode(walked).decode())}
        assert not [one for one in named if one % 4 == 0], "it names a document that who asks may not see"
    for station in walked.stations:
        assert not station.would_help or station.name == walked.fell_out_at
        for one in station.would_help:
            if one.verified and one.changes:
                again = await bench.why(document, query, replace(slot, **one.changes), *principals)
                assert again.rank == one.rank is not None


async def test_an_id_that_no_sync_has_seen_names_those_like_it(bench: Bench) -> None:
    walked = await bench.why("dok7", "reset", CorpusSlot())
    assert (walked.known, walked.fell_out_at, walked.rank) == (False, "source", None)
    assert "doc7" in at(walked, "source").said
    assert not suggestions(walked)


async def test_what_the_last_sync_skipped_says_why(bench: Bench) -> None:
    walked = await bench.why("skipped", "reset", CorpusSlot())
    assert (walked.known, walked.fell_out_at) == (True, "source")
    assert "draft" in at(walked, "source").said


async def test_a_document_of_a_newer_version_is_found_there(bench: Bench, tmp_path: Path) -> None:
    source = ListSource([raw(f"doc{number}", body(number)) for number in range(DOCUMENTS)])
    source.put(raw("zebra", "Zebras sleep while standing."))
    await bench.room.sync("kb", source=source)
    walked = await bench.why("zebra", "how do zebras sleep", CorpusSlot(), version="v1")
    assert (walked.version, walked.fell_out_at) == ("v1", "source")
    assert suggestions(walked) == {"version v2": 1}
    del source.items["zebra"]
    await bench.room.sync("kb", source=source)
    walked = await bench.why("zebra", "how do zebras sleep", CorpusSlot(), version="v2")
    assert walked.fell_out_at == "source"
    assert "gone from the source" in at(walked, "source").said
    assert not list((tmp_path / "supposed").glob("*"))


async def test_every_permission_that_would_help_is_tried(bench: Bench) -> None:
    walked = await bench.why("closed", "walruses", CorpusSlot())
    assert walked.fell_out_at == "permissions"
    assert suggestions(walked) == {f"the principal '{name}' for who asks": 1 for name in ("night", "staff")}
    assert (await bench.why("closed", "walruses", CorpusSlot(), "staff")).rank == 1


async def test_words_that_the_document_does_not_have_are_named_and_a_title_with_them_is_tried(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    others = [raw(f"other{number}", f"Terminating subscriptions, way {number}.") for number in range(8)]
    leaving = raw("leaving", "Your godbye letter, step by step.")
    await room.sync("kb", source=ListSource([*others, leaving]))
    segments = tmp_path / "corpora" / "kb" / "segments"
    before = sorted(path.name for path in segments.iterdir())
    left = tmp_path / "supposed" / "once-killed"  # by a process that was killed, yesterday
    left.mkdir(parents=True)
    os.utime(left, (1, 1))
    walked = await Bench(room).why("leaving", "goodbye subscription", CorpusSlot(k=2))
    lexical = at(walked, "lexical")
    assert (walked.fell_out_at, lexical.fate) == ("lexical", "fell_out")
    assert lexical.measured["missing"] == [
        {"word": "goodbye", "near": ["godby"]},
        {"word": "subscription", "near": []},
    ]
    assert suggestions(walked) == {f"the title '{leaving.title} goodbye subscription'": 1}
    assert sorted(path.name for path in segments.iterdir()) == before
    assert not list((tmp_path / "supposed").iterdir())
    await room.sync("kb", source=ListSource([*others, replace(leaving, title=f"{leaving.title} goodbye subscription")]))
    assert (await Bench(room).why("leaving", "goodbye subscription", CorpusSlot(k=2))).rank == 1
    room.close()


async def test_words_that_cleaning_took_out_are_named(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    mail = "Subject: Zebras\nFrom: a@b.example\n\nThey sleep while standing.\n\n-- \nPenelope Rhinoceros\n"
    await room.sync("kb", source=ListSource([replace(raw("zebras", mail), media_type="message/rfc822")]))
    assert [part.kind for part in (await room.document("kb", "latest", "zebras")).removed] == ["signature"]
    walked = await Bench(room).why("zebras", "sleeping rhinoceros", CorpusSlot())
    assert at(walked, "cleaning").measured["query_words_removed"] == ["rhinoceros"]
    assert walked.rank == 1
    room.close()


async def test_a_twin_that_is_shown_in_its_place_is_named_and_taken_away(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    await room.sync("kb", source=ListSource([raw("one", "Zebras sleep."), raw("two", "Zebras sleep.")]))
    bench = Bench(room)
    walks = [await bench.why(document, "zebras sleep", CorpusSlot()) for document in ("one", "two")]
    (fallen,) = [walked for walked in walks if walked.rank is None]
    (shown,) = [walked for walked in walks if walked.rank is not None]
    assert fallen.fell_out_at == "collapse"
    assert at(fallen, "collapse").measured["same_text_as"] == [shown.document]
    assert suggestions(fallen) == {f"the source without its twin '{shown.document}'": 1}
    room.close()


async def test_confidence_below_the_least_is_where_it_falls_out_and_the_reranker_is_not_asked(bench: Bench) -> None:
    bench.confidence = 0.25
    slot = CorpusSlot(min_confidence=0.5, reranker="here")
    walked = await bench.why("open", "zebras", slot)
    assert walked.fell_out_at == "confidence"
    assert "min_confidence = 0.25" in suggestions(walked)
    assert at(walked, "reranker").fate == "not_reached"


async def test_a_reranker_of_a_vendor_is_asked_once_and_nothing_is_tried_with_it(bench: Bench) -> None:
    slot = CorpusSlot(k=1, reranker="vendor:model", rerank_k=20)
    for number in range(1, DOCUMENTS):
        bench.asked_reranker = 0
        walked = await bench.why(f"doc{number}", "reset password router", slot)
        if walked.fell_out_at == "reranker":
            break
    assert walked.fell_out_at == "reranker"
    assert bench.asked_reranker == 1
    assert set(suggestions(walked)) <= {"no reranker"}
    bench.broken = True
    assert (
        "the reranker is away" in at(await bench.why(walked.document, "reset password router", slot), "reranker").said
    )


async def test_without_an_encoder_meaning_says_so(tmp_path: Path) -> None:
    room = open_room(tmp_path)
    await room.sync("kb", source=ListSource([raw("one", "Zebras sleep.")]))
    walked = await Bench(room).why("one", "zebras", CorpusSlot())
    assert at(walked, "meaning").fate == "not_asked"
    assert "without an encoder" in at(walked, "meaning").said
    assert (walked.rank, walked.fell_out_at) == (1, None)
    room.close()
