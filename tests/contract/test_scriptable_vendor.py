"""The scriptable vendor speaks as the vendors' own clients expect."""

from __future__ import annotations

import anthropic
import msgspec
import openai
import pytest
from aiohttp import ClientSession

from holdfast.records import ToolCall, Usage
from holdfast.testing import Act, Vendor

CALL = ToolCall(id="c1", name="look_up", arguments={"n": 1})
USAGE = Usage(input_tokens=3, cache_read_tokens=4, output_tokens=5)
ANSWER = Act(text="Hello there.", tool_calls=(CALL,), usage=USAGE)


async def test_openais_own_client_reads_it_whole_and_streamed() -> None:
    async with Vendor([ANSWER]) as vendor, openai.AsyncOpenAI(api_key="k", base_url=vendor.base_url) as client:
        asked = {"model": "m", "messages": [{"role": "user", "content": "Hi"}]}
        whole = await client.chat.completions.create(**asked)
        message = whole.choices[0].message
        assert message.content == "Hello there."
        assert message.tool_calls[0].function.arguments == '{"n":1}'
        assert (whole.usage.prompt_tokens, whole.usage.completion_tokens) == (7, 5)
        options = {"include_usage": True}
        stream = await client.chat.completions.create(**asked, stream=True, stream_options=options)
        chunks = [chunk async for chunk in stream]
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello there."
        assert chunks[-1].usage.total_tokens == 12
        assert vendor.requests[0].path == "/v1/chat/completions"
        assert vendor.requests[0].body["messages"] == asked["messages"]


@pytest.mark.parametrize("reasoning", ["", "Let me see."])
async def test_openais_own_client_reads_responses_whole_and_streamed(reasoning) -> None:
    act = Act(text="Hello there.", tool_calls=(CALL,), usage=USAGE, reasoning=reasoning)
    async with Vendor([act]) as vendor, openai.AsyncOpenAI(api_key="k", base_url=vendor.base_url) as client:
        asked = {"model": "m", "input": "Hi"}
        whole = await client.responses.create(**asked)
        assert whole.output_text == "Hello there."
        assert whole.output[-1].arguments == '{"n":1}'
        assert (whole.usage.input_tokens, whole.usage.output_tokens) == (7, 5)
        async with client.responses.stream(**asked) as stream:
            events = [event async for event in stream]
            final = await stream.get_final_response()
        assert final.output_text == "Hello there."
        assert [item.type for item in final.output] == [item.type for item in whole.output]
        assert "".join(e.delta for e in events if e.type == "response.output_text.delta") == "Hello there."
        assert [event.sequence_number for event in events if hasattr(event, "sequence_number")]
        assert [turn.text for turn in vendor.requests[1].asked.messages] == ["Hi"]


async def test_azures_client_reads_it_by_deployment() -> None:
    async with (
        Vendor([ANSWER]) as vendor,
        openai.AsyncAzureOpenAI(api_key="k", azure_endpoint=vendor.url, api_version="2024-10-21") as client,
    ):
        asked = {"model": "mine", "messages": [{"role": "user", "content": "Hi"}]}
        whole = await client.chat.completions.create(**asked)
        assert whole.choices[0].message.content == "Hello there."
        stream = await client.chat.completions.create(**asked, stream=True)
        chunks = [chunk async for chunk in stream]
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "Hello there."
        assert not chunks[0].choices  # the filter speaks first
        seen = vendor.requests[0].asked
        assert (seen.dialect, seen.model, seen.key) == ("azure", "mine", "k")


async def test_anthropics_own_client_reads_it_whole_and_streamed() -> None:
    async with Vendor([ANSWER]) as vendor:
        base_url = vendor.base_url.removesuffix("/v1")
        async with anthropic.AsyncAnthropic(api_key="k", base_url=base_url) as client:
            asked = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
            whole = await client.messages.create(**asked)
            assert [block.type for block in whole.content] == ["text", "tool_use"]
            assert (whole.usage.input_tokens, whole.usage.cache_read_input_tokens) == (3, 4)
            async with client.messages.stream(**asked) as stream:
                final = await stream.get_final_message()
            assert final.content[0].text == "Hello there."
            assert final.content[1].input == {"n": 1}
            assert final.stop_reason == "tool_use"
            assert final.usage.output_tokens == 5
            counted = await client.messages.count_tokens(model="m", messages=asked["messages"])
            assert counted.input_tokens == 1


