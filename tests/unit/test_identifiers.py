"""A code that is asked for is answered by itself, never by its neighbours."""

from __future__ import annotations

from holdfast.support import extract
from holdfast.support.identifiers import factors

TABLE = """| Code | Meaning | What to do |
| --- | --- | --- |
| E12 | The grinder is blocked | Empty the hopper |
| E13 | The brew unit is not in place | Take it out and rinse it |
| E14 | The tank is empty | Fill the tank |"""


def test_only_the_row_of_the_code_that_is_asked_for_is_shown() -> None:
    found = extract("The machine says E13, what do I do?", [TABLE], titles=["Error codes"])
    assert "rinse it" in found.text
    assert "E12" not in found.text
    assert "E14" not in found.text


def test_texts_with_others_of_the_same_shape_count_less_only_if_the_one_asked_for_is_there() -> None:
    assert factors("What does e12 mean?", ["E12 is this", "E13 is that", "Neither"]) == [1.25, 0.4, 1.0]
    assert factors("What does E12 mean?", ["E13 is that", "Neither"]) == [1.0, 1.0]
    assert factors("What does it mean?", ["E13 is that"]) == [1.0]
