from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gateway.fault import Broken, from_status
from holdfast.gateway.provider import BUILT_IN
from holdfast.gateway.sse import ServerEvent
from holdfast.gateway.wire import (
    anthropic_messages,
    anthropic_reader,
    gemini_reader,
    openai_chat,
    openai_chat_reader,
    responses_reader,
)
from holdfast.gateway.wire.anthropic_messages import ANSWER_TOOL
from holdfast.gateway.wire.anthropic_reader import AnthropicReader
from holdfast.gateway.wire.gemini_reader import GeminiReader
from holdfast.gateway.wire.openai_chat_reader import OpenAIReader
from holdfast.gateway.wire.responses_reader import ResponsesReader
from holdfast.records import Generate, Message, Sampling, Tool, ToolCall, Usage

CALL = ToolCall(id="c1", name="look_up", arguments={"n": 1})
TALK = (
    Message(role="system", text="Be kind."),
    Message(role="user", text="Where is it?"),
    Message(role="assistant", tool_calls=(CALL,)),
    Message(role="tool", text="In Rome.", tool_call_id="c1"),
    Message(role="tool", text="Or not.", tool_call_id="c2"),
)
TOOL = Tool(name="look_up", description="Finds it.", parameters={"type": "object", "properties": {}})
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
SAMPLING = Sampling(temperature=0.2, top_p=0.9, max_tokens=50, seed=7, stop=("END",))


def asked(**changes: Any) -> Generate:
    return Generate(**{"slot": "answer", "models": ("x",), "messages": TALK, **changes})


def openai_body(request: Generate, provider: str = "openai") -> dict[str, Any]:
    return openai_chat.body(request, "m", BUILT_IN[provider])


def anthropic_body(request: Generate) -> dict[str, Any]:
    return anthropic_messages.body(request, "m", BUILT_IN["anthropic"])


def event(value: object) -> ServerEvent:
    return ServerEvent("message", msgspec.json.encode(value))


# ---------------------------------------------------------------- out


def test_openai_gets_every_turn_and_setting() -> None:
    body = openai_body(asked(sampling=SAMPLING, tools=(TOOL,)))
    assert body["messages"] == [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Where is it?"},
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": '{"n":1}'}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "In Rome."},
        {"role": "tool", "tool_call_id": "c2", "content": "Or not."},
    ]
    settings = {name: body[name] for name in ("temperature", "top_p", "seed", "stop", "max_completion_tokens")}
    assert settings == {"temperature": 0.2, "top_p": 0.9, "seed": 7, "stop": ["END"], "max_completion_tokens": 50}
    assert body["tools"][0]["function"]["parameters"] == TOOL.parameters
    assert (body["stream"], body["stream_options"]) == (True, {"include_usage": True})


def test_what_is_not_set_is_not_sent() -> None:
    assert set(openai_body(asked())) == {"model", "messages", "stream", "stream_options"}
    assert set(openai_body(asked(), "mistral")) == {"model", "messages", "stream"}
    assert set(anthropic_body(asked(messages=TALK[:2]))) == {"model", "messages", "stream", "system", "max_tokens"}


def test_copies_of_the_dialect_get_the_length_under_its_old_name() -> None:
    assert openai_body(asked(sampling=SAMPLING), "groq")["max_tokens"] == 50


def test_a_schema_is_asked_for_strictly_where_it_can_be() -> None:
    form = openai_body(asked(schema=SCHEMA))["response_format"]["json_schema"]
    assert form["strict"] is True
    assert form["schema"]["additionalProperties"] is False
    loose = {"type": "object", "additionalProperties": {"type": "string"}}
    assert openai_body(asked(schema=loose))["response_format"]["json_schema"] == {"name": "answer", "schema": loose}


def test_a_provider_without_schemas_is_told_the_schema_in_words() -> None:
    body = openai_body(asked(schema=SCHEMA), "deepseek")
    assert body["response_format"] == {"type": "json_object"}
    assert '"required":["text"]' in body["messages"][0]["content"]


def test_anthropic_gets_turns_that_alternate_and_its_system_text_apart() -> None:
    body = anthropic_body(asked(sampling=SAMPLING, tools=(TOOL,)))
    assert body["system"] == "Be kind."
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][1]["content"] == [{"type": "tool_use", "id": "c1", "name": "look_up", "input": {"n": 1}}]
    assert [block["tool_use_id"] for block in body["messages"][2]["content"]] == ["c1", "c2"]
    assert (body["max_tokens"], body["stop_sequences"]) == (50, ["END"])
    assert "seed" not in body


