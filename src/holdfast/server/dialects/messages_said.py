"""Anthropic's messages as they are answered: whole, and event by event.

Knows nothing of what was asked.
"""

from __future__ import annotations

from types import MappingProxyType

import msgspec

from holdfast.records import Citation, Json, ToolCall, Usage
from holdfast.server.dialects.errors import anthropic_error
from holdfast.server.dialects.said import Said, all_output, url_of
from holdfast.server.problems import Problem
from holdfast.server.stream import frame

_STOPPED = MappingProxyType(
    {"length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal", "refusal": "refusal"}
)
_encode = msgspec.json.Encoder().encode


def whole(said: Said) -> bytes:
    """The message as one body."""
    content: list[Json] = []
    if said.text or not said.tool_calls:
        text: dict[str, Json] = {"type": "text", "text": said.text}
        if said.citations:
            text["citations"] = citations(said.citations)
        content.append(text)
    content += [_call(call, call.arguments) for call in said.tool_calls]
    return _encode(
        {**_message(said.number, said.model, content, usage(said.usage)), **_stop(said), "holdfast": said.extra}
    )


def usage(used: Usage) -> dict[str, Json]:
    """Tokens as Anthropic counts them: cached ones apart from those of the input."""
    return {
        "input_tokens": used.input_tokens,
        "cache_creation_input_tokens": used.cache_write_tokens,
        "cache_read_input_tokens": used.cache_read_tokens,
        "output_tokens": all_output(used),
    }


def citations(given: tuple[Citation, ...]) -> list[Json]:
    """Citations as Anthropic has them for results of a search: the words that are cited, and where they stand."""
    return [
        {
            "type": "search_result_location",
            "cited_text": each.quote,
            "source": url_of(each),
            "title": each.title,
            "search_result_index": at,
            "start_block_index": 0,
            "end_block_index": 1,
        }
        for at, each in enumerate(given)
    ]


def _message(number: str, model: str, content: list[Json], used: dict[str, Json]) -> dict[str, Json]:
    return {
        "id": f"msg_{number}",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": content,
        "stop_reason": None,
        "stop_sequence": None,
        "usage": used,
    }


def _stop(said: Said) -> dict[str, Json]:
    return {"stop_reason": _STOPPED.get(said.stop_reason, "end_turn"), "stop_sequence": None}


def _call(call: ToolCall, arguments: Json) -> dict[str, Json]:
    return {"type": "tool_use", "id": call.id, "name": call.name, "input": arguments}


class MessagesFraming:
    """One stream of events. The tokens of the input are told at the end, when they are known."""

    ping = frame("ping", {"type": "ping"})
    _before = (
        b"event: content_block_delta\n"
        b'data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":'
    )
    _after = b"}}\n\n"

    def __init__(self, number: str, model: str) -> None:
        self._number = number
        self._model = model
        self._open = False

    def begin(self) -> bytes:
        nothing = {"input_tokens": 0, "output_tokens": 0}
        message = _message(self._number, self._model, [], nothing)
        return frame("message_start", {"type": "message_start", "message": message})

    def text(self, text: str) -> bytes:
        return self._opened() + self._before + _encode(text) + self._after

    def restart(self, text: str, reason: str) -> bytes:
        delta = {"type": "text_delta", "text": text}
        said = {"type": "content_block_delta", "index": 0, "delta": delta, "holdfast": {"reset": reason}}
        return self._opened() + frame("content_block_delta", said)

    def end(self, said: Said) -> bytes:
        """The citations and the calls, each a block of its own; then the reason and the tokens."""
        parts = [] if said.tool_calls else [self._opened()]
        first = int(self._open)
        if self._open:
            parts += [_delta(0, {"type": "citations_delta", "citation": each}) for each in citations(said.citations)]
            parts.append(_stopped(0))
        for at, call in enumerate(said.tool_calls, start=first):
            delta = {"type": "input_json_delta", "partial_json": _encode(call.arguments).decode()}
            parts += [_started(at, _call(call, {})), _delta(at, delta), _stopped(at)]
        last = {"type": "message_delta", "delta": _stop(said), "usage": usage(said.usage), "holdfast": said.extra}
        return b"".join([*parts, frame("message_delta", last), frame("message_stop", {"type": "message_stop"})])

    def failed(self, problem: Problem) -> bytes:
        return frame("error", anthropic_error(problem))

    def _opened(self) -> bytes:
        if self._open:
            return b""
        self._open = True
        return _started(0, {"type": "text", "text": ""})


def _started(at: int, block: Json) -> bytes:
    return frame("content_block_start", {"type": "content_block_start", "index": at, "content_block": block})


def _delta(at: int, delta: Json) -> bytes:
    return frame("content_block_delta", {"type": "content_block_delta", "index": at, "delta": delta})


def _stopped(at: int) -> bytes:
    return frame("content_block_stop", {"type": "content_block_stop", "index": at})
