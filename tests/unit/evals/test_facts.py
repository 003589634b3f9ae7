"""A fact is found however it is written, and nothing else is taken for it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.evals.facts import contains, missing, says, tokens


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("It costs €14.90.", "€14.90"),
        ("Das kostet 14,90 € im Monat", "€14.90"),
        ("EUR 139 per repair", "€139"),
        ("1.000 Euro", "€1000"),
        ("about 1 000 cups", "1,000 cups"),
        ("in 24\u00a0hours [2].", "24 hours"),
        ("the 24-hour limit", "24 hours"),
        ("wait five seconds", "5 seconds"),
        ("choose **Make default**", "make default"),
        ("12 % off", "12%"),
        ("firmware v4.1.0!", "4.1.0"),
        ("until 23:59", "23:59"),
        ("part T1-117, at 6 bars", "6 bar"),
        ("$5 and €6", "€6"),
        ("2 | €14.90 | 5", "€14.90"),
        ("2 €14.90", "€14.90"),
        ("14,90 € 5 Tage", "€14.90"),
        ("from £1,234.50 on", "£1234.5"),
    ],
)
def test_a_fact_is_found_however_it_is_written(text: str, fact: str) -> None:
    assert says(text, fact)


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("15 days", "5"),
        ("5.5 kg", "5"),
        ("1,000 cups", "1"),
        ("1.000 Tassen", "1"),
        ("4.1.05", "4.1.0"),
        ("part T1-1170", "T1-117"),
        ("24 working hours", "24 hours"),
        ("as stated [5]", "5"),
        ("$6", "€6"),
        ("hours 24", "24 hours"),
        ("", "5"),
    ],
)
def test_what_is_not_the_fact_is_not_taken_for_it(text: str, fact: str) -> None:
    assert not says(text, fact)


@given(st.text(max_size=40), st.text(max_size=12), st.text(max_size=40))
def test_a_text_says_what_stands_in_it_between_breaks(before: str, fact: str, after: str) -> None:
    if tokens(fact) and tokens(f"{before}\n|\n{fact}\n|\n{after}") == tokens(before) + tokens(fact) + tokens(after):
        assert says(f"{before}\n|\n{fact}\n|\n{after}", fact)


@given(st.text(max_size=200))
def test_any_text_has_tokens_and_says_itself(text: str) -> None:
    assert says(text, text)


def test_missing_names_what_is_not_said() -> None:
    assert missing("7 days, no pictures", ("7 days", "photos")) == ("photos",)
    assert contains("see §§ below", "§§")
