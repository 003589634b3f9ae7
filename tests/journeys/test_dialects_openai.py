"""OpenAI's own Python client, unchanged, against features, slots and models of a project over real HTTP."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel
from tests.journeys.dialect_project import PNG, Site, site

from holdfast.errors import NotFound
from holdfast.records import Recording, ToolCall
from holdfast.testing import Act

WEATHER: Any = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "The weather.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
HELLO: Any = [{"role": "user", "content": "hello"}]
CALLS = (
    ToolCall(id="call_1", name="weather", arguments={"city": "Oslo"}),
    ToolCall(id="call_2", name="weather", arguments={"city": "Rom"}),
)


@asynccontextmanager
async def client(at: Site, **given: Any) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=f"{at.url}/v1", api_key="k", max_retries=0, **given) as it:
        yield it


async def recorded(at: Site, recording_id: str) -> Recording:
    """The recording, once it is there: a client that has left is not told."""
    while True:
        try:
            return await at.project.store.recordings.get(recording_id)
        except NotFound:
            await asyncio.sleep(0.01)


async def test_a_chat_completion_of_a_model_a_slot_and_a_feature(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(text="It is fine.")]) as at, client(at) as ai:
        for model in ("v:one", "v/one", "slot:answer"):
            said = await ai.chat.completions.create(model=model, messages=HELLO, temperature=0.5, stop=["END"])
            assert said.choices[0].message.content == "It is fine."
            assert (said.choices[0].finish_reason, said.model) == ("stop", model)
            assert said.usage is not None
            assert (said.usage.prompt_tokens, said.usage.completion_tokens) == (12, 5)
            extra: Any = said.model_extra
            kept = await at.project.store.recordings.get(extra["holdfast"]["recording_id"])
            assert (kept.feature, kept.outcome) == (model, "ok")
        sent = at.vendor.requests[0].body
        assert (sent["model"], sent["temperature"], sent["stop"]) == ("one", 0.5, ["END"])
        said = await ai.chat.completions.create(model="answer", messages=HELLO)
        message = said.choices[0].message
        assert message.content == "You said: hello [1]"
        assert message.annotations is not None
        note = message.annotations[0].url_citation
        assert (note.url, note.title, message.content[note.start_index : note.end_index]) == (
            "https://h.example/r",
            "Returns",
            "[1]",
        )


async def test_a_stream_has_the_role_first_usage_where_asked_and_the_text_whole(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(pieces=("It ", "is ", "fine."))]) as at, client(at) as ai:
        chunks = [
            chunk
            async for chunk in await ai.chat.completions.create(
                model="slot:answer", messages=HELLO, stream=True, stream_options={"include_usage": True}
            )
        ]
        assert chunks[0].choices[0].delta.role == "assistant"
        assert "".join(c.choices[0].delta.content or "" for c in chunks if c.choices) == "It is fine."
        assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
        assert chunks[-1].choices == []
        assert chunks[-1].usage is not None
        assert chunks[-1].usage.total_tokens == 17
        plain = [c async for c in await ai.chat.completions.create(model="v:one", messages=HELLO, stream=True)]
        assert all(chunk.usage is None and chunk.choices for chunk in plain)
        extra: Any = plain[-1].model_extra
        assert extra["holdfast"]["model"] == "v:one"


async def test_tools_are_called_in_parallel_whole_and_streamed_and_their_results_go_back(tmp_path: Path) -> None:
    acts = [Act(text="", tool_calls=CALLS, stop_reason="tool_calls")]
    async with site(tmp_path, acts) as at, client(at) as ai:
        said = await ai.chat.completions.create(model="v:one", messages=HELLO, tools=[WEATHER], tool_choice="required")
        calls = said.choices[0].message.tool_calls
        assert calls is not None
        assert said.choices[0].finish_reason == "tool_calls"
        assert [(c.id, c.function.arguments) for c in calls if c.type == "function"] == [
            ("call_1", '{"city":"Oslo"}'),
            ("call_2", '{"city":"Rom"}'),
        ]
        async with ai.chat.completions.stream(model="v:one", messages=HELLO, tools=[WEATHER]) as stream:
            final = await stream.get_final_completion()
        streamed = final.choices[0].message.tool_calls
        assert streamed is not None
        assert [call.id for call in streamed] == ["call_1", "call_2"]
        at.vendor.acts[:] = [Act(text="Cold.")]
        results: Any = [{"role": "tool", "tool_call_id": call.id, "content": "-3"} for call in CALLS]
        again = await ai.chat.completions.create(
            model="v:one", messages=[*HELLO, said.choices[0].message.model_dump(), *results], tools=[WEATHER]
        )
        assert again.choices[0].message.content == "Cold."
        turns = at.vendor.requests[-1].body["messages"]
        assert [turn["role"] for turn in turns] == ["user", "assistant", "tool", "tool"]
        assert [call["id"] for call in turns[1]["tool_calls"]] == ["call_1", "call_2"]


class City(BaseModel):
    name: str
    people: int


async def test_json_by_schema_is_parsed_and_what_is_no_json_is_an_error(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(text='{"name": "Oslo", "people": 7}')]) as at, client(at) as ai:
        said = await ai.chat.completions.parse(model="v:one", messages=HELLO, response_format=City)
        assert said.choices[0].message.parsed == City(name="Oslo", people=7)
        assert at.vendor.requests[0].body["response_format"]["type"] == "json_schema"
        response = await ai.responses.parse(model="v:one", input="hello", text_format=City)
        assert response.output_parsed == City(name="Oslo", people=7)
        at.vendor.acts[:] = [Act(text="no json")]
        with pytest.raises(openai.InternalServerError) as raised:
            await ai.chat.completions.create(model="v:one", messages=HELLO, response_format={"type": "json_object"})
        assert raised.value.code == "HF303"


async def test_a_response_whole_streamed_followed_up_and_fetched_again(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(text="It is fine.")]) as at, client(at) as ai:
        first = await ai.responses.create(model="slot:answer", input="hello", instructions="Be brief.")
        assert (first.output_text, first.status) == ("It is fine.", "completed")
        assert first.usage is not None
        assert first.usage.total_tokens == 17
        assert first.usage.input_tokens_details.cache_write_tokens == 0
        async with ai.responses.stream(
            model="slot:answer", input="and now?", previous_response_id=first.id, max_output_tokens=9
        ) as stream:
            events = [event async for event in stream]
            final = await stream.get_final_response()
        kinds = [event.type for event in events]
        assert [event.sequence_number for event in events] == list(range(len(events)))
        assert kinds[:4] == [
            "response.created",
            "response.in_progress",
            "response.output_item.added",
            "response.content_part.added",
        ]
        assert kinds[-4:] == [
            "response.output_text.done",
            "response.content_part.done",
            "response.output_item.done",
            "response.completed",
        ]
        assert final.output_text == "It is fine."
        turns = at.vendor.requests[-1].body["messages"]
        assert [(t["role"], t["content"]) for t in turns] == [
            ("user", "hello"),
            ("assistant", "It is fine."),
            ("user", "and now?"),
        ]
        assert (await ai.responses.retrieve(first.id)).output_text == "It is fine."
        with pytest.raises(openai.BadRequestError) as raised:
            await ai.responses.create(model="slot:answer", input="x", previous_response_id="resp_none")
        assert raised.value.param == "previous_response_id"


async def test_a_response_calls_tools_and_takes_what_they_gave(tmp_path: Path) -> None:
    acts = [Act(text="", tool_calls=CALLS, stop_reason="tool_calls"), Act(text="Cold.")]
    async with site(tmp_path, acts) as at, client(at) as ai:
        tools: Any = [{"type": "function", **WEATHER["function"]}]
        first = await ai.responses.create(model="v:one", input="hello", tools=tools)
        assert [(item.type, item.call_id) for item in first.output if item.type == "function_call"] == [
            ("function_call", "call_1"),
            ("function_call", "call_2"),
        ]
        given: Any = [*(item.model_dump() for item in first.output)]
        given += [{"type": "function_call_output", "call_id": call.id, "output": "-3"} for call in CALLS]
        last = await ai.responses.create(model="v:one", input=[{"role": "user", "content": "hello"}, *given])
        assert last.output_text == "Cold."
        turns = at.vendor.requests[-1].body["messages"]
        assert [turn["role"] for turn in turns] == ["user", "assistant", "tool", "tool"]
        at.vendor.acts[:] = [Act(text="", tool_calls=CALLS, stop_reason="tool_calls")]
        async with ai.responses.stream(model="v:one", input="hello", tools=tools) as stream:
            final = await stream.get_final_response()
        assert [item.type for item in final.output] == ["function_call", "function_call"]


async def test_errors_are_openais_own_and_say_whose_they_are(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(status=500)]) as at, client(at) as ai:
        with pytest.raises(openai.NotFoundError, match="did you mean 'answer'") as missing:
            await ai.chat.completions.create(model="anwser", messages=HELLO)
        assert missing.value.code == "model_not_found"
        with pytest.raises(openai.NotFoundError):
            await ai.chat.completions.create(model="slot:none", messages=HELLO)
        with pytest.raises(openai.NotFoundError):
            await ai.chat.completions.create(model="nobody:gpt", messages=HELLO)
        with pytest.raises(openai.BadRequestError) as twice:
            await ai.chat.completions.create(model="v:one", messages=HELLO, n=2)
        assert (twice.value.param, twice.value.response.headers["holdfast-error-source"]) == ("n", "gateway")
        for stream in (False, True):
            with pytest.raises(openai.InternalServerError) as failed:
                await ai.chat.completions.create(model="slot:answer", messages=HELLO, stream=stream)
            assert failed.value.status_code == 502
            assert failed.value.response.headers["holdfast-error-source"] == "provider"
            assert failed.value.response.headers["holdfast-recording"].startswith("rec_")
            assert failed.value.request_id == failed.value.response.headers["holdfast-recording"]


async def test_a_failure_after_text_was_sent_is_an_error_in_the_stream_without_done(tmp_path: Path) -> None:
    acts = [Act(pieces=("It ", "is "), error_after=1, between_ms=100), Act(status=500)]
    async with site(tmp_path, acts) as at, client(at) as ai:
        body = {"model": "slot:answer", "messages": HELLO, "stream": True}
        response = await at.served.http.post("/v1/chat/completions", json=body)
        assert response.status_code == 200
        assert '"content":"It "' in response.text
        assert "data: [DONE]" not in response.text
        last = json.loads(response.text.strip().splitlines()[-1].removeprefix("data: "))
        assert (last["error"]["code"], last["holdfast"]["origin"]) == ("HF301", "provider")
        at.vendor.requests.clear()
        with pytest.raises(openai.APIError, match="no rung"):
            async for _ in await ai.chat.completions.create(model="slot:answer", messages=HELLO, stream=True):
                pass


async def test_a_client_that_leaves_mid_stream_stops_the_vendor_and_is_recorded(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(pieces=("It ", "is "), stall_after=1)]) as at, client(at) as ai:
        stream = await ai.chat.completions.create(model="slot:answer", messages=HELLO, stream=True)
        async for chunk in stream:
            if chunk.choices[0].delta.content:
                break
        recording_id = stream.response.headers["holdfast-recording"]
        await stream.close()
        async with asyncio.timeout(10):
            await at.vendor.requests[0].hung_up.wait()
            found = await recorded(at, recording_id)
        assert found.outcome == "cancelled"
        assert found.steps[0].attempts[0].usage is not None


async def test_an_image_by_base64_is_checked_and_kept_in_its_place(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(text="A dot.")]) as at, client(at) as ai:
        url = "data:image/jpeg;base64," + base64.b64encode(PNG).decode()
        parts: Any = [
            {"type": "text", "text": "What"},
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "text", "text": " is it?"},
        ]
        said = await ai.chat.completions.create(model="v:one", messages=[{"role": "user", "content": parts}])
        assert said.choices[0].message.content == "A dot."
        extra: Any = said.model_extra
        kept = await at.project.store.recordings.get(extra["holdfast"]["recording_id"])
        effect: Any = kept.steps[0].effect
        (media,) = effect.messages[0].media
        assert (media.media_type, media.data, media.at) == ("image/png", PNG, 4)
        assert effect.messages[0].text == "What is it?"
        parts[1]["image_url"]["url"] = "data:image/png;base64," + base64.b64encode(b"no image").decode()
        with pytest.raises(openai.BadRequestError) as raised:
            await ai.chat.completions.create(model="v:one", messages=[{"role": "user", "content": parts}])
        assert raised.value.param == "messages[0].content[1].image_url"
        assert raised.value.code == "HF731"
        parts[1]["image_url"]["url"] = "http://127.0.0.1:1/x.png"
        with pytest.raises(openai.BadRequestError, match="private network"):
            await ai.chat.completions.create(model="v:one", messages=[{"role": "user", "content": parts}])


async def test_models_are_features_slots_rungs_and_one_can_be_asked_for(tmp_path: Path) -> None:
    async with site(tmp_path) as at, client(at) as ai:
        listed = [model.id async for model in ai.models.list()]
        assert listed[:6] == ["answer", "invoice", "chat", "several", "scan", "guarded"]
        assert {"slot:answer", "v:one", "v:two"} <= set(listed)
        assert (await ai.models.retrieve("slot:answer")).id == "slot:answer"
        with pytest.raises(openai.NotFoundError):
            await ai.models.retrieve("none")


async def test_without_the_version_in_the_url_and_with_a_key_of_any_vendor(tmp_path: Path) -> None:
    async with site(tmp_path) as at:
        ai = AsyncOpenAI(base_url=at.url, api_key="k", max_retries=0)
        assert (await ai.chat.completions.create(model="v:one", messages=HELLO)).choices
        await ai.close()


async def test_a_slot_and_a_model_replay_like_any_feature_and_a_model_makes_one_release(tmp_path: Path) -> None:
    async with site(tmp_path, [Act(text="It is fine.")]) as at, client(at) as ai:
        ids, releases = [], set()
        for model in ("v:one", "v:one", "slot:answer"):
            said: Any = (await ai.chat.completions.create(model=model, messages=HELLO)).model_extra
            ids.append(said["holdfast"]["recording_id"])
            releases.add(said["holdfast"]["release"])
        assert len(releases) == 2
        asked = len(at.vendor.requests)
        for recording_id in ids:
            replay = await at.project.replay(recording_id, strict=True)
            assert (replay.diff.same, replay.redone) == (True, 0), replay.diff
        assert len(at.vendor.requests) == asked
        changed = await at.project.replay(ids[0], changes={"v:one.models": "v:two"})
        assert at.vendor.requests[-1].body["model"] == "two"
        assert changed.recording.outcome == "ok"
