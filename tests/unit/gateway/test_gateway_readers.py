"""The readers of Responses and Gemini, and what all readers say of an answer besides its text."""

from __future__ import annotations

import base64
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gateway.fault import Broken
from holdfast.gateway.provider import BUILT_IN
from holdfast.gateway.sse import ServerEvent
from holdfast.gateway.wire import call_ids, gemini, gemini_reader, openai_chat, responses_reader
from holdfast.gateway.wire.anthropic_reader import AnthropicReader
from holdfast.gateway.wire.gemini_reader import GeminiReader
from holdfast.gateway.wire.openai_chat_reader import OpenAIReader
from holdfast.gateway.wire.reading import CallBuilder, Reader
from holdfast.gateway.wire.responses_reader import ResponsesReader
from holdfast.messages import Message, ToolCall
from holdfast.records import Generate, Usage

COUNT = st.integers(0, 10_000)


def event(value: object) -> ServerEvent:
    return ServerEvent("message", msgspec.json.encode(value))


def read(reader: Reader, *values: object) -> str:
    return "".join(reader.take(event(value)) for value in values)


def part(**fields: Any) -> dict[str, Any]:
    return {"candidates": [{"content": {"parts": [fields], "role": "model"}, "index": 0}]}


# ---------------------------------------------------------------- Responses

STARTED = {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5-2025", "status": "in_progress"}}


def ended(status: str = "completed", **fields: Any) -> dict[str, Any]:
    response = {"id": "resp_1", "model": "gpt-5-2025", "status": status, "output": [], **fields}
    return {"type": f"response.{status}", "response": response}


def test_the_first_events_of_a_response_are_no_sign_of_an_answer() -> None:
    reader = ResponsesReader()
    read(reader, STARTED, {**STARTED, "type": "response.in_progress"}, {**STARTED, "type": "response.queued"})
    assert not reader.started
    assert (reader.served, reader.response_id) == ("gpt-5-2025", "resp_1")
    read(reader, {"type": "response.output_item.added", "output_index": 0, "item": {"type": "reasoning"}})
    assert reader.started


def test_text_that_only_the_end_brings_is_heard_and_none_is_heard_twice() -> None:
    said = {"type": "message", "content": [{"type": "output_text", "text": "Hi."}]}
    delta = {"type": "response.output_text.delta", "output_index": 0, "delta": "Hi."}
    done = {"type": "response.output_item.done", "output_index": 0, "item": said}
    for events in ([delta, done, ended(output=[said])], [done, ended(output=[said])], [ended(output=[said])]):
        reader = ResponsesReader()
        assert read(reader, STARTED, *events) == "Hi." == reader.answer().text
        assert reader.closed


def test_places_that_differ_between_events_and_the_end_double_nothing() -> None:
    call = {"type": "function_call", "call_id": "c1", "name": "x", "arguments": "{}"}
    said = {"type": "message", "content": [{"type": "output_text", "text": "Hi."}]}
    reader = ResponsesReader()
    heard = read(
        reader,
        {"type": "response.output_text.delta", "output_index": 3, "delta": "Hi."},
        {"type": "response.output_item.added", "output_index": 5, "item": call},
        ended(output=[said, call]),
    )
    assert (heard, [made.id for made in reader.answer().tool_calls]) == ("Hi.", ["c1"])
    whole = ResponsesReader()
    assert whole.take_whole({"output": [said, call, said]}) == "Hi.Hi."
    assert len(whole.answer().tool_calls) == 1


@pytest.mark.parametrize(
    ("choice", "kind"),
    [
        ({"finish_reason": "error", "error": {"code": 429, "message": "slow down"}}, "rate_limited"),
        ({"finish_reason": "error"}, "server_error"),
        ({"finish_reason": "network_error"}, "server_error"),
    ],
)
def test_a_choice_that_ends_in_an_error_is_a_fault(choice: dict[str, Any], kind: str) -> None:
    with pytest.raises(Broken) as broken:
        read(OpenAIReader(), {"choices": [{"delta": {}, **choice}]})
    assert broken.value.fault.kind == kind


def test_a_stream_that_groq_stops_is_a_fault() -> None:
    with pytest.raises(Broken):
        read(OpenAIReader(), {"choices": [{"delta": {"content": "So"}}]}, {"choices": [], "x_groq": {"error": "full"}})


def test_usage_within_a_choice_is_read() -> None:
    reader = OpenAIReader()
    usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
    read(reader, {"choices": [{"delta": {}, "finish_reason": "stop", "usage": usage}]})
    assert reader.usage == Usage(input_tokens=3, output_tokens=2)


def test_a_response_that_was_cut_or_filtered_says_so() -> None:
    for cut, reason in (("max_output_tokens", "length"), ("content_filter", "content_filter")):
        reader = ResponsesReader()
        read(reader, STARTED, ended("incomplete", incomplete_details={"reason": cut}))
        assert (reader.finished, reader.answer().stop_reason) == (True, reason)


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (ended("failed", error={"code": "server_error", "message": "no"}), "server_error"),
        (ended("failed", error={"code": "rate_limit_exceeded", "message": "no"}), "rate_limited"),
        (ended("failed", error=None), "server_error"),
        ({"type": "error", "code": "insufficient_quota", "message": "pay", "param": None}, "quota"),
        ({"error": {"message": "no", "type": "server_error"}}, "server_error"),
    ],
)
def test_a_response_that_fails_is_a_fault(value: dict[str, Any], kind: str) -> None:
    with pytest.raises(Broken) as broken:
        read(ResponsesReader(), STARTED, value)
    assert broken.value.fault.kind == kind


