from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gateway.sse import EventStream, EventTooLarge, ServerEvent

BREAKS = st.sampled_from(["\n", "\r", "\r\n"])
TEXT = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=12)
FIELDS = st.one_of(
    TEXT.map(lambda text: f"data: {text}"),
    TEXT.map(lambda text: f"data:{text}"),
    TEXT.map(lambda text: f": {text}"),
    TEXT.map(lambda text: f"event: {text}"),
    TEXT.map(lambda text: f"id: {text}"),
    st.just("data"),
    st.just(""),
)


def read(chunks: list[bytes]) -> list[ServerEvent]:
    stream = EventStream()
    return [event for chunk in chunks for event in stream.feed(chunk)] + stream.end()


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    lines = draw(st.lists(st.tuples(FIELDS, BREAKS), max_size=12))
    mark = draw(st.sampled_from(["", "\ufeff"]))
    return (mark + "".join(line + end for line, end in lines)).encode()


@given(streams(), st.lists(st.integers(0, 300), max_size=12))
def test_bytes_split_at_any_points_give_the_same_events(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    chunks = [data[start:end] for start, end in itertools.pairwise(edges)]
    assert read(chunks) == read([data])
    assert read([data[at : at + 1] for at in range(len(data))]) == read([data])


@given(st.lists(st.lists(TEXT, min_size=1, max_size=3), max_size=5), BREAKS)
def test_events_that_were_written_are_read_back(events: list[list[str]], end: str) -> None:
    written = "".join("".join(f"data: {line}{end}" for line in lines) + end for lines in events)
    assert [event.data.decode() for event in read([written.encode()])] == ["\n".join(lines) for lines in events]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"event: ping\ndata: {}\n\n", [ServerEvent("ping", b"{}")]),
        (b"data: a\ndata: b\n\n", [ServerEvent("message", b"a\nb")]),
        (b"\xef\xbb\xbfdata: a\n\n", [ServerEvent("message", b"a")]),
        (b": comment\n\ndata:a\r\n\r\n", [ServerEvent("message", b"a")]),
        (b"data: without a final blank line", [ServerEvent("message", b"without a final blank line")]),
        (b"event: forgotten\n\ndata: a\n\n", [ServerEvent("message", b"a")]),
        (b"data:  two spaces\n\n", [ServerEvent("message", b" two spaces")]),
        (b"retry: 3\nid: 1\nunknown\n\n", []),
        (b"", []),
    ],
)
def test_the_rules_of_event_streams_hold(data: bytes, expected: list[ServerEvent]) -> None:
    assert read([data]) == expected


@pytest.mark.parametrize("chunk", [b"data: " + b"x" * 101, b"x" * 101, b"data: " + b"x" * 60 + b"\ndata: " + b"x" * 60])
def test_an_event_larger_than_the_bound_is_refused(chunk: bytes) -> None:
    stream = EventStream(max_event_bytes=100)
    with pytest.raises(EventTooLarge):
        stream.feed(chunk)


def test_many_small_events_never_reach_the_bound() -> None:
    stream = EventStream(max_event_bytes=100)
    events = [event for _ in range(50) for event in stream.feed(b"data: " + b"x" * 60 + b"\n\n")]
    assert len(events) == 50