def test_anthropic_is_never_sent_what_it_refuses() -> None:
    only_system = anthropic_body(asked(messages=(Message(role="system", text="Say hello."),)))
    assert only_system["messages"] == [{"role": "user", "content": "Say hello."}]
    odd = (
        Message(role="user", text="Hi"),
        Message(role="assistant", text=""),
        Message(role="assistant", text="So  \n"),
    )
    turns = anthropic_body(asked(messages=odd))["messages"]
    assert turns[-1] == {"role": "assistant", "content": [{"type": "text", "text": "So"}]}
    assert len(turns) == 2


def test_anthropic_answers_a_schema_through_a_forced_tool() -> None:
    body = anthropic_body(asked(schema=SCHEMA))
    assert body["tool_choice"] == {"type": "tool", "name": ANSWER_TOOL}
    assert body["tools"][-1]["input_schema"] == SCHEMA
    assert anthropic_body(asked(schema=SCHEMA, tools=(TOOL,)))["tool_choice"] == {"type": "any"}
    reader = AnthropicReader(structured=True)
    block = {"type": "tool_use", "id": "t", "name": ANSWER_TOOL, "input": {}}
    heard = reader.take(event({"type": "content_block_start", "index": 0, "content_block": block}))
    for piece in ('{"text":', ' "Hi."}'):
        delta = {"type": "input_json_delta", "partial_json": piece}
        heard += reader.take(event({"type": "content_block_delta", "index": 0, "delta": delta}))
    reader.take(event({"type": "message_delta", "delta": {"stop_reason": "tool_use"}}))
    answer = reader.answer()
    assert heard == answer.text == '{"text": "Hi."}'
    assert (answer.tool_calls, answer.stop_reason) == ((), "stop")


@pytest.mark.parametrize("base", ["https://api.example.com", "https://api.example.com/", "https://api.example.com/v1"])
def test_both_forms_of_anthropics_address_are_taken(base: str) -> None:
    provider = replace(BUILT_IN["anthropic"], base_url=base)
    assert anthropic_messages.url(provider, "m", True) == "https://api.example.com/v1/messages"


# ---------------------------------------------------------------- in

COUNT = st.integers(0, 10_000)


@given(COUNT, COUNT, COUNT, COUNT, COUNT, st.booleans())
def test_openai_usage_falls_into_buckets_that_add_up(
    fresh: int, cached: int, written: int, said: int, thought: int, apart: bool
) -> None:
    raw = {
        "prompt_tokens": fresh + cached + written,
        "completion_tokens": said if apart else said + thought,
        "total_tokens": fresh + cached + written + said + thought,
        "prompt_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "completion_tokens_details": {"reasoning_tokens": thought},
    }
    assert openai_chat_reader.usage_of(raw) == Usage(
        input_tokens=fresh,
        cache_read_tokens=cached,
        cache_write_tokens=written,
        output_tokens=said,
        reasoning_tokens=thought,
    )


ODD = st.none() | st.integers(-5, 5) | st.floats() | st.text(max_size=3) | st.lists(st.integers(), max_size=2)


COUNTED = [
    *("prompt_tokens", "completion_tokens", "total_tokens", "cost", "input_tokens", "output_tokens"),
    *("input_tokens_details", "promptTokenCount", "candidatesTokenCount", "totalTokenCount", "cachedContentTokenCount"),
]


@given(st.dictionaries(st.sampled_from(COUNTED), ODD))
def test_odd_usage_never_breaks_and_never_counts_below_nothing(raw: dict[str, Any]) -> None:
    for read in (
        openai_chat_reader.usage_of,
        anthropic_reader.usage_of,
        responses_reader.usage_of,
        gemini_reader.usage_of,
    ):
        usage = read(raw)
        assert min(usage.input_tokens, usage.output_tokens, usage.reasoning_tokens) >= 0


