from __future__ import annotations

import pytest
from pydantic import BaseModel, Field

from holdfast.gateway.wire.schema import strict


class Line(BaseModel):
    name: str
    count: int | None = None


class Order(BaseModel):
    id: str = Field(description="as printed")
    lines: list[Line]
    note: str | None = None


class Loose(BaseModel):
    tags: dict[str, str]


class Defaulted(BaseModel):
    kind: str = "a"


def test_a_schema_is_closed_and_its_nullable_fields_become_required() -> None:
    closed = strict(Order.model_json_schema())
    assert closed is not None
    assert closed["required"] == ["id", "lines", "note"]
    assert closed["additionalProperties"] is False
    line = closed["$defs"]["Line"]
    assert line["required"] == ["name", "count"]
    assert line["additionalProperties"] is False
    assert "default" not in line["properties"]["count"]
    assert closed["properties"]["id"]["description"] == "as printed"


def test_a_field_named_like_a_keyword_stays() -> None:
    schema = {"type": "object", "properties": {"title": {"type": "string"}, "default": {"type": "null"}}}
    closed = strict({**schema, "required": ["title", "default"]})
    assert closed is not None
    assert set(closed["properties"]) == {"title", "default"}


@pytest.mark.parametrize(
    "schema",
    [
        Loose.model_json_schema(),
        Defaulted.model_json_schema(),
        {"type": "array", "items": {"type": "string"}},
        {"type": "object"},
        {"type": "object", "properties": {"a": {}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"type": "array"}}, "required": ["a"]},
        {"type": "object", "properties": {"a": {"oneOf": [{"type": "string"}]}}, "required": ["a"]},
        {"type": "object", "properties": {"a": True}, "required": ["a"]},
        {},
    ],
)
def test_what_cannot_be_strict_without_a_change_of_meaning_is_left(schema: dict[str, object]) -> None:
    assert strict(schema) is None


def test_the_schema_given_is_not_changed() -> None:
    schema = Order.model_json_schema()
    strict(schema)
    assert schema == Order.model_json_schema()
