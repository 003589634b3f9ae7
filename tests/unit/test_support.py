"""Support: what rests on the sources scores high, what does not scores low, and what claims nothing is left alone."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.support import NOT_FOUND, SUPPORTED, grounding, split_sentences, support

POLICY = (
    "# Refunds\n\nCustomers on the Pro plan can ask for a refund within 30 days of purchase. The fee is $1,000 a year. "
    "Refunds are not available on the Free plan. Acme Support in Berlin answers within 24 hours.\n\n"
    "Prices increased by 5 percent in 2023."
)
OTHER = "Shipping takes three to five days. Orders above 50 € ship free of charge."


@pytest.mark.parametrize(
    "claim",
    [
        "Customers on the Pro plan can ask for a refund within 30 days of purchase.",
        "You can ask for a refund on the Pro plan within thirty days.",
        "The fee is 1000 dollars a year.",
        "Support answers within 1 day.",
        "The Free plan does not have refunds available.",
        "Prices increased by 5% in 2023 [1].",
        "Orders above €50 ship free.",
    ],
)
def test_a_claim_the_sources_make_is_supported_however_it_is_written(claim: str) -> None:
    assert support(claim, [POLICY, OTHER]).score >= SUPPORTED


@pytest.mark.parametrize(
    "claim",
    [
        "Customers on the Pro plan can ask for a refund within 45 days of purchase.",
        "Customers on the Pro plan can ask for a refund within 30 minutes of purchase.",
        "The fee is $2,000 a year.",
        "Refunds are available on the Free plan.",
        "Customers on the Pro plan cannot ask for a refund within 30 days of purchase.",
        "Prices decreased by 5 percent in 2023.",
        "Prices increased by 5 percent in 2024.",
        "Our lawyers recommend arbitration in writing.",
    ],
)
def test_a_wrong_number_unit_or_denial_or_a_foreign_claim_is_not_supported(claim: str) -> None:
    assert support(claim, [POLICY, OTHER]).score < SUPPORTED


def test_support_points_at_the_window_that_carries_it() -> None:
    found = support("Orders above 50 € ship free.", [POLICY, OTHER])
    assert found.source == 1
    assert found.span is not None
    assert OTHER[found.span.start : found.span.end] == found.span.text == "Orders above 50 € ship free of charge."


def test_a_claim_over_two_neighbouring_sentences_is_found_in_one_window() -> None:
    found = support("Shipping takes three to five days and is free of charge above 50 €.", [OTHER])
    assert found.span is not None
    assert found.span.text == OTHER
    assert found.score >= 0.8


def test_fields_of_a_record_speak_for_and_against() -> None:
    record = (
        '{"name": "Chez Nous", "OutdoorSeating": false, "WiFi": "free", "Parking": {"street": true, "garage": false}}'
    )
    assert support("It offers outdoor seating.", [record]).score < SUPPORTED
    assert support("It has no outdoor seating.", [record]).score >= SUPPORTED
    assert support("WiFi is free.", [record]).score >= SUPPORTED


def test_records_that_differ_in_a_field_contradict_nothing() -> None:
    records = ['{"name": "Chez Nous", "OutdoorSeating": false}', '{"name": "Da Mario", "OutdoorSeating": true}']
    assert support("Da Mario offers outdoor seating.", records).score >= SUPPORTED


@pytest.mark.parametrize(
    "text",
    [
        NOT_FOUND,
        "Hello Jane, thank you!",
        "Is there anything else I can help with?",
        "Let me know if you need more.",
        "The provided passages do not mention opening hours.",
        "Here is a summary in 50 words:",
        "## Refund policy",
        "Yes, I agree.",
        "",
    ],
)
def test_what_claims_nothing_is_no_claim_and_does_not_count(text: str) -> None:
    found = grounding(text, [POLICY])
    assert not any(sentence.claim for sentence in found.sentences)
    assert (found.share, found.least, found.score) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize(
    "text",
    [
        "Yes, Berlin.",
        "Yes, 45 days.",
        "Feel free to cancel within 90 days.",
        "You have a 45 day trial.",
        "Refunds are not given after 30 days.",
        "The passages do not mention refunds, but the fee is low.",
        "Information about you is not provided to others.",
        "You can reach out to sales in Paris.",
    ],
)
def test_a_claim_does_not_hide_behind_a_courtesy(text: str) -> None:
    assert [sentence.claim for sentence in grounding(text, [POLICY]).sentences] == [True]


def test_grounding_names_each_sentence_and_counts_the_supported() -> None:
    text = "Hello!\n\n- A refund is possible within 30 days of purchase [1].\n- Horses run in the desert at night [2]."
    found = grounding(text, [POLICY, OTHER])
    assert [sentence.claim for sentence in found.sentences] == [False, True, True]
    assert tuple(sentence.span for sentence in found.sentences) == split_sentences(text)
    assert found.share == 0.5
    assert found.least == found.sentences[2].support.score < SUPPORTED
    assert found.least < found.score < 1


def test_citation_markers_and_mentions_of_a_passage_are_not_numbers() -> None:
    bare, cited = (
        grounding(text, [OTHER])
        for text in ("Shipping takes three days.", "According to passage 2, shipping takes three days [2][17].")
    )
    assert cited.least == pytest.approx(bare.least, abs=0.35)
    assert cited.least >= SUPPORTED


def test_no_sources_support_nothing() -> None:
    assert support("Shipping takes three days.", []).score == 0.0
    assert grounding("Shipping takes three days.", ["", "\n"]).least == 0.0


@given(st.lists(st.sampled_from(split_sentences(POLICY + " " + OTHER)), min_size=1, max_size=4))
def test_verbatim_sentences_are_always_fully_supported(spans: list) -> None:
    found = grounding(" ".join(span.text for span in spans if span.kind == "prose"), [OTHER, POLICY])
    assert all(sentence.support.score > 0.95 for sentence in found.sentences)


@given(st.text(max_size=100), st.lists(st.text(max_size=100), max_size=3))
def test_scores_stay_between_0_and_1_and_repeat(claim: str, sources: list[str]) -> None:
    found = support(claim, sources)
    assert 0.0 <= found.score <= 1.0
    assert found == support(claim, sources)
    if found.span is not None and found.source is not None:
        assert sources[found.source][found.span.start : found.span.end] == found.span.text


def test_an_answer_of_150_words_over_six_passages_takes_milliseconds() -> None:
    words = " ".join(f"Item w{n} of plan p{n % 7} is delivered to region r{n % 11} within {n} days." for n in range(16))
    passages = [words.replace("w", f"v{n}") for n in range(5)] + [words]
    best = min(_seconds(words, passages) for _ in range(5))
    assert best < 0.05  # five to ten times what it takes, so that a busy machine does not fail it


def _seconds(text: str, passages: list[str]) -> float:
    started = time.process_time()
    grounding(text, passages)
    return time.process_time() - started
