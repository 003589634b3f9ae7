"""Anthropic's messages as they are asked: the request, read and understood.

Knows nothing of what answers or how the answer is written.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from msgspec import Struct

from holdfast.messages import Effort
from holdfast.records import Json, Message, Sampling, Tool, ToolCall
from holdfast.server.dialects.asked import Asked, Given, Piece, bound, effort, joined, one_of, tool
from holdfast.server.dialects.wrong import Wrong, decoded, flat, refuse

_PASSED_OVER = ("thinking", "redacted_thinking")
"""What a model thought is sealed for the vendor that gave it."""
_BUDGETS: tuple[tuple[int, Effort], ...] = ((2048, "low"), (8192, "medium"))


class Source(Struct, frozen=True):
    type: str
    media_type: str = ""
    data: str | None = None
    url: str | None = None
    content: str | tuple[Block, ...] | None = None


class Block(Struct, frozen=True):
    """A block of a turn's content; which fields count is told by `type`."""

    type: str
    text: str | None = None
    source: Source | None = None
    title: str | None = None
    id: str = ""
    name: str = ""
    input: dict[str, Json] | None = None
    tool_use_id: str = ""
    content: Json = None


class MessageGiven(Struct, frozen=True):
    role: str
    content: str | tuple[Block, ...]


class ToolOffered(Struct, frozen=True):
    name: str = ""
    type: str | None = None
    description: str | None = None
    input_schema: dict[str, Json] | None = None


class ToolWanted(Struct, frozen=True):
    type: str
    name: str = ""
    disable_parallel_tool_use: bool | None = None


class Thinking(Struct, frozen=True):
    type: str
    budget_tokens: int | None = None


class OutputFormat(Struct, frozen=True):
    type: str
    schema: dict[str, Json] | None = None


class OutputConfig(Struct, frozen=True):
    effort: str | None = None
    format: OutputFormat | None = None


class MessagesRequest(Struct, frozen=True, kw_only=True):
    """A request for a message. `model` is a feature, `slot:NAME`, or `provider:model`.

    Fields that do not change the answer are passed over; those that would, and are not done, are refused.
    """

    model: str
    messages: tuple[MessageGiven, ...]
    max_tokens: int | None = None
    system: str | tuple[Block, ...] | None = None
    stream: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: tuple[str, ...] | None = None
    tools: tuple[ToolOffered, ...] | None = None
    tool_choice: ToolWanted | None = None
    thinking: Thinking | None = None
    output_config: OutputConfig | None = None
    output_format: OutputFormat | None = None
    top_k: int | None = None
    container: Json = None
    mcp_servers: Json = None


_decoder = msgspec.json.Decoder(MessagesRequest)


def parse(body: bytes) -> Asked:
    """What is asked. Raises Refused (HF700), and Wrong (HF730) for what cannot be done."""
    given = decoded(_decoder, body)
    if given.max_tokens is None:
        raise Wrong("max_tokens", "max_tokens: Field required", "send how long the answer may be, in tokens")
    return understood(given)


def parse_for_count(body: bytes) -> Asked:
    """What is asked, as for `parse`; no length need be given."""
    return understood(decoded(_decoder, body))


def understood(given: MessagesRequest) -> Asked:
    """The request in no dialect's words. Raises Wrong (HF730) for what cannot be done."""
    refuse({name: getattr(given, name) for name in ("top_k", "container", "mcp_servers")})
    if not given.messages:
        raise Wrong("messages", "there are no messages", "send at least one")
    system, _ = _text(given.system, "system", 0)
    turns, attached = _turns(given.messages)
    tools = tuple(_tool(each, f"tools.{at}") for at, each in enumerate(given.tools or ()))
    wanted, config = given.tool_choice, given.output_config or OutputConfig()
    one_at_a_time = wanted is not None and wanted.disable_parallel_tool_use
    return Asked(
        model=given.model,
        turns=turns,
        given=attached,
        instructions=system,
        tools=tools,
        tool_choice=_choice(wanted, tools),
        schema=_schema(config.format or given.output_format),
        sampling=Sampling(
            temperature=given.temperature,
            top_p=given.top_p,
            max_tokens=bound(given.max_tokens, "max_tokens"),
            stop=given.stop_sequences or (),
            reasoning_effort=effort(config.effort, "output_config.effort") or _effort(given.thinking),
            parallel_tool_calls=False if one_at_a_time else None,
        ),
        stream=bool(given.stream),
    )


