"""What the scriptable vendor says holds against the types that the vendors publish for their own clients."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from aiohttp import ClientSession
from anthropic.types import Message, RawMessageStreamEvent
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.create_embedding_response import CreateEmbeddingResponse
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from holdfast.records import ToolCall, Usage
from holdfast.testing import Act, Vendor

CALLS = (ToolCall(id="c1", name="look_up", arguments={"n": 1}), ToolCall(id="c2", name="look_up", arguments={}))
ACTS = {
    "text": Act(usage=Usage(input_tokens=3, cache_read_tokens=4, output_tokens=5, reasoning_tokens=2)),
    "tools": Act(text="Let me look.", tool_calls=CALLS),
    "tools alone": Act(text="", tool_calls=CALLS),
    "reasoning": Act(reasoning="Let me think.", usage=Usage(input_tokens=1, output_tokens=1, reasoning_tokens=9)),
    "length": Act(stop_reason="length"),
    "refusal": Act(stop_reason="refusal", text="I cannot help with that."),
    "filtered": Act(stop_reason="content_filter", text=""),
}
QUESTION = [{"role": "user", "content": "Hi"}]


async def said(act: Act, path: str, asked: dict[str, Any]) -> tuple[Any, list[Any]]:
    """The whole answer, and the events of a stream."""
    async with Vendor([act]) as vendor, ClientSession() as client:
        async with client.post(vendor.base_url + path, json=asked) as response:
            assert response.status == 200
            whole = await response.json()
        async with client.post(vendor.base_url + path, json={**asked, "stream": True}) as response:
            stream = (await response.read()).decode()
    found = [line.removeprefix("data: ") for line in stream.splitlines() if line.startswith("data: ")]
    return whole, [msgspec.json.decode(event) for event in found if event != "[DONE]"]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
async def test_chat_completions_are_of_openais_types(act: Act) -> None:
    asked = {"model": "m", "messages": QUESTION, "stream_options": {"include_usage": True}}
    whole, events = await said(act, "/chat/completions", asked)
    ChatCompletion.model_validate(whole)
    chunks = [ChatCompletionChunk.model_validate(event) for event in events]
    ends = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    assert ends == [whole["choices"][0]["finish_reason"]]
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.model_dump(exclude_none=True) == whole["usage"]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
async def test_responses_are_of_openais_types_and_their_events_in_order(act: Act) -> None:
    whole, events = await said(act, "/responses", {"model": "m", "input": "Hi"})
    Response.model_validate(whole)
    adapter: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)
    typed = [adapter.validate_python(event) for event in events]
    assert [event.sequence_number for event in typed] == list(range(len(typed)))
    assert typed[0].type == "response.created"
    assert typed[-1].type == f"response.{whole['status']}"
    assert [item.model_dump(mode="json", exclude_unset=True) for item in typed[-1].response.output] == whole["output"]


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
async def test_messages_are_of_anthropics_types(act: Act) -> None:
    whole, events = await said(act, "/messages", {"model": "m", "max_tokens": 9, "messages": QUESTION})
    Message.model_validate(whole)
    adapter: TypeAdapter[Any] = TypeAdapter(RawMessageStreamEvent)
    typed = [adapter.validate_python(event) for event in events if event["type"] != "ping"]
    started = [event.index for event in typed if event.type == "content_block_start"]
    stopped = [event.index for event in typed if event.type == "content_block_stop"]
    assert started == stopped == list(range(len(whole["content"])))
    assert [event.delta.stop_reason for event in typed if event.type == "message_delta"] == [whole["stop_reason"]]


async def test_embeddings_are_of_openais_types() -> None:
    async with Vendor() as vendor, ClientSession() as client:
        response = await client.post(f"{vendor.base_url}/embeddings", json={"model": "e", "input": ["a"]})
        assert len(CreateEmbeddingResponse.model_validate(await response.json()).data) == 1
