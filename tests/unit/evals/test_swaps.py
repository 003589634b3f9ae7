"""Changes that should not matter: what they change, what they leave, and when two answers are the same."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.evals.made import passage, recording

from holdfast.evals import swaps
from holdfast.evals.alike import same
from holdfast.evaluation import Case
from holdfast.records import Degraded
from holdfast.support import NOT_FOUND

TEXTS = st.lists(st.sampled_from(["He", "said", "order", "A-123", "Emily's", "German", "wife", "12.50", "HIS"]))


@pytest.mark.parametrize(
    ("edit", "before", "after"),
    [
        (swaps.genders, "He told his wife, MR Smith.", "She told her husband, MS Smith."),
        (swaps.genders, "This is the theory.", "This is the theory."),
        (swaps.origins, "A German tourist in France", "A Turkish tourist in Algeria"),
        (swaps.names("men, other origin"), "Emily's bill, for EMILY and Greg", "Jamal's bill, for JAMAL and Jamal"),
        (swaps.signed("men"), "Help me.", "Help me.\n\nGreg Baker"),
    ],
)
def test_a_swap_keeps_case_and_endings_and_touches_whole_words_only(edit: Any, before: str, after: str) -> None:
    assert edit(before) == after


@given(TEXTS.map(" ".join), st.integers(0, 99))
def test_typos_keep_every_letter_and_every_word_with_a_digit(text: str, seed: int) -> None:
    changed = swaps.typos(seed)(text)
    assert Counter(changed) == Counter(text)
    assert changed == swaps.typos(seed)(text)
    pairs = list(zip(text.split(), changed.split(), strict=True))
    assert all(one == other for one, other in pairs if any(letter.isdigit() for letter in one))
    assert sum(one != other for one, other in pairs) <= max(1, len(text.split()) // 8)


@given(TEXTS.map(" ".join))
def test_origins_swapped_twice_are_the_text_of_before(text: str) -> None:
    assert swaps.origins(swaps.origins(text)) == text


def test_single_words_of_an_input_stay_and_only_the_longest_text_is_signed() -> None:
    value = {"kind": "german", "n": 3, "parts": ["a German car", "the long German description"]}
    assert swaps.edited(value, str.upper) == {**value, "parts": ["A GERMAN CAR", "THE LONG GERMAN DESCRIPTION"]}
    signed = swaps.edited_longest(value, lambda text: text + "!")
    assert signed == {**value, "parts": ["a German car", "the long German description!"]}
    assert swaps.edited_longest({"id": "x"}, str.upper) == {"id": "x"}


def test_passages_change_places_and_company() -> None:
    found = (passage("a"), passage("b"))
    assert swaps.reordered(found) == found[::-1]
    assert swaps.with_irrelevant(found)[1:3] == found


LONG = "Hold the red button for five seconds to reset it."


@pytest.mark.parametrize(
    ("one", "other", "facts", "alike"),
    [
        ("billing", " Billing ", (), True),
        ("billing", "refund", (), False),
        (LONG, "To reset it, hold the red button for 5 seconds.", (), True),
        (LONG, "To reset it, hold the red button for 6 seconds.", (), False),
        (LONG, "Press and hold until it blinks, about 5 seconds or so, then wait.", ("5 seconds",), True),
        (LONG, NOT_FOUND, (), False),
        (NOT_FOUND, "I'm sorry, I cannot answer that.", (), True),
        ({"label": "a", "sure": 0.5}, {"label": "a", "sure": 0.6}, (), False),
        ({"text": LONG, "citations": [1]}, {"text": LONG, "citations": []}, (), True),
        ({"items": [1, 2]}, {"items": [1]}, (), False),
    ],
)
def test_answers_are_the_same_in_what_they_say(one: Any, other: Any, facts: tuple[str, ...], alike: bool) -> None:
    case = Case(id="a", input=1, facts=facts)
    assert same(case, recording(one), recording(other)) is alike


def test_one_field_may_be_all_that_counts_and_an_outage_is_never_the_same() -> None:
    case = Case(id="a", input=1)
    one, other = {"label": "a", "why": "first of all"}, {"label": "a", "why": "another reason entirely here"}
    assert same(case, recording(one), recording(other), "label")
    assert not same(case, recording(one), recording(other))
    degraded = Degraded(slot="s", rung=1, model="extractive", reason="429")
    assert not same(case, recording(one), recording(one, degraded=degraded))
