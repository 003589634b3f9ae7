"""Extraction: verbatim sentences that answer, in reading order, with what they need to be understood."""

import random

from hypothesis import given
from hypothesis import strategies as st

from holdfast.support.extraction import extract

REFUNDS = (
    "# Refunds\n\nAcme sells shoes. You can return shoes within 30 days of delivery. "
    "This applies to unworn shoes only.\n\n"
    "## Gift cards\n\nThey cannot be returned. Ask support for help."
)
RESET = (
    "Passwords\n\nTo reset your password:\n\n1. Open **Settings**.\n2. Choose [Security](https://a.b/c).\n"
    "3. Click Reset.\n\n"
    "Passwords expire every 90 days."
)
PLANS = "| Plan | Seats | Price |\n|---|---|---|\n| Free | 1 | $0 |\n| Pro | 20 | $49 |\n"


def test_the_sentence_that_answers_is_quoted_verbatim_with_its_passage() -> None:
    found = extract("Within how many days can I return shoes?", [RESET, REFUNDS])
    quote = found.extracts[0]
    assert quote.passage == 1
    assert REFUNDS[quote.span.start : quote.span.end] == quote.span.text
    assert quote.span.text == "You can return shoes within 30 days of delivery."
    assert not found.weak
    assert found.text.startswith("You can return shoes within 30 days of delivery.")
    assert "[2]" in found.text


def test_a_sentence_that_refers_back_brings_the_one_before_it() -> None:
    found = extract("Does this apply to unworn shoes only?", [REFUNDS], max_sentences=1)
    assert [quote.span.text for quote in found.extracts] == [
        "You can return shoes within 30 days of delivery.",
        "This applies to unworn shoes only.",
    ]


def test_a_heading_is_evidence_for_what_stands_below_it_and_never_an_answer() -> None:
    found = extract("Can gift cards be returned?", [REFUNDS], max_sentences=1)
    assert [quote.span.text for quote in found.extracts] == ["They cannot be returned."]


def test_steps_stay_together_when_the_question_is_how_to() -> None:
    found = extract("How do I reset my password in the settings?", [RESET], max_sentences=1)
    assert found.text == ("To reset your password:\n1. Open Settings.\n2. Choose Security.\n3. Click Reset. [1]")


def test_a_table_row_is_read_with_its_columns() -> None:
    found = extract("How many seats has the Pro plan?", [PLANS], max_sentences=1)
    assert [quote.text for quote in found.extracts] == ["Plan: Pro; Seats: 20; Price: $49"]
    assert found.extracts[0].span.text == "| Pro | 20 | $49 |"


def test_a_title_helps_the_passage_it_belongs_to() -> None:
    passages = ["It takes three days.", "It takes nine days."]
    found = extract("How long does shipping take?", passages, titles=["Refunds", "Shipping"], max_sentences=1)
    assert [quote.passage for quote in found.extracts] == [1]


def test_a_question_in_a_passage_leads_to_its_answer_and_is_not_the_answer() -> None:
    found = extract(
        "What is the source of the virus?", ["What is the source of the virus?\nBats are the likely origin."]
    )
    assert [quote.span.text for quote in found.extracts] == ["Bats are the likely origin."]


def test_a_short_line_with_a_number_is_an_answer_and_one_without_is_a_title() -> None:
    found = extract("What is the refund period?", ["Refund period\n30 days\nOur shops are in Berlin."], max_sentences=1)
    assert [quote.span.text for quote in found.extracts] == ["30 days"]


def test_nothing_is_said_twice() -> None:
    found = extract("When can I return shoes?", [REFUNDS, REFUNDS])
    texts = [quote.text for quote in found.extracts]
    assert len(texts) == len(set(texts))


def test_passages_about_something_else_make_a_weak_answer() -> None:
    found = extract("Which elephant species lives in Borneo?", [RESET, PLANS])
    assert found.weak
    assert found.confidence < 0.2


def test_no_passages_and_no_question_find_nothing() -> None:
    for found in (extract("Anything?", []), extract("", [REFUNDS]), extract("Why?", ["", "\n"])):
        assert (found.extracts, found.confidence, found.weak, found.text) == ((), 0.0, True, "")


def test_retrieval_scores_decide_between_equals() -> None:
    passages = ["The fee is 10 dollars.", "The fee is 20 dollars."]
    first = extract("What is the fee?", passages, scores=[0.2, 0.9], max_sentences=1)
    assert [quote.passage for quote in first.extracts] == [1]


BLOCKS = st.sampled_from(
    [REFUNDS, RESET, PLANS, "It is 5.", "- a\n- b", "```\ncode\n```", "| x |", "", "Why shoes?", "Reset:"]
)


@given(st.text(max_size=40) | BLOCKS, st.lists(BLOCKS, max_size=4), st.integers(1, 5))
def test_extracts_are_verbatim_ordered_unique_and_repeatable(question: str, passages: list[str], most: int) -> None:
    found = extract(question, passages, max_sentences=most)
    assert found == extract(question, passages, max_sentences=most)
    assert 0.0 <= found.confidence <= 1.0
    places = [(quote.passage, quote.span.start) for quote in found.extracts]
    assert places == sorted(set(places))
    for quote in found.extracts:
        assert passages[quote.passage][quote.span.start : quote.span.end] == quote.span.text
        assert quote.span.kind != "heading"


def test_the_answer_does_not_depend_on_the_order_of_other_passages() -> None:
    passages = [REFUNDS, RESET, PLANS]
    shuffled = random.Random(7).sample(passages, 3)
    one, other = (extract("Within how many days can I return shoes?", p, max_sentences=1) for p in (passages, shuffled))
    assert [q.span.text for q in one.extracts] == [q.span.text for q in other.extracts]
