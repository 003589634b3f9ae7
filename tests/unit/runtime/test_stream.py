"""What a listener is told adds up, however the pieces are cut."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from holdfast.contracts import Delta, Event, Reset
from holdfast.records import Passage
from holdfast.runtime.citing import Numbering, cite
from holdfast.runtime.stream import JsonText, Stream

TEXTS = st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from('"\\[]123` ,{}:'), max_size=60)
CUTS = st.lists(st.integers(0, 400), max_size=12)


def pieces(text: str, cuts: list[int]) -> list[str]:
    ends = sorted({cut for cut in cuts if cut < len(text)} | {len(text)})
    return [text[start:end] for start, end in zip([0, *ends], ends, strict=False)]


@given(
    text=TEXTS,
    before=st.dictionaries(
        TEXTS.filter(lambda key: key != "text"),
        st.recursive(TEXTS, lambda x: st.lists(x, max_size=2) | st.dictionaries(TEXTS, x, max_size=2)),
        max_size=3,
    ),
    ascii_only=st.booleans(),
    indent=st.sampled_from([None, 1]),
    cuts=CUTS,
)
def test_the_text_field_is_read_out_of_json_however_it_is_cut(
    text: str, before: dict[str, object], ascii_only: bool, indent: int | None, cuts: list[int]
) -> None:
    raw = json.dumps({**before, "text": text, "after": "text"}, ensure_ascii=ascii_only, indent=indent)
    reader = JsonText()
    assert "".join(reader.feed(piece) for piece in pieces(raw, cuts)) == text


@given(text=TEXTS, cuts=CUTS)
def test_markers_are_renumbered_the_same_however_the_text_is_cut(text: str, cuts: list[int]) -> None:
    whole, cut = Numbering(2), Numbering(2)
    expected = whole.feed(text) + whole.end()
    assert "".join(cut.feed(piece) for piece in pieces(text, cuts)) + cut.end() == expected
    assert cut.order == whole.order


def passage(number: int) -> Passage:
    return Passage(document=f"d{number}", chunk=f"c{number}", title=f"T{number}", text=f"Fact number {number} holds.")


def test_the_nth_marker_belongs_to_the_nth_citation() -> None:
    text, citations = cite("Fact three. [3] Fact one. [1, 3]", [passage(1), passage(2), passage(3)])
    assert text == "Fact three. [1] Fact one. [2][1]"
    assert [citation.document for citation in citations] == ["d3", "d1"]


def test_a_number_without_a_passage_and_brackets_in_code_stay_as_they_are() -> None:
    text, citations = cite("See [9], `a[1]` and ```\nb[1]\n```.", [passage(1)])
    assert text == "See [9], `a[1]` and ```\nb[1]\n```."
    assert citations == ()


def test_a_reset_voids_what_was_said_and_the_end_makes_it_add_up() -> None:
    heard: list[Event] = []
    stream = Stream(heard.append)
    hear = stream.answer(as_json=False, passages=0)
    hear(Delta("Half an ans"))
    hear(Reset("the line broke"))
    hear(Delta("Whole answer"))
    stream.end("Whole answer, redacted")
    assert [event for event in heard if isinstance(event, Reset)] == [Reset("the line broke")]
    assert "".join(event.text for event in heard[2:] if isinstance(event, Delta)) == "Whole answer, redacted"
