"""Recorded traffic of real vendors must read as what it says: text, tool calls, usage, how it ended, errors.

The recordings are not part of this repository: they are looked for beside it, or where HOLDFAST_SHARED_DATA says.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.gateway.fault import Broken, from_status
from holdfast.gateway.provider import Dialect
from holdfast.gateway.sse import EventStream
from holdfast.gateway.wire.anthropic_reader import AnthropicReader
from holdfast.gateway.wire.openai_chat_reader import OpenAIReader
from holdfast.gateway.wire.reading import Reader

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
TRAFFIC = Path(os.environ.get("HOLDFAST_SHARED_DATA", _BESIDE)) / "vendor_cassettes"

pytestmark = pytest.mark.skipif(not TRAFFIC.is_dir(), reason=f"no recorded traffic at {TRAFFIC}")

DIALECTS: dict[str, Dialect] = {"chat_completions": "openai", "messages": "anthropic"}


def exchanges(dialect: Dialect, *, failed: bool, streamed: bool | None = None) -> Iterator[dict[str, Any]]:
    for path in sorted(TRAFFIC.rglob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                if DIALECTS.get(row["api"]) != dialect or "/threads/" in row["url"]:
                    continue
                if (row["status"] >= 400) == failed and streamed in (None, row["stream"]):
                    yield row


def body_of(row: dict[str, Any]) -> Any:
    body = row["response"]["body"]
    return json.loads(body) if isinstance(body, str) else body


def read_stream(reader: Reader, body: str, step: int) -> str:
    """What the reader heard of the bytes, fed `step` at a time."""
    data, events, heard = body.encode(), EventStream(), []
    for start in range(0, len(data), step):
        heard += [reader.take(event) for event in events.feed(data[start : start + step])]
    heard += [reader.take(event) for event in events.end()]
    return "".join(heard)


def stream_events(body: str) -> Iterator[dict[str, Any]]:
    for line in body.splitlines():
        if line.startswith("data: {"):
            yield json.loads(line[6:])


def openai_text(content: Any) -> str:
    if isinstance(content, list):
        return "".join(part["text"] for part in content if part["type"] == "text")
    return content or ""


def openai_buckets(usage: dict[str, Any]) -> tuple[int, int]:
    """All tokens in, all tokens out: whatever the total holds that was not sent was generated."""
    return usage["prompt_tokens"], usage["total_tokens"] - usage["prompt_tokens"]


def buckets(reader: Reader) -> tuple[int, int] | None:
    usage = reader.usage
    if usage is None:
        return None
    return (
        usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens,
        usage.output_tokens + usage.reasoning_tokens,
    )


def calls_of(reader: Reader) -> list[tuple[str, Any]]:
    return [(call.name, call.arguments) for call in reader.answer().tool_calls]


def test_every_whole_chat_completion_reads_as_recorded() -> None:
    read = 0
    for row in exchanges("openai", failed=False, streamed=False):
        body = body_of(row)
        choice = body["choices"][0]
        message = choice["message"]
        reader = OpenAIReader()
        reader.take_whole(body)
        calls = [call["function"] for call in message.get("tool_calls") or []]
        if (message.get("function_call") or {}).get("name"):
            calls.append(message["function_call"])
        expected = [(call["name"], json.loads(call.get("arguments") or "{}")) for call in calls]
        answer = reader.answer()
        assert answer.text == openai_text(message.get("content")) + (message.get("refusal") or ""), row["id"]
        assert calls_of(reader) == expected, row["id"]
        assert (answer.stop_reason == "length") == (choice["finish_reason"] == "length"), row["id"]
        assert (answer.stop_reason == "tool_calls") == bool(expected), row["id"]
        if body.get("usage"):
            assert buckets(reader) == openai_buckets(body["usage"]), row["id"]
        read += 1
    assert read > 100


def test_every_streamed_chat_completion_reads_as_recorded_however_it_is_cut() -> None:
    read = broken = 0
    for row in exchanges("openai", failed=False, streamed=True):
        events = list(stream_events(row["response"]["body"]))
        if any("error" in event for event in events):
            with pytest.raises(Broken):
                read_stream(OpenAIReader(), row["response"]["body"], 977)
            broken += 1
            continue
        deltas = [choice["delta"] for event in events for choice in event.get("choices") or []]
        text = "".join(openai_text(delta.get("content")) + (delta.get("refusal") or "") for delta in deltas)
        arguments: dict[int, list[str]] = {}
        for delta in deltas:
            for call in delta.get("tool_calls") or []:
                pieces = arguments.setdefault(call["index"], [])
                pieces += [call["function"].get("name") or "", call["function"].get("arguments") or ""]
        usages = [e.get("usage") or (e.get("x_groq") or {}).get("usage") for e in events]
        for step in (7, 977, 1 << 20):
            reader = OpenAIReader()
            assert read_stream(reader, row["response"]["body"], step) == text == reader.answer().text, row["id"]
            assert reader.finished, row["id"]
            assert ["".join([name, json.dumps(given)]).replace(" ", "") for name, given in calls_of(reader)] == [
                "".join(pieces).replace(" ", "") for pieces in arguments.values()
            ], row["id"]
            assert buckets(reader) == next((openai_buckets(usage) for usage in reversed(usages) if usage), None), row[
                "id"
            ]
        read += 1
    assert read > 50
    assert broken >= 1


def test_every_whole_message_reads_as_recorded() -> None:
    read = 0
    for row in exchanges("anthropic", failed=False, streamed=False):
        body = body_of(row)
        reader = AnthropicReader()
        reader.take_whole(body)
        blocks = body["content"]
        assert reader.answer().text == "".join(block["text"] for block in blocks if block["type"] == "text"), row["id"]
        assert calls_of(reader) == [(b["name"], b["input"]) for b in blocks if b["type"] == "tool_use"], row["id"]
        usage = body["usage"]
        cached = (usage.get("cache_read_input_tokens") or 0) + (usage.get("cache_creation_input_tokens") or 0)
        assert buckets(reader) == (usage["input_tokens"] + cached, usage["output_tokens"]), row["id"]
        read += 1
    assert read > 50


def test_every_streamed_message_reads_as_recorded_however_it_is_cut() -> None:
    read = 0
    for row in exchanges("anthropic", failed=False, streamed=True):
        events = list(stream_events(row["response"]["body"]))
        deltas = [event["delta"] for event in events if event["type"] == "content_block_delta"]
        text = "".join(delta["text"] for delta in deltas if delta["type"] == "text_delta")
        names = [
            event["content_block"]["name"]
            for event in events
            if event["type"] == "content_block_start" and event["content_block"]["type"] == "tool_use"
        ]
        written = [event["usage"]["output_tokens"] for event in events if event["type"] == "message_delta"]
        for step in (7, 977, 1 << 20):
            reader = AnthropicReader()
            assert read_stream(reader, row["response"]["body"], step) == text == reader.answer().text, row["id"]
            assert reader.closed, row["id"]
            assert [name for name, _ in calls_of(reader)] == names, row["id"]
            counted = buckets(reader)
            assert counted is not None
            assert counted[1] == written[-1], row["id"]
        read += 1
    assert read > 10


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
def test_every_recorded_error_is_told_apart(dialect: Dialect) -> None:
    read = 0
    for row in exchanges(dialect, failed=True):
        body = row["response"]["body"]
        fault = from_status(row["status"], (body if isinstance(body, str) else json.dumps(body)).encode())
        said = json.dumps(body).lower()
        if row["status"] == 401:
            assert fault.kind == "unauthorized", row["id"]
        elif row["status"] == 404:
            assert fault.kind == "no_model", row["id"]
        elif row["status"] == 429:
            assert fault.kind in ("rate_limited", "quota"), row["id"]
        elif "context" in said or "too long" in said:
            assert fault.kind == "too_long", row["id"]
        assert len(fault.message) > len("HTTP 400: "), row["id"]
        read += 1
    assert read > 2
