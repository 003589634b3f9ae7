"""Whether an answer says what was expected, as far as its words tell."""

from __future__ import annotations

import pytest

from holdfast.evals.diagnose.in_words import said_in_words
from holdfast.evaluation import Case
from holdfast.records import Json


@pytest.mark.parametrize(
    ("expected", "facts", "output", "said"),
    [
        (None, ("5 working days",), {"text": "It takes five working days.", "citations": []}, True),
        (None, ("5 working days", "by post"), {"text": "It takes 5 working days."}, False),
        ("billing", (), {"label": "Billing", "reason": "an invoice"}, True),
        ("billing", (), {"label": "Sales", "reason": "a quote"}, False),
        ({"text": "billing"}, (), "billing", True),
        ({"amount": 12.0, "currency": "EUR"}, (), {"amount": 12, "currency": "eur", "why": "stated"}, True),
        ({"amount": 12.0}, (), {"amount": 13.0}, False),
        ("billing", (), None, False),
        ("A long sentence that a good answer may well put otherwise.", (), {"text": "Something else."}, None),
        ({"lines": [1, 2]}, (), {"lines": [1, 2]}, None),
        (None, (), {"text": "anything"}, None),
    ],
)
def test_facts_and_labels_are_looked_for_and_prose_is_not(
    expected: Json, facts: tuple[str, ...], output: Json, said: bool | None
) -> None:
    assert said_in_words(Case(id="c", input={}, expected=expected, facts=facts), output) is said


def test_what_is_only_cited_is_not_said() -> None:
    output = {"text": "See the page.", "citations": [{"quote": "It takes 5 working days."}]}
    assert said_in_words(Case(id="c", input={}, facts=("5 working days",)), output) is False
