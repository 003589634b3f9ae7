"""What every dialect makes of the same request: nothing that was asked is lost, and what a model rejects can go."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gateway.provider import BUILT_IN, Dialect, Provider, speaker
from holdfast.gateway.wire.asked import pieces
from holdfast.gateway.wire.dialect import WIRES
from holdfast.messages import Media, Message, Sampling, Tool, ToolCall
from holdfast.records import Generate

DIALECTS: tuple[Dialect, ...] = get_args(Dialect)
PNG = Media(media_type="image/png", data=b"\x89PNG", at=5)
PDF = Media(media_type="application/pdf", data=b"%PDF", name="paper.pdf", at=5)
NOTES = Media(media_type="text/plain", data=b"Buy milk.", name="notes.txt")
ASKED = Message(role="user", text="Look: what is it?")
CALL = ToolCall(id="call_1", name="look_up", arguments={"n": 1})
TOOL = Tool(name="look_up", description="Finds it.", parameters={"type": "object", "properties": {"n": {}}})
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
EVERYTHING = Sampling(
    temperature=0.5,
    top_p=0.9,
    max_tokens=4000,
    seed=7,
    stop=("END",),
    presence_penalty=0.1,
    frequency_penalty=0.2,
    reasoning_effort="low",
    parallel_tool_calls=False,
)


def asked(*messages: Message, **fields: Any) -> Generate:
    return Generate(slot="a", models=("x",), messages=messages or (ASKED,), **fields)


def body(
    request: Generate,
    dialect: Dialect = "openai",
    *without: str,
    provider: Provider | None = None,
    streaming: bool = True,
    model: str = "m",
) -> dict[str, Any]:
    to = provider or speaker("p", "http://localhost", dialect)
    return WIRES[to.dialect].body(request, model, to, streaming, frozenset(without))


def prefilled(dialect: Dialect = "openai", *without: str, **fields: Any) -> dict[str, Any]:
    begun = Message(role="assistant", text="It is  \n")
    return body(asked(ASKED, begun), dialect, *without, provider=speaker("p", "http://l", dialect, **fields))


# ---------------------------------------------------------------- what is attached


def test_what_is_attached_stands_where_it_belongs() -> None:
    request = asked(replace_media(ASKED, PNG, PDF, NOTES))
    url, pdf = "data:image/png;base64,iVBORw==", "data:application/pdf;base64,JVBERg=="
    assert body(request)["messages"][0]["content"] == [
        {"type": "text", "text": "notes.txt:\nBuy milk."},
        {"type": "text", "text": "Look:"},
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "file", "file": {"filename": "paper.pdf", "file_data": pdf}},
        {"type": "text", "text": " what is it?"},
    ]
    assert body(request, "openai-responses")["input"][0]["content"][2:4] == [
        {"type": "input_image", "image_url": url, "detail": "auto"},
        {"type": "input_file", "filename": "paper.pdf", "file_data": pdf},
    ]
    assert body(request, "anthropic")["messages"][0]["content"][2:4] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="},
            "title": "paper.pdf",
        },
    ]
    assert body(request, "gemini")["contents"][0]["parts"][2:4] == [
        {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERg=="}},
    ]
    assert body(request, provider=BUILT_IN["mistral"])["messages"][0]["content"][3] == {
        "type": "document_url",
        "document_url": pdf,
    }


def replace_media(message: Message, *media: Media) -> Message:
    return Message(role=message.role, text=message.text, media=media, tool_call_id=message.tool_call_id)


@given(st.text(max_size=20), st.lists(st.integers(-3, 30), max_size=4))
def test_no_word_is_lost_however_media_are_placed(text: str, places: list[int]) -> None:
    media = tuple(Media(media_type="image/png", data=b"x", at=place) for place in places)
    found = pieces(Message(role="user", text=text, media=media))
    assert "".join(piece for piece in found if isinstance(piece, str)) == text
    assert sum(isinstance(piece, Media) for piece in found) == len(places)


def test_what_a_tool_gave_besides_text_reaches_the_model() -> None:
    given = replace_media(Message(role="tool", text="Here.", tool_call_id="call_1"), PNG)
    request = asked(ASKED, Message(role="assistant", tool_calls=(CALL,)), given, Message(role="user", text="So?"))
    roles = [message["role"] for message in body(request)["messages"]]
    assert roles == ["user", "assistant", "tool", "user", "user"]
    assert body(request)["messages"][3]["content"][0]["type"] == "image_url"
    assert body(request, "openai-responses")["input"][2]["output"][1]["type"] == "input_image"
    assert body(request, "anthropic")["messages"][2]["content"][0]["content"][1]["type"] == "image"
    assert "inlineData" in body(request, "gemini")["contents"][2]["parts"][1]


# ---------------------------------------------------------------- tools


@pytest.mark.parametrize(
    ("choice", "chat", "responses", "anthropic", "gemini"),
    [
        ("auto", None, None, None, None),
        ("none", "none", "none", {"type": "none"}, {"mode": "NONE"}),
        ("required", "required", "required", {"type": "any"}, {"mode": "ANY"}),
        (
            "look_up",
            {"type": "function", "function": {"name": "look_up"}},
            {"type": "function", "name": "look_up"},
            {"type": "tool", "name": "look_up"},
            {"mode": "ANY", "allowedFunctionNames": ["look_up"]},
        ),
    ],
)
def test_the_choice_of_tools_is_told(choice: str, chat: Any, responses: Any, anthropic: Any, gemini: Any) -> None:
    request = asked(tools=(TOOL,), tool_choice=choice)
    assert body(request).get("tool_choice") == chat
    assert body(request, "openai-responses").get("tool_choice") == responses
    assert body(request, "anthropic").get("tool_choice") == anthropic
    config = body(request, "gemini").get("toolConfig")
    assert (config and config["functionCallingConfig"]) == gemini
    assert all("tool_choice" not in body(asked(tool_choice=choice), dialect) for dialect in DIALECTS)


def test_claude_gets_the_tools_of_calls_that_were_made_though_none_is_offered_now() -> None:
    result = Message(role="tool", text="In Rome.", tool_call_id="call_1")
    sent = body(asked(ASKED, Message(role="assistant", tool_calls=(CALL,)), result), "anthropic")
    assert [tool["name"] for tool in sent["tools"]] == ["look_up"]
    assert sent["tool_choice"] == {"type": "none"}


def test_one_call_at_a_time_can_be_asked_for() -> None:
    request = asked(tools=(TOOL,), sampling=Sampling(parallel_tool_calls=False))
    assert body(request)["parallel_tool_calls"] is False
    assert body(request, "openai-responses")["parallel_tool_calls"] is False
    assert body(request, "anthropic")["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}
    assert "parallel_tool_calls" not in body(asked(sampling=Sampling(parallel_tool_calls=False)))


def test_mistral_gets_ids_of_nine_letters_for_a_call_and_its_result_alike() -> None:
    result = Message(role="tool", text="In Rome.", tool_call_id="call_1")
    request = asked(ASKED, Message(role="assistant", tool_calls=(CALL,)), result)
    messages = body(request, provider=BUILT_IN["mistral"])["messages"]
    call_id = messages[1]["tool_calls"][0]["id"]
    assert len(call_id) == 9
    assert call_id.isalnum()
    assert messages[2]["tool_call_id"] == call_id


# ---------------------------------------------------------------- drawing, effort


def test_every_setting_is_sent_under_the_dialects_own_name() -> None:
    request = asked(sampling=EVERYTHING)
    chat = body(request)
    assert {name: chat[name] for name in ("temperature", "top_p", "presence_penalty", "frequency_penalty", "seed")} == {
        "temperature": 0.5,
        "top_p": 0.9,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "seed": 7,
    }
    assert body(request, provider=BUILT_IN["mistral"])["random_seed"] == 7
    assert body(request, "openai-responses")["max_output_tokens"] == 4000
    assert body(request, "gemini")["generationConfig"] == {
        "temperature": 0.5,
        "topP": 0.9,
        "maxOutputTokens": 4000,
        "seed": 7,
        "stopSequences": ["END"],
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
        "thinkingConfig": {"thinkingLevel": "low"},
    }


@pytest.mark.parametrize("dialect", DIALECTS)
def test_what_is_not_set_is_not_sent_and_a_whole_answer_is_not_streamed(dialect: Dialect) -> None:
    sent = body(asked(), dialect, streaming=False)
    optional = {"max_tokens", "store"}
    assert set(sent) - optional in ({"model", "messages"}, {"model", "input"}, {"contents"})
    assert "stream" in body(asked(), dialect) or dialect == "gemini"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", Sampling.__struct_fields__)
def test_a_parameter_that_is_rejected_goes_and_everything_else_stays(dialect: Dialect, name: str) -> None:
    unset = {field: getattr(EVERYTHING, field) for field in Sampling.__struct_fields__ if field != name}
    request = asked(sampling=EVERYTHING, tools=(TOOL,))
    assert body(request, dialect, name) == body(asked(sampling=Sampling(**unset), tools=(TOOL,)), dialect)
    assert body(asked(), dialect, name, "something else") == body(asked(), dialect)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_schema_that_is_rejected_is_said_in_words(dialect: Dialect) -> None:
    sent = json.dumps(body(asked(schema=SCHEMA), dialect, "schema"))
    assert "matches this JSON Schema" in sent
    for name in ("response_format", "responseJsonSchema", "tool_choice", '"format"', "responseMimeType"):
        assert name not in sent
    some = json.dumps(body(asked(schema=SCHEMA), dialect, "json_schema"))
    assert "matches this JSON Schema" in some
    assert "json_object" in some or "application/json" in some or dialect == "anthropic"


def test_asking_for_usage_can_be_left_out() -> None:
    assert "stream_options" in body(asked())
    assert "stream_options" not in body(asked(), "openai", "stream_options")
    assert "stream_options" not in body(asked(), streaming=False)


@pytest.mark.parametrize(
    ("name", "field", "sent"),
    [
        ("openai", "reasoning_effort", "low"),
        ("openrouter", "reasoning", {"effort": "low"}),
        ("deepseek", "thinking", {"type": "enabled"}),
    ],
)
def test_effort_is_asked_for_as_the_provider_knows_it(name: str, field: str, sent: Any) -> None:
    low = asked(sampling=Sampling(reasoning_effort="low"))
    assert body(low, provider=BUILT_IN[name])[field] == sent
    assert body(low, provider=replace(BUILT_IN[name], reasoning="none")) == body(asked(), provider=BUILT_IN[name])


def claude(model: str, *messages: Message, **fields: Any) -> dict[str, Any]:
    effort = Sampling(reasoning_effort="high", temperature=0.5, max_tokens=fields.pop("max_tokens", None))
    return body(asked(*messages, sampling=effort, **fields), "anthropic", model=model)


@pytest.mark.parametrize(
    "model", ["claude-3-7-sonnet-20250219", "claude-sonnet-4-0", "claude-opus-4-20250514", "claude-haiku-4-5-20251001"]
)
def test_older_claudes_think_within_a_budget_under_the_bound(model: str) -> None:
    sent = claude(model)
    assert sent["thinking"] == {"type": "enabled", "budget_tokens": 16384}
    assert sent["max_tokens"] > 16384
    assert "temperature" not in sent
    bounded = claude(model, max_tokens=6000)
    assert (bounded["thinking"]["budget_tokens"], bounded["max_tokens"]) == (3000, 6000)
    assert "thinking" not in claude(model, max_tokens=1000)


@pytest.mark.parametrize("model", ["claude-opus-4-6", "claude-sonnet-4-6-20260201", "claude-opus-4-7", "claude-opus-5"])
def test_newer_claudes_are_told_the_effort(model: str) -> None:
    sent = claude(model)
    assert (sent["thinking"], sent["output_config"]) == ({"type": "adaptive"}, {"effort": "high"})


def test_claude_does_not_think_where_that_is_refused() -> None:
    after_a_call = (
        ASKED,
        Message(role="assistant", tool_calls=(CALL,)),
        Message(role="tool", text="x", tool_call_id="call_1"),
    )
    for sent in (
        claude("claude-sonnet-4-5", *after_a_call, tools=(TOOL,)),
        claude("claude-sonnet-4-5", schema=SCHEMA),
        claude("claude-sonnet-4-5", ASKED, Message(role="assistant", text="It is")),
    ):
        assert "thinking" not in sent
        assert sent["temperature"] == 0.5


@pytest.mark.parametrize(
    ("model", "effort", "config"),
    [
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-2.5-pro", "none", {"thinkingBudget": 128}),
        ("gemini-2.5-flash", "high", {"thinkingBudget": 24576}),
        ("gemini-3-flash-preview", "none", {"thinkingLevel": "minimal"}),
        ("gemini-3.1-pro-preview", "none", {"thinkingLevel": "low"}),
        ("gemini-3-flash-preview", "high", {"thinkingLevel": "high"}),
    ],
)
def test_gemini_is_told_a_budget_or_a_level(model: str, effort: Any, config: dict[str, Any]) -> None:
    request = asked(sampling=Sampling(reasoning_effort=effort))
    assert body(request, "gemini", model=model)["generationConfig"]["thinkingConfig"] == config


# ---------------------------------------------------------------- beginnings


def test_a_long_beginning_is_marked_for_claude_to_keep() -> None:
    mark = {"type": "ephemeral"}
    long = Message(role="system", text="Be kind. " * 600)
    sent = body(asked(long, ASKED, tools=(TOOL,)), "anthropic")
    assert sent["system"] == [{"type": "text", "text": long.text, "cache_control": mark}]
    assert "cache_control" not in sent["tools"][0]
    wordy = Tool(name="look_up", description="Finds it. " * 600)
    sent = body(asked(tools=(TOOL, wordy)), "anthropic")
    assert [tool.get("cache_control") for tool in sent["tools"]] == [None, mark]
    assert body(asked(Message(role="system", text="Be kind."), ASKED), "anthropic")["system"] == "Be kind."


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_system_turn_alone_is_still_a_request(dialect: Dialect) -> None:
    sent = body(asked(Message(role="system", text="Say hello.")), dialect)
    turns = sent.get("messages") or sent.get("input") or sent.get("contents")
    assert "Say hello." in json.dumps(turns)


def test_an_answer_that_has_begun_is_handed_in_as_the_provider_takes_it() -> None:
    last = prefilled("openai", prefill="prefix_field")["messages"][-1]
    assert last == {"role": "assistant", "content": "It is  \n", "prefix": True}
    going_on = prefilled("openai", prefill="continue_final_message")
    assert (going_on["continue_final_message"], going_on["add_generation_prompt"]) == (True, False)
    assert prefilled("openai", prefill="last_message")["messages"][-1] == {"role": "assistant", "content": "It is  \n"}
    assert prefilled("anthropic")["messages"][-1]["content"][0]["text"] == "It is"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_beginning_that_is_rejected_is_not_handed_in(dialect: Dialect) -> None:
    assert prefilled(dialect, "prefill", prefill="prefix_field") == body(asked(), dialect)


# ---------------------------------------------------------------- where to


@pytest.mark.parametrize(
    ("base", "version", "url"),
    [
        ("https://n.openai.azure.com", "", "/openai/deployments/gpt%204/chat/completions?api-version=2024-10-21"),
        ("https://n.openai.azure.com/openai/", "v", "/openai/deployments/gpt%204/chat/completions?api-version=v"),
        ("https://n.azure.com/openai/deployments/d", "v", "/openai/deployments/d/chat/completions?api-version=v"),
        ("https://n.openai.azure.com/openai/v1", "", "/openai/v1/chat/completions"),
        ("https://n.openai.azure.com/openai/v1/", "preview", "/openai/v1/chat/completions?api-version=preview"),
        ("https://n.services.ai.azure.com/models", "", "/models/chat/completions?api-version=2024-05-01-preview"),
    ],
)  # fmt: skip
def test_azure_is_reached_by_every_form_of_its_address(base: str, version: str, url: str) -> None:
    provider = speaker("azure", base, "azure", api_version=version, api_key="a-key")
    assert WIRES["azure"].url(provider, "gpt 4", True) == base.split("com")[0] + "com" + url
    assert WIRES["azure"].headers("a-key") == {"api-key": "a-key"}


@pytest.mark.parametrize("base", ["https://g.example", "https://g.example/v1beta", "https://g.example/v1beta/"])
def test_gemini_says_in_the_path_what_is_asked_and_whether_it_streams(base: str) -> None:
    provider = speaker("gemini", base, "gemini")
    whole = "https://g.example/v1beta/models/gemini-2.5-flash:generateContent"
    assert WIRES["gemini"].url(provider, "gemini-2.5-flash", False) == whole
    streamed = whole.replace(":generate", ":streamGenerate") + "?alt=sse"
    assert WIRES["gemini"].url(provider, "gemini-2.5-flash", True) == streamed
    assert "/v1beta/tunedModels/mine:" in WIRES["gemini"].url(provider, "tunedModels/mine", True)