def _turns(messages: tuple[MessageGiven, ...]) -> tuple[tuple[Message, ...], tuple[Given, ...]]:
    """Turns; the results of tools, which here stand within a user's turn, become turns of their own before it."""
    turns, attached = list[Message](), list[Given]()
    for at, message in enumerate(messages):
        param = f"messages.{at}.content"
        if message.role not in ("user", "assistant"):
            raise Wrong(f"messages.{at}.role", f"there is no role '{message.role}'", "use user or assistant")
        blocks = message.content if isinstance(message.content, tuple) else ()
        for place, block in enumerate(blocks):
            if block.type == "tool_result":
                content = _blocks(block.content, f"{param}.{place}.content")
                text, given = _text(content, f"{param}.{place}.content", len(turns))
                turns.append(Message(role="tool", text=text, tool_call_id=block.tool_use_id))
                attached += given
        rest = tuple(block for block in blocks if block.type not in ("tool_result", "tool_use"))
        if blocks and not rest and any(block.type == "tool_result" for block in blocks):
            continue
        text, given = _text(message.content if not blocks else rest, param, len(turns))
        calls = tuple(
            ToolCall(id=block.id, name=block.name, arguments=flat(block.input or {}))
            for block in blocks
            if block.type == "tool_use"
        )
        turns.append(Message(role=message.role, text=text, tool_calls=calls))  # type: ignore[arg-type]  # one of two
        attached += given
    return tuple(turns), tuple(attached)


def _text(content: str | tuple[Block, ...] | None, param: str, turn: int) -> tuple[str, list[Given]]:
    return joined(_pieces(content, param), turn) if isinstance(content, tuple) else (content or "", [])


def _blocks(content: Json, param: str) -> str | tuple[Block, ...]:
    if content is None or isinstance(content, str):
        return content or ""
    try:
        return msgspec.convert(content, tuple[Block, ...])
    except msgspec.ValidationError as error:
        raise Wrong(param, f"{param}: {error}", "send a text or blocks") from error


def _pieces(blocks: tuple[Block, ...], param: str) -> Iterator[Piece]:
    for at, block in enumerate(blocks):
        where, source = f"{param}.{at}", block.source
        name = block.title or ""
        if block.type == "text":
            yield block.text or ""
        elif block.type in _PASSED_OVER:
            continue
        elif block.type in ("image", "document") and source is not None and source.type in ("base64", "url"):
            given = source.data if source.type == "base64" else source.url
            yield Given(source=given or "", encoded=source.type == "base64", param=f"{where}.source", name=name)
        elif block.type == "document" and source is not None and source.type == "text":
            yield f"{name}\n{source.data or ''}".lstrip("\n")
        elif block.type == "document" and source is not None and source.type == "content":
            if name:
                yield name
            content = source.content
            yield from _pieces(content, f"{where}.source.content") if isinstance(content, tuple) else (content or "",)
        else:
            fix = "send text, image or document blocks, with a source of type base64, url or text"
            raise Wrong(where, f"{where}: a block of type '{block.type}' cannot be taken like that", fix)


def _tool(given: ToolOffered, param: str) -> Tool:
    if given.type not in (None, "custom"):
        raise Wrong(param, f"a tool of type '{given.type}' is not done here", "send tools with an input_schema")
    return tool(given.name, given.description, given.input_schema, param)


def _choice(given: ToolWanted | None, tools: tuple[Tool, ...]) -> str:
    if given is None:
        return "auto"
    match given.type:
        case "auto" | "none":
            return given.type
        case "any":
            return "required"
        case "tool":
            return one_of(given.name, tools, "tool_choice.name")
        case _:
            raise Wrong("tool_choice", f"tool_choice of type '{given.type}' is not known", "send auto, any, tool, none")


def _schema(given: OutputFormat | None) -> dict[str, Json] | None:
    if given is None:
        return None
    if given.type != "json_schema" or not given.schema:
        fix = "send json_schema with a schema"
        raise Wrong("output_config.format", f"a format of type '{given.type}' cannot be taken like that", fix)
    return flat(given.schema)


def _effort(given: Thinking | None) -> Effort | None:
    """How much may be reasoned: a budget of tokens, in words."""
    if given is None or given.type == "adaptive":
        return None
    if given.type == "disabled":
        return "none"
    budget = given.budget_tokens or 0
    return next((word for most, word in _BUDGETS if budget <= most), "high")
