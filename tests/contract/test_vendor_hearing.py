"""The scriptable vendor understands what it is asked, in every dialect: turns, attachments, tools, schemas, keys."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from holdfast.messages import Media, ToolCall
from holdfast.testing.asked import Asked
from holdfast.testing.speech.hearing import heard

PNG, PDF = b"\x89PNG picture", b"%PDF-1.7 paper"
PNG64, PDF64 = base64.b64encode(PNG).decode(), base64.b64encode(PDF).decode()
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
PARAMETERS = {"type": "object", "properties": {"order": {"type": "integer"}}}

CHAT = {
    "model": "m",
    "stream": True,
    "max_tokens": 7,
    "messages": [
        {"role": "developer", "content": "Be brief."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "See: "},
                {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PNG64}"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF64}"}},
                {"type": "text", "text": "what?"},
            ],
        },
        {
            "role": "assistant",
            "content": None,
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "look_up", "arguments": '{"order": 7}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "found"},
    ],
    "tools": [{"type": "function", "function": {"name": "look_up", "description": "d", "parameters": PARAMETERS}}],
    "tool_choice": {"type": "function", "function": {"name": "look_up"}},
    "response_format": {"type": "json_schema", "json_schema": {"name": "answer", "schema": SCHEMA}},
}
RESPONSES = {
    "model": "m",
    "stream": True,
    "max_output_tokens": 7,
    "instructions": "Be brief.",
    "input": [
        {
            "role": "user",
            "content": [
                {"type": "input_text", "text": "See: "},
                {"type": "input_image", "image_url": f"data:image/png;base64,{PNG64}"},
                {"type": "input_file", "filename": "a.pdf", "file_data": f"data:application/pdf;base64,{PDF64}"},
                {"type": "input_text", "text": "what?"},
            ],
        },
        {"type": "function_call", "call_id": "c1", "name": "look_up", "arguments": '{"order": 7}'},
        {"type": "function_call_output", "call_id": "c1", "output": "found"},
    ],
    "tools": [{"type": "function", "name": "look_up", "description": "d", "parameters": PARAMETERS}],
    "tool_choice": {"type": "function", "name": "look_up"},
    "text": {"format": {"type": "json_schema", "name": "answer", "schema": SCHEMA}},
}
MESSAGES = {
    "model": "m",
    "stream": True,
    "max_tokens": 7,
    "system": [{"type": "text", "text": "Be brief."}],
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "See: "},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG64}},
                {
                    "type": "document",
                    "title": "a.pdf",
                    "source": {"type": "base64", "media_type": "application/pdf", "data": PDF64},
                },
                {"type": "text", "text": "what?"},
            ],
        },
        {
            "role": "assistant",
            "content": [{"type": "tool_use", "id": "c1", "name": "look_up", "input": {"order": 7}}],
        },
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "c1", "content": "found"}]},
    ],
    "tools": [{"name": "look_up", "description": "d", "input_schema": PARAMETERS}],
    "tool_choice": {"type": "tool", "name": "look_up"},
    "output_format": {"type": "json_schema", "schema": SCHEMA},
}
GEMINI = {
    "systemInstruction": {"parts": [{"text": "Be brief."}]},
    "contents": [
        {
            "role": "user",
            "parts": [
                {"text": "See: "},
                {"inlineData": {"mimeType": "image/png", "data": PNG64}},
                {"inline_data": {"mime_type": "application/pdf", "data": PDF64}},
                {"text": "what?"},
            ],
        },
        {"role": "model", "parts": [{"functionCall": {"id": "c1", "name": "look_up", "args": {"order": 7}}}]},
        {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "look_up", "response": {"is": "found"}}}]},
    ],
    "tools": [{"functionDeclarations": [{"name": "look_up", "description": "d", "parametersJsonSchema": PARAMETERS}]}],
    "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look_up"]}},
    "generationConfig": {
        "maxOutputTokens": 7,
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
    },
}


def understood(path: str, headers: dict[str, str], body: Any) -> Asked:
    asked = heard(path, headers, body)
    assert asked is not None
    return asked


@pytest.mark.parametrize(
    ("path", "headers", "body", "dialect"),
    [
        ("/v1/chat/completions", {"authorization": "Bearer key"}, CHAT, "openai"),
        ("/openai/deployments/m/chat/completions?api-version=1", {"api-key": "key"}, CHAT, "azure"),
        ("/v1/responses", {"authorization": "Bearer key"}, RESPONSES, "openai-responses"),
        ("/v1/messages", {"x-api-key": "key"}, MESSAGES, "anthropic"),
        ("/v1beta/models/m:streamGenerateContent?alt=sse", {"x-goog-api-key": "key"}, GEMINI, "gemini"),
    ],
)
def test_one_conversation_is_understood_in_every_dialect(path, headers, body, dialect) -> None:
    asked = understood(path, headers, body)
    assert (asked.dialect, asked.model, asked.key) == (dialect, "m", "key")
    assert (asked.streaming, asked.max_tokens, asked.must_call) == (True, 7, "look_up")
    assert asked.schema == SCHEMA
    assert [(tool.name, tool.description, tool.parameters) for tool in asked.tools] == [("look_up", "d", PARAMETERS)]
    system, user, assistant, tool = asked.messages
    assert (system.role, system.text) == ("system", "Be brief.")
    assert (user.role, user.text, asked.text) == ("user", "See: what?", "See: what?")
    name = "" if dialect == "gemini" else "a.pdf"
    assert user.media == (
        Media(media_type="image/png", data=PNG, at=5),
        Media(media_type="application/pdf", data=PDF, name=name, at=5),
    )
    assert assistant.tool_calls == (ToolCall(id="c1", name="look_up", arguments={"order": 7}),)
    assert (tool.role, tool.tool_call_id) == ("tool", "c1")
    assert "found" in tool.text
    assert asked.prefill == ""


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "assistant", "content": "Once"}]}),
        ("/v1/messages", {"messages": [{"role": "assistant", "content": [{"type": "text", "text": "Once"}]}]}),
        ("/v1beta/models/m:generateContent", {"contents": [{"role": "model", "parts": [{"text": "Once"}]}]}),
    ],
)
def test_an_answer_that_was_begun_is_a_prefill(path, body) -> None:
    assert understood(path, {}, body).prefill == "Once"


@pytest.mark.parametrize("body", [None, [], 7, {"messages": 3, "tools": [None], "input": {}}, {"contents": [[]]}])
@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/responses", "/v1/messages", "/m/models/x:generateContent", "/v1/embeddings"]
)
def test_a_body_of_any_shape_is_understood_as_far_as_it_goes(path, body) -> None:
    assert understood(path, {}, body).path == path


def test_a_path_that_no_dialect_has_is_not_understood() -> None:
    assert heard("/v1/completions", {}, {}) is None
