"""What recorded bodies of each dialect say, read by hand: the other side of the comparison. Knows no reader of ours."""

from __future__ import annotations

import json
from typing import Any

from tests.journeys.vendor_traffic import Said

# ---------------------------------------------------------------- chat completions

CHAT_REASONS = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}


def chat_text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part["type"] == "text")
    return content or ""


def chat_tokens(usage: dict[str, Any] | None) -> tuple[int, int] | None:
    """Whatever the total holds that was not sent was generated."""
    return (usage["prompt_tokens"], usage["total_tokens"] - usage["prompt_tokens"]) if usage else None


def chat_reason(reason: str | None, calls: list[Any], refused: bool) -> str:
    if refused:
        return "refusal"
    known = CHAT_REASONS.get(reason or "stop", "stop")
    if calls and known == "stop":
        return "tool_calls"
    return "stop" if known == "tool_calls" and not calls else known


def whole_chat(body: dict[str, Any]) -> Said:
    choice = body["choices"][0]
    message = choice["message"]
    functions = [call["function"] for call in message.get("tool_calls") or []]
    if (message.get("function_call") or {}).get("name"):
        functions.append(message["function_call"])
    calls = [(one["name"], json.loads(one.get("arguments") or "{}")) for one in functions]
    text = chat_text(message.get("content")) + (message.get("refusal") or "")
    reason = chat_reason(choice["finish_reason"], calls, bool(message.get("refusal")))
    return Said(text, calls, reason, chat_tokens(body.get("usage")))


def streamed_chat(events: list[dict[str, Any]]) -> Said:
    choices = [choice for event in events for choice in event.get("choices") or []]
    deltas = [choice["delta"] for choice in choices]
    text = "".join(chat_text(delta.get("content")) + (delta.get("refusal") or "") for delta in deltas)
    pieces: dict[int, list[str]] = {}
    for delta in deltas:
        for call in delta.get("tool_calls") or []:
            made = pieces.setdefault(call["index"], ["", ""])
            made[0] += call["function"].get("name") or ""
            made[1] += call["function"].get("arguments") or ""
    calls = [(name, json.loads(arguments or "{}")) for name, arguments in pieces.values()]
    usages = [event.get("usage") or (event.get("x_groq") or {}).get("usage") for event in events]
    usage = next((usage for usage in reversed(usages) if usage), None)
    reason = next((c["finish_reason"] for c in reversed(choices) if c.get("finish_reason")), None)
    refused = any(delta.get("refusal") for delta in deltas)
    return Said(text, calls, chat_reason(reason, calls, refused), chat_tokens(usage))


# ---------------------------------------------------------------- responses


def whole_response(body: dict[str, Any]) -> Said:
    output = body["output"]
    parts = [part for item in output if item["type"] == "message" for part in item["content"]]
    text = "".join(part.get("text") or part.get("refusal") or "" for part in parts)
    calls = [(i["name"], json.loads(i["arguments"] or "{}")) for i in output if i["type"] == "function_call"]
    usage = body.get("usage")
    tokens = (usage["input_tokens"], usage["total_tokens"] - usage["input_tokens"]) if usage else None
    cut = (body.get("incomplete_details") or {}).get("reason")
    reason = {"max_output_tokens": "length", "content_filter": "content_filter"}.get(cut or "", "stop")
    if any(part["type"] == "refusal" for part in parts):
        reason = "refusal"
    return Said(text, calls, "tool_calls" if calls and reason == "stop" else reason, tokens)


def streamed_response(events: list[dict[str, Any]]) -> Said:
    """By the deltas alone, but for the usage."""
    text = "".join(e["delta"] for e in events if e["type"] in ("response.output_text.delta", "response.refusal.delta"))
    added = {
        e["output_index"]: e["item"]["name"]
        for e in events
        if e["type"] == "response.output_item.added" and e["item"]["type"] == "function_call"
    }
    calls = []
    for place, name in added.items():
        written = [
            e["delta"]
            for e in events
            if e["type"] == "response.function_call_arguments.delta" and e["output_index"] == place
        ]
        calls.append((name, json.loads("".join(written) or "{}")))
    last = next(e["response"] for e in reversed(events) if e["type"].startswith("response.") and "response" in e)
    whole = whole_response(last)
    return Said(text, calls, "tool_calls" if calls else whole.reason, whole.tokens)


# ---------------------------------------------------------------- messages

MESSAGE_REASONS = {"max_tokens": "length", "tool_use": "tool_calls", "refusal": "refusal"}


def message_tokens(usage: dict[str, Any]) -> tuple[int, int]:
    cached = (usage.get("cache_read_input_tokens") or 0) + (usage.get("cache_creation_input_tokens") or 0)
    return usage["input_tokens"] + cached, usage["output_tokens"]


def message_reason(reason: str, calls: list[Any]) -> str:
    known = MESSAGE_REASONS.get(reason, "stop")
    if calls and known == "stop":
        return "tool_calls"
    return "stop" if known == "tool_calls" and not calls else known


def whole_message(body: dict[str, Any]) -> Said:
    blocks = body["content"]
    calls = [(block["name"], block["input"]) for block in blocks if block["type"] == "tool_use"]
    text = "".join(block["text"] for block in blocks if block["type"] == "text")
    return Said(text, calls, message_reason(body["stop_reason"], calls), message_tokens(body["usage"]))


def streamed_message(events: list[dict[str, Any]]) -> Said:
    deltas = [event for event in events if event["type"] == "content_block_delta"]
    text = "".join(event["delta"]["text"] for event in deltas if event["delta"]["type"] == "text_delta")
    starts = [event for event in events if event["type"] == "content_block_start"]
    text = "".join(s["content_block"].get("text") or "" for s in starts if s["content_block"]["type"] == "text") + text
    calls = []
    for start in starts:
        block = start["content_block"]
        if block["type"] == "tool_use":
            written = [
                event["delta"]["partial_json"]
                for event in deltas
                if event["index"] == start["index"] and event["delta"]["type"] == "input_json_delta"
            ]
            calls.append((block["name"], json.loads("".join(written) or "{}")))
    usage = dict(next(event["message"]["usage"] for event in events if event["type"] == "message_start"))
    ends = [event for event in events if event["type"] == "message_delta"]
    for end in ends:
        usage |= {name: value for name, value in end["usage"].items() if value is not None}
    return Said(text, calls, message_reason(ends[-1]["delta"]["stop_reason"], calls), message_tokens(usage))


# ---------------------------------------------------------------- generated content

CONTENT_REASONS = {"MAX_TOKENS": "length", "SAFETY": "content_filter", "MODEL_ARMOR": "content_filter"}


def content(chunks: list[dict[str, Any]]) -> Said:
    parts = [
        part
        for chunk in chunks
        for candidate in chunk["candidates"]
        for part in (candidate.get("content") or {}).get("parts") or []
    ]
    text = "".join(part["text"] for part in parts if "text" in part and not part.get("thought"))
    calls = [(p["functionCall"]["name"], p["functionCall"].get("args") or {}) for p in parts if "functionCall" in p]
    reason = next(c["finishReason"] for chunk in reversed(chunks) for c in chunk["candidates"] if "finishReason" in c)
    usage = chunks[-1]["usageMetadata"]
    given = usage["promptTokenCount"] + usage.get("toolUsePromptTokenCount", 0)
    known = CONTENT_REASONS.get(reason, "stop")
    return Said(
        text,
        calls,
        "tool_calls" if calls and known == "stop" else known,
        (given, usage["totalTokenCount"] - given),
    )


def whole_content(body: dict[str, Any]) -> Said:
    return content([body])
