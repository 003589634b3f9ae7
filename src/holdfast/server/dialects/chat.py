"""OpenAI's chat completions as they are asked: the request, read and understood.

Knows nothing of what answers or how the answer is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

import msgspec
from msgspec import Struct

from holdfast.records import Json, Message, Sampling, Tool, ToolCall
from holdfast.server.dialects.asked import (
    Asked,
    Given,
    Piece,
    any_object,
    bound,
    effort,
    joined,
    one_of,
    stops,
    tool,
)
from holdfast.server.dialects.wrong import Wrong, arguments, decoded, flat, refuse

_ROLES = MappingProxyType(
    {"system": "system", "developer": "system", "user": "user", "assistant": "assistant", "tool": "tool"}
)


class ImageUrl(Struct, frozen=True):
    url: str


class FileGiven(Struct, frozen=True):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class Part(Struct, frozen=True):
    """A part of a turn's content; which fields count is told by `type`."""

    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: ImageUrl | str | None = None
    file: FileGiven | None = None


class Called(Struct, frozen=True):
    name: str = ""
    arguments: str = ""


class CallGiven(Struct, frozen=True):
    id: str = ""
    function: Called | None = None


class Turn(Struct, frozen=True):
    """One turn; a `tool` turn answers the call named by `tool_call_id`."""

    role: str
    content: str | tuple[Part, ...] | None = None
    tool_calls: tuple[CallGiven, ...] | None = None
    tool_call_id: str | None = None


class FunctionGiven(Struct, frozen=True):
    name: str = ""
    description: str | None = None
    parameters: dict[str, Json] | None = None


class ToolGiven(Struct, frozen=True):
    type: str = "function"
    function: FunctionGiven | None = None


class SchemaGiven(Struct, frozen=True):
    schema: dict[str, Json] | None = None


class Format(Struct, frozen=True):
    type: str
    json_schema: SchemaGiven | None = None


class StreamOptions(Struct, frozen=True):
    include_usage: bool = False


class ChatRequest(Struct, frozen=True, kw_only=True):
    """A request for a chat completion. `model` is a feature, `slot:NAME`, or `provider:model`.

    Fields that do not change the answer are passed over; those that would, and are not done, are refused.
    """

    model: str
    messages: tuple[Turn, ...]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | tuple[str, ...] | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    reasoning_effort: str | None = None
    tools: tuple[ToolGiven, ...] | None = None
    tool_choice: str | dict[str, Json] | None = None
    parallel_tool_calls: bool | None = None
    response_format: Format | None = None
    n: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    logit_bias: dict[str, float] | None = None
    modalities: tuple[str, ...] | None = None
    audio: Json = None
    functions: Json = None
    function_call: Json = None
    web_search_options: Json = None
    verbosity: str | None = None


_decoder = msgspec.json.Decoder(ChatRequest)


def parse(body: bytes) -> Asked:
    """What is asked. Raises Refused (HF700), and Wrong (HF730) for what cannot be done."""
    given = decoded(_decoder, body)
    if given.n not in (None, 1):
        raise Wrong("n", f"n is {given.n}", "ask for one choice, as often as needed")
    if given.modalities not in (None, ("text",)):
        raise Wrong("modalities", "only text is answered", "leave modalities out")
    if given.verbosity not in (None, "medium"):
        raise Wrong("verbosity", "'verbosity' is not done here", "say in the messages how long the answer should be")
    refused = ("logprobs", "top_logprobs", "logit_bias", "audio", "functions", "function_call", "web_search_options")
    refuse({name: getattr(given, name) for name in refused})
    if not given.messages:
        raise Wrong("messages", "there are no messages", "send at least one")
    turns, attached = _turns(given.messages)
    tools = tuple(_tool(each, f"tools[{at}]") for at, each in enumerate(given.tools or ()))
    return Asked(
        model=given.model,
        turns=turns,
        given=attached,
        tools=tools,
        tool_choice=_choice(given.tool_choice, tools),
        schema=_schema(given.response_format),
        sampling=_sampling(given),
        stream=bool(given.stream),
        include_usage=given.stream_options is not None and given.stream_options.include_usage,
    )


