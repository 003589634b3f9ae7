"""Makes a JSON Schema fit for strict structured output, where it can be done without changing what it allows.

Does not know any vendor's request; the rules are those of OpenAI's structured outputs guide.
"""

from __future__ import annotations

from holdfast.gateway.shape import items, object_of
from holdfast.records import Json

_UNSUPPORTED = frozenset(
    {
        "allOf",
        "oneOf",
        "not",
        "if",
        "then",
        "else",
        "dependentRequired",
        "dependentSchemas",
        "patternProperties",
        "prefixItems",
        "contains",
        "propertyNames",
        "unevaluatedProperties",
        "uniqueItems",
        "minProperties",
        "maxProperties",
    }
)


def strict(schema: dict[str, Json]) -> dict[str, Json] | None:
    """The schema with every object closed and every property required, or None where that is not possible.

    A property that may be left out becomes required only where null is among its values; every object then still
    matches the schema it came from. Open maps, unions by `oneOf` and conditional schemas cannot be made strict.
    """
    if schema.get("type") != "object":
        return None
    try:
        closed = _closed(schema)
    except _CannotBeStrict:
        return None
    return closed if isinstance(closed, dict) else None


class _CannotBeStrict(Exception):
    pass


def _closed(schema: Json) -> Json:
    if not isinstance(schema, dict) or not schema:
        raise _CannotBeStrict  # an empty or boolean schema allows anything
    if _UNSUPPORTED & schema.keys():
        raise _CannotBeStrict
    closed = {key: value for key, value in schema.items() if key not in ("default", "title", "examples")}
    for key in ("$defs", "definitions"):
        if key in closed:
            closed[key] = {name: _closed(value) for name, value in object_of(closed[key]).items()}
    if "anyOf" in closed:
        closed["anyOf"] = [_closed(choice) for choice in items(closed["anyOf"])]
    if "items" in closed:
        closed["items"] = _closed(closed["items"])
    elif schema.get("type") == "array":
        raise _CannotBeStrict
    if schema.get("type") == "object":
        properties = object_of(schema.get("properties"))
        if schema.get("additionalProperties") not in (None, False) or not properties:
            raise _CannotBeStrict
        optional = properties.keys() - set(items(schema.get("required")))
        if not all(_may_be_null(properties[name]) for name in optional):
            raise _CannotBeStrict
        closed["properties"] = {name: _closed(value) for name, value in properties.items()}
        closed["required"] = list(properties)
        closed["additionalProperties"] = False
    elif not closed.keys() & {"type", "anyOf", "$ref", "enum", "const"}:
        raise _CannotBeStrict
    return closed


def _may_be_null(schema: Json) -> bool:
    fields = object_of(schema)
    kinds = fields.get("type")
    return (
        kinds == "null"
        or "null" in items(kinds)
        or any(object_of(choice).get("type") == "null" for choice in items(fields.get("anyOf")))
    )


def json_schema_form(schema: dict[str, Json]) -> dict[str, Json]:
    """The schema as OpenAI's dialects name it: strict where it can be."""
    strictly = strict(schema)
    form: dict[str, Json] = {"name": "answer", "schema": strictly or schema}
    if strictly is not None:
        form["strict"] = True
    return form