def test_a_refusal_in_a_response_is_text_and_named() -> None:
    reader = ResponsesReader()
    assert read(reader, {"type": "response.refusal.delta", "output_index": 0, "delta": "No."}, ended()) == "No."
    assert reader.answer().stop_reason == "refusal"


def test_a_response_that_is_not_done_is_no_answer() -> None:
    with pytest.raises(Broken):
        ResponsesReader().take_whole({"status": "queued", "output": []})


# ---------------------------------------------------------------- Gemini


def test_text_after_a_chunk_that_says_the_answer_has_ended_is_read() -> None:
    usage = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
    chunks = [
        {"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": "STOP"}], "usageMetadata": usage}
        for text in ("All ", "is ", "well.")
    ]
    reader = GeminiReader()
    assert read(reader, *chunks) == "All is well."
    assert (reader.finished, reader.closed) == (True, False)


def test_a_prompt_that_gemini_blocks_ends_as_filtered() -> None:
    for reason in ("SAFETY", "PROHIBITED_CONTENT", "OTHER"):
        reader = GeminiReader()
        assert read(reader, {"promptFeedback": {"blockReason": reason}, "usageMetadata": {"promptTokenCount": 3}}) == ""
        assert (reader.finished, reader.answer().stop_reason) == (True, "content_filter")
        assert GeminiReader().take_whole({"promptFeedback": {"blockReason": reason}}) == ""


@pytest.mark.parametrize("reason", ["SAFETY", "RECITATION", "BLOCKLIST", "PROHIBITED_CONTENT", "SPII"])
def test_an_answer_that_gemini_stops_is_filtered(reason: str) -> None:
    reader = GeminiReader()
    read(reader, part(text="So"), {"candidates": [{"finishReason": reason}]})
    assert (reader.answer().text, reader.answer().stop_reason) == ("So", "content_filter")


@pytest.mark.parametrize(
    ("reason", "kind"),
    [("MALFORMED_FUNCTION_CALL", "bad_tool_arguments"), ("OTHER", "server_error"), ("SOMETHING_NEW", "server_error")],
)
def test_an_end_that_is_none_is_a_fault(reason: str, kind: str) -> None:
    with pytest.raises(Broken) as broken:
        read(GeminiReader(), part(text="So"), {"candidates": [{"finishReason": reason}]})
    assert broken.value.fault.kind == kind


def test_thoughts_are_not_text_and_chunks_in_a_list_are_read() -> None:
    chunks = [
        part(text="Hm.", thought=True),
        part(text="Y"),
        part(text="es"),
        {"candidates": [{"finishReason": "STOP"}]},
    ]
    reader = GeminiReader()
    assert reader.take_whole(chunks) == "Yes"
    assert read(GeminiReader(), *chunks) == "Yes"


