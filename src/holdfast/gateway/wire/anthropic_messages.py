"""Anthropic's messages dialect: the request.

Does not know how bytes travel. Output that must match a schema is asked for as a forced call of one extra tool whose
parameters are the schema: every Claude model since 3 takes that, the newer structured-output parameter only some do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from holdfast.gateway.provider import Provider
from holdfast.gateway.wire import call_ids
from holdfast.gateway.wire.asked import has_begun, in_base64, in_words, parameters_of, pieces, pruned, system_text
from holdfast.messages import Effort, Media, Message, Tool
from holdfast.records import Generate, Json

VERSION = "2023-06-01"
DEFAULT_MAX_TOKENS = 8192
"""The dialect demands a bound; this one every Claude model since 3.5 accepts."""

ANSWER_TOOL = "holdfast_answer"

CACHED_FROM_CHARACTERS = 4096
"""A shorter beginning is under 1,024 tokens, the least that any Claude model keeps; a mark on it would do nothing."""

_BUDGETS: Mapping[Effort, int] = MappingProxyType({"minimal": 1024, "low": 2048, "medium": 8192, "high": 16384})
_LEAST_BUDGET = 1024
_BY_BUDGET = re.compile(r"claude-(?:3|(?:opus|sonnet|haiku)-4(?:-[0-5])?(?:-\d{8}|-latest)?$)")
"""The models that think within a budget of tokens; later ones set their own by an effort."""


def url(provider: Provider, _model: str, _streaming: bool) -> str:
    """With or without /v1: both forms of base_url are in use."""
    base = provider.base_url.rstrip("/")
    return f"{base}/messages" if base.endswith("/v1") else f"{base}/v1/messages"


def headers(key: str | None) -> dict[str, str]:
    return {"anthropic-version": VERSION, **({"x-api-key": key} if key else {})}


def body(
    request: Generate, model: str, _provider: Provider, streaming: bool = True, without: frozenset[str] = frozenset()
) -> dict[str, Json]:
    """The request body. A seed and penalties are left out: the dialect has none. `without` names what else to leave
    out (see `asked.pruned`); a schema that is left out is said in words."""
    request = in_words(request) if "json_schema" in without else request
    request = pruned(request, without)
    system, sampling = system_text(request), request.sampling
    turns = _turns(request.messages)
    sent: dict[str, Json] = {
        "model": model,
        "max_tokens": sampling.max_tokens or DEFAULT_MAX_TOKENS,
        "messages": turns or [{"role": "user", "content": system}],
    }
    if streaming:
        sent["stream"] = True
    if system and turns:
        sent["system"] = system
    if sampling.stop:
        sent["stop_sequences"] = list(sampling.stop)
    _offer(sent, request)
    _keep_beginning(sent)
    _think(sent, request, model)
    if "thinking" not in sent:  # which goes with no sampling of one's own
        drawn = {"temperature": sampling.temperature, "top_p": sampling.top_p}
        sent.update({name: value for name, value in drawn.items() if value is not None})
    return sent


def _offer(sent: dict[str, Json], request: Generate) -> None:
    offered = request.tools or _called(request.messages)
    tools: list[dict[str, Json]] = [
        {"name": tool.name, "description": tool.description, "input_schema": parameters_of(tool.parameters)}
        for tool in offered
    ]
    choice: dict[str, Json] | None = None
    match request.tool_choice if request.tools else "none" if offered else "auto":
        case "auto":
            pass
        case "none":
            choice = {"type": "none"}
        case "required":
            choice = {"type": "any"}
        case name:
            choice = {"type": "tool", "name": name}
    if request.schema is not None:
        tools.append({"name": ANSWER_TOOL, "description": "Give the final answer.", "input_schema": request.schema})
        if not request.tools or request.tool_choice == "none":
            choice = {"type": "tool", "name": ANSWER_TOOL}
        elif choice is None:
            choice = {"type": "any"}
    if not tools:
        return
    sent["tools"] = tools
    if request.sampling.parallel_tool_calls is False and (choice is None or choice["type"] != "none"):
        choice = {**(choice or {"type": "auto"}), "disable_parallel_tool_use": True}
    if choice is not None:
        sent["tool_choice"] = choice


def _called(messages: tuple[Message, ...]) -> tuple[Tool, ...]:
    """The tools that were called before, by name: a conversation with calls in it is refused without any tools."""
    names = dict.fromkeys(call.name for message in messages for call in message.tool_calls)
    return tuple(Tool(name=name) for name in names)


def _keep_beginning(sent: dict[str, Json]) -> None:
    """Mark the beginning that calls share, tools and then system text, to be kept by the vendor, where it is long
    enough to be kept at all."""
    system, tools = sent.get("system", ""), sent.get("tools", [])
    written = len(system) + (len(msgspec.json.encode(tools)) if tools else 0)
    if written < CACHED_FROM_CHARACTERS:
        return
    mark = {"type": "ephemeral"}
    if system:
        sent["system"] = [{"type": "text", "text": system, "cache_control": mark}]
    elif tools:
        tools[-1] = {**tools[-1], "cache_control": mark}


def _think(sent: dict[str, Json], request: Generate, model: str) -> None:
    """Let the model think as much as was asked for, where the dialect allows it: not with a forced call, not while an
    answer is continued, and not after a tool's result, which would need the thoughts before the call."""
    effort = request.sampling.reasoning_effort
    last = request.messages[-1] if request.messages else None
    if effort is None or effort == "none" or last is None or last.role == "tool" or has_begun(request):
        return
    if sent.get("tool_choice", {}).get("type") in ("any", "tool"):
        return
    if not _BY_BUDGET.match(model):
        sent["thinking"] = {"type": "adaptive"}
        sent["output_config"] = {"effort": "low" if effort == "minimal" else effort}
        return
    budget = _BUDGETS[effort]
    if request.sampling.max_tokens is None:
        sent["max_tokens"] += budget
    else:
        budget = min(budget, request.sampling.max_tokens // 2)  # the bound is on thoughts and answer together
    if budget >= _LEAST_BUDGET:
        sent["thinking"] = {"type": "enabled", "budget_tokens": budget}


def _turns(messages: tuple[Message, ...]) -> list[dict[str, Json]]:
    """Alternating turns: neighbours of one side are one turn, as the dialect wants for tool results."""
    turns: list[dict[str, Json]] = []
    for position, message in enumerate(messages):
        if message.role == "system":
            continue
        role = "assistant" if message.role == "assistant" else "user"
        blocks = _blocks(message, last=position == len(messages) - 1)
        if not blocks:
            continue
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"].extend(blocks)
        else:
            turns.append({"role": role, "content": blocks})
    return turns


def _blocks(message: Message, last: bool) -> list[dict[str, Json]]:
    parts = [_block(piece) for piece in pieces(message) if not isinstance(piece, str) or piece.strip()]
    if message.role == "tool":
        content: Json = parts if message.media else message.text
        name = call_ids.plain(message.tool_call_id or "")
        return [{"type": "tool_result", "tool_use_id": name, "content": content}]
    if message.role == "assistant" and last and parts and parts[-1]["type"] == "text":
        parts[-1]["text"] = parts[-1]["text"].rstrip()  # an answer that has begun must not end in space
    return parts + [
        {"type": "tool_use", "id": call_ids.plain(call.id), "name": call.name, "input": call.arguments}
        for call in message.tool_calls
    ]


def _block(piece: str | Media) -> dict[str, Json]:
    if isinstance(piece, str):
        return {"type": "text", "text": piece}
    source = {"type": "base64", "media_type": piece.media_type, "data": in_base64(piece)}
    if piece.media_type.startswith("image/"):
        return {"type": "image", "source": source}
    return {"type": "document", "source": source, **({"title": piece.name} if piece.name else {})}
