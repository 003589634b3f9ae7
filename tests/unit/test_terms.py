"""Terms: equal things read equally, whatever they are written like."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.support.terms import Quantity, Reader, parse_number, stem


def only(text: str) -> Quantity:
    [quantity] = Reader().read(text).quantities
    return quantity


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("1,000", "1000"),
        ("thirty", "30"),
        ("two hundred twenty-five", "225"),
        ("a thousand", "1000"),
        ("$1.5 million", "1,500,000 dollars"),
        ("30%", "thirty percent"),
        ("24 hours", "1 day"),
        ("30 business days", "30 days"),
        ("17:00", "5 pm"),
        ("5:30PM", "17:30"),
        ("2nd", "2"),
        ("€ 5", "5"),
        ("1.000.000", "1000000"),
    ],
)
def test_quantities_that_are_equal_agree(one: str, other: str) -> None:
    assert only(one).agrees(only(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("30 days", "30 minutes"),
        ("30 days", "31 days"),
        ("$5", "5 €"),
        ("5 GB", "5 MB"),
        ("5 pm", "5 am"),
        ("3%", "3 days"),
    ],
)
def test_quantities_that_differ_in_number_or_unit_disagree(one: str, other: str) -> None:
    assert not only(one).agrees(only(other))


def test_a_date_reads_the_same_in_digits_and_in_words() -> None:
    written, digits = Reader().read("31 May 2024"), Reader().read("2024-05-31")
    assert {q.value for q in written.quantities} == {q.value for q in digits.quantities} == {31, 2024}


def test_versions_and_part_numbers_are_names_not_amounts() -> None:
    terms = Reader().read("Use v1.2.3 of X200 at 10.0.0.1")
    assert terms.quantities == ()
    assert {"v1.2.3", "x200", "10.0.0.1"} <= set(terms.stems)


@pytest.mark.parametrize(
    "words",
    [
        ("cancel", "cancels", "cancelled", "cancelling", "cancellation"),
        ("refund", "refunds", "refunded"),
        ("policy", "policies"),
        ("charge", "charged", "charges", "charging"),
        ("box", "boxes"),
    ],
)
def test_forms_of_one_word_have_one_stem(words: tuple[str, ...]) -> None:
    assert len({stem(word) for word in words}) == 1


@given(st.text(alphabet="abcdefghijklmnopqrstuvwxyz'", min_size=1))
def test_a_stem_is_never_longer_than_its_word_nor_empty(word: str) -> None:
    assert 0 < len(stem(word)) <= max(len(word), 1)


def test_negation_reaches_the_words_after_it_and_stops_at_a_pause() -> None:
    negated = Reader().read("We do not refund gift cards, but shoes").negated
    assert stem("refund") in negated
    assert stem("shoes") not in negated


def test_a_field_that_is_false_denies_its_own_name() -> None:
    terms = Reader().read('"OutdoorSeating": false')
    assert terms.negated == set(terms.stems) == {"outdoor", "seat"}


@given(st.text(max_size=120))
def test_any_text_can_be_read(text: str) -> None:
    terms = Reader().read(text)
    assert terms == Reader().read(text)
    assert terms.names <= set(terms.stems)


@given(st.integers(0, 10**12))
def test_grouped_digits_have_the_value_of_plain_ones(number: int) -> None:
    assert parse_number(f"{number:,}") == parse_number(str(number)) == number
