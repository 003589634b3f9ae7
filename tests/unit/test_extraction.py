"""Extraction: verbatim sentences that answer, in reading order, with what they need to be understood."""

import random
from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from holdfast.support import grounding
from holdfast.support.extraction import WEAK, Extract, Extraction, Similar, extract
from holdfast.support.sentences import Span

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
PORTS = "| Service | Port |\n|---|---|\n| Web | 443 |\n| MQTT | 8883 |\n"
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
    assert [quote.text for quote in found.extracts] == ["Pro: Seats 20, Price $49"]
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


# ---------------------------------------------------------------- by meaning

PARCELS = (
    "## Lost parcels\n\nIf the carrier cannot find it, we send a replacement. It leaves within two days.\n\n"
    "## Cancelling\n\nYou may call off an order until it is packed."
)


def meaning(*pairs: tuple[str, str, float]) -> Similar:
    """As near as the pairs say: (a word of the question, a word of the text, nearness); everything else is far."""

    def similar(parts: Sequence[str], texts: Sequence[str]) -> list[float]:
        return [
            max(
                (near for asked, said, near in pairs if said in text and any(asked in part for part in parts)),
                default=0.1,
            )
            for text in texts
        ]

    return similar


def test_meaning_finds_the_sentence_that_shares_no_word_with_the_question() -> None:
    question = "My box vanished, what now?"
    assert extract(question, [PARCELS]).weak
    found = extract(question, [PARCELS], similar=meaning(("vanished", "replacement", 0.7)))
    assert not found.weak
    assert found.extracts[0].span.text == "If the carrier cannot find it, we send a replacement."
    assert extract(question, [PARCELS], similar=meaning()).weak


def test_confidence_grows_with_nearness_and_decides_what_is_weak() -> None:
    found = [extract("Vanished?", [PARCELS], similar=meaning(("Vanished", "carrier", n / 10))) for n in range(1, 10)]
    confidences = [one.confidence for one in found]
    assert confidences == sorted(confidences)
    assert [one.weak for one in found] == [one.confidence < WEAK for one in found]
    assert {one.weak for one in found} == {True, False}


def test_meaning_is_asked_once_with_what_stands_above_each_sentence() -> None:
    heard: list[tuple[Sequence[str], Sequence[str]]] = []

    def similar(parts: Sequence[str], texts: Sequence[str]) -> list[float]:
        heard.append((parts, texts))
        return [0.5] * len(texts)

    extract(
        "Box\nHi there,\n\nit rained all week. Where is it?\n\nThanks, Jo", [PARCELS], titles=["Help"], similar=similar
    )
    [(parts, texts)] = heard
    assert parts == ("Box\nit rained all week.\nWhere is it?", "Box: Where is it?", "Where is it?")
    assert "Help > Cancelling: You may call off an order until it is packed." in texts
    assert len(texts) == 3


def test_a_story_around_the_question_does_not_drown_it() -> None:
    story = "Hi,\nmy aunt gave me blue shoes and we went hiking in Norway with Ben. {} Kind regards, Ada"
    asked = "Within how many days can I return them?"
    plain, told = extract(asked, [REFUNDS]), extract(story.format(asked), [REFUNDS])
    assert not told.weak
    assert told.extracts[0].span == plain.extracts[0].span


def test_a_greeting_before_the_question_is_no_reason_to_pass_it_over() -> None:
    for asked in ("Hi, can I return shoes?", "Thanks! When can I return shoes?", "Hello, I want to return shoes"):
        assert not extract(asked, [REFUNDS]).weak


# ---------------------------------------------------------------- what an answer looks like


def test_an_answer_keeps_to_a_readable_length() -> None:
    text = " ".join(
        f"The refund for order kind {kind} takes several days and then some more days." for kind in "abcdefghij"
    )
    found = extract("How long does a refund for an order take?", [text])
    assert 1 < len(found.extracts) <= 5
    assert len(found.text.split()) <= 95


def test_an_item_brings_its_lead_in() -> None:
    found = extract("Are gloves refundable?", ["We never take back:\n\n- gloves\n- used filters"], max_sentences=1)
    assert found.text.startswith("We never take back:\n- gloves")


def test_a_header_of_two_levels_is_read_level_by_level() -> None:
    table = (
        "| Region | Country | Standard > Price | Standard > Days | Express > Price | Express > Days |\n"
        "|---|---|---|---|---|---|\n| EU | Austria | €6.90 | 2–3 | €14.90 | 1 |\n"
        "| EU | Malta | €12.50 | 4 | No | No |\n"
    )
    found = extract("What does express to Austria cost?", [table], max_sentences=1)
    assert found.extracts[0].text == "EU, Austria – Standard: Price €6.90, Days 2–3; Express: Price €14.90, Days 1"
    malta = extract("Is there express to Malta?", [table], max_sentences=1).extracts[0].text
    assert malta == "EU, Malta – Standard: Price €12.50, Days 4; Express: Price No"


def test_page_furniture_is_never_quoted() -> None:
    page = (
        "In this article:\n\n- [Return shoes](#return-shoes)\n\n> [!NOTE]\n> You can return shoes for free.[3]\n\n"
        "See also\n\n[^1]: <https://example.com/shoes>\n\nhttps://example.com/return-shoes"
    )
    found = extract("Can I return shoes?", [page])
    assert found.text == "You can return shoes for free. [1]"


def test_prose_after_a_list_is_a_paragraph_of_its_own() -> None:
    row, prose = extract("Which port does MQTT need?", [PORTS], max_sentences=1).extracts[0], "Open it in your office."
    told = Extraction((row, Extract(1, Span(0, len(prose), prose), prose, 0.5)), 0.9, weak=False)
    assert told.text == "- MQTT: Port 8883 [1]\n\nOpen it in your office. [2]"


def test_a_definition_is_read_without_its_mark() -> None:
    found = extract("What is Lantern?", ["**Lantern**\n: Lantern is decaffeinated with water."])
    assert found.text == "Lantern is decaffeinated with water. [1]"


def test_code_keeps_its_closing_fence() -> None:
    found = extract("Which port does MQTT need?", ["Open this port:\n\n```\nMQTT port 8883\n```"])
    assert found.text.endswith("```\nMQTT port 8883\n```\n[1]")


@given(BLOCKS, st.lists(BLOCKS, min_size=1, max_size=4))
def test_what_is_quoted_rests_on_the_passages(question: str, passages: list[str]) -> None:
    assert grounding(extract(question, passages).text, passages, threshold=0.2).share == 1.0
