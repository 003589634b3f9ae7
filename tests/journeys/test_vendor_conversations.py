"""A recorded conversation, told in our words and written down again, must be the conversation that was recorded."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

import pytest
from tests.journeys.vendor_traffic import TRAFFIC, body_of, exchanges

from holdfast.gateway.provider import BUILT_IN
from holdfast.gateway.wire import call_ids
from holdfast.gateway.wire.dialect import WIRES
from holdfast.messages import Media, Message, ToolCall
from holdfast.records import Generate

pytestmark = pytest.mark.skipif(not TRAFFIC.is_dir(), reason=f"no recorded traffic at {TRAFFIC}")


class NotCovered(Exception):
    """The conversation holds what we never send: a vendor's own tools, files kept there, thoughts."""


def written(dialect: Any, told: list[Message], model: str) -> dict[str, Any]:
    request = Generate(slot="a", models=(), messages=tuple(told))
    return WIRES[dialect].body(request, model, BUILT_IN["openai"], False, frozenset())


def media_of(media_type: str, data: str) -> Media:
    try:
        raw = base64.b64decode(data + "=" * (-len(data) % 4), altchars=b"-_")
    except binascii.Error:
        raise NotCovered from None  # shortened after it was recorded
    return Media(media_type=media_type, data=raw)


# ---------------------------------------------------------------- messages


def told_blocks(role: Any, block: dict[str, Any]) -> Message:
    if role == "system":
        raise NotCovered
    match block["type"]:
        case "text":
            return Message(role=role, text=block["text"])
        case "tool_use":
            call = ToolCall(id=block["id"], name=block["name"], arguments=block["input"])
            return Message(role=role, tool_calls=(call,))
        case "tool_result" if isinstance(block.get("content"), str) and not block.get("is_error"):
            return Message(role="tool", text=block["content"], tool_call_id=block["tool_use_id"])
        case "image" | "document" if block["source"]["type"] == "base64":
            return Message(role=role, media=(media_of(block["source"]["media_type"], block["source"]["data"]),))
    raise NotCovered


LEFT_OUT = frozenset({"cache_control", "is_error", "title", "citations", "context"})


def blocks_of(message: dict[str, Any]) -> list[dict[str, Any]]:
    content = message["content"]
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else content
    return [{k: v for k, v in block.items() if k not in LEFT_OUT} for block in blocks]


def test_recorded_messages_are_written_as_they_were() -> None:
    checked = 0
    for row in exchanges("anthropic", failed=False):
        sent = body_of(row, "request")
        try:
            told = [told_blocks(m["role"], block) for m in sent["messages"] for block in blocks_of(m)]
        except NotCovered:
            continue
        expected: list[dict[str, Any]] = []
        for message in sent["messages"]:
            if expected and expected[-1]["role"] == message["role"]:
                expected[-1]["content"] += blocks_of(message)
            else:
                expected.append({"role": message["role"], "content": blocks_of(message)})
        assert written("anthropic", told, sent["model"])["messages"] == expected, row["id"]
        checked += 1
    assert checked > 80


# ---------------------------------------------------------------- responses


def told_item(item: dict[str, Any]) -> list[Message]:
    match item.get("type", "message"):
        case "function_call":
            call = ToolCall(id=item["call_id"], name=item["name"], arguments=json.loads(item["arguments"] or "{}"))
            return [Message(role="assistant", tool_calls=(call,))]
        case "function_call_output" if isinstance(item["output"], str):
            return [Message(role="tool", text=item["output"], tool_call_id=item["call_id"])]
        case "reasoning":
            return []
        case "message" if item["role"] != "developer":
            return [Message(role=item["role"], text=words_of(item["content"]))]
    raise NotCovered


def words_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    if any(part["type"] not in ("input_text", "output_text", "text") for part in content):
        raise NotCovered
    return "".join(part["text"] for part in content)


def item_plainly(item: dict[str, Any]) -> tuple[Any, ...]:
    match item.get("type", "message"):
        case "function_call":
            return "call", call_ids.plain(item["call_id"]), item["name"], json.loads(item["arguments"] or "{}")
        case "function_call_output":
            return "output", call_ids.plain(item["call_id"]), item["output"]
    return item["role"], words_of(item["content"])


