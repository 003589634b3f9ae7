"""Fields of a JSON value by their path, and what is expected of them beside what is there.

Knows nothing of scorers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from holdfast.identity import canonical
from holdfast.judgement import Field
from holdfast.records import Json

WHOLE = "value"
"""The name of a value that has no fields."""


def at(value: Json, path: str) -> Json:
    """What stands at a dotted path, as in `order.items.0.name`; None where nothing does; the empty path: all of it."""
    for name in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(name)
        elif isinstance(value, list | tuple) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        else:
            return None
    return value


def equal(expected: Json, given: Json, tolerance: float = 0.0) -> bool:
    """Whether two JSON values are the same: numbers within the tolerance, texts but for whitespace at their ends."""
    if isinstance(expected, bool) or isinstance(given, bool):
        return expected is given
    if isinstance(expected, int | float) and isinstance(given, int | float):
        return abs(expected - given) <= tolerance
    if isinstance(expected, str) and isinstance(given, str):
        return expected.strip() == given.strip()
    if isinstance(expected, list) and isinstance(given, list):
        return len(expected) == len(given) and all(map(lambda a, b: equal(a, b, tolerance), expected, given))
    if isinstance(expected, dict) and isinstance(given, dict):
        return expected.keys() == given.keys() and all(equal(expected[key], given[key], tolerance) for key in expected)
    return bool(expected == given)


def by_field(expected: Json, given: Json, *, tolerance: float = 0.0, whole: bool = False) -> tuple[Field, ...]:
    """Each field that is expected, with whether it is there and the same; a list is one value.

    With `whole` fields that are not expected count as extra.
    """
    wanted, there = dict(_singles(expected)), dict(_singles(given))
    found = []
    for name, value in wanted.items():
        here = name in there
        right = here and equal(value, there[name], tolerance)
        found.append(Field(name=name, right=int(right), extra=int(here and not right), lost=int(not right)))
    extra = [name for name in there if name not in wanted] if whole else []
    return (*found, *(Field(name=name, extra=1) for name in extra))


def by_value(expected: Json, given: Json) -> tuple[Field, ...]:
    """For each field, how many of its values are right, extra and lost; a list's values count each, in any order.

    Null and the empty text are no values. Texts are compared in lower case, with single spaces.
    """
    wanted, there = _several(expected), _several(given)
    found = []
    for name in [*wanted, *(name for name in there if name not in wanted)]:
        right = (wanted[name] & there[name]).total()
        extra, lost = there[name].total() - right, wanted[name].total() - right
        found.append(Field(name=name, right=right, extra=extra, lost=lost))
    return tuple(found)


def f1(fields: Sequence[Field]) -> float | None:
    """The harmonic mean of precision and recall over all values; None where there is none, expected or given."""
    right, wrong = sum(each.right for each in fields), sum(each.extra + each.lost for each in fields)
    return 2 * right / (2 * right + wrong) if right + wrong else None


def _singles(value: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict) and value:
        for name, part in value.items():
            yield from _singles(part, f"{path}.{name}" if path else str(name))
    else:
        yield path or WHOLE, value


def _several(value: Json) -> defaultdict[str, Counter[bytes]]:
    found: defaultdict[str, Counter[bytes]] = defaultdict(Counter)

    def walk(value: Json, path: str) -> None:
        if isinstance(value, dict):
            for name, part in value.items():
                walk(part, f"{path}.{name}" if path else str(name))
        elif isinstance(value, list):
            for part in value:
                walk(part, path)
        elif (plain := _plain(value)) is not None:
            found[path or WHOLE][canonical(plain)] += 1

    walk(value, "")
    return found


def _plain(value: Json) -> Json:
    if isinstance(value, str):
        return " ".join(value.split()).casefold() or None
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
