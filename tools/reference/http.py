"""The page of the HTTP API, from the OpenAPI document that the server itself gives. Knows no route by heart."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from tools.reference.markdown import page, table

FEATURES = '''
import holdfast as hf

app = hf.App()


@app.feature()
async def name(ctx: hf.Context, body: str) -> str:
    """Run a feature. What it takes and gives is its own; `GET /v1/features` has the JSON Schemas."""
    return body
'''
FIRST = ("/v1/features/{name}", "/v1/features")


def http() -> str:
    """Every route, with its parameters and the schemas of what it takes and gives."""
    said = asyncio.run(document())
    paths = {path.replace("/v1/features/name", FIRST[0]): routes for path, routes in said["paths"].items()}
    order = [path for path in FIRST if path in paths] + [path for path in paths if path not in FIRST]
    parts = [part for path in order for method, route in paths[path].items() for part in _route(method, path, route)]
    parts.append("## Schemas\n\nWhat the routes take and give, as JSON.")
    for name, schema in sorted(said["components"]["schemas"].items()):
        if "properties" in schema and not name.startswith("name."):
            parts += [f"### {name}", *_schema(schema)]
    intro = (
        "What a running project says of itself at `/openapi.json`, without the project's own schemas. "
        "[How Holdfast speaks HTTP](../concepts/http.md) explains keys, streams, idempotency, statuses and stopping."
    )
    return page("HTTP routes", intro, parts)


def routes() -> list[str]:
    """Every path that the server answers."""
    return [path.replace("/v1/features/name", FIRST[0]) for path in asyncio.run(document())["paths"]]


async def document() -> dict[str, Any]:
    """The OpenAPI document of a project with one feature."""
    from holdfast.server.flight import Flight
    from holdfast.server.meter import Meter
    from holdfast.server.routes import declared_routes
    from holdfast.testing import project

    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "holdfast.toml").write_text("[app]\n", "utf-8")
        (Path(folder) / "features.py").write_text(FEATURES, "utf-8")
        async with project(folder, environ={}) as opened:
            _, described = declared_routes(opened, Flight(1), Meter(), metrics=True)
            said: dict[str, Any] = json.loads(described)
            return said


def _route(method: str, path: str, route: dict[str, Any]) -> Iterator[str]:
    yield f"## `{method.upper()} {path}`"
    yield " ".join((route.get("description") or route.get("summary") or "").split())
    body = route.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    answer: dict[str, Any] = next((said for status, said in route["responses"].items() if status.startswith("2")), {})
    given = answer.get("content", {}).get("application/json", {}).get("schema", {})
    lines = []
    if body:
        lines.append(f" - takes {_kind(body) if '$ref' in body else 'JSON'}")
    if given:
        lines.append(f" - gives {'[Answer](#answer)' if 'allOf' in given else _kind(given)}")
    if lines:
        yield "\n".join(lines)
    rows = [
        (f"`{said['name']}`", said["in"], _kind(said.get("schema", {})), said.get("description", ""))
        for said in route.get("parameters", ())
    ]
    if rows:
        yield table(("parameter", "in", "type", "what it is"), rows)


def _schema(schema: dict[str, Any]) -> Iterator[str]:
    if said := schema.get("description"):
        yield " ".join(said.split())
    required = schema.get("required", ())
    yield table(
        ("field", "type", ""),
        [
            (f"`{name}`", _kind(part), "required" if name in required else "")
            for name, part in schema["properties"].items()
        ],
    )


def _kind(schema: dict[str, Any]) -> str:
    """A JSON Schema in a few words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    if "anyOf" in schema:
        return _either(_kind(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema['items'])}" if schema.get("items") else "list"
    said = (("minimum", "at least {}"), ("maximum", "at most {}"), ("maxLength", "at most {} characters"))
    limits = ", ".join(words.format(schema[name]) for name, words in said if name in schema)
    kind = schema.get("type", "any JSON")
    return f"{kind}, {limits}" if limits else str(kind)


def _either(kinds: Iterable[str]) -> str:
    return " or ".join(dict.fromkeys(kinds))
