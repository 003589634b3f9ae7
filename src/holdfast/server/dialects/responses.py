"""OpenAI's responses as they are asked: the request, read and understood.

Knows nothing of what answers or how the answer is written.
"""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from holdfast.records import Json, Message, Sampling, Tool, ToolCall
from holdfast.server.dialects.asked import Asked, Given, Piece, any_object, bound, effort, joined, one_of, tool
from holdfast.server.dialects.wrong import Wrong, arguments, decoded, flat, refuse

_ROLES = MappingProxyType({"system": "system", "developer": "system", "user": "user", "assistant": "assistant"})


class InputPart(Struct, frozen=True):
    """A part of an item's content; which fields count is told by `type`."""

    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None


class Item(Struct, frozen=True):
    """One item of the input: a turn, a call of a tool, or what came of it."""

    type: str = "message"
    role: str = ""
    content: str | tuple[InputPart, ...] | None = None
    call_id: str = ""
    name: str = ""
    arguments: str = ""
    output: str | tuple[InputPart, ...] | None = None


class ToolDeclared(Struct, frozen=True):
    type: str = "function"
    name: str = ""
    description: str | None = None
    parameters: dict[str, Json] | None = None


class TextFormat(Struct, frozen=True):
    type: str = "text"
    schema: dict[str, Json] | None = None


class TextGiven(Struct, frozen=True):
    format: TextFormat | None = None
    verbosity: str | None = None


class Reasoning(Struct, frozen=True):
    effort: str | None = None


class ResponsesRequest(Struct, frozen=True, kw_only=True):
    """A request for a response. `model` is a feature, `slot:NAME`, or `provider:model`.

    `previous_response_id` is the id of a response of this project. Fields that do not change the answer are passed
    over; those that would, and are not done, are refused.
    """

    model: str
    input: str | tuple[Item, ...] = ()
    instructions: str | None = None
    previous_response_id: str | None = None
    stream: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    reasoning: Reasoning | None = None
    text: TextGiven | None = None
    tools: tuple[ToolDeclared, ...] | None = None
    tool_choice: str | dict[str, Json] | None = None
    parallel_tool_calls: bool | None = None
    truncation: str | None = None
    background: bool | None = None
    conversation: Json = None
    prompt: Json = None
    max_tool_calls: int | None = None
    top_logprobs: int | None = None


_decoder = msgspec.json.Decoder(ResponsesRequest)


def parse(body: bytes) -> Asked:
    """What is asked. Raises Refused (HF700), and Wrong (HF730) for what cannot be done."""
    given = decoded(_decoder, body)
    if given.truncation not in (None, "disabled"):
        raise Wrong("truncation", "'truncation' is not done here", "leave it out, and send what is to be read")
    refuse({name: getattr(given, name) for name in ("background", "conversation", "prompt", "max_tool_calls")})
    refuse({"top_logprobs": given.top_logprobs})
    if given.text is not None and given.text.verbosity not in (None, "medium"):
        raise Wrong("text.verbosity", "'text.verbosity' is not done here", "say it in the instructions")
    if not given.input:
        raise Wrong("input", "there is no input", "send a text or items")
    items = (Item(role="user", content=given.input),) if isinstance(given.input, str) else given.input
    turns, attached = _turns(items)
    tools = tuple(_tool(each, f"tools[{at}]") for at, each in enumerate(given.tools or ()))
    return Asked(
        model=given.model,
        turns=turns,
        given=attached,
        instructions=given.instructions or "",
        tools=tools,
        tool_choice=_choice(given.tool_choice, tools),
        schema=_schema(given.text.format if given.text is not None else None),
        sampling=Sampling(
            temperature=given.temperature,
            top_p=given.top_p,
            max_tokens=bound(given.max_output_tokens, "max_output_tokens"),
            reasoning_effort=effort(given.reasoning.effort if given.reasoning else None, "reasoning.effort"),
            parallel_tool_calls=given.parallel_tool_calls,
        ),
        stream=bool(given.stream),
        previous=given.previous_response_id,
    )