def _sampling(given: ChatRequest) -> Sampling:
    return Sampling(
        temperature=given.temperature,
        top_p=given.top_p,
        max_tokens=bound(given.max_completion_tokens or given.max_tokens, "max_completion_tokens"),
        seed=given.seed,
        stop=stops(given.stop),
        presence_penalty=given.presence_penalty,
        frequency_penalty=given.frequency_penalty,
        reasoning_effort=effort(given.reasoning_effort, "reasoning_effort"),
        parallel_tool_calls=given.parallel_tool_calls,
    )


def _turns(messages: tuple[Turn, ...]) -> tuple[tuple[Message, ...], tuple[Given, ...]]:
    turns, attached = list[Message](), list[Given]()
    for at, turn in enumerate(messages):
        role = _ROLES.get(turn.role)
        if role is None:
            raise Wrong(f"messages[{at}].role", f"there is no role '{turn.role}'", f"use one of: {', '.join(_ROLES)}")
        if isinstance(turn.content, tuple):
            text, given = joined(_pieces(turn.content, f"messages[{at}].content"), at)
            attached += given
        else:
            text = turn.content or ""
        calls = tuple(
            _call(each, f"messages[{at}].tool_calls[{place}]") for place, each in enumerate(turn.tool_calls or ())
        )
        turns.append(Message(role=role, text=text, tool_calls=calls, tool_call_id=turn.tool_call_id))  # type: ignore[arg-type]  # one of four
    return tuple(turns), tuple(attached)


def _pieces(parts: tuple[Part, ...], param: str) -> Iterator[Piece]:
    for at, part in enumerate(parts):
        where = f"{param}[{at}]"
        if part.type == "text":
            yield part.text or ""
        elif part.type == "refusal":
            yield part.refusal or ""
        elif part.type == "image_url" and part.image_url is not None:
            url = part.image_url if isinstance(part.image_url, str) else part.image_url.url
            yield Given(source=url, encoded=False, param=f"{where}.image_url")
        elif part.type == "file" and part.file is not None and part.file.file_data is not None:
            data = part.file.file_data
            encoded = not data.startswith("data:")
            yield Given(source=data, encoded=encoded, param=f"{where}.file", name=part.file.filename or "")
        else:
            fix = "send text, image_url, or file with file_data"
            raise Wrong(where, f"{where}: a part of type '{part.type}' cannot be taken like that", fix)


def _call(given: CallGiven, param: str) -> ToolCall:
    if given.function is None or not given.function.name:
        raise Wrong(param, f"{param} names no function", "send the call as the model gave it")
    read = arguments(given.function.arguments, f"{param}.function.arguments")
    return ToolCall(id=given.id, name=given.function.name, arguments=read)


def _tool(given: ToolGiven, param: str) -> Tool:
    if given.type != "function" or given.function is None:
        raise Wrong(param, f"a tool of type '{given.type}' is not done here", "send tools of type function")
    return tool(given.function.name, given.function.description, given.function.parameters, param)


def _choice(given: str | dict[str, Json] | None, tools: tuple[Tool, ...]) -> str:
    if given is None:
        return "auto"
    if isinstance(given, str) and given in ("auto", "none", "required"):
        return given
    function = given.get("function") if isinstance(given, dict) and given.get("type") == "function" else None
    if not isinstance(function, dict):
        raise Wrong("tool_choice", "tool_choice cannot be taken like that", "send auto, none, required or a function")
    return one_of(str(function.get("name")), tools, "tool_choice")


def _schema(given: Format | None) -> dict[str, Json] | None:
    if given is None or given.type == "text":
        return None
    if given.type == "json_object":
        return any_object()
    if given.type == "json_schema" and given.json_schema is not None and given.json_schema.schema:
        return flat(given.json_schema.schema)
    raise Wrong(
        "response_format",
        f"response_format of type '{given.type}' cannot be taken like that",
        "send text, json_object, or json_schema with a schema",
    )
