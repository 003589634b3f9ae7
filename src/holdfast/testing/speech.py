"""How the scriptable vendor speaks each dialect: the JSON and the events of an answer.

Does not know sockets. Written from the vendors' own descriptions, apart from the gateway's readers, so that the two can
prove each other wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from holdfast.records import Json, ToolCall
from holdfast.testing.act import Act


class Dialect(NamedTuple):
    """One dialect, spoken: a whole answer, the events of a stream in turn, and errors."""

    whole: Callable[[Act, dict[str, Json]], dict[str, Json]]
    opening: Callable[[Act, dict[str, Json]], Iterator[bytes]]
    piece: Callable[[Act, str], bytes]
    closing: Callable[[Act, dict[str, Json]], Iterator[bytes]]
    error_event: Callable[[Act], bytes]
    error: Callable[[int], bytes]


def pieces(act: Act) -> tuple[str, ...]:
    """The text as it is sent: word by word unless the act says otherwise."""
    return act.pieces or tuple(word for word in act.text.replace(" ", " \0").split("\0") if word)


def _said(act: Act) -> str:
    return "".join(act.pieces) if act.pieces else act.text


def _arguments(act: Act, call: ToolCall) -> str:
    return msgspec.json.encode(call.arguments).decode() if act.tool_arguments is None else act.tool_arguments


def _data(value: Json) -> bytes:
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


# ---------------------------------------------------------------- OpenAI

_FINISH: Mapping[str, str] = {"tool_calls": "tool_calls", "length": "length", "content_filter": "content_filter"}


def _openai_usage(act: Act) -> dict[str, Json]:
    usage = act.usage
    assert usage is not None
    prompt = usage.input_tokens + usage.cache_read_tokens
    completion = usage.output_tokens + usage.reasoning_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens},
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


def _openai_calls(act: Act) -> list[dict[str, Json]]:
    return [
        {
            "index": index,
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": _arguments(act, call)},
        }
        for index, call in enumerate(act.tool_calls)
    ]


def _openai_finish(act: Act) -> str:
    return "tool_calls" if act.tool_calls else _FINISH.get(act.stop_reason, "stop")


def _openai_whole(act: Act, asked: dict[str, Json]) -> dict[str, Json]:
    message: dict[str, Json] = {"role": "assistant", "content": _said(act)}
    if act.tool_calls:
        message["tool_calls"] = _openai_calls(act)
    whole: dict[str, Json] = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": act.model or asked.get("model"),
        "choices": [{"index": 0, "message": message, "finish_reason": _openai_finish(act)}],
    }
    if act.usage is not None:
        whole["usage"] = _openai_usage(act)
    return whole


def _openai_chunk(delta: dict[str, Json], finish: str | None = None, model: str = "") -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return _data({"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": model, "choices": [choice]})


def _openai_opening(act: Act, asked: dict[str, Json]) -> Iterator[bytes]:
    model = act.model or str(asked.get("model"))
    yield _openai_chunk({"role": "assistant", "content": ""}, model=model)
    if act.reasoning:
        yield _openai_chunk({"reasoning_content": act.reasoning}, model=model)


def _openai_piece(act: Act, piece: str) -> bytes:
    return _openai_chunk({"content": piece}, model=act.model or "")


def _openai_closing(act: Act, asked: dict[str, Json]) -> Iterator[bytes]:
    for call in _openai_calls(act):
        function = call["function"]
        arguments = function["arguments"]
        half = len(arguments) // 2
        yield _openai_chunk({"tool_calls": [{**call, "function": {**function, "arguments": arguments[:half]}}]})
        rest = {"index": call["index"], "function": {"arguments": arguments[half:]}}
        yield _openai_chunk({"tool_calls": [rest]})
    if act.end == "silent":
        return
    yield _openai_chunk({}, _openai_finish(act))
    options = asked.get("stream_options")
    if act.usage is not None and isinstance(options, dict) and options.get("include_usage"):
        yield _data({"id": "chatcmpl-1", "choices": [], "usage": _openai_usage(act)})
    if act.end == "whole":
        yield b"data: [DONE]\n\n"


def _openai_error_event(act: Act) -> bytes:
    return _data({"error": {"message": "the vendor gave up", "type": act.error_type, "code": None}})


def _openai_error(status: int) -> bytes:
    return msgspec.json.encode({"error": {"message": f"fault {status}", "type": "fault", "param": None, "code": None}})


OPENAI = Dialect(_openai_whole, _openai_opening, _openai_piece, _openai_closing, _openai_error_event, _openai_error)

# ---------------------------------------------------------------- Anthropic

_STOP: Mapping[str, str] = {
    "tool_calls": "tool_use",
    "length": "max_tokens",
    "refusal": "refusal",
    "content_filter": "refusal",
}


def _event(name: str, value: dict[str, Json]) -> bytes:
    return f"event: {name}\n".encode() + _data({"type": name, **value})


def _anthropic_stop(act: Act) -> str:
    return "tool_use" if act.tool_calls else _STOP.get(act.stop_reason, "end_turn")


def _anthropic_whole(act: Act, asked: dict[str, Json]) -> dict[str, Json]:
    content: list[dict[str, Json]] = [{"type": "text", "text": _said(act)}] if _said(act) else []
    content += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in act.tool_calls
    ]
    whole: dict[str, Json] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": act.model or asked.get("model"),
        "content": content,
        "stop_reason": _anthropic_stop(act),
    }
    if act.usage is not None:
        whole["usage"] = {**_anthropic_input(act), "output_tokens": _anthropic_output(act)}
    return whole


def _anthropic_input(act: Act) -> dict[str, Json]:
    usage = act.usage
    assert usage is not None
    return {
        "input_tokens": usage.input_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "cache_creation_input_tokens": usage.cache_write_tokens,
    }


def _anthropic_output(act: Act) -> int:
    return 0 if act.usage is None else act.usage.output_tokens + act.usage.reasoning_tokens


def _anthropic_opening(act: Act, asked: dict[str, Json]) -> Iterator[bytes]:
    message: dict[str, Json] = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": act.model or asked.get("model"),
        "content": [],
        "stop_reason": None,
    }
    if act.usage is not None:
        message["usage"] = {**_anthropic_input(act), "output_tokens": 1}
    yield _event("message_start", {"message": message})
    yield _event("ping", {})
    if act.reasoning:
        yield _event("content_block_start", {"index": 9, "content_block": {"type": "thinking", "thinking": ""}})
        delta = {"type": "thinking_delta", "thinking": act.reasoning}
        yield _event("content_block_delta", {"index": 9, "delta": delta})
        yield _event("content_block_stop", {"index": 9})
    yield _event("content_block_start", {"index": 0, "content_block": {"type": "text", "text": ""}})


def _anthropic_piece(_act: Act, piece: str) -> bytes:
    return _event("content_block_delta", {"index": 0, "delta": {"type": "text_delta", "text": piece}})


def _anthropic_closing(act: Act, _asked: dict[str, Json]) -> Iterator[bytes]:
    yield _event("content_block_stop", {"index": 0})
    for index, call in enumerate(act.tool_calls, 1):
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        yield _event("content_block_start", {"index": index, "content_block": block})
        arguments = _arguments(act, call)
        for part in (arguments[: len(arguments) // 2], arguments[len(arguments) // 2 :]):
            delta = {"type": "input_json_delta", "partial_json": part}
            yield _event("content_block_delta", {"index": index, "delta": delta})
        yield _event("content_block_stop", {"index": index})
    if act.end == "silent":
        return
    ending: dict[str, Json] = {"delta": {"stop_reason": _anthropic_stop(act), "stop_sequence": None}}
    if act.usage is not None:
        ending["usage"] = {"output_tokens": _anthropic_output(act)}
        if act.usage.reasoning_tokens:
            ending["usage"]["output_tokens_details"] = {"thinking_tokens": act.usage.reasoning_tokens}
    yield _event("message_delta", ending)
    if act.end == "whole":
        yield _event("message_stop", {})


def _anthropic_error_event(act: Act) -> bytes:
    return _event("error", {"error": {"type": act.error_type, "message": "the vendor gave up"}})


def _anthropic_error(status: int) -> bytes:
    error = {"type": "fault", "message": f"fault {status}"}
    return msgspec.json.encode({"type": "error", "error": error, "request_id": "req_1"})


ANTHROPIC = Dialect(
    _anthropic_whole,
    _anthropic_opening,
    _anthropic_piece,
    _anthropic_closing,
    _anthropic_error_event,
    _anthropic_error,
)
