"""Whether a JSON value is valid under a JSON Schema, and the first thing in it that is not.

Knows the keywords below, of draft 2020-12, and nothing of where value and schema come from. What it does not know of a
schema it does not check; `unknown_parts` says what that is.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

import msgspec

from holdfast.errors import Misconfigured
from holdfast.records import Json

_NOTES = frozenset(
    {
        *("$schema", "$id", "$defs", "definitions", "$comment", "$anchor"),
        *("title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly"),
    }
)
_KEYWORDS = frozenset(
    {
        *("$ref", "type", "enum", "const", "anyOf", "allOf", "oneOf", "not"),
        *("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
        *("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "pattern"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
)
_LISTS = frozenset({"anyOf", "allOf", "oneOf", "prefixItems", "required", "enum"})
_TABLES = frozenset({"properties", "$defs", "definitions"})
_NUMBERS = frozenset(
    {
        *("minProperties", "maxProperties", "minItems", "maxItems", "minLength", "maxLength"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
)
_TYPES: Mapping[str, type] = MappingProxyType(
    {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
)
MOST_STEPS = 100_000
"""Schemas come from strangers, and a few lines can ask for years of work: a value is held against so many parts of
schemas at most, a tenth of a second. What is left then counts as not checked."""
_DEEPEST = 100


class _NotThere(Exception):
    """A reference leads nowhere that is known here."""


class _Enough(Exception):
    """The steps are used up."""


class _Whole:
    """The whole schema, which references are looked up in, and how many steps are left."""

    __slots__ = ("left", "root")

    def __init__(self, root: Json) -> None:
        self.root = root
        self.left = MOST_STEPS


def check_schema(schema: Json) -> None:
    """Raises Misconfigured (HF110) for a schema of which a part would not be checked."""
    for said in unknown_parts(schema):
        known = ", ".join(sorted(_KEYWORDS))
        raise Misconfigured("HF110", f"the schema {said}", f"use a JSON Schema of these keywords: {known}")


def unknown_parts(schema: Json) -> Iterator[str]:
    """What is not checked of a schema, each in words: keywords that are not known here, what is no schema at all,
    references that lead nowhere, patterns with lookaround or backreferences."""
    for part in _parts(schema):
        if isinstance(part, bool):
            continue
        if not isinstance(part, dict):
            yield f"holds {part!r}, which is no JSON Schema"
            continue
        for keyword, value in part.items():
            if keyword not in _KEYWORDS | _NOTES:
                yield f"has '{keyword}', which is not known here"
            elif not _well_formed(keyword, value):
                yield f"has a '{keyword}' that is not understood: {value!r}"
        if isinstance(reference := part.get("$ref"), str):
            try:
                _referred(schema, reference)
            except _NotThere:
                yield f"refers to {reference}, which is not in it"
        if isinstance(pattern := part.get("pattern"), str) and _matcher(pattern) is None:
            yield f"has the pattern {pattern!r}, which cannot be checked"


def invalid(value: Json, schema: Json, *, named: str = "the output") -> str | None:
    """The first thing that is wrong with a value, with its path; None where nothing is, as far as it is checked.

    Takes a tenth of a second at most, whatever the schema is.
    """
    try:
        return next(_wrong(value, schema, _Whole(schema), named, 0), None)
    except (_Enough, RecursionError):
        return None


def violation(text: str, schema: Json) -> str | None:
    """What is wrong with a text that is to be JSON and valid under the schema; None where nothing is, as far as it is
    checked."""
    try:
        value = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return f"the reply is not JSON: {error}"
    return invalid(value, schema, named="the reply")


def _parts(schema: Json) -> Iterator[Json]:
    left = [schema]
    while left:
        part = left.pop()
        yield part
        if not isinstance(part, dict):
            continue
        below: list[Json] = [part[name] for name in ("items", "additionalProperties", "not") if name in part]
        for name in ("anyOf", "allOf", "oneOf", "prefixItems"):
            below += _list(part, name)
        for name in ("properties", "$defs", "definitions"):
            below += _table(part, name).values()
        left += reversed(below)


def _well_formed(keyword: str, value: Json) -> bool:
    """Whether a keyword's value is of the kind that is checked."""
    if keyword == "type":
        kinds = value if isinstance(value, list) else [value]
        return bool(kinds) and all(isinstance(kind, str) and _is_type(kind) for kind in kinds)
    if keyword in _LISTS:
        return isinstance(value, list)
    if keyword in _TABLES:
        return isinstance(value, dict)
    if keyword in _NUMBERS:
        return _is(value, "number")
    return isinstance(value, str) if keyword in ("$ref", "pattern") else True


def _list(schema: Mapping[str, Any], name: str) -> list[Json]:
    found = schema.get(name)
    return found if isinstance(found, list) else []


def _table(schema: Mapping[str, Any], name: str) -> dict[str, Json]:
    found = schema.get(name)
    return found if isinstance(found, dict) else {}


def _referred(root: Json, reference: str) -> Json:
    """The part of a schema that a JSON pointer (RFC 6901) in a fragment refers to. Raises _NotThere."""
    part = root
    pointer = reference.removeprefix("#")
    if pointer == reference or (pointer and not pointer.startswith("/")):
        raise _NotThere
    for step in pointer.split("/")[1:]:
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(part, dict) and name in part:
            part = part[name]
        elif isinstance(part, list) and name.isdecimal() and int(name) < len(part):
            part = part[int(name)]
        else:
            raise _NotThere
    return part


@lru_cache(maxsize=256)
def _matcher(pattern: str) -> Any:
    """What searches for a pattern in time linear in the text, None where it cannot: patterns come from strangers, and
    one that backtracks may take for ever."""
    from pydantic_core import SchemaError, SchemaValidator
    from pydantic_core.core_schema import str_schema

    try:
        return SchemaValidator(str_schema(pattern=pattern, regex_engine="rust-regex"))
    except SchemaError:
        return None


