"""Anthropic's messages dialect: the answer, in a stream or whole.

Does not know how bytes travel, nor what was asked but that it may have been an answer by `ANSWER_TOOL`.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import msgspec
from msgspec import Struct

from holdfast.contracts import Answer
from holdfast.gateway.fault import Broken, Fault, from_event, vendor_error
from holdfast.gateway.shape import count, items, object_of, text_of
from holdfast.gateway.sse import ServerEvent
from holdfast.gateway.wire.anthropic_messages import ANSWER_TOOL
from holdfast.gateway.wire.reading import CallBuilder, Progress
from holdfast.records import Json, Usage

_STOP_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "tool_use": "tool_calls",
        "refusal": "refusal",
    }
)


class _Text(Struct, forbid_unknown_fields=True):
    type: Literal["text_delta"]
    text: str


class _TextEvent(Struct):
    """The event that nearly every event of a stream is: more text."""

    type: Literal["content_block_delta"]
    delta: _Text


_text_event = msgspec.json.Decoder(_TextEvent).decode


class AnthropicReader(Progress):
    """Reads messages, in a stream or whole. Blocks of tools that run at the vendor are passed over.

    `structured`: the answer was asked for as a call of `ANSWER_TOOL`, and its JSON is the answer's text.
    """

    __slots__ = ("_answers", "_calls", "_counted", "_structured")

    def __init__(self, structured: bool = False) -> None:
        super().__init__()
        self._calls: dict[int, CallBuilder] = {}
        self._answers: set[int] = set()  # blocks whose JSON is the answer's text
        self._structured = structured
        self._counted: dict[str, Json] = {}

    def take(self, event: ServerEvent) -> str:
        data = event.data
        if self.closed or not data:
            return ""
        if b'"text_delta"' in data[:120]:
            try:
                return self.say(_text_event(data).delta.text)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                pass  # the general way says what it is
        if data.isspace():
            return ""
        whole = self.parse(data)
        return "" if whole is None else self._event(whole)

    def take_whole(self, body: Json) -> str:
        whole = object_of(body)
        if whole.get("type") != "message":
            self._raise_error(whole if whole else {"error": body})
            raise Broken(Fault("garbled", "the response is not a message"))
        self._begin(whole)
        text = "".join(self._block(index, object_of(block)) for index, block in enumerate(items(whole.get("content"))))
        self.ended(text_of(whole.get("stop_reason")))
        self.started = self.finished = self.closed = True
        return text

    def answer(self) -> Answer:
        return self.answered(self._calls.values(), _STOP_REASONS.get(self.reason, "stop"))

    def _event(self, whole: dict[str, Json]) -> str:
        match whole.get("type"):
            case "message_start":
                self._begin(object_of(whole.get("message")))
            case "content_block_start":
                return self._block(count(whole.get("index")), object_of(whole.get("content_block")))
            case "content_block_delta":
                return self._delta(count(whole.get("index")), object_of(whole.get("delta")))
            case "message_delta":
                self.ended(text_of(object_of(whole.get("delta")).get("stop_reason")))
                self._count(object_of(whole.get("usage")))
            case "message_stop":
                self._close()
            case _:
                self._raise_error(whole)
        return ""

    def _close(self) -> None:
        """Without a reason before it, the count of what was written is still that of the stream's beginning."""
        self.closed = True
        if self.started and not self.finished:
            self.finished = True
            if self.usage is not None:
                written = max(sum(map(len, self.text)) // 4, self.usage.output_tokens)
                self.usage = msgspec.structs.replace(self.usage, output_tokens=written, estimated=True)

    def _begin(self, message: dict[str, Json]) -> None:
        self.served = text_of(message.get("model"))
        self.response_id = text_of(message.get("id")) or None
        self._count(object_of(message.get("usage")))

    def _raise_error(self, whole: dict[str, Json]) -> None:
        error = vendor_error(whole)
        if error is not None:
            raise Broken(from_event(error))

    def _block(self, index: int, block: dict[str, Json]) -> str:
        match block.get("type"):
            case "text":
                return self.say(text_of(block.get("text")))
            case "tool_use":
                self.started = True
                name, given = text_of(block.get("name")), block.get("input")
                if self._structured and name == ANSWER_TOOL:
                    self._answers.add(index)
                    return self.say(msgspec.json.encode(given).decode()) if given else ""
                self.in_tool_call = True
                self._calls[index] = CallBuilder(text_of(block.get("id")), name, given)
            case "thinking" | "redacted_thinking":
                self.started = True
        return ""

    def _delta(self, index: int, delta: dict[str, Json]) -> str:
        self.started = True
        match delta.get("type"):
            case "text_delta":
                return self.say(text_of(delta.get("text")))
            case "input_json_delta":
                piece = text_of(delta.get("partial_json"))
                if index in self._answers:
                    return self.say(piece)
                if index in self._calls:
                    self._calls[index].pieces.append(piece)
        return ""

    def _count(self, raw: dict[str, Json]) -> None:
        """Counts in a later event are totals and replace those before; one that is left out stays."""
        if raw:
            self._counted.update({name: value for name, value in raw.items() if value is not None})
            self.usage = usage_of(self._counted)


def usage_of(raw: dict[str, Json]) -> Usage:
    """Usage in disjoint buckets: `input_tokens` already leaves out what was cached; thinking is part of the output."""
    output = count(raw.get("output_tokens"))
    thinking = min(count(object_of(raw.get("output_tokens_details")).get("thinking_tokens")), output)
    return Usage(
        input_tokens=count(raw.get("input_tokens")),
        output_tokens=output - thinking,
        cache_read_tokens=count(raw.get("cache_read_input_tokens")),
        cache_write_tokens=count(raw.get("cache_creation_input_tokens")),
        reasoning_tokens=thinking,
    )