def test_recorded_responses_are_written_as_they_were() -> None:
    checked = 0
    for row in exchanges("openai-responses", failed=False):
        sent = body_of(row, "request")
        if not isinstance(sent, dict) or "input" not in sent:
            continue
        items = [{"role": "user", "content": sent["input"]}] if isinstance(sent["input"], str) else sent["input"]
        try:
            told = [message for item in items for message in told_item(item)]
        except NotCovered:
            continue
        if any(message.role == "assistant" and not (message.text or message.tool_calls) for message in told):
            continue
        body = written("openai-responses", told, sent["model"])
        system = [item_plainly(i)[1] for i in items if i.get("role") == "system"]
        expected = [item_plainly(i) for i in items if i.get("type") != "reasoning" and i.get("role") not in ("system",)]
        assert [item_plainly(item) for item in body["input"]] == expected, row["id"]
        assert body.get("instructions", "") == "\n\n".join(system)
        checked += 1
    assert checked > 100


# ---------------------------------------------------------------- generated content


def camel(value: Any) -> Any:
    """Names as the dialect's reference has them: clients write `function_call` and `functionCall`."""
    if not isinstance(value, dict):
        return value
    return {name.split("_")[0] + "".join(w.title() for w in name.split("_")[1:]): v for name, v in value.items()}


def told_part(role: str, part: dict[str, Any], names: dict[str, list[str]], place: int) -> Message:
    kind = next((name for name in ("functionCall", "functionResponse", "inlineData", "text") if name in part), None)
    if kind is None or part.get("thought"):
        raise NotCovered
    inner = camel(part[kind])
    match kind:
        case "text":
            return Message(role="assistant" if role == "model" else "user", text=inner)
        case "inlineData" if not inner["mimeType"].startswith("text/"):
            return Message(role="user", media=(media_of(inner["mimeType"], inner["data"]),))
        case "functionCall":
            call_id = inner.get("id") or f"call_{place}"
            names.setdefault(inner["name"], []).append(call_id)
            signed = call_ids.sealed(call_id, standard(part.get("thoughtSignature", "")))
            call = ToolCall(id=signed, name=inner["name"], arguments=inner.get("args") or {})
            return Message(role="assistant", tool_calls=(call,))
    if kind == "inlineData" or not names.get(inner["name"]) or "parts" in inner:
        raise NotCovered
    call_id = inner.get("id") or names[inner["name"]][0]
    names[inner["name"]].remove(call_id)
    return Message(role="tool", text=json.dumps(inner["response"]), tool_call_id=call_id)


def standard(signature: str) -> str:
    return signature.replace("-", "+").replace("_", "/")


def part_plainly(part: dict[str, Any]) -> tuple[Any, ...]:
    part = camel(part)
    if "text" in part:
        return ("text", part["text"])
    if "inlineData" in part:
        inner = camel(part["inlineData"])
        return ("data", inner["mimeType"], standard(inner["data"]).rstrip("="))
    if "functionCall" in part:
        inner = camel(part["functionCall"])
        return ("call", inner["name"], inner.get("args") or {}, standard(part.get("thoughtSignature", "")).rstrip("="))
    inner = camel(part["functionResponse"])
    return ("response", inner["name"], inner["response"])


def test_recorded_contents_are_written_as_they_were() -> None:
    checked = 0
    for row in exchanges("gemini", failed=False):
        sent = body_of(row, "request")
        names: dict[str, list[str]] = {}
        try:
            parts = [(one.get("role", "user"), camel(part)) for one in sent["contents"] for part in one["parts"]]
            told = [told_part(role, part, names, place) for place, (role, part) in enumerate(parts)]
            if all(part.get("text") == "" for _, part in parts):
                raise NotCovered
        except NotCovered:
            continue
        contents = written("gemini", told, "gemini-2.5-flash")["contents"]
        ours = [(one["role"], part_plainly(part)) for one in contents for part in one["parts"]]
        expected = [("user" if r == "function" else r, part_plainly(p)) for r, p in parts if p.get("text") != ""]
        assert ours == expected, row["id"]
        checked += 1
    assert checked > 150
