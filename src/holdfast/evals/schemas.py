"""Whether a JSON value is valid under a JSON Schema, and the first thing in it that is not.

Knows the keywords below, of draft 2020-12; a schema with another is refused rather than half understood.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from holdfast.errors import Misconfigured
from holdfast.records import Json

_NOTES = frozenset({"$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples", "deprecated"})
_KEYWORDS = frozenset(
    {
        *("$ref", "type", "enum", "const", "anyOf", "allOf", "oneOf", "not"),
        *("properties", "required", "additionalProperties", "minProperties", "maxProperties"),
        *("items", "prefixItems", "minItems", "maxItems", "uniqueItems", "minLength", "maxLength", "pattern"),
        *("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
)
_TYPES: Mapping[str, type] = MappingProxyType(
    {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
)
_LOCAL = re.compile(r"#(?:/\$defs/([^/]+))?")


def check_schema(schema: Json) -> None:
    """Raises Misconfigured (HF110) for a schema, or a part of one, that is not understood here."""
    for part in _parts(schema, schema):
        if isinstance(part, bool):
            continue
        if not isinstance(part, dict):
            raise Misconfigured("HF110", f"{part!r} is no JSON Schema", "a schema is an object, true or false")
        for keyword in part:
            if keyword not in _KEYWORDS | _NOTES:
                known = ", ".join(sorted(_KEYWORDS))
                raise Misconfigured("HF110", f"the schema has '{keyword}', which is not known here", f"use: {known}")
        named = _LOCAL.fullmatch(part.get("$ref", "#"))
        if named is None or (named[1] is not None and named[1] not in schema.get("$defs", {})):
            raise Misconfigured("HF110", f"the schema refers to {part['$ref']}", "refer to '#' or '#/$defs/NAME'")
        if "pattern" in part:
            try:
                re.compile(part["pattern"])
            except re.error as error:
                raise Misconfigured("HF110", f"the pattern {part['pattern']!r}: {error}", "mend the pattern") from error


def invalid(value: Json, schema: Json) -> str | None:
    """The first thing that is wrong with a value, with its path; None where it is valid."""
    return next(_wrong(value, schema, schema, "the output"), None)


def _parts(schema: Json, root: Json) -> Iterator[Json]:
    yield schema
    if not isinstance(schema, dict):
        return
    below: list[Json] = [schema[name] for name in ("items", "additionalProperties", "not") if name in schema]
    below += [part for name in ("anyOf", "allOf", "oneOf", "prefixItems") for part in schema.get(name, ())]
    below += [part for name in ("properties", "$defs") for part in schema.get(name, {}).values()]
    for part in below:
        yield from _parts(part, root)


def _wrong(value: Json, schema: Json, root: Json, path: str) -> Iterator[str]:
    if isinstance(schema, bool):
        if not schema:
            yield f"{path} must not be there"
        return
    if "$ref" in schema:
        named = _LOCAL.fullmatch(schema["$ref"])
        assert named is not None
        yield from _wrong(value, root if named[1] is None else root["$defs"][named[1]], root, path)
    yield from _combined(value, schema, root, path)
    if "type" in schema:
        kinds = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        if not any(_is(value, kind) for kind in kinds):
            yield f"{path} is not {' or '.join(kinds)}"
    if "enum" in schema and not any(_same(value, each) for each in schema["enum"]):
        yield f"{path} is none of {schema['enum']}"
    if "const" in schema and not _same(value, schema["const"]):
        yield f"{path} is not {schema['const']!r}"
    if isinstance(value, dict):
        yield from _object(value, schema, root, path)
    elif isinstance(value, list):
        yield from _array(value, schema, root, path)
    elif isinstance(value, str):
        yield from _bounds(len(value), schema, ("minLength", "maxLength"), f"{path} has so many characters: ")
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{path} does not match {schema['pattern']!r}"
    elif _is(value, "number"):
        yield from _number(value, schema, path)


def _combined(value: Json, schema: Mapping[str, Any], root: Json, path: str) -> Iterator[str]:
    def fits(part: Json) -> bool:
        return next(_wrong(value, part, root, path), None) is None

    for part in schema.get("allOf", ()):
        yield from _wrong(value, part, root, path)
    if "anyOf" in schema and not any(map(fits, schema["anyOf"])):
        yield f"{path} fits none of anyOf"
    if "oneOf" in schema and sum(map(fits, schema["oneOf"])) != 1:
        yield f"{path} does not fit exactly one of oneOf"
    if "not" in schema and fits(schema["not"]):
        yield f"{path} is what it must not be"


def _object(value: dict[str, Json], schema: Mapping[str, Any], root: Json, path: str) -> Iterator[str]:
    for name in schema.get("required", ()):
        if name not in value:
            yield f"{path} has no '{name}'"
    known = schema.get("properties", {})
    for name, part in value.items():
        below = known.get(name, schema.get("additionalProperties", True))
        yield from _wrong(part, below, root, f"{path}.{name}")
    yield from _bounds(len(value), schema, ("minProperties", "maxProperties"), f"{path} has so many fields: ")


def _array(value: list[Json], schema: Mapping[str, Any], root: Json, path: str) -> Iterator[str]:
    first = schema.get("prefixItems", [])
    for number, part in enumerate(value):
        below = first[number] if number < len(first) else schema.get("items", True)
        yield from _wrong(part, below, root, f"{path}[{number}]")
    yield from _bounds(len(value), schema, ("minItems", "maxItems"), f"{path} has so many items: ")
    if schema.get("uniqueItems") and any(_same(a, b) for at, a in enumerate(value) for b in value[:at]):
        yield f"{path} has an item twice"


def _number(value: float, schema: Mapping[str, Any], path: str) -> Iterator[str]:
    yield from _bounds(value, schema, ("minimum", "maximum"), f"{path} is ")
    if "exclusiveMinimum" in schema and value <= schema["exclusiveMinimum"]:
        yield f"{path} is not above {schema['exclusiveMinimum']}"
    if "exclusiveMaximum" in schema and value >= schema["exclusiveMaximum"]:
        yield f"{path} is not below {schema['exclusiveMaximum']}"
    if "multipleOf" in schema and not math.isclose(math.remainder(value, schema["multipleOf"]), 0.0, abs_tol=1e-9):
        yield f"{path} is no multiple of {schema['multipleOf']}"


def _bounds(value: float, schema: Mapping[str, Any], names: tuple[str, str], said: str) -> Iterator[str]:
    least, most = (schema.get(name) for name in names)
    if least is not None and value < least:
        yield f"{said}{value}, less than {least}"
    if most is not None and value > most:
        yield f"{said}{value}, more than {most}"


def _is(value: Json, kind: str) -> bool:
    if kind in ("number", "integer"):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return number and (kind == "number" or value == int(value))
    return kind in _TYPES and isinstance(value, _TYPES[kind])


def _same(one: Json, other: Json) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)