JSON = st.recursive(
    ODD,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "choices",
                    "delta",
                    "message",
                    "content",
                    "index",
                    "tool_calls",
                    "function",
                    "name",
                    "arguments",
                    "id",
                    "finish_reason",
                    "usage",
                    "model",
                    "content_block",
                    "text",
                    "partial_json",
                    "stop_reason",
                    "role",
                    "reasoning",
                    "candidates",
                    "parts",
                    "finishReason",
                    "functionCall",
                    "promptFeedback",
                    "usageMetadata",
                    "response",
                    "output",
                    "item",
                    "output_index",
                    "status",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(st.lists(JSON, max_size=4))
def test_no_event_however_odd_breaks_a_reader(values: list[object]) -> None:
    readers = (OpenAIReader(), AnthropicReader(), AnthropicReader(structured=True), ResponsesReader(), GeminiReader())
    for reader in readers:
        try:
            for value in values:
                reader.take(event(value))
            reader.answer()
        except Broken:
            continue


@pytest.mark.parametrize(
    ("raw", "usd"),
    [
        ({"cost": 0.002, "is_byok": False}, 0.002),
        ({"cost": 0.0, "is_byok": True}, None),
        ({"cost_in_usd_ticks": 37_756_000}, 0.0037756),
        ({"cost": {"total_cost": 0.005}}, 0.005),
        ({"cost": 3}, None),
        ({}, None),
    ],
)
def test_a_vendors_own_word_on_cost_is_taken_where_its_unit_is_known(raw: dict[str, Any], usd: float | None) -> None:
    assert openai_chat_reader.charged_usd(raw) == (usd if usd is None else pytest.approx(usd))


def test_pieces_of_calls_belong_together_by_index_or_by_id() -> None:
    reader = OpenAIReader()

    def say(*calls: dict[str, Any]) -> None:
        reader.take(event({"choices": [{"delta": {"tool_calls": list(calls)}}]}))

    say({"index": 0, "id": "a", "function": {"name": "one", "arguments": '{"x"'}})
    say({"index": 1, "id": "b", "function": {"name": "two", "arguments": ""}})
    say({"index": 0, "function": {"arguments": ": 1}"}})
    say({"index": 0, "id": "c", "function": {"name": "three", "arguments": {"y": 2}}})
    assert [(call.id, call.name, call.arguments) for call in reader.answer().tool_calls] == [
        ("a", "one", {"x": 1}),
        ("b", "two", {}),
        ("c", "three", {"y": 2}),
    ]


def test_thinking_is_not_text_and_what_follows_the_end_is_not_heard() -> None:
    reader = OpenAIReader()
    parts = [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": "Yes"}]
    assert reader.take(event({"choices": [{"delta": {"content": parts}}]})) == "Yes"
    reader.take(event({"choices": [{"delta": {}, "finish_reason": "stop"}]}))
    reader.take(ServerEvent("message", b"[DONE]"))
    reader.take(ServerEvent("message", b"[DONE]"))
    assert reader.take(event({"choices": [{"delta": {"content": " and no"}}]})) == ""
    assert reader.answer().text == "Yes"


def test_a_finish_reason_that_means_failure_is_a_fault() -> None:
    with pytest.raises(Broken):
        OpenAIReader().take(event({"choices": [{"delta": {}, "finish_reason": "error"}]}))


def test_azures_filters_are_read_past_and_their_verdict_is_told() -> None:
    reader = OpenAIReader()
    clean = {"hate": {"filtered": False, "severity": "safe"}}
    values = [
        {"id": "", "model": "", "choices": [], "prompt_filter_results": [{"prompt_index": 0}]},
        {"id": "c", "model": "gpt-x", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}}]},
        {"choices": [{"index": 0, "delta": {"content": "So"}, "content_filter_results": clean, "finish_reason": None}]},
        {
            "choices": [
                {"index": 0, "content_filter_offsets": {}, "content_filter_results": clean, "finish_reason": None}
            ]
        },
        {"choices": [{"index": 0, "delta": {}, "finish_reason": "content_filter"}]},
    ]
    assert "".join(reader.take(event(value)) for value in values) == "So"
    assert (reader.finished, reader.answer().stop_reason) == (True, "content_filter")
    inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {"hate": {"filtered": True}}}
    refusal = {
        "error": {"message": "no", "type": None, "param": "prompt", "code": "content_filter", "innererror": inner}
    }
    assert from_status(400, msgspec.json.encode(refusal)).kind == "filtered"


@given(st.lists(st.tuples(st.text(max_size=5), st.sampled_from(["plain", "odd", "role"])), max_size=6))
def test_the_quick_way_hears_what_the_general_way_hears(said: list[tuple[str, str]]) -> None:
    more: dict[str, dict[str, Any]] = {"plain": {}, "odd": {"annotations": []}, "role": {"role": "assistant"}}
    values = [{"choices": [{"index": 0, "delta": {"content": text, **more[way]}}]} for text, way in said]
    general = [{"choices": [{"index": 0, "delta": {"content": text, "new": 1}}]} for text, _ in said]
    quick_reader, general_reader = OpenAIReader(), OpenAIReader()
    assert [quick_reader.take(event(v)) for v in values] == [general_reader.take(event(v)) for v in general]
    assert quick_reader.answer() == general_reader.answer()
    assert quick_reader.started == general_reader.started
