"""Joining what broke off to what goes on with it: no character is lost or doubled, wherever the cut was."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from holdfast.gateway.rescue import LEAST_OVERLAP, LEAST_RESTART, Joiner, anchor_of, continuation, repeats_itself
from holdfast.records import Generate, Message

PROSE = (
    "A bill has three parts. The first is what you used, the second is what that costs, and the third is what is due. "
    "It is sent on the first of the month.\n\nRefunds take five days:\n\n- to a card: five days\n- to a bank: seven "
    "days\n- as credit: at once\n\nÄnderungen gelten sofort — auch für “Zitate”. 退款需要五天。\n"
)

_texts = st.one_of(
    st.text(min_size=2, max_size=400),
    st.text(alphabet="ab \n", min_size=2, max_size=200),  # repeats itself in every way
    st.lists(st.sampled_from(["the", "end", "of", "a", "row.", "\n", "is"]), min_size=2, max_size=80).map(" ".join),
    st.just(PROSE),
)


def pieces(text: str, sizes: list[int]) -> list[str]:
    parts, at = [], 0
    for size in sizes:
        parts.append(text[at : at + size])
        at += size
    return [part for part in (*parts, text[at:]) if part]


def joined(partial: str, reply: str, sizes: list[int], *, prefill: bool = False) -> tuple[str, bool]:
    """The whole text as somebody heard it, and whether it had to start again."""
    joiner, whole, restarted = Joiner(partial, prefill=prefill), partial, False
    for part in (*map(joiner.feed, pieces(reply, sizes)), joiner.end()):
        whole = part.text if part.restart else whole + part.text
        restarted = restarted or part.restart
    return whole, restarted


_sizes = st.lists(st.integers(1, 30), max_size=20)


@given(_texts, st.floats(0, 1), _sizes)
def test_a_model_that_repeats_the_anchor_loses_and_doubles_nothing_in_any_text(text, share, sizes) -> None:
    partial = text[: int(share * len(text))]
    assume(partial.strip() and not repeats_itself(partial))
    base = partial.rstrip()
    reply = text[len(base) - len(anchor_of(partial)) :]
    assert joined(partial, reply, sizes) == (text, False)


@given(_texts, st.floats(0, 1), _sizes)
def test_a_model_that_goes_on_after_a_prefill_loses_and_doubles_nothing_in_any_text(text, share, sizes) -> None:
    partial = text[: int(share * len(text))]
    assume(partial.strip())
    reply = text[len(partial.rstrip()) :]
    begun = partial.strip()[:LEAST_RESTART]  # with so much of it again, nobody could tell it from one begun again
    assume(len(begun) < LEAST_OVERLAP or not reply.lstrip().startswith(begun))
    assert joined(partial, reply, sizes, prefill=True) == (text, False)


@given(st.integers(20, len(PROSE)), _sizes)
def test_a_model_that_takes_no_notice_of_a_prefill_is_heard_once(cut, sizes) -> None:
    assert joined(PROSE[:cut], PROSE, sizes, prefill=True) == (PROSE, False)


def test_a_model_that_begins_another_answer_after_a_prefill_is_heard_whole() -> None:
    old = "To reset your password, open Settings and choose"
    new = "To reset your password, open the menu and choose Profile. That is all."
    assert joined(old, new, [5, 5, 5], prefill=True) == (new, True)


def test_a_sentence_that_begins_as_the_answer_did_goes_on_with_it_after_a_prefill() -> None:
    first = "A bill has three parts: what you used, what that costs, and what is due."
    text = f"{first} Write to us where anything is unclear, and we will see to it. {first}"
    for cut in range(len(text) - len(first) - 12, len(text)):
        partial = text[:cut]
        assert joined(partial, text[len(partial.rstrip()) :], [5, 5], prefill=True) == (text, False), partial[-20:]


@given(st.integers(1, 11), st.integers(0, 16), _sizes)
def test_a_text_that_repeats_itself_goes_on_after_a_prefill(lines, more, sizes) -> None:
    text = "The same line once more. " * 12
    partial = text[: lines * 25 + 8 + more]
    assert joined(partial, text[len(partial.rstrip()) :], sizes, prefill=True) == (text, False)


@given(st.integers(1, len(PROSE)), _sizes)
def test_a_model_that_starts_over_is_heard_once(cut, sizes) -> None:
    assert joined(PROSE[:cut], PROSE, sizes) == (PROSE, False)


@given(st.integers(1, len(PROSE)), st.integers(20, 200), _sizes)
def test_a_model_that_repeats_some_other_end_is_heard_once(cut, length, sizes) -> None:
    base = PROSE[:cut].rstrip()
    assert joined(PROSE[:cut], PROSE[max(0, len(base) - length) :], sizes) == (PROSE, False)


@given(st.integers(1, len(PROSE)), _sizes)
def test_a_model_that_repeats_nothing_is_joined_where_it_was_cut(cut, sizes) -> None:
    partial = PROSE[:cut]
    assert joined(partial, PROSE[len(partial.rstrip()) :], sizes) == (PROSE, False)


_LINES = st.lists(st.sampled_from(["A line like others. ", "And another one.\n"]), min_size=3, max_size=12).map("".join)


@given(_LINES, st.floats(0, 1), _sizes)
@settings(suppress_health_check=[HealthCheck.filter_too_much])  # only texts with a repetition at the cut are wanted
def test_an_answer_that_repeats_itself_is_asked_for_whole_and_joined_to_what_was_heard(text, share, sizes) -> None:
    partial = text[: int(share * len(text))]
    assume(partial.strip() and repeats_itself(partial))
    asked = Generate(slot="answer", models=("a:b",), messages=(Message(role="user", text="Go."),))
    assert continuation(asked, partial, prefill=False) == asked
    assert joined(partial, text, sizes) == (text, False)
    assert joined(partial, "Something else.", sizes) == ("Something else.", True)


def test_an_answer_that_starts_over_and_differs_is_heard_whole() -> None:
    old = "To reset your password, open Settings and choose Reset."
    new = "To reset your password, open the menu and choose Profile. That is all."
    assert joined(old, new, [5, 5, 5]) == (new, True)


def test_a_sentence_that_follows_a_sentence_gets_its_space() -> None:
    assert joined("It is due today.", "Then it is paid.", [])[0] == "It is due today. Then it is paid."


def test_a_word_that_was_cut_gets_none() -> None:
    assert joined("It is pa", "id.", [])[0] == "It is paid."


def test_three_words_are_enough_to_be_known_again() -> None:
    assert joined("we go up and on", "up and on and away", [3])[0] == "we go up and on and away"


def test_text_is_held_back_no_longer_than_it_has_to_be() -> None:
    joiner = Joiner("It is due today, and", prefill=False)
    assert joiner.feed(" paid").text == " paid"
    assert joiner.feed(" later").text == " later"


@pytest.mark.parametrize("partial", ["Short", "x " * 40, "word " * 3 + "end  \n", "a" * 200])
def test_the_anchor_is_an_end_of_what_was_said_without_space_around(partial) -> None:
    anchor = anchor_of(partial)
    assert partial.rstrip().endswith(anchor)
    assert anchor == anchor.strip()
    assert 0 < len(anchor) <= 40


def test_what_is_sent_ends_in_the_answer_or_asks_for_the_rest() -> None:
    asked = Generate(slot="answer", models=("a:b",), messages=(Message(role="user", text="Go."),))
    begun = continuation(asked, "So far so ", prefill=True)
    assert [(turn.role, turn.text) for turn in begun.messages] == [("user", "Go."), ("assistant", "So far so")]
    wished = continuation(asked, "So far so ", prefill=False)
    assert [turn.role for turn in wished.messages] == ["user", "assistant", "user"]
    assert wished.messages[-1].text.endswith("\nSo far so")
