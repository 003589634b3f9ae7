"""The routes of the dialects, for the OpenAPI document.

Knows no more of them than their bodies: what is answered is the vendors' own to describe.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from holdfast.records import Json
from holdfast.server.dialects.chat import ChatRequest
from holdfast.server.dialects.embeddings import EmbeddingsRequest
from holdfast.server.dialects.messages import MessagesRequest
from holdfast.server.dialects.models import ModelList, ModelSaid
from holdfast.server.dialects.responses import ResponsesRequest

DIALECT_STRUCTS: tuple[type[Struct], ...] = (
    ChatRequest,
    ResponsesRequest,
    MessagesRequest,
    EmbeddingsRequest,
    ModelList,
    ModelSaid,
)
_TALKS: Mapping[str, tuple[type[Struct], str]] = MappingProxyType(
    {
        "/v1/chat/completions": (ChatRequest, "A chat completion, whole or streamed, in OpenAI's dialect."),
        "/v1/responses": (ResponsesRequest, "A response, whole or streamed, in OpenAI's dialect."),
        "/v1/messages": (MessagesRequest, "A message, whole or streamed, in Anthropic's dialect."),
        "/v1/messages/count_tokens": (MessagesRequest, "How many input tokens a message has, estimated by rule."),
        "/v1/embeddings": (EmbeddingsRequest, "Vectors of texts, in OpenAI's dialect."),
    }
)


def described(component: str) -> dict[str, Json]:
    """The paths of the dialects. `component` is what stands before a schema's name in a reference."""
    paths: dict[str, Json] = {}
    for path, (struct, said) in _TALKS.items():
        body = {"required": True, "content": {"application/json": {"schema": {"$ref": component + struct.__name__}}}}
        paths[path] = {"post": {**_operation(path, said, None), "requestBody": body}}
    listed = "What may stand as `model`: features, slots, the models of their ladders, the encoder."
    paths["/v1/models"] = {"get": _operation("/v1/models", listed, component + ModelList.__name__)}
    for path, said, answer in (
        ("/v1/models/{model}", "One name that may stand as `model`.", component + ModelSaid.__name__),
        ("/v1/responses/{response_id}", "A response that was given before.", None),
    ):
        name = path.partition("{")[2].rstrip("}")
        parameter = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        paths[path] = {"get": {**_operation(path, said, answer), "parameters": [parameter]}}
    return paths


def _operation(path: str, said: str, answer: str | None) -> dict[str, Json]:
    content = {"application/json": {"schema": {"$ref": answer} if answer else {"type": "object"}}}
    return {
        "operationId": path.removeprefix("/v1/").replace("/", "_").replace("{", "").replace("}", ""),
        "summary": said,
        "description": f"{said} The path without `/v1` is the same.",
        "responses": {
            "200": {"description": "The answer, as the dialect has it", "content": content},
            "default": {"description": "An error, as the dialect has it"},
        },
    }
