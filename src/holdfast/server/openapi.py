"""The OpenAPI document: the declared routes, and each feature as a path of its own.

Knows nothing of how a route is answered.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import msgspec
from fastapi import FastAPI, Response
from fastapi.openapi.utils import get_openapi
from msgspec import Struct

from holdfast.records import Json
from holdfast.server.dialects.described import described
from holdfast.server.features import Answer
from holdfast.server.needs import Feature
from holdfast.server.problems import Problem

_COMPONENT = "#/components/schemas/"


def gives(struct: type[Struct], status: int = 200) -> dict[str, Any]:
    """The arguments of a route that answers with that struct as JSON."""
    return {
        "response_class": Response,
        "status_code": status,
        "responses": {status: _content(struct.__name__), "default": _problem()},
    }


def takes(struct: type[Struct]) -> dict[str, Any]:
    """The arguments of a route whose body is that struct as JSON."""
    content = {"application/json": {"schema": {"$ref": _COMPONENT + struct.__name__}}}
    return {"openapi_extra": {"requestBody": {"required": True, "content": content}}}


def document(api: FastAPI, structs: Iterable[type[Struct]], features: Iterable[Feature], prefix: str = "") -> bytes:
    """The whole document as JSON. Every schema a feature names for itself gets a component under the feature's name."""
    said = get_openapi(
        title="Holdfast",
        version="1",
        summary="The features of one project, and the recordings of what they answered.",
        routes=api.routes,
        servers=[{"url": prefix}] if prefix else None,
    )
    _, components = msgspec.json.schema_components([*structs, Answer, Problem], ref_template=_COMPONENT + "{name}")
    schemas = said.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(components)
    for feature in features:
        said["paths"][f"/v1/features/{feature.name}"] = {"post": _operation(feature, schemas)}
    said["paths"] |= described(_COMPONENT)
    said["components"]["securitySchemes"] = {
        "bearer": {"type": "http", "scheme": "bearer", "description": "A key made with `holdfast keys create`"}
    }
    said["security"] = [{"bearer": []}, {}]
    return msgspec.json.encode(said)


def _problem() -> dict[str, Json]:
    content = {"application/problem+json": {"schema": {"$ref": f"{_COMPONENT}Problem"}}}
    return {"description": "What was wrong, and what to do", "content": content}


def _operation(feature: Feature, schemas: dict[str, Json]) -> dict[str, Json]:
    own = re.sub(r"[^A-Za-z0-9_.-]", "_", feature.name)
    given = _hoisted(feature.input_schema(), f"{own}.input", schemas)
    output = _hoisted(feature.output_schema(), f"{own}.output", schemas)
    answer = {"allOf": [{"$ref": f"{_COMPONENT}Answer"}, {"type": "object", "properties": {"output": output}}]}
    done = {
        "description": "The answer; with Accept: text/event-stream its events: step, delta, reset, then done or error",
        "content": {"application/json": {"schema": answer}, "text/event-stream": {"schema": {"type": "string"}}},
        "headers": {"Holdfast-Recording": {"schema": {"type": "string"}}},
    }
    header = {"in": "header", "required": False, "schema": {"type": "string", "maxLength": 255}}
    return {
        "operationId": f"feature_{own}",
        "summary": feature.name,
        "description": feature.doc,
        "parameters": [
            {**header, "name": "Idempotency-Key", "description": "The same key and body give the same recorded answer"},
            {**header, "name": "Holdfast-Subject", "description": "On whose behalf; needs a key with scope act-as"},
            {**header, "name": "Holdfast-Release", "description": "Which release answers, by name or id, or `working`"},
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": given}}},
        "responses": {"200": done, "default": _problem()},
    }


def _hoisted(schema: dict[str, Json], prefix: str, schemas: dict[str, Json]) -> Json:
    """The schema with its `$defs` moved to the document's components, where its references can be resolved."""

    def moved(part: Json) -> Json:
        if isinstance(part, list):
            return [moved(item) for item in part]
        if not isinstance(part, dict):
            return part
        return {
            key: f"{_COMPONENT}{prefix}.{value.removeprefix('#/$defs/')}"
            if key == "$ref" and isinstance(value, str) and value.startswith("#/$defs/")
            else moved(value)
            for key, value in part.items()
            if key != "$defs"
        }

    for name, definition in schema.get("$defs", {}).items():
        schemas[f"{prefix}.{name}"] = moved(definition)
    return moved(schema)


def _content(name: str) -> dict[str, Json]:
    return {"description": "Done", "content": {"application/json": {"schema": {"$ref": _COMPONENT + name}}}}
