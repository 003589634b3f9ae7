"""OpenAI's Responses dialect: the request.

Does not know how bytes travel. Nothing is kept at the vendor (`store` is false): the conversation is Holdfast's.
A stop text, a seed and penalties are left out: the dialect has none.
"""

from __future__ import annotations

import msgspec

from holdfast.gateway.provider import Provider
from holdfast.gateway.wire import call_ids
from holdfast.gateway.wire.asked import data_url, in_words, parameters_of, pieces, pruned, system_text
from holdfast.gateway.wire.schema import json_schema_form
from holdfast.messages import Media, Message
from holdfast.records import Generate, Json


def url(provider: Provider, _model: str, _streaming: bool) -> str:
    return f"{provider.base_url.rstrip('/')}/responses"


def headers(key: str | None) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def body(
    request: Generate, model: str, _provider: Provider, streaming: bool = True, without: frozenset[str] = frozenset()
) -> dict[str, Json]:
    """The request body. `without` names what to leave out (see `asked.pruned`), also `json_schema`: any JSON object
    then, the schema in words."""
    request = pruned(request, without)
    form: Json = None
    if request.schema is not None:
        form = {"type": "json_schema", **json_schema_form(request.schema)}
        if "json_schema" in without:
            form, request = {"type": "json_object"}, in_words(request)
    system = system_text(request)
    items = [item for message in request.messages if message.role != "system" for item in _items(message)]
    sent: dict[str, Json] = {
        "model": model,
        "input": items or [{"role": "user", "content": system}],
        "store": False,
    }
    if streaming:
        sent["stream"] = True
    if system and items:
        sent["instructions"] = system
    if form is not None:
        sent["text"] = {"format": form}
    sampling = request.sampling
    drawn = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_output_tokens": sampling.max_tokens,
        "parallel_tool_calls": sampling.parallel_tool_calls if request.tools else None,
    }
    sent.update({name: value for name, value in drawn.items() if value is not None})
    if sampling.reasoning_effort is not None:
        sent["reasoning"] = {"effort": sampling.reasoning_effort}
    if request.tools:
        _offer(sent, request)
    return sent


def _offer(sent: dict[str, Json], request: Generate) -> None:
    sent["tools"] = [
        {
            "type": "function",
            "name": tool.name,
            "description": tool.description,
            "parameters": parameters_of(tool.parameters),
            "strict": False,  # left out it means true, and then most schemas are refused
        }
        for tool in request.tools
    ]
    match request.tool_choice:
        case "auto":
            pass
        case "none" | "required" as word:
            sent["tool_choice"] = word
        case name:
            sent["tool_choice"] = {"type": "function", "name": name}


def _items(message: Message) -> list[dict[str, Json]]:
    parts = pieces(message)
    content: Json = message.text
    if message.media:
        content = [_part(piece) for piece in parts]
    if message.role == "tool":
        name = call_ids.plain(message.tool_call_id or "")
        return [{"type": "function_call_output", "call_id": name, "output": content}]
    if message.role == "user":
        return [{"role": "user", "content": content}]
    said: list[dict[str, Json]] = [{"role": "assistant", "content": message.text}] if message.text else []
    return said + [
        {
            "type": "function_call",
            "call_id": call_ids.plain(call.id),
            "name": call.name,
            "arguments": msgspec.json.encode(call.arguments).decode(),
        }
        for call in message.tool_calls
    ]


def _part(piece: str | Media) -> dict[str, Json]:
    if isinstance(piece, str):
        return {"type": "input_text", "text": piece}
    if piece.media_type.startswith("image/"):
        return {"type": "input_image", "image_url": data_url(piece), "detail": "auto"}
    return {"type": "input_file", "filename": piece.name or "document.pdf", "file_data": data_url(piece)}