def _wrong(value: Json, schema: Json, whole: _Whole, path: str, depth: int) -> Iterator[str]:
    whole.left -= 1
    if whole.left < 0 or depth > _DEEPEST:
        raise _Enough
    if schema is False:
        yield f"{path} must not be there"
    if not isinstance(schema, dict):
        return
    if isinstance(reference := schema.get("$ref"), str):
        yield from _under(value, reference, whole, path, depth)
    yield from _combined(value, schema, whole, path, depth)
    yield from _kind(value, schema, path)
    if isinstance(value, dict):
        yield from _object(value, schema, whole, path, depth)
    elif isinstance(value, list):
        yield from _array(value, schema, whole, path, depth)
    elif isinstance(value, str):
        yield from _bounds(len(value), schema, ("minLength", "maxLength"), f"{path} has so many characters: ")
        if isinstance(pattern := schema.get("pattern"), str):
            matcher = _matcher(pattern)
            if matcher is not None and not matcher.isinstance_python(value):
                yield f"{path} does not match {pattern!r}"
    elif _is(value, "number"):
        yield from _number(value, schema, path)


def _under(value: Json, reference: str, whole: _Whole, path: str, depth: int) -> Iterator[str]:
    try:
        part = _referred(whole.root, reference)
    except _NotThere:
        return
    yield from _wrong(value, part, whole, path, depth + 1)


def _kind(value: Json, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    if "type" in schema and _well_formed("type", schema["type"]):
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(_is(value, kind) for kind in kinds):
            yield f"{path} is not {' or '.join(kinds)}"
    if isinstance(schema.get("enum"), list) and not any(_same(value, each) for each in schema["enum"]):
        yield f"{path} is none of {schema['enum']}"
    if "const" in schema and not _same(value, schema["const"]):
        yield f"{path} is not {schema['const']!r}"


def _combined(value: Json, schema: Mapping[str, Any], whole: _Whole, path: str, depth: int) -> Iterator[str]:
    def fits(part: Json) -> bool:
        return next(_wrong(value, part, whole, path, depth + 1), None) is None

    for part in _list(schema, "allOf"):
        yield from _wrong(value, part, whole, path, depth + 1)
    if _list(schema, "anyOf") and not any(map(fits, schema["anyOf"])):
        yield f"{path} fits none of anyOf"
    if _list(schema, "oneOf") and sum(map(fits, schema["oneOf"])) != 1:
        yield f"{path} does not fit exactly one of oneOf"
    if "not" in schema and fits(schema["not"]):
        yield f"{path} is what it must not be"


def _object(value: dict[str, Json], schema: Mapping[str, Any], whole: _Whole, path: str, depth: int) -> Iterator[str]:
    for name in _list(schema, "required"):
        if isinstance(name, str) and name not in value:
            yield f"{path} has no '{name}'"
    known = _table(schema, "properties")
    # What a keyword that is not known here matches is nothing additional.
    others = True if "patternProperties" in schema else schema.get("additionalProperties", True)
    for name, part in value.items():
        yield from _wrong(part, known.get(name, others), whole, f"{path}.{name}", depth + 1)
    yield from _bounds(len(value), schema, ("minProperties", "maxProperties"), f"{path} has so many fields: ")


def _array(value: list[Json], schema: Mapping[str, Any], whole: _Whole, path: str, depth: int) -> Iterator[str]:
    first = _list(schema, "prefixItems")
    for number, part in enumerate(value):
        below = first[number] if number < len(first) else schema.get("items", True)
        yield from _wrong(part, below, whole, f"{path}[{number}]", depth + 1)
    yield from _bounds(len(value), schema, ("minItems", "maxItems"), f"{path} has so many items: ")
    if schema.get("uniqueItems") is True:
        for at, one in enumerate(value):
            whole.left -= at
            if whole.left < 0:
                raise _Enough
            if any(_same(one, other) for other in value[:at]):
                yield f"{path} has an item twice"


def _number(value: float, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    yield from _bounds(value, schema, ("minimum", "maximum"), f"{path} is ")
    above, below, step = (_limit(schema, name) for name in ("exclusiveMinimum", "exclusiveMaximum", "multipleOf"))
    if above is not None and value <= above:
        yield f"{path} is not above {above}"
    if below is not None and value >= below:
        yield f"{path} is not below {below}"
    if step and not _is_multiple(value, step):
        yield f"{path} is no multiple of {step}"


def _is_multiple(value: float, step: float) -> bool:
    if isinstance(value, int) and isinstance(step, int):
        return value % step == 0
    try:
        return math.isclose(math.remainder(value, step), 0.0, abs_tol=1e-9)
    except OverflowError:  # an integer that no float holds
        return True


def _limit(schema: Mapping[str, Any], name: str) -> float | None:
    found = schema.get(name)
    return found if _is(found, "number") else None


def _bounds(value: float, schema: Mapping[str, Any], names: tuple[str, str], said: str) -> Iterator[str]:
    least, most = (_limit(schema, name) for name in names)
    if least is not None and value < least:
        yield f"{said}{value}, less than {least}"
    if most is not None and value > most:
        yield f"{said}{value}, more than {most}"


def _is_type(kind: str) -> bool:
    return kind in _TYPES or kind in ("number", "integer")


def _is(value: Json, kind: str) -> bool:
    if kind in ("number", "integer"):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (kind == "number" or isinstance(value, int) or value.is_integer())
    return kind in _TYPES and isinstance(value, _TYPES[kind])


def _same(one: Json, other: Json) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
