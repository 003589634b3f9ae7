"""The scriptable vendor speaks as the vendors' own clients expect."""

from __future__ import annotations

import anthropic
import openai
import pytest

from holdfast.records import ToolCall, Usage
from holdfast.testing import Act, Vendor

ANSWER = Act(
    text="Hello there.",
    tool_calls=(ToolCall(id="c1", name="look_up", arguments={"n": 1}),),
    usage=Usage(input_tokens=3, cache_read_tokens=4, output_tokens=5),
)


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


async def test_acts_follow_one_another_and_the_last_is_repeated() -> None:
    async with (
        Vendor([Act(status=503), Act(status=401)]) as vendor,
        openai.AsyncOpenAI(api_key="k", base_url=vendor.base_url, max_retries=0) as client,
    ):
        for expected in (openai.InternalServerError, openai.AuthenticationError, openai.AuthenticationError):
            with pytest.raises(expected):
                await client.chat.completions.create(model="m", messages=[])
    assert len(vendor.requests) == 3
