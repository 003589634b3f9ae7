"""Anthropic's messages dialect as the scriptable vendor speaks it.

Does not know sockets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

import msgspec

from holdfast.messages import Json, Message, Tool, ToolCall
from holdfast.testing.act import Act, ErrorKind
from holdfast.testing.asked import Asked, Turn, arguments, encoded, entries, fields, media, number, role, words
from holdfast.testing.speech.dialect import Dialect, Words, arguments_text, event, halves, words_of

_STOP: Mapping[str, str] = MappingProxyType(
    {"tool_calls": "tool_use", "length": "max_tokens", "refusal": "refusal", "content_filter": "refusal"}
)

# ---------------------------------------------------------------- what is asked


def read(path: str, headers: Mapping[str, str], body: Json) -> Asked:
    """A request for a message; a turn may hold results of tools, which are turns of their own here."""
    sent = fields(body)
    turns: list[Message] = []
    system = sent.get("system")
    said = system if isinstance(system, str) else "\n\n".join(words(fields(one).get("text")) for one in entries(system))
    if said:
        turns.append(Message(role="system", text=said))
    for one in map(fields, entries(sent.get("messages"))):
        turns += _messages(one)
    choice = fields(sent.get("tool_choice"))
    form = fields(sent.get("output_format")) or fields(fields(sent.get("output_config")).get("format"))
    return Asked(
        dialect="anthropic",
        path=path,
        purpose="count" if path.partition("?")[0].endswith("/count_tokens") else "generate",
        model=words(sent.get("model")),
        key=headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer "),
        streaming=sent.get("stream") is True,
        messages=tuple(turns),
        tools=tuple(_tool(fields(one)) for one in entries(sent.get("tools"))),
        must_call={"tool": words(choice.get("name")), "any": "*"}.get(words(choice.get("type")), ""),
        schema=fields(form.get("schema")) or None,
        max_tokens=number(sent.get("max_tokens")),
        body=body,
        headers=headers,
    )


def _tool(sent: dict[str, Json]) -> Tool:
    return Tool(
        name=words(sent.get("name")),
        description=words(sent.get("description")),
        parameters=fields(sent.get("input_schema")),
    )


def _messages(sent: dict[str, Json]) -> list[Message]:
    content = sent.get("content")
    turn = Turn(role(sent.get("role")))
    turn.text = words(content)
    before: list[Message] = []
    for block in map(fields, entries(content)):
        match block.get("type"):
            case "image" | "document":
                turn.media.append(_attached(fields(block.get("source")), words(block.get("title")), len(turn.text)))
            case "tool_use":
                given = arguments(block.get("input"))
                turn.calls.append(ToolCall(id=words(block.get("id")), name=words(block.get("name")), arguments=given))
            case "tool_result":
                result = block.get("content")
                text = words(result) or "".join(words(fields(part).get("text")) for part in entries(result))
                before.append(Message(role="tool", text=text, tool_call_id=words(block.get("tool_use_id"))))
            case "text":
                turn.text += words(block.get("text"))
    only_results = before and not (turn.text or turn.media or turn.calls)
    return before if only_results else [*before, turn.message()]


def _attached(source: dict[str, Json], name: str, at: int) -> Json:
    if source.get("type") == "base64":
        return encoded(words(source.get("media_type")), words(source.get("data")), name, at)
    return media(words(source.get("url")), name, at)


def flaw(asked: Asked) -> Words | None:
    """What this vendor refuses before any model sees it."""
    if asked.purpose == "generate" and asked.max_tokens is None:
        return ERRORS["bad_request"]._replace(message="max_tokens: Field required")
    if asked.prefill and asked.prefill != asked.prefill.rstrip():
        message = "messages: final assistant content cannot end with trailing whitespace"
        return ERRORS["bad_request"]._replace(message=message)
    return None


# ---------------------------------------------------------------- what is said


class MessagesSpeech:
    """A message of content blocks. Where a tool has to be called and the answer is a JSON object, it is said as the
    call of a tool that takes it."""

    def __init__(self, act: Act, asked: Asked) -> None:
        self._act = act
        self._model = act.model or asked.model
        self._block = 0
        self._forced = "" if act.tool_calls else _takes(asked, act.whole_text)

    def whole(self) -> Json:
        act = self._act
        content: list[dict[str, Json]] = []
        if act.reasoning:
            content.append({"type": "thinking", "thinking": act.reasoning, "signature": "c2ln"})
        if self._forced:
            given = msgspec.json.decode(act.whole_text)
            content.append({"type": "tool_use", "id": "toolu_0", "name": self._forced, "input": given})
        elif act.whole_text:
            content.append({"type": "text", "text": act.whole_text})
        content += [
            {"type": "tool_use", "id": call.id, "name": call.name, "input": self._input(call)}
            for call in act.tool_calls
        ]
        whole = {**self._message(), "content": [] if act.empty else content, "stop_reason": self._stop()}
        if act.usage is not None:
            whole["usage"] = {**self._counted(), "output_tokens": self._made(), **act.usage_fields}
        return whole

    def opening(self) -> Iterator[bytes]:
        act = self._act
        message = self._message()
        if act.usage is not None:
            message["usage"] = {**self._counted(), "output_tokens": 1}
        yield event("message_start", {"message": message})
        yield event("ping", {})
        if act.empty:
            return
        if act.reasoning:
            yield self._start({"type": "thinking", "thinking": "", "signature": ""})
            yield self._delta({"type": "thinking_delta", "thinking": act.reasoning})
            yield self._delta({"type": "signature_delta", "signature": "c2ln"})
            yield self._stopped()
        if self._forced:
            yield self._start({"type": "tool_use", "id": "toolu_0", "name": self._forced, "input": {}})
        elif act.said:
            yield self._start({"type": "text", "text": ""})

    def piece(self, text: str) -> bytes:
        if self._forced:
            return self._delta({"type": "input_json_delta", "partial_json": text})
        return self._delta({"type": "text_delta", "text": text})

    def closing(self) -> Iterator[bytes]:
        act = self._act
        if act.said and not act.empty:
            yield self._stopped()
        for call in act.tool_calls:
            yield self._start({"type": "tool_use", "id": call.id, "name": call.name, "input": {}})
            for half in halves(arguments_text(act, call)):
                yield self._delta({"type": "input_json_delta", "partial_json": half})
            yield self._stopped()
        if act.end == "silent":
            return
        if act.end != "unexplained":
            ending: dict[str, Json] = {"delta": {"stop_reason": self._stop(), "stop_sequence": None}}
            if act.usage is not None:
                ending["usage"] = {"output_tokens": self._made(), **act.usage_fields}
                if act.usage.reasoning_tokens:
                    ending["usage"]["output_tokens_details"] = {"thinking_tokens": act.usage.reasoning_tokens}
            yield event("message_delta", ending)
        if act.end in ("whole", "unexplained"):
            yield event("message_stop", {})

    def error_event(self) -> bytes:
        if self._act.error is None:
            return event("error", {"error": {"type": self._act.error_type, "message": "the vendor gave up"}})
        said = words_of(ERRORS, self._act)
        return event("error", {"error": {"type": said.type, "message": said.message}})

    def _message(self) -> dict[str, Json]:
        return {
            "id": "msg_1",
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
        }

    def _stop(self) -> str | None:
        if self._act.end == "silent":
            return None
        if self._act.tool_calls or self._forced:
            return "tool_use"
        return _STOP.get(self._act.stop_reason, "end_turn")

    def _input(self, call: ToolCall) -> Json:
        return call.arguments if self._act.tool_arguments is None else self._act.tool_arguments

    def _counted(self) -> dict[str, Json]:
        used = self._act.usage
        assert used is not None
        return {
            "input_tokens": used.input_tokens,
            "cache_read_input_tokens": used.cache_read_tokens,
            "cache_creation_input_tokens": used.cache_write_tokens,
        }

    def _made(self) -> int:
        used = self._act.usage
        return 0 if used is None else used.output_tokens + used.reasoning_tokens

    def _start(self, block: dict[str, Json]) -> bytes:
        return event("content_block_start", {"index": self._block, "content_block": block})

    def _delta(self, delta: dict[str, Json]) -> bytes:
        return event("content_block_delta", {"index": self._block, "delta": delta})

    def _stopped(self) -> bytes:
        self._block += 1
        return event("content_block_stop", {"index": self._block - 1})


def _takes(asked: Asked, text: str) -> str:
    """The tool that has to be called with this text as its arguments; empty where none has to."""
    try:
        given = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return ""
    if not asked.must_call or not isinstance(given, dict):
        return ""
    if asked.must_call != "*":
        return asked.must_call
    fit = [tool for tool in asked.tools if set(entries(tool.parameters.get("required"))) <= given.keys()]
    return max(
        fit, key=lambda tool: len(given.keys() & fields(tool.parameters.get("properties"))), default=Tool(name="")
    ).name


# ---------------------------------------------------------------- what is refused

_INVALID = "invalid_request_error"
ERRORS: Mapping[ErrorKind, Words] = MappingProxyType(
    {
        "bad_request": Words(400, _INVALID, None, "messages: Input should be a valid list"),
        "filtered": Words(400, _INVALID, None, "Output blocked by content filtering policy"),
        "forbidden": Words(
            403, "permission_error", None, "Your API key does not have permission to use the specified resource."
        ),
        "gone": Words(410, "not_found_error", None, "This model has been retired and is no longer available."),
        "no_model": Words(404, "not_found_error", None, "model: no-such-model"),
        "overloaded": Words(529, "overloaded_error", None, "Overloaded"),
        "payment": Words(402, "billing_error", None, "There is an issue with your billing or payment information."),
        "prefill": Words(
            400,
            _INVALID,
            None,
            "This model does not support assistant message prefill. The conversation must end with a user message.",
        ),
        "quota": Words(
            400,
            _INVALID,
            None,
            "Your credit balance is too low to access the Anthropic API. Please go to Plans & Billing.",
        ),
        "rate_limited": Words(
            429, "rate_limit_error", None, "This request would exceed your organization's rate limit of 50 requests."
        ),
        "server_error": Words(500, "api_error", None, "Internal server error"),
        "too_large": Words(413, "request_too_large", None, "Request exceeds the maximum allowed number of bytes."),
        "too_long": Words(400, _INVALID, None, "prompt is too long: 213462 tokens > 200000 maximum"),
        "unauthorized": Words(401, "authentication_error", None, "invalid x-api-key"),
        "unsupported_parameter": Words(400, _INVALID, None, "`temperature` is not supported by this model"),
    }
)


def refused(said: Words, _act: Act) -> Json:
    return {"type": "error", "error": {"type": said.type, "message": said.message}, "request_id": "req_1"}


ANTHROPIC = Dialect(read, MessagesSpeech, ERRORS, refused, flaw)
