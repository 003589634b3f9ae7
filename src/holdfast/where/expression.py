"""An expression over recordings, as frozen values that write themselves down as they would be typed.

Knows nothing of which fields there are, or of what an expression holds for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TypeAlias

from msgspec import Struct

Value: TypeAlias = str | float | datetime | None

_PLAIN = re.compile(r'^[^\s()=<>!~"]+$')
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][-+]?\d+)?")


class Is(Struct, frozen=True, tag="is"):
    """A field compared with a value. Times are moments, also where they were typed as how long ago."""

    field: str
    sign: str
    value: Value

    def __str__(self) -> str:
        return f"{self.field}{self.sign}{written(self.value)}"


class Not(Struct, frozen=True, tag="not"):
    one: Expression

    def __str__(self) -> str:
        return f"not {_bracketed(self.one)}"


class And(Struct, frozen=True, tag="and"):
    """All of at least two parts."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " and ".join(map(_bracketed, self.parts))


class Or(Struct, frozen=True, tag="or"):
    """Any of at least two parts."""

    parts: tuple[Expression, ...]

    def __str__(self) -> str:
        return " or ".join(map(_bracketed, self.parts))


Expression: TypeAlias = Is | Not | And | Or


def joined(*parts: Expression | None) -> Expression | None:
    """What holds where all of the parts do; None says nothing."""
    said = tuple(part for part in parts if part is not None)
    return And(said) if len(said) > 1 else said[0] if said else None


def fields_of(expression: Expression | None) -> frozenset[str]:
    """The fields that an expression speaks of."""
    return frozenset(each.field for each in comparisons(expression))


def with_releases(expression: Expression, ids: Mapping[str, str]) -> Expression:
    """The expression with the names of releases replaced by their ids, which is what recordings know."""
    match expression:
        case Is("release", sign, str() as name):
            return Is("release", sign, ids.get(name, name))
        case Not(one):
            return Not(with_releases(one, ids))
        case And(parts):
            return And(tuple(with_releases(part, ids) for part in parts))
        case Or(parts):
            return Or(tuple(with_releases(part, ids) for part in parts))
    return expression


def comparisons(expression: Expression | None) -> Iterator[Is]:
    """Every comparison in it, from left to right."""
    match expression:
        case Is():
            yield expression
        case Not(one):
            yield from comparisons(one)
        case And(parts) | Or(parts):
            for part in parts:
                yield from comparisons(part)


def written(value: Value) -> str:
    """A value as it would be typed. A text that would read as something else stands in quotes."""
    if value is None:
        return "none"
    if isinstance(value, datetime):
        return value.isoformat().replace("+00:00", "Z")
    if isinstance(value, float):
        return repr(value)
    if _PLAIN.match(value) and value not in ("none", "true", "false") and not _NUMBER.fullmatch(value):
        return value
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def _bracketed(one: Expression) -> str:
    return f"({one})" if isinstance(one, And | Or) else str(one)
