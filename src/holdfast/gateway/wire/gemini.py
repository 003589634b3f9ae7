"""Google's Gemini dialect (generateContent), as Google AI Studio speaks it: the request.

Does not know how bytes travel.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

import msgspec

from holdfast.gateway.provider import Provider
from holdfast.gateway.wire import call_ids
from holdfast.gateway.wire.asked import in_base64, in_words, pieces, pruned, system_text
from holdfast.messages import Effort, Media, Message, ToolCall
from holdfast.records import Generate, Json

UNSIGNED = "c2tpcF90aG91Z2h0X3NpZ25hdHVyZV92YWxpZGF0b3I="
"""`skip_thought_signature_validator` in base64, which Google's guide to thought signatures gives for a call that
another model made. Since Gemini 3 a call without a signature is refused."""

_BUDGETS: Mapping[Effort, int] = MappingProxyType(
    {"none": 0, "minimal": 512, "low": 1024, "medium": 8192, "high": 24576}
)
_VERSION = re.compile(r"/v\d\w*(/|$)")
_BY_BUDGET = re.compile(r"gemini-2\.")
_UNSIGNED_FINE = re.compile(r"gemini-[12]\.|gemma")
_LEAST_OF_PRO = 128  # a "pro" model of 2.5 cannot be told not to think


def url(provider: Provider, model: str, streaming: bool) -> str:
    operation = "streamGenerateContent?alt=sse" if streaming else "generateContent"
    return f"{home(provider)}/{path_of(model)}:{operation}"


def home(provider: Provider) -> str:
    """Where the API is. Without a version in the path it is v1beta: only that has tools and schemas."""
    base = provider.base_url.rstrip("/")
    return base if _VERSION.search(base) else f"{base}/v1beta"


def path_of(model: str) -> str:
    """A model's name as it stands in paths; a tuned model brings its own prefix."""
    return quote(model if "/" in model else f"models/{model}", safe="/")


def headers(key: str | None) -> dict[str, str]:
    return {"x-goog-api-key": key} if key else {}


def body(
    request: Generate, model: str, _provider: Provider, _streaming: bool = True, without: frozenset[str] = frozenset()
) -> dict[str, Json]:
    """The request body; whether it streams stands in the path. `parallel_tool_calls` is left out: the dialect has
    none. `without` names what else to leave out (see `asked.pruned`), also `json_schema`: any JSON then, the schema in
    words."""
    request = pruned(request, without)
    some_object = request.schema is not None and "json_schema" in without
    if some_object:
        request = in_words(request)
    system = system_text(request)
    contents = _contents(request.messages, model)
    sent: dict[str, Json] = {"contents": contents or [{"role": "user", "parts": [{"text": system}]}]}
    if system and contents:
        sent["systemInstruction"] = {"parts": [{"text": system}]}
    drawn = _drawn(request, model)
    if some_object:
        drawn["responseMimeType"] = "application/json"
    if drawn:
        sent["generationConfig"] = drawn
    if request.tools:
        _offer(sent, request)
    return sent


def _drawn(request: Generate, model: str) -> dict[str, Json]:
    sampling = request.sampling
    given = {
        "temperature": sampling.temperature,
        "topP": sampling.top_p,
        "maxOutputTokens": sampling.max_tokens,
        "seed": sampling.seed,
        "stopSequences": list(sampling.stop) or None,
        "presencePenalty": sampling.presence_penalty,
        "frequencyPenalty": sampling.frequency_penalty,
    }
    drawn: dict[str, Json] = {name: value for name, value in given.items() if value is not None}
    if request.schema is not None:
        drawn["responseMimeType"], drawn["responseJsonSchema"] = "application/json", request.schema
    effort = sampling.reasoning_effort
    if effort is not None:
        drawn["thinkingConfig"] = _thinking(effort, model)
    return drawn


def _thinking(effort: Effort, model: str) -> dict[str, Json]:
    """Until 2.5 a budget of tokens, later a level, of which the lowest comes nearest to none."""
    if _BY_BUDGET.match(model):
        budget = _BUDGETS[effort]
        return {"thinkingBudget": max(budget, _LEAST_OF_PRO) if "pro" in model else budget}
    lowest = "low" if "pro" in model else "minimal"
    return {"thinkingLevel": lowest if effort in ("none", "minimal") else effort}


def _offer(sent: dict[str, Json], request: Generate) -> None:
    declared: list[dict[str, Json]] = []
    for tool in request.tools:
        one: dict[str, Json] = {"name": tool.name, "description": tool.description}
        if tool.parameters.get("properties"):
            one["parametersJsonSchema"] = tool.parameters  # an object without properties is refused
        declared.append(one)
    sent["tools"] = [{"functionDeclarations": declared}]
    calling: dict[str, Json]
    match request.tool_choice:
        case "auto":
            return
        case "none":
            calling = {"mode": "NONE"}
        case "required":
            calling = {"mode": "ANY"}
        case name:
            calling = {"mode": "ANY", "allowedFunctionNames": [name]}
    sent["toolConfig"] = {"functionCallingConfig": calling}


def _contents(messages: tuple[Message, ...], model: str) -> list[dict[str, Json]]:
    """Turns of `user` and `model`; the results of the calls of one turn are one turn."""
    named = {call_ids.opened(call.id)[0]: call.name for message in messages for call in message.tool_calls}
    contents: list[dict[str, Json]] = []
    for message in messages:
        if message.role == "system":
            continue
        role = "model" if message.role == "assistant" else "user"
        parts = _result(message, named) if message.role == "tool" else [_part(piece) for piece in pieces(message)]
        parts += [
            _call(call, first=position == 0 and not _UNSIGNED_FINE.match(model))
            for position, call in enumerate(message.tool_calls)
        ]
        if not parts:
            continue
        if contents and contents[-1]["role"] == role:
            contents[-1]["parts"].extend(parts)
        else:
            contents.append({"role": role, "parts": parts})
    return contents


def _call(call: ToolCall, first: bool) -> dict[str, Json]:
    """A call with the signature that its id carries. Only the first of a turn must have one."""
    alone, signature = call_ids.opened(call.id)
    part: dict[str, Json] = {"functionCall": {"id": alone, "name": call.name, "args": call.arguments}}
    if signature or first:
        part["thoughtSignature"] = signature or UNSIGNED
    return part


def _result(message: Message, named: dict[str, str]) -> list[dict[str, Json]]:
    """A call's result, which is an object in this dialect: one that is none already stands under `result`. What is
    attached follows as parts of the turn."""
    call_id = call_ids.opened(message.tool_call_id or "")[0]
    words = "".join(piece for piece in pieces(message) if isinstance(piece, str))
    response: Json = None
    if words.lstrip().startswith("{"):
        try:
            response = msgspec.json.decode(words)
        except (msgspec.DecodeError, RecursionError):
            response = None
    said = {
        "id": call_id,
        "name": named.get(call_id, call_id),
        "response": response if isinstance(response, dict) else {"result": words},
    }
    attached = [_part(piece) for piece in pieces(message) if isinstance(piece, Media)]
    return [{"functionResponse": said}, *attached]


def _part(piece: str | Media) -> dict[str, Json]:
    if isinstance(piece, str):
        return {"text": piece}
    return {"inlineData": {"mimeType": piece.media_type, "data": in_base64(piece)}}
