"""What a model answers is held against a stranger's schema: nothing in it may hang, raise, or be half understood."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.support.schemas import invalid, unknown_parts, violation

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=6)
VALUES = st.recursive(
    SCALARS, lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text(max_size=3), below, max_size=3)
)
KEYWORDS = st.sampled_from(
    [
        *("type", "enum", "const", "anyOf", "allOf", "oneOf", "not", "$ref", "properties", "required", "pattern"),
        *("additionalProperties", "items", "prefixItems", "minItems", "maxLength", "uniqueItems", "minimum"),
        *("exclusiveMinimum", "multipleOf", "$defs", "if", "patternProperties"),
    ]
)
ODD_SCHEMAS = st.recursive(
    VALUES | st.sampled_from(["#", "#/$defs/a", "string", "(", "(?=a)"]),
    lambda below: st.dictionaries(KEYWORDS, below | st.lists(below, max_size=3), max_size=3),
)


@given(ODD_SCHEMAS, VALUES)
def test_no_schema_makes_the_check_raise(schema: Any, value: Any) -> None:
    assert isinstance(invalid(value, schema), str | None)
    assert all(unknown_parts(schema))


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        ({"if": {}}, "'if'"),
        ({"properties": {"a": {"format": "date"}}}, "'format'"),
        ({"$ref": "other.json#/a"}, "other.json"),
        ({"$ref": "#/$defs/none"}, "#/$defs/none"),
        ({"pattern": "(?=a)b"}, "(?=a)b"),
        ({"pattern": "("}, "'('"),
        ({"type": "text"}, "'text'"),
        ({"exclusiveMinimum": True}, "exclusiveMinimum"),
    ],
)
def test_what_is_not_known_of_a_schema_is_not_checked_and_is_said(schema: Any, said: str) -> None:
    assert [part for part in unknown_parts(schema) if said in part]
    for value in (1, "x", {"a": "y"}, [], None):
        assert invalid(value, schema) is None


def test_what_is_known_beside_the_unknown_is_checked() -> None:
    schema = {"type": "object", "if": {}, "definitions": {"n": {"type": "integer"}}, "required": ["n"]}
    schema["properties"] = {"n": {"$ref": "#/definitions/n", "format": "int32"}}
    assert invalid({"n": 1}, schema) is None
    assert invalid({"n": "1"}, schema) == "the output.n is not integer"
    assert invalid({}, schema) == "the output has no 'n'"


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"$ref": "#"}, 1),
        ({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, 1),
        ({"pattern": "(a+)+$"}, "a" * 50_000 + "b"),
        ({"uniqueItems": True}, list(range(20_000))),
        ({"items": {"anyOf": [{"type": "null"}] * 50}}, [1] * 50_000),
    ],
    ids=["circle", "doubling", "backtracking", "pairs", "many"],
)
def test_no_schema_takes_long(schema: Any, value: Any) -> None:
    began = time.process_time()
    invalid(value, schema)
    assert time.process_time() - began < 2


def test_a_text_that_is_no_json_is_said_to_be_none() -> None:
    assert (violation("fine", {}) or "").startswith("the reply is not JSON")
    assert violation('{"a": 1}', {"required": ["b"]}) == "the reply has no 'b'"
    assert violation('{"a": 1}', {"required": ["a"]}) is None
