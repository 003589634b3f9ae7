"""The preview of what was asked: which text it shows, how much of it, and which words occur in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.records import Json
from holdfast.store.preview import PREVIEW_CHARACTERS, forms, preview, says

_json = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("Where is\n my\tparcel? ", "Where is my parcel?"),
        ({"subject": "Parcel", "n": 5, "body": ["late", {"by": "two days"}], "ok": True}, "Parcel late two days"),
        ("bell\x07 and\x00nul\u00a0and\x9b31m", "bell and nul and 31m"),
        ({"n": [5, None, True]}, None),
        (" \n", None),
        ("x" * 160, "x" * 160),
        ("x" * 161, "x" * 159 + "…"),
        (["x" * 159, "y"], "x" * 159 + "…"),
        ("\U0001f4e6" * 300, "\U0001f4e6" * 159 + "…"),
    ],
)
def test_a_preview_is_the_text_of_an_input_in_order(value: Json, expected: str | None) -> None:
    assert preview(value) == expected


def test_an_input_deeper_than_the_stack_has_a_preview() -> None:
    deep: Json = "the bottom"
    for _ in range(100_000):
        deep = [deep]
    assert preview(deep) == "the bottom"


@given(_json)
def test_any_preview_is_short_printable_and_says_itself(value: Json) -> None:
    shown = preview(value)
    if shown is not None:
        assert 0 < len(shown) <= PREVIEW_CHARACTERS
        assert shown == " ".join(shown.split())
        assert not any(character < " " for character in shown)
        assert says(shown, shown)


@given(st.text(), st.text(max_size=5))
def test_a_text_is_said_only_where_each_of_its_words_is(shown: str, text: str) -> None:
    assert says(shown, text) == all(says(shown, word[0]) for word in forms(text))


def test_forms_are_few_and_each_word_counts_once() -> None:
    assert forms("Parcel PARCEL parcel") == (("parcel",),)
    assert forms("öl") == (("öl", "Öl"),)
    assert forms(" \n") == ()