def _turns(items: tuple[Item, ...]) -> tuple[tuple[Message, ...], tuple[Given, ...]]:
    turns, attached = list[Message](), list[Given]()
    for at, item in enumerate(items):
        param = f"input[{at}]"
        if item.type == "reasoning":
            continue  # what a model thought is for the vendor that sealed it
        if item.type == "function_call":
            call = ToolCall(id=item.call_id, name=item.name, arguments=arguments(item.arguments, f"{param}.arguments"))
            if turns and turns[-1].role == "assistant":
                turns[-1] = replace(turns[-1], tool_calls=(*turns[-1].tool_calls, call))
            else:
                turns.append(Message(role="assistant", tool_calls=(call,)))
            continue
        if item.type == "function_call_output":
            text, given = _content(item.output, f"{param}.output", len(turns))
            turns.append(Message(role="tool", text=text, tool_call_id=item.call_id))
        elif item.type == "message" and (role := _ROLES.get(item.role)) is not None:
            text, given = _content(item.content, f"{param}.content", len(turns))
            turns.append(Message(role=role, text=text))  # type: ignore[arg-type]  # one of the four
        else:
            what = f"role '{item.role}'" if item.type == "message" else f"type '{item.type}'"
            fix = "send messages, function_call and function_call_output items"
            raise Wrong(param, f"{param}: an item of {what} cannot be taken", fix)
        attached += given
    return tuple(turns), tuple(attached)


def _content(content: str | tuple[InputPart, ...] | None, param: str, turn: int) -> tuple[str, list[Given]]:
    return joined(_pieces(content, param), turn) if isinstance(content, tuple) else (content or "", [])


def _pieces(parts: tuple[InputPart, ...], param: str) -> Iterator[Piece]:
    for at, part in enumerate(parts):
        where = f"{param}[{at}]"
        name = part.filename or ""
        if part.type in ("input_text", "output_text", "text"):
            yield part.text or ""
        elif part.type == "refusal":
            yield part.refusal or ""
        elif part.type == "input_image" and part.image_url is not None:
            yield Given(source=part.image_url, encoded=False, param=f"{where}.image_url")
        elif part.type == "input_file" and part.file_data is not None:
            encoded = not part.file_data.startswith("data:")
            yield Given(source=part.file_data, encoded=encoded, param=f"{where}.file_data", name=name)
        elif part.type == "input_file" and part.file_url is not None:
            yield Given(source=part.file_url, encoded=False, param=f"{where}.file_url", name=name)
        else:
            fix = "send input_text, input_image with image_url, or input_file with file_data or file_url"
            raise Wrong(where, f"{where}: a part of type '{part.type}' cannot be taken like that", fix)


def _tool(given: ToolDeclared, param: str) -> Tool:
    if given.type != "function":
        raise Wrong(param, f"a tool of type '{given.type}' is not done here", "send tools of type function")
    return tool(given.name, given.description, given.parameters, param)


def _choice(given: str | dict[str, Json] | None, tools: tuple[Tool, ...]) -> str:
    if given is None:
        return "auto"
    if isinstance(given, str) and given in ("auto", "none", "required"):
        return given
    if isinstance(given, dict) and given.get("type") == "function":
        return one_of(str(given.get("name")), tools, "tool_choice")
    raise Wrong("tool_choice", "tool_choice cannot be taken like that", "send auto, none, required or a function")


def _schema(given: TextFormat | None) -> dict[str, Json] | None:
    if given is None or given.type == "text":
        return None
    if given.type == "json_object":
        return any_object()
    if given.type == "json_schema" and given.schema:
        return flat(given.schema)
    fix = "send text, json_object, or json_schema with a schema"
    raise Wrong("text.format", f"text.format of type '{given.type}' cannot be taken like that", fix)
