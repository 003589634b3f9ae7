"""A scorer of classes, and what follows from all of its scores: macro-F1, confusions, calibration.

Knows nothing of what a class means.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from msgspec import Struct

from holdfast.contracts import Answered
from holdfast.evals.fields import at
from holdfast.evaluation import Scored
from holdfast.judgement import Classified
from holdfast.records import Json

_BINS = 10
NO_CLASS = "(none)"
"""What stands for an output without a class."""


class Classes(Struct, frozen=True):
    """Whether the class at `field` of the output is the expected one; spaces and case do not count.

    Over all cases it gives the accuracy, `NAME_macro_f1` and the confusions; with the field of a `confidence` in 0..1
    also `NAME_ece` (expected calibration error, ten bins) and `NAME_brier` (of the class that was given), where lower
    is better. `expected` is the class itself, or an object with the field.
    """

    field: str = "label"
    confidence: str = ""

    async def score(self, answered: Answered) -> Scored | None:
        expected = self._of(answered.case.expected)
        if expected is None:
            return None
        got = self._of(answered.recording.output) or NO_CLASS
        sure = at(answered.recording.output, self.confidence) if self.confidence else None
        if isinstance(sure, bool) or not isinstance(sure, int | float) or not 0 <= sure <= 1:
            sure = None
        detail = Classified(expected=expected, got=got, confidence=None if sure is None else float(sure))
        return Scored(value=got == expected, reason="" if got == expected else f"{got}, not {expected}", detail=detail)

    def _of(self, value: Json) -> str | None:
        found = at(value, self.field) if isinstance(value, dict) else value
        if isinstance(found, bool) or found is None or isinstance(found, dict | list):
            return None if not isinstance(found, bool) else str(found).lower()
        return " ".join(str(found).split()).casefold() or None


def macro_f1(pairs: Sequence[Classified]) -> float:
    """The mean of F1 over every class that is expected or given; one that is only given has 0."""
    expected, got = Counter(each.expected for each in pairs), Counter(each.got for each in pairs)
    right = Counter(each.expected for each in pairs if each.expected == each.got)
    classes = (expected | got).keys() - ({NO_CLASS} - expected.keys())
    return sum(2 * right[name] / (expected[name] + got[name]) for name in classes) / len(classes)


def calibration_error(pairs: Sequence[Classified]) -> float:
    """How far confidence is from accuracy, over ten equal bins weighed by their size (Naeini et al. 2015)."""
    bins: dict[int, list[tuple[float, bool]]] = {}
    for each in pairs:
        if each.confidence is not None:
            place = min(_BINS - 1, int(each.confidence * _BINS))
            bins.setdefault(place, []).append((each.confidence, each.expected == each.got))
    total = sum(map(len, bins.values()))
    gaps = (abs(sum(sure for sure, _ in each) - sum(right for _, right in each)) for each in bins.values())
    return sum(gaps) / total


def brier(each: Classified) -> float:
    """The squared distance between the confidence in the class that was given, and whether it is right."""
    assert each.confidence is not None
    return (each.confidence - (each.expected == each.got)) ** 2
