"""Reads a guard's settings into the family's own frozen type.

Does not know any family: each hands in the type its settings must have.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from holdfast.errors import Misconfigured, nearest
from holdfast.records import Json

S = TypeVar("S", bound=msgspec.Struct)


def read_settings(name: str, settings: Mapping[str, Json], into: type[S]) -> S:
    """The settings of guard `name`. Raises Misconfigured (HF100) for one that is unknown or of the wrong type."""
    for key in settings:
        if key not in into.__struct_fields__:
            raise Misconfigured("HF100", f"guard '{name}' has no setting '{key}'", nearest(key, into.__struct_fields__))
    try:
        return msgspec.convert(dict(settings), into)
    except msgspec.ValidationError as error:
        raise Misconfigured(
            "HF100", f"a setting of guard '{name}' is wrong: {error}", f"correct it in [guards.{name}]"
        ) from error


def compile_patterns(name: str, setting: str, patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    """Regular expressions, compiled. Raises Misconfigured (HF100) for one that is not valid."""
    compiled = []
    for pattern in patterns:
        try:
            compiled.append(re.compile(pattern))
        except re.error as error:
            raise Misconfigured(
                "HF100",
                f"guard '{name}': {setting} is not a regular expression: {pattern!r}: {error}",
                f"correct {setting} in [guards.{name}]",
            ) from error
    return tuple(compiled)
