"""Codes, models and part numbers in a question: E12 is asked for, so E13 is no answer.

Does not know what an identifier stands for; only that two of one shape are told apart on purpose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_IDENTIFIER = re.compile(r"(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[^\W\d_])\w[\w-]*\w(?![\w-])")
_DIGITS = re.compile(r"\d+")
_NAMED = 1.25
_ANOTHER = 0.4


def factors(question: str, texts: Sequence[str]) -> list[float]:
    """For each text, what its worth is to be multiplied by: more where it holds an identifier that is asked for.

    Less where it holds only others of the same shape (E13 for E12), and only if some text holds the one asked for. A
    word with a unit (5kg) is no identifier that others contradict: it counts only when a text repeats it.
    """
    asked = _identifiers(question)
    held = [_identifiers(text) for text in texts]
    known = asked & set().union(*held) if held else set()
    if not known:
        return [1.0] * len(texts)
    shapes = {_shape(identifier) for identifier in known}
    return [
        _NAMED if known & each else _ANOTHER if shapes & {_shape(identifier) for identifier in each} else 1.0
        for each in held
    ]


def _identifiers(text: str) -> set[str]:
    return {found.upper() for found in _IDENTIFIER.findall(text)}


def _shape(identifier: str) -> str:
    return _DIGITS.sub("9", identifier)
