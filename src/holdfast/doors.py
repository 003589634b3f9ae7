"""How a value of Holdfast's passes a pydantic door: as a field of a feature's input or output.

Knows nothing of which values do.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct


class Door(Struct, frozen=True):
    """A base for values that a user's pydantic models may hold. In JSON they are plain objects."""

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        from pydantic_core import core_schema

        def read(value: Any) -> Any:
            if isinstance(value, cls):
                return value
            try:
                return msgspec.convert(value, cls)
            except msgspec.ValidationError as error:
                raise ValueError(str(error)) from error

        return core_schema.no_info_plain_validator_function(
            read, serialization=core_schema.plain_serializer_function_ser_schema(msgspec.to_builtins)
        )

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: Any, handler: Any) -> dict[str, Any]:
        (shape,), parts = msgspec.json.schema_components((cls,), ref_template="{name}")
        whole: dict[str, Any] = _whole(shape, parts)
        return whole


def _whole(schema: Any, parts: dict[str, Any]) -> Any:
    """A JSON Schema with every reference replaced by what it refers to."""
    if isinstance(schema, list):
        return [_whole(part, parts) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _whole(parts[schema["$ref"]], parts)
    return {name: _whole(part, parts) for name, part in schema.items() if name != "description"}
