"""A filter lets exactly those documents pass that have what it asks for, in both rankings, and never opens a door."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corpora import ListSource, finds, hashing_room, raw
from holdfast.corpus.facets import LONGEST, MOST, facets_of, wanted
from holdfast.records import Document
from holdfast.sources import RawDocument

SAME = "The router is set up in the same way as every router."


def document(**more: object) -> Document:
    return Document(id="d", title="t", text="x", **more)  # type: ignore[arg-type]  # each test gives what it needs


def test_a_section_is_found_by_every_path_above_it() -> None:
    assert {"section=A", "section=A/B"} <= set(facets_of(document(section=("A", "B"))))


def test_a_locale_is_found_by_its_language() -> None:
    assert {"locale=en-us", "locale=en"} <= set(facets_of(document(locale="en_US")))


def test_a_day_is_found_by_its_month_and_its_year() -> None:
    marks = facets_of(document(updated_at=datetime(2026, 3, 14, tzinfo=UTC)))
    assert {"updated=2026-03-14", "updated=2026-03", "updated=2026"} <= set(marks)


def test_metadata_is_found_by_each_of_its_plain_values_and_texts_are_not_marks() -> None:
    said = {"labels": ["a", "b", ["c"]], "promoted": True, "votes": 3, "note": "x" * (LONGEST + 1), "none": None}
    marks = set(facets_of(document(metadata=said))) - {"id=d"}
    assert marks == {"labels=a", "labels=b", "promoted=true", "votes=3"}


def test_a_document_has_no_more_marks_than_are_allowed() -> None:
    assert len(facets_of(document(metadata={"n": list(range(1000))}))) <= MOST + 1


def test_equal_filters_are_equal_whatever_their_order() -> None:
    assert wanted({"a": ("2", "1"), "b": ("3",)}) == wanted({"b": ("3",), "a": ("1", "2", "1")})


colours, sizes = st.sampled_from(["red", "green", "blue"]), st.sampled_from(["s", "m"])
stocks = st.lists(st.tuples(colours, sizes, st.booleans()), min_size=1, max_size=12)
filters = st.fixed_dictionaries(
    {}, optional={"colour": st.sets(colours, max_size=2), "size": st.sets(sizes, max_size=2)}
)


def stocked(stock: list[tuple[str, str, bool]]) -> list[RawDocument]:
    return [
        raw(
            f"d{at}",
            SAME + f" {at}",
            metadata={"colour": colour, "size": size},
            principals=("staff",) if closed else (),
        )
        for at, (colour, size, closed) in enumerate(stock)
    ]


@given(stocks, filters, st.sampled_from(["lexical", "vector", "hybrid"]), st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_search_finds_what_passes_the_filter_and_may_be_seen_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, stock, where, mode: str, staff: bool
) -> None:
    room = hashing_room(tmp_path_factory.mktemp("kb"))
    await room.sync("kb", source=ListSource(stocked(stock)))
    asked = {name: tuple(values) for name, values in where.items()}
    who = ("staff",) if staff else ()
    found = await finds(room, "router set up", k=50, mode=mode, where=asked, principals=who)
    expected = {
        f"d{at}"
        for at, (colour, size, closed) in enumerate(stock)
        if ("colour" not in asked or colour in asked["colour"])
        and ("size" not in asked or size in asked["size"])
        and (staff or not closed)
    }
    assert found == expected
    room.close()


async def test_a_filter_follows_what_a_document_says_of_itself_now(tmp_path: Path) -> None:
    room = hashing_room(tmp_path)
    source = ListSource([raw("d1", metadata={"product": "a"})])
    await room.sync("kb", source=source)
    source.put(raw("d1", metadata={"product": "b"}))
    await room.sync("kb", source=source)
    assert await finds(room, "explains", where={"product": ("b",)}) == {"d1"}
    assert await finds(room, "explains", where={"product": ("a",)}) == set()
    assert await finds(room, "explains", "v1", where={"product": ("a",)}) == {"d1"}
    room.close()