def test_a_stream_of_gemini_that_ends_without_a_reason_is_not_finished() -> None:
    reader = GeminiReader()
    read(reader, part(text="So"))
    assert reader.started
    assert not reader.finished


def test_a_signature_comes_back_with_its_call() -> None:
    signature = "AbC+/w=="
    reader = GeminiReader()
    call = {"name": "look_up", "args": {"n": 1}}
    value = {"responseId": "r1", **part(functionCall=call, thoughtSignature=signature)}
    read(reader, value, {"candidates": [{"finishReason": "STOP"}]})
    answer = reader.answer()
    assert answer.stop_reason == "tool_calls"
    (made,) = answer.tool_calls
    again = Generate(
        slot="a",
        models=(),
        messages=(
            Message(role="user", text="Where?"),
            Message(role="assistant", tool_calls=(made,)),
            Message(role="tool", text='{"city": "Rome"}', tool_call_id=made.id),
        ),
    )
    sent = gemini.body(again, "gemini-3-flash-preview", BUILT_IN["gemini"])["contents"]
    assert sent[1]["parts"][0]["thoughtSignature"] == signature
    assert sent[1]["parts"][0]["functionCall"]["id"] == sent[2]["parts"][0]["functionResponse"]["id"]
    assert sent[2]["parts"][0]["functionResponse"]["name"] == "look_up"
    assert sent[2]["parts"][0]["functionResponse"]["response"] == {"city": "Rome"}
    elsewhere = openai_chat.body(again, "m", BUILT_IN["openai"])["messages"]
    assert elsewhere[1]["tool_calls"][0]["id"] == elsewhere[2]["tool_call_id"] == call_ids.plain(made.id)


def test_a_call_of_another_model_is_passed_off_where_gemini_wants_a_signature() -> None:
    calls = (ToolCall(id="a", name="x", arguments={}), ToolCall(id="b", name="y", arguments={}))
    request = Generate(slot="a", models=(), messages=(Message(role="assistant", tool_calls=calls),))
    for model, signed in (("gemini-3-flash-preview", [True, False]), ("gemini-2.5-flash", [False, False])):
        parts = gemini.body(request, model, BUILT_IN["gemini"])["contents"][0]["parts"]
        assert ["thoughtSignature" in part for part in parts] == signed


# ---------------------------------------------------------------- alike in all


@given(COUNT, COUNT, COUNT, COUNT, COUNT, st.booleans())
def test_usage_of_responses_falls_into_buckets_that_add_up(
    fresh: int, cached: int, written: int, said: int, thought: int, apart: bool
) -> None:
    raw = {
        "input_tokens": fresh + cached + written,
        "input_tokens_details": {"cached_tokens": cached, "cache_write_tokens": written},
        "output_tokens": said if apart else said + thought,
        "output_tokens_details": {"reasoning_tokens": thought},
        "total_tokens": fresh + cached + written + said + thought,
    }
    assert responses_reader.usage_of(raw) == Usage(
        input_tokens=fresh,
        cache_read_tokens=cached,
        cache_write_tokens=written,
        output_tokens=said,
        reasoning_tokens=thought,
    )


@given(COUNT, COUNT, COUNT, COUNT, COUNT, st.booleans())
def test_usage_of_gemini_falls_into_buckets_that_add_up(
    fresh: int, cached: int, added: int, said: int, thought: int, untold: bool
) -> None:
    raw = {
        "promptTokenCount": fresh + cached,
        "cachedContentTokenCount": cached,
        "toolUsePromptTokenCount": added,
        "candidatesTokenCount": said,
        "totalTokenCount": fresh + cached + added + said + thought,
        **({} if untold else {"thoughtsTokenCount": thought}),
    }
    assert gemini_reader.usage_of(raw) == Usage(
        input_tokens=fresh + added, cache_read_tokens=cached, output_tokens=said, reasoning_tokens=thought
    )


IDS = st.text(st.characters(exclude_characters="\x00"), max_size=80)


@given(IDS, st.binary(max_size=200))
def test_what_an_id_carries_comes_out_of_it(call_id: str, raw: bytes) -> None:
    if "__sig_" in call_id:
        return
    signature = base64.b64encode(raw).decode()
    assert call_ids.opened(call_ids.sealed(call_id, signature)) == (call_id, signature)
    assert call_ids.sealed(call_id, "no base64 !") == call_id


