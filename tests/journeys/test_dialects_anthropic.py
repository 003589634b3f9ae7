"""Anthropic's own Python client, unchanged, against features, slots and models of a project over real HTTP."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anthropic
import pytest
from anthropic import AsyncAnthropic
from tests.journeys.dialect_project import PNG, Site, site

from holdfast.records import ToolCall
from holdfast.testing import Act

HELLO: Any = [{"role": "user", "content": "hello"}]
WEATHER: Any = {"name": "weather", "description": "The weather.", "input_schema": {"type": "object", "properties": {}}}
CALLS = (
    ToolCall(id="toolu_1", name="weather", arguments={"city": "Oslo"}),
    ToolCall(id="toolu_2", name="weather", arguments={"city": "Rom"}),
)


@asynccontextmanager
async def client(at: Site) -> AsyncIterator[AsyncAnthropic]:
    async with AsyncAnthropic(base_url=at.url, api_key="k", max_retries=0) as it:
        yield it


@pytest.mark.parametrize("dialect", ["openai", "anthropic"])
async def test_a_message_whole_and_streamed_whatever_the_vendor_speaks(tmp_path: Path, dialect: str) -> None:
    async with site(tmp_path, [Act(pieces=("It ", "is ", "fine."))], dialect=dialect) as at, client(at) as ai:
        said = await ai.messages.create(model="slot:answer", max_tokens=50, system="Be brief.", messages=HELLO)
        assert [block.text for block in said.content if block.type == "text"] == ["It is fine."]
        assert (said.stop_reason, said.usage.input_tokens, said.usage.output_tokens) == ("end_turn", 12, 5)
        async with ai.messages.stream(model="v:one", max_tokens=50, messages=HELLO) as stream:
            kinds = [event.type async for event in stream if event.type not in ("text",)]
            final = await stream.get_final_message()
        assert kinds[:2] == ["message_start", "content_block_start"]
        assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
        assert [block.text for block in final.content if block.type == "text"] == ["It is fine."]
        assert (final.usage.input_tokens, final.usage.output_tokens) == (12, 5)


async def test_a_feature_answers_with_its_citations(tmp_path: Path) -> None:
    async with site(tmp_path) as at, client(at) as ai:
        said = await ai.messages.create(model="answer", max_tokens=50, messages=HELLO)
        (block,) = said.content
        assert block.type == "text"
        assert block.text == "You said: hello [1]"
        assert block.citations is not None
        (cited,) = block.citations
        assert cited.type == "search_result_location"
        assert (cited.source, cited.title, cited.cited_text) == ("https://h.example/r", "Returns", "30 days")
        async with ai.messages.stream(model="answer", max_tokens=50, messages=HELLO) as stream:
            final = await stream.get_final_message()
        assert final.content[0].type == "text"
        assert final.content[0].citations == block.citations


async def test_tools_are_called_in_parallel_whole_and_streamed_and_their_results_go_back(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(text="", tool_calls=CALLS, stop_reason="tool_calls")]) as at, client(at) as ai:
        said = await ai.messages.create(
            model="v:one", max_tokens=50, messages=HELLO, tools=[WEATHER], tool_choice={"type": "any"}
        )
        assert said.stop_reason == "tool_use"
        assert [(b.id, b.input) for b in said.content if b.type == "tool_use"] == [
            ("toolu_1", {"city": "Oslo"}),
            ("toolu_2", {"city": "Rom"}),
        ]
        async with ai.messages.stream(model="v:one", max_tokens=50, messages=HELLO, tools=[WEATHER]) as stream:
            final = await stream.get_final_message()
        assert [b.input for b in final.content if b.type == "tool_use"] == [{"city": "Oslo"}, {"city": "Rom"}]
        at.vendor.acts[:] = [Act(text="Cold.")]
        results: Any = [{"type": "tool_result", "tool_use_id": call.id, "content": "-3"} for call in CALLS]
        turns: Any = [
            *HELLO,
            {"role": "assistant", "content": [block.model_dump() for block in said.content]},
            {"role": "user", "content": [*results, {"type": "text", "text": "So?"}]},
        ]
        again = await ai.messages.create(model="v:one", max_tokens=50, messages=turns, tools=[WEATHER])
        assert again.content[0].type == "text"
        assert again.content[0].text == "Cold."
        sent = at.vendor.requests[-1].body["messages"]
        assert [turn["role"] for turn in sent] == ["user", "assistant", "tool", "tool", "user"]


async def test_errors_are_anthropics_own(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(status=500)]) as at, client(at) as ai:
        with pytest.raises(anthropic.NotFoundError) as missing:
            await ai.messages.create(model="anwser", max_tokens=5, messages=HELLO)
        body: Any = missing.value.body
        assert (body["type"], body["error"]["type"]) == ("error", "not_found_error")
        with pytest.raises(anthropic.BadRequestError, match="top_k"):
            await ai.messages.create(model="v:one", max_tokens=5, messages=HELLO, extra_body={"top_k": 3})
        for stream in (False, True):
            with pytest.raises(anthropic.InternalServerError) as failed:
                await ai.messages.create(model="slot:answer", max_tokens=5, messages=HELLO, stream=stream)
            assert failed.value.response.headers["holdfast-error-source"] == "provider"
            assert failed.value.request_id == failed.value.response.headers["holdfast-recording"]
        at.vendor.acts[:] = [Act(pieces=("It ", "is "), error_after=1, between_ms=100), Act(status=500)]
        at.vendor.requests.clear()
        async with ai.messages.stream(model="slot:answer", max_tokens=5, messages=HELLO) as broken:
            with pytest.raises(anthropic.APIStatusError, match="no rung"):
                await broken.get_final_message()


async def test_json_by_schema_and_a_document_and_an_image(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(text='{"name":"Oslo"}')]) as at, client(at) as ai:
        schema = {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]}
        parts: Any = [
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": _pdf()}},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": _png()}},
            {"type": "text", "text": "Which city?"},
        ]
        said = await ai.messages.create(
            model="v:one",
            max_tokens=50,
            messages=[{"role": "user", "content": parts}],
            extra_body={"output_config": {"format": {"type": "json_schema", "schema": schema}}},
        )
        assert said.content[0].type == "text"
        assert said.content[0].text == '{"name":"Oslo"}'
        extra: Any = said.model_extra
        kept = await at.project.store.recordings.get(extra["holdfast"]["recording_id"])
        effect: Any = kept.steps[0].effect
        assert effect.schema == schema
        assert [each.media_type for each in effect.messages[0].media] == ["application/pdf", "image/png"]


async def test_tokens_are_counted_by_rule_and_said_to_be_estimated(tmp_path: Path) -> None:
    async with site(tmp_path) as at, client(at) as ai:
        counted: Any = await ai.messages.count_tokens(model="v:one", messages=[{"role": "user", "content": "x" * 400}])
        assert counted.input_tokens == 104
        assert counted.model_extra["holdfast"] == {"estimated": True}
        assert at.vendor.requests == []


async def test_models_are_listed_as_anthropics_client_wants_them(tmp_path: Path) -> None:
    async with site(tmp_path) as at, client(at) as ai:
        assert "slot:answer" in [model.id async for model in ai.models.list()]


def _png() -> str:
    return base64.b64encode(PNG).decode()


def _pdf() -> str:
    return base64.b64encode(b"%PDF-1.4\n%%EOF").decode()
