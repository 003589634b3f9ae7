"""Anthropic's messages dialect.

Does not know how bytes travel. Output that must match a schema is asked for as a forced call of one extra tool whose
parameters are the schema: every Claude model since 3 takes that, the newer structured-output parameter only some do.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from holdfast.contracts import Answer
from holdfast.gateway.fault import Broken, Fault, from_event, vendor_error
from holdfast.gateway.provider import Provider
from holdfast.gateway.shape import count, items, object_of, text_of
from holdfast.gateway.sse import ServerEvent
from holdfast.gateway.wire.reading import CallBuilder, Malformed
from holdfast.records import Generate, Json, Message, Usage

VERSION = "2023-06-01"
DEFAULT_MAX_TOKENS = 8192
"""The dialect demands a bound; this one every Claude model since 3.5 accepts."""

ANSWER_TOOL = "holdfast_answer"

_STOP_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "max_tokens": "length",
        "model_context_window_exceeded": "length",
        "tool_use": "tool_calls",
        "refusal": "refusal",
    }
)


# ---------------------------------------------------------------- out


def url(provider: Provider) -> str:
    """With or without /v1: both forms of base_url are in use."""
    base = provider.base_url.rstrip("/")
    return f"{base}/messages" if base.endswith("/v1") else f"{base}/v1/messages"


def headers(key: str | None) -> dict[str, str]:
    return {"anthropic-version": VERSION, **({"x-api-key": key} if key else {})}


def body(request: Generate, model: str, _provider: Provider) -> dict[str, Json]:
    """The request body: streamed. A seed is left out: the dialect has none."""
    system = "\n\n".join(message.text for message in request.messages if message.role == "system" and message.text)
    turns = _turns(request.messages)
    sent: dict[str, Json] = {
        "model": model,
        "max_tokens": request.sampling.max_tokens or DEFAULT_MAX_TOKENS,
        "messages": turns or [{"role": "user", "content": system}],
        "stream": True,
    }
    if system and turns:
        sent["system"] = system
    if request.sampling.temperature is not None:
        sent["temperature"] = request.sampling.temperature
    if request.sampling.top_p is not None:
        sent["top_p"] = request.sampling.top_p
    if request.sampling.stop:
        sent["stop_sequences"] = list(request.sampling.stop)
    tools: list[dict[str, Json]] = [
        {
            "name": tool.name,
            "description": tool.description,
            "input_schema": tool.parameters or {"type": "object", "properties": {}},
        }
        for tool in request.tools
    ]
    if request.schema is not None:
        tools.append({"name": ANSWER_TOOL, "description": "Give the final answer.", "input_schema": request.schema})
        sent["tool_choice"] = {"type": "any"} if request.tools else {"type": "tool", "name": ANSWER_TOOL}
    if tools:
        sent["tools"] = tools
    return sent


def _turns(messages: tuple[Message, ...]) -> list[dict[str, Json]]:
    """Alternating turns: neighbours of one side are one turn, as the dialect wants for tool results."""
    turns: list[dict[str, Json]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message)
        if not blocks:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].extend(blocks)
        else:
            turns.append({"role": role, "content": blocks})
    return turns


def _blocks(message: Message) -> list[dict[str, Json]]:
    if message.role == "tool":
        return [{"type": "tool_result", "tool_use_id": message.tool_call_id or "", "content": message.text}]
    # An empty text block is refused, and so is a last turn of the assistant that ends in space.
    text = message.text.rstrip() if message.role == "assistant" else message.text
    blocks: list[dict[str, Json]] = [{"type": "text", "text": text}] if text.strip() else []
    blocks += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": call.arguments} for call in message.tool_calls
    ]
    return blocks


# ---------------------------------------------------------------- in


class AnthropicReader:
    """Reads messages, in a stream or whole. Blocks of tools that run at the vendor are passed over.

    `structured`: the answer was asked for as a call of `ANSWER_TOOL`, and its JSON is the answer's text.
    """

    def __init__(self, structured: bool = False) -> None:
        self.started = False
        self.finished = False
        self.closed = False
        self.usage: Usage | None = None
        self.cost_usd: float | None = None
        self._model = ""
        self._text: list[str] = []
        self._calls: dict[int, CallBuilder] = {}
        self._answers: set[int] = set()  # blocks whose JSON is the answer's text
        self._structured = structured
        self._reason = ""
        self._counted: dict[str, Json] = {}
        self._malformed = Malformed()

    def take(self, event: ServerEvent) -> str:
        if self.closed or not event.data.strip():
            return ""
        whole = self._malformed.parse(event.data)
        if whole is None:
            return ""
        match whole.get("type"):
            case "message_start":
                message = object_of(whole.get("message"))
                self._model = text_of(message.get("model"))
                self._count(object_of(message.get("usage")))
            case "content_block_start":
                return self._block(_index(whole), object_of(whole.get("content_block")))
            case "content_block_delta":
                return self._delta(_index(whole), object_of(whole.get("delta")))
            case "message_delta":
                self._end(text_of(object_of(whole.get("delta")).get("stop_reason")))
                self._count(object_of(whole.get("usage")))
            case "message_stop":
                self.closed = True
                self.finished = self.finished or self.started
            case _:
                self._raise_error(whole)
        return ""

    def take_whole(self, body: Json) -> str:
        whole = object_of(body)
        if whole.get("type") != "message":
            self._raise_error(whole if whole else {"error": body})
            raise Broken(Fault("garbled", "the response is not a message"))
        self._model = text_of(whole.get("model"))
        text = "".join(self._block(index, object_of(block)) for index, block in enumerate(items(whole.get("content"))))
        self._end(text_of(whole.get("stop_reason")))
        self._count(object_of(whole.get("usage")))
        self.started = self.finished = self.closed = True
        return text

    def answer(self) -> Answer:
        calls = tuple(call.build(position) for position, call in enumerate(self._calls.values()))
        reason = _STOP_REASONS.get(self._reason, "stop")
        if reason == "tool_calls" and not calls:
            reason = "stop"
        return Answer(
            text="".join(self._text), model=self._model, tool_calls=calls, stop_reason=reason, usage=self.usage
        )

    def _raise_error(self, whole: dict[str, Json]) -> None:
        error = vendor_error(whole)
        if error is not None:
            raise Broken(from_event(error))

    def _block(self, index: int, block: dict[str, Json]) -> str:
        match block.get("type"):
            case "text":
                return self._say(text_of(block.get("text")))
            case "tool_use":
                self.started = True
                name, given = text_of(block.get("name")), object_of(block.get("input"))
                if self._structured and name == ANSWER_TOOL:
                    self._answers.add(index)
                    return self._say(msgspec.json.encode(given).decode()) if given else ""
                self._calls[index] = CallBuilder(text_of(block.get("id")), name, given)
            case "thinking" | "redacted_thinking":
                self.started = True
        return ""

    def _delta(self, index: int, delta: dict[str, Json]) -> str:
        self.started = True
        match delta.get("type"):
            case "text_delta":
                return self._say(text_of(delta.get("text")))
            case "input_json_delta":
                piece = text_of(delta.get("partial_json"))
                if index in self._answers:
                    return self._say(piece)
                if index in self._calls:
                    self._calls[index].pieces.append(piece)
        return ""

    def _say(self, text: str) -> str:
        if text:
            self.started = True
            self._text.append(text)
        return text

    def _end(self, reason: str) -> None:
        if reason:
            self._reason = reason
            self.started = self.finished = True

    def _count(self, raw: dict[str, Json]) -> None:
        """Counts in a later event are totals and replace those before; one that is left out stays."""
        if raw:
            self._counted.update({name: value for name, value in raw.items() if value is not None})
            self.usage = usage_of(self._counted)


def _index(whole: dict[str, Json]) -> int:
    return count(whole.get("index"))


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
