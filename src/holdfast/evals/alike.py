"""Whether two answers to one case are the same in what they say, though not in every word.

Knows nothing of why there are two.
"""

from __future__ import annotations

from collections.abc import Sequence

from holdfast.evals.bounds import refuses
from holdfast.evals.facts import says, tokens
from holdfast.evals.fields import at, equal
from holdfast.evals.overlap import token_f1
from holdfast.evaluation import Case
from holdfast.records import Json, Recording
from holdfast.support import NOT_FOUND

_SHORT = 4
_ALIKE = 0.5
"""From this share of common words on (token F1), two longer texts with the same numbers count as the same."""


def same(case: Case, one: Recording, other: Recording, field: str = "") -> bool:
    """Whether two recordings of a case came to the same answer. One that failed, or that a lower rung answered, is not.

    With `field`, whether that field is the same. Else all fields but citations are compared: numbers, choices and texts
    of up to four words must be equal; longer texts must say the same of the case's facts, or, where it has none, the
    same numbers in mostly the same words. An answer that declines is the same as another that does, and no other.
    """
    if other.failure is not None or other.degraded is not None:
        return False
    if field:
        return equal(at(one.output, field), at(other.output, field))
    declined = _declined(one), _declined(other)
    if any(declined):
        return all(declined)
    return _same(one.output, other.output, case.facts)


def _declined(recording: Recording) -> bool:
    output = recording.output
    text = output.get("text") if isinstance(output, dict) else output
    return recording.blocked is not None or (isinstance(text, str) and (NOT_FOUND in text or refuses(text)))


def _same(one: Json, other: Json, facts: Sequence[str]) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        names = (one.keys() | other.keys()) - {"citations"}
        return all(name in one and name in other and _same(one[name], other[name], facts) for name in names)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(_same(a, b, facts) for a, b in zip(one, other, strict=True))
    if isinstance(one, str) and isinstance(other, str):
        return _same_text(one, other, facts)
    return equal(one, other)


def _same_text(one: str, other: str, facts: Sequence[str]) -> bool:
    if max(len(one.split()), len(other.split())) <= _SHORT:
        return " ".join(one.split()).casefold() == " ".join(other.split()).casefold()
    if facts:
        return all(says(one, fact) == says(other, fact) for fact in facts)
    numbers = [{token for token in tokens(text) if isinstance(token, frozenset)} for text in (one, other)]
    return numbers[0] == numbers[1] and token_f1(one, other) >= _ALIKE
