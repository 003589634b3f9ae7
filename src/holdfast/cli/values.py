"""What is typed on the command line becomes values: changes to a release, the input of a feature.

Knows nothing of what they are for.
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Mapping, Sequence
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec

from holdfast.errors import Misconfigured, NotFound, Refused
from holdfast.records import Json


def changes_of(settings: Sequence[str]) -> dict[str, Json]:
    """`SLOT.FIELD=VALUE` each. Raises Misconfigured (HF100) for one without a dot or an equals sign."""
    changes: dict[str, Json] = {}
    for setting in settings:
        name, equals, text = setting.partition("=")
        slot, dot, field = name.strip().rpartition(".")
        if not (equals and dot and slot and field):
            fix = "write SLOT.FIELD=VALUE, as in --set answer.models=extractive"
            raise Misconfigured("HF100", f"'{setting}' does not name a setting and its value", fix)
        changes[name.strip()] = value_of(text)
    return changes


def value_of(text: str) -> Json:
    """A value as TOML where it parses as a JSON value, else the text itself."""
    try:
        found = tomllib.loads(f"value = {text}")
    except tomllib.TOMLDecodeError:
        return text
    return found["value"] if list(found) == ["value"] and _is_json(found["value"]) else text


def _is_json(value: Any) -> bool:
    """TOML has dates, infinities and NaN besides what JSON has."""
    if isinstance(value, dict):
        return all(map(_is_json, value.values()))
    if isinstance(value, list):
        return all(map(_is_json, value))
    return isinstance(value, str | bool | int) or (isinstance(value, float) and isfinite(value))


def text_of(argument: str) -> str:
    """The text that an argument stands for: `-` is stdin, `@FILE` is a file, anything else is itself."""
    if argument == "-":
        return _decoded(sys.stdin.buffer.read())
    if argument.startswith("@"):
        file = Path(argument[1:]).expanduser()
        try:
            return _decoded(file.read_bytes())
        except FileNotFoundError as error:
            raise NotFound("HF207", f"there is no file {file}", "check the path after @") from error
        except OSError as error:
            raise Misconfigured("HF109", f"{file} cannot be read: {error.strerror}", "name another file") from error
    return _decoded(argument.encode("utf-8", "surrogateescape"))


def _decoded(data: bytes) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused("HF700", f"the input is not UTF-8: {error}", "convert it to UTF-8 first") from error


def input_of(text: str, schema: Mapping[str, Json], feature: str) -> Json:
    """The input of a feature that a text gives.

    JSON is taken as it is. A plain text is the whole input where that is a string, or the value of the only required
    field where that is a string. Raises Refused: HF700 for broken JSON, HF701 with an example where a plain text does
    not say which field it is.
    """
    schema = resolved(schema, schema)
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        if text.lstrip()[:1] in ("{", "["):
            raise Refused("HF700", f"the input is not valid JSON: {error}", example_call(feature, schema)) from error
        value = text.rstrip("\r\n")
    kind = schema.get("type")
    if kind == "string":
        return value if isinstance(value, str) else text.strip()
    if isinstance(value, dict) or kind != "object":
        return value
    if (field := _only_text(schema)) is not None and not isinstance(value, list):
        return {field: value if isinstance(value, str) else text.strip()}
    raise Refused("HF701", f"the input of '{feature}' is an object, not a plain text", example_call(feature, schema))


def example_call(feature: str, schema: Mapping[str, Json]) -> str:
    """A command with an input that the schema allows."""
    example = msgspec.json.encode(example_of(schema, schema)).decode().replace("'", "'\\''")
    return f"holdfast run {feature} '{example}'"


def example_of(schema: Mapping[str, Json], whole: Mapping[str, Json], depth: int = 0) -> Json:
    """A small value that the JSON Schema allows; of an object, the required fields alone."""
    schema = resolved(schema, whole)
    for keyword in ("const", "default"):
        if schema.get(keyword) is not None:
            return schema[keyword]
    for keyword in ("examples", "enum"):
        if schema.get(keyword):
            return schema[keyword][0]
    for keyword in ("anyOf", "oneOf", "allOf"):
        if schema.get(keyword):
            return example_of(schema[keyword][0], whole, depth)
    match schema.get("type"):
        case "object":
            required = schema.get("required", []) if depth < 8 else []
            fields = schema.get("properties", {})
            return {name: example_of(fields.get(name, {}), whole, depth + 1) for name in required}
        case "array":
            few = min(schema.get("minItems", 1), 2) if depth < 8 else 0
            return [example_of(schema.get("items", {}), whole, depth + 1)] * few
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case "null":
            return None
    return "..."


def resolved(schema: Mapping[str, Json], whole: Mapping[str, Json]) -> Mapping[str, Json]:
    """The schema itself where it only refers to a part of the whole."""
    for _ in range(8):
        reference = schema.get("$ref", "")
        if not reference.startswith("#/$defs/"):
            break
        schema = {**whole.get("$defs", {}).get(reference.removeprefix("#/$defs/"), {}), "$defs": whole.get("$defs", {})}
    return schema


def _only_text(schema: Mapping[str, Json]) -> str | None:
    """The name of the only required field, where it is a string."""
    required = schema.get("required", [])
    if len(required) != 1:
        return None
    field = resolved(schema.get("properties", {}).get(required[0], {}), schema)
    return required[0] if field.get("type") == "string" and "enum" not in field else None