@given(IDS)
def test_an_id_is_made_fit_for_every_vendor_and_stays_so(call_id: str) -> None:
    plain, nine = call_ids.plain(call_id), call_ids.nine(call_id)
    assert 0 < len(plain) <= 64
    assert plain.replace("_", "").replace("-", "").isalnum() or set(plain) <= {"_", "-"}
    assert plain.isascii()
    assert call_ids.plain(plain) == plain
    assert len(nine) == 9
    assert call_ids.nine(nine) == nine
    assert call_ids.opened(call_id)[0] in call_id


def test_calls_without_names_of_their_own_differ_from_one_response_to_the_next() -> None:
    ids = {CallBuilder("", "x").build(place, response).id for place in (0, 1) for response in ("r1", "r2")}
    assert len(ids) == 4
    assert CallBuilder("", "x").build(0, "r1").id in ids


@pytest.mark.parametrize(
    ("reader", "values", "said"),
    [
        (
            OpenAIReader(),
            [
                {"id": "", "model": "", "choices": [], "prompt_filter_results": []},
                {"id": "c1", "model": "gpt-x", "system_fingerprint": "fp", "choices": [{"delta": {"content": "A"}}]},
                {"id": "c1", "model": "gpt-x", "choices": [{"delta": {"content": "B"}, "index": 0}]},
                {"choices": [{"delta": {"content": "no"}, "index": 1}]},
            ],
            ("gpt-x", "c1", "fp"),
        ),
        (
            AnthropicReader(),
            [
                {"type": "message_start", "message": {"id": "c1", "model": "claude-x"}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "A"}},
                {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "B", "new": 1}},
            ],
            ("claude-x", "c1", None),
        ),
        (
            ResponsesReader(),
            [
                {"type": "response.created", "response": {"id": "c1", "model": "gpt-x"}},
                {"type": "response.output_text.delta", "delta": "A", "output_index": 0},
                {"delta": "B", "type": "response.output_text.delta", "output_index": None},
            ],
            ("gpt-x", "c1", None),
        ),
        (
            GeminiReader(),
            [{"modelVersion": "gemini-x", "responseId": "c1", **part(text="A")}, part(text="B")],
            ("gemini-x", "c1", None),
        ),
    ],
)
def test_a_reader_says_who_answers(reader: Reader, values: list[Any], said: tuple[str, str, str | None]) -> None:
    assert read(reader, *values) == "AB"
    assert (reader.served, reader.response_id, reader.fingerprint) == said
    assert not reader.in_tool_call


@pytest.mark.parametrize("given", ['{"order": ', [1], 7, "no JSON"])
def test_arguments_that_are_no_object_are_never_taken_for_none(given: object) -> None:
    anthropic, google = AnthropicReader(), GeminiReader()
    anthropic.take_whole({"type": "message", "content": [{"type": "tool_use", "name": "x", "input": given}]})
    read(google, part(functionCall={"name": "x", "args": given}))
    for reader in (anthropic, google):
        with pytest.raises(Broken) as broken:
            reader.answer()
        assert broken.value.fault.kind == "bad_tool_arguments"


def test_the_count_a_message_begins_with_is_not_taken_for_its_last() -> None:
    reader = AnthropicReader()
    usage = {"input_tokens": 9, "output_tokens": 1}
    text = {"type": "text_delta", "text": "x" * 40}
    read(
        reader,
        {"type": "message_start", "message": {"usage": usage}},
        {"type": "content_block_delta", "index": 0, "delta": text},
        {"type": "message_stop"},
    )
    assert reader.usage == Usage(input_tokens=9, output_tokens=10, estimated=True)


def test_a_reader_says_when_a_call_has_begun() -> None:
    for reader, value in (
        (OpenAIReader(), {"choices": [{"delta": {"tool_calls": [{"index": 0, "function": {"name": "x"}}]}}]}),
        (AnthropicReader(), {"type": "content_block_start", "content_block": {"type": "tool_use", "name": "x"}}),
        (ResponsesReader(), {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": "{"}),
        (GeminiReader(), part(functionCall={"name": "x"})),
    ):  # fmt: skip
        read(reader, value)
        assert reader.in_tool_call
        assert reader.started
