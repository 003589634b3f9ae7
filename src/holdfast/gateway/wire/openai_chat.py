"""OpenAI's chat completions dialect, as OpenAI and the many that copy it speak it: the request.

Does not know how bytes travel. Where the copies differ, the provider's own fields say how.
"""

from __future__ import annotations

import msgspec

from holdfast.gateway.provider import Provider
from holdfast.gateway.wire import call_ids
from holdfast.gateway.wire.asked import data_url, has_begun, in_words, parameters_of, pieces, pruned
from holdfast.gateway.wire.schema import json_schema_form
from holdfast.messages import Media, Message, Sampling
from holdfast.records import Generate, Json


def url(provider: Provider, _model: str, _streaming: bool) -> str:
    return f"{provider.base_url.rstrip('/')}/chat/completions"


def headers(key: str | None) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def body(
    request: Generate, model: str, provider: Provider, streaming: bool = True, without: frozenset[str] = frozenset()
) -> dict[str, Json]:
    """The request body, with usage where it streams. `without` names what to leave out (see `asked.pruned`), also
    `json_schema` (any JSON object then, the schema in words) and `stream_options`."""
    request = pruned(request, without)
    some_object = request.schema is not None and (provider.json_mode == "json_object" or "json_schema" in without)
    schema = request.schema
    if some_object:
        request = in_words(request)
    sent: dict[str, Json] = {"model": model, "messages": _messages(request.messages, provider)}
    if streaming:
        sent["stream"] = True
        if provider.ask_for_usage and "stream_options" not in without:
            sent["stream_options"] = {"include_usage": True}
    _draw(sent, request.sampling, provider)
    if request.tools:
        _offer(sent, request)
    if some_object:
        sent["response_format"] = {"type": "json_object"}
    elif schema is not None and request.schema is not None:
        sent["response_format"] = {"type": "json_schema", "json_schema": json_schema_form(schema)}
    if has_begun(request):
        match provider.prefill:
            case "prefix_field":
                sent["messages"][-1]["prefix"] = True
            case "continue_final_message":
                sent["continue_final_message"], sent["add_generation_prompt"] = True, False
    return sent


def _draw(sent: dict[str, Json], sampling: Sampling, provider: Provider) -> None:
    for name in ("temperature", "top_p", "presence_penalty", "frequency_penalty"):
        value = getattr(sampling, name)
        if value is not None:
            sent[name] = value
    if sampling.seed is not None:
        sent[provider.seed_field] = sampling.seed
    if sampling.max_tokens is not None:
        sent[provider.max_tokens_field] = sampling.max_tokens
    if sampling.stop:
        sent["stop"] = list(sampling.stop)
    effort = sampling.reasoning_effort
    if effort is not None:
        match provider.reasoning:
            case "reasoning_effort":
                sent["reasoning_effort"] = effort
            case "reasoning":
                sent["reasoning"] = {"effort": effort}
            case "thinking":
                sent["thinking"] = {"type": "disabled" if effort == "none" else "enabled"}


def _offer(sent: dict[str, Json], request: Generate) -> None:
    sent["tools"] = [
        {
            "type": "function",
            "function": {
                "name": tool.name,
                "description": tool.description,
                "parameters": parameters_of(tool.parameters),
            },
        }
        for tool in request.tools
    ]
    match request.tool_choice:
        case "auto":
            pass
        case "none" | "required" as word:
            sent["tool_choice"] = word
        case name:
            sent["tool_choice"] = {"type": "function", "function": {"name": name}}
    if request.sampling.parallel_tool_calls is not None:
        sent["parallel_tool_calls"] = request.sampling.parallel_tool_calls


def _messages(messages: tuple[Message, ...], provider: Provider) -> list[dict[str, Json]]:
    """The turns. A tool's turn is text only in this dialect, and nothing may stand between a call's results: what is
    attached to them follows them as a turn of the user's."""
    sent: list[dict[str, Json]] = []
    shown: list[Json] = []
    for message in messages:
        if message.role != "tool" and shown:
            sent.append({"role": "user", "content": shown})
            shown = []
        if message.role == "tool" and message.media:
            shown = shown + [_part(piece, provider) for piece in pieces(message) if isinstance(piece, Media)]
        sent.append(_message(message, provider))
    if shown:
        sent.append({"role": "user", "content": shown})
    return sent


def _message(message: Message, provider: Provider) -> dict[str, Json]:
    name = call_ids.nine if provider.nine_letter_ids else call_ids.plain
    if message.role == "tool":
        words = [piece for piece in pieces(message) if isinstance(piece, str)]
        return {"role": "tool", "tool_call_id": name(message.tool_call_id or ""), "content": "".join(words)}
    content: Json = message.text
    if message.media:
        content = [_part(piece, provider) for piece in pieces(message)]
    if not message.tool_calls:
        return {"role": message.role, "content": content}
    return {
        "role": message.role,
        "content": content or None,
        "tool_calls": [
            {
                "id": name(call.id),
                "type": "function",
                "function": {"name": call.name, "arguments": msgspec.json.encode(call.arguments).decode()},
            }
            for call in message.tool_calls
        ],
    }


def _part(piece: str | Media, provider: Provider) -> dict[str, Json]:
    if isinstance(piece, str):
        return {"type": "text", "text": piece}
    if piece.media_type.startswith("image/"):
        return {"type": "image_url", "image_url": {"url": data_url(piece)}}
    if provider.documents == "document_url":
        return {"type": "document_url", "document_url": data_url(piece)}
    return {"type": "file", "file": {"filename": piece.name or "document.pdf", "file_data": data_url(piece)}}
