"""What is cut out of a recording's JSON, and what a scrubber takes out of any JSON.

Knows nothing of a store.
"""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.contract.store_samples import prose, recording, recordings, step

from holdfast.identity import to_json
from holdfast.records import Passage, Recording, Retrieve, Retrieved
from holdfast.store.cutting import LARGE_BYTES, SHARED_BYTES, cut, fill
from holdfast.store.scrubbing import Scrubber


def with_passages(*texts: str) -> Recording:
    found = tuple(Passage(document="d", chunk=str(n), title="", text=text) for n, text in enumerate(texts))
    return recording("q", steps=(step(Retrieve(corpus="c@v1", query="q"), Retrieved(passages=found)),))


@given(recordings)
def test_filling_what_was_cut_gives_the_same_bytes_and_every_piece_has_a_hole(any_recording: Recording) -> None:
    data = to_json(any_recording)
    frame, pieces = cut(any_recording, data)
    assert fill(frame, pieces) == data
    assert all(b"\x01%d\x02" % n in frame for n in range(len(pieces)))


def test_a_passage_is_cut_out_wherever_it_stands() -> None:
    given_ = recording(passages=(1, 2, 3))
    frame, pieces = cut(given_, to_json(given_))
    assert len(pieces) == 4  # three passages and the system prompt
    assert [frame.count(b"\x01%d\x02" % n) for n in range(3)] == [4, 4, 4]  # found, sources, message, guard
    assert len(frame) < len(to_json(given_)) / 3


def test_texts_within_texts_come_back() -> None:
    inner = prose("inner", 80)
    given_ = with_passages(inner, f'before "{inner}" after\n', inner[:300], "\x01" * 300, "\\" * 300 + "\x01" + "0\x02")
    data = to_json(given_)
    frame, pieces = cut(given_, data)
    assert fill(frame, pieces) == data
    assert len(pieces) == 4  # all but the one that holds a piece


def test_a_short_text_stays() -> None:
    given_ = with_passages("x" * (SHARED_BYTES - 1))
    assert cut(given_, to_json(given_)) == (to_json(given_), ())


def test_a_large_text_is_a_piece_of_its_own_wherever_it_stands() -> None:
    image = "iVBORw0KGgo=" * 40_000
    given_ = recording(input={"image": image}, output=[image])
    frame, pieces = cut(given_, to_json(given_))
    assert image.encode() in pieces
    assert len(frame) < LARGE_BYTES


@pytest.mark.parametrize(
    ("secret", "text"),
    [
        ("sk-0123456789", "x sk-0123456789"),
        ("nine\nlines\there", "it is nine\nlines\there!"),
        ("päss\u2028wörter", "päss\u2028wörter"),
        ('a"b"c"d"e', '{"key": "a\\"b\\"c\\"d\\"e"}'),
    ],
)
def test_a_secret_is_taken_out_of_any_string(secret: str, text: str) -> None:
    data = msgspec.json.encode({"a": [text, 1.5, None, True], text: {}})
    clean = Scrubber([secret]).scrub(data)
    clean_text = text.replace(secret, "[secret]").replace(msgspec.json.encode(secret).decode()[1:-1], "[secret]")
    assert msgspec.json.decode(clean) == {"a": [clean_text, 1.5, None, True], clean_text: {}}
    assert "[secret]" in clean_text


def test_a_secret_that_only_seems_to_be_there_changes_nothing() -> None:
    data = msgspec.json.encode({"a": "line\nnewsletter"})  # the bytes hold \nnewsletter
    assert b"nnewsletter" in data
    assert msgspec.json.decode(Scrubber(["nnewsletter"]).scrub(data)) == {"a": "line\nnewsletter"}


def test_the_longest_secret_goes_first_and_a_short_one_is_no_secret() -> None:
    data = msgspec.json.encode(["abcdefghij", "test"])
    assert Scrubber(["abcdefgh", "abcdefghij", "test", ""]).scrub(data) == b'["[secret]","test"]'


@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=8), st.data())
def test_no_secret_survives_in_any_recording(secret: str, data: st.DataObject) -> None:
    given_ = replace(data.draw(recordings), input=[f"x{secret}y"], output={secret: secret})
    if "[secret]" in secret or secret in "[secret]":
        return
    clean = msgspec.json.decode(Scrubber([secret]).scrub(to_json(given_)))
    assert secret not in clean["input"][0]
    assert secret not in next(iter(clean["output"].items()))