async def test_a_schema_asked_for_as_a_forced_tool_is_answered_as_its_call() -> None:
    tool = {"name": "answer", "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}}}
    asked = {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "Where?"}],
        "tools": [tool],
        "tool_choice": {"type": "tool", "name": "answer"},
    }
    async with (
        Vendor([Act(text='{"city": "Oslo"}')]) as vendor,
        anthropic.AsyncAnthropic(api_key="k", base_url=vendor.url) as client,
    ):
        whole = await client.messages.create(**asked)
        async with client.messages.stream(**asked) as stream:
            final = await stream.get_final_message()
    assert whole.content[0].input == final.content[0].input == {"city": "Oslo"}
    assert whole.stop_reason == final.stop_reason == "tool_use"


async def test_gemini_is_spoken_whole_and_as_events() -> None:
    body = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}
    async with Vendor([ANSWER]) as vendor, ClientSession() as client:
        models = f"{vendor.url}/v1beta/models/gemini-x"
        async with client.post(f"{models}:generateContent", json=body, headers={"x-goog-api-key": "k"}) as response:
            whole = await response.json()
        async with client.post(f"{models}:streamGenerateContent?alt=sse&key=k", json=body) as response:
            assert response.content_type == "text/event-stream"
            stream = await response.read()
        async with client.post(f"{models}:streamGenerateContent?key=k", json=body) as response:
            assert await response.json() == [whole]
    said, called = whole["candidates"][0]["content"]["parts"]
    assert said == {"text": "Hello there."}
    assert called["functionCall"] == {"id": "c1", "name": "look_up", "args": {"n": 1}}
    assert whole["candidates"][0]["finishReason"] == "STOP"
    assert whole["usageMetadata"]["totalTokenCount"] == 12
    assert whole["usageMetadata"]["cachedContentTokenCount"] == 4
    events = [msgspec.json.decode(event.removeprefix(b"data: ")) for event in stream.split(b"\r\n\r\n") if event]
    parts = [part for event in events for part in event["candidates"][0]["content"]["parts"]]
    assert "".join(part.get("text", "") for part in parts) == "Hello there."
    assert [event["candidates"][0].get("finishReason") for event in events][-1] == "STOP"
    assert [seen.asked.key for seen in vendor.requests] == ["k", "k", "k"]
    assert [seen.asked.model for seen in vendor.requests] == ["gemini-x"] * 3


async def test_embeddings_depend_on_the_text_alone() -> None:
    async with Vendor() as vendor, openai.AsyncOpenAI(api_key="k", base_url=vendor.base_url) as client:
        made = await client.embeddings.create(model="e", input=["one", "two", "one"])
        vectors = [entry.embedding for entry in made.data]
        async with ClientSession() as google:
            content = {"content": {"parts": [{"text": "one"}]}}
            batch = {"requests": [{"model": "models/e", **content}]}
            async with google.post(f"{vendor.url}/v1beta/models/e:batchEmbedContents", json=batch) as response:
                (same,) = (await response.json())["embeddings"]
    assert vectors[0] == vectors[2] != vectors[1]
    assert vectors[0] == pytest.approx(same["values"], abs=1e-6)
    assert vendor.requests[0].asked.inputs == ("one", "two", "one")


async def test_acts_follow_one_another_and_the_last_is_repeated() -> None:
    async with (
        Vendor([Act(status=503), Act(status=401)]) as vendor,
        openai.AsyncOpenAI(api_key="k", base_url=vendor.base_url, max_retries=0) as client,
    ):
        for expected in (openai.InternalServerError, openai.AuthenticationError, openai.AuthenticationError):
            with pytest.raises(expected):
                await client.chat.completions.create(model="m", messages=[])
    assert vendor.calls == 3
