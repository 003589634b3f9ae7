"""What we would send must be what real clients were recorded to send: the same conversation, written the same way."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.journeys.vendor_traffic import TRAFFIC, body_of, exchanges

from holdfast.gateway.provider import BUILT_IN
from holdfast.gateway.wire.dialect import WIRES
from holdfast.messages import Media, Message, Sampling, Tool, ToolCall
from holdfast.records import Generate

pytestmark = pytest.mark.skipif(not TRAFFIC.is_dir(), reason=f"no recorded traffic at {TRAFFIC}")

PNG = Media(media_type="image/png", data=b"\x89PNG", at=4)
PDF = Media(media_type="application/pdf", data=b"%PDF", name="paper.pdf", at=4)
SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
TOOL = Tool(name="look_up", description="Finds it.", parameters=SCHEMA)
CALL = ToolCall(id="call_1", name="look_up", arguments={"text": "x"})
EVERYTHING = Generate(
    slot="answer",
    models=("x",),
    messages=(
        Message(role="system", text="Be kind."),
        Message(role="user", text="Look!", media=(PNG, PDF)),
        Message(role="assistant", text="Let me see.", tool_calls=(CALL,)),
        Message(role="tool", text="In Rome.", tool_call_id="call_1"),
        Message(role="user", text="And now?"),
    ),
    sampling=Sampling(temperature=0.2, top_p=0.9, max_tokens=4000, reasoning_effort="low"),
    tools=(TOOL,),
    tool_choice="look_up",
)

FREE = frozenset(
    {"parameters", "input_schema", "parametersJsonSchema", "responseJsonSchema", "schema", "args", "input_", "response"}
)
"""What stands under these is the user's own."""

DOCUMENTED = {
    # Not in the recordings, but in the vendor's reference.
    "openai": {
        "messages[].content[].file.filename",
        "messages[].content[].file.file_data",
        "messages[].content[].file",
    },
    "openai-responses": {"max_output_tokens", "top_p", "tool_choice.name"},
    "anthropic": {"top_p", "messages[].content[].title", "tool_choice.name"},
    "gemini": set[str](),
}


def paths(value: Any, at: str = "") -> Iterator[str]:
    """The names of all fields, each with the names above it."""
    if isinstance(value, list):
        for item in value:
            yield from paths(item, f"{at}[]")
    elif isinstance(value, dict):
        for name, inner in value.items():
            here = f"{at}.{name}" if at else name
            yield here
            if name not in FREE and not here.endswith("content[].input"):
                yield from paths(inner, here)


@pytest.mark.parametrize("dialect", sorted(DOCUMENTED))
def test_every_field_we_send_was_seen_in_a_recorded_request(dialect: Any) -> None:
    seen: set[str] = set()
    for row in exchanges(dialect, failed=False):
        seen.update(paths(body_of(row, "request")))
    for request in (EVERYTHING, Generate(slot="a", models=(), messages=EVERYTHING.messages[:2], schema=SCHEMA)):
        body = WIRES[dialect].body(request, "m", BUILT_IN["openai"], True, frozenset())
        assert set(paths(body)) - seen - DOCUMENTED[dialect] == set()


def told(messages: list[dict[str, Any]]) -> tuple[Message, ...] | None:
    """A recorded conversation as ours; None where it holds what is not covered here."""
    told: list[Message] = []
    for message in messages:
        content = message.get("content")
        if message["role"] not in ("system", "user", "assistant", "tool") or not isinstance(content, str | None):
            return None
        calls = message.get("tool_calls") or []
        if any(call.get("type", "function") != "function" for call in calls):
            return None
        made = tuple(
            ToolCall(
                id=call["id"],
                name=call["function"]["name"],
                arguments=json.loads(call["function"]["arguments"] or "{}"),
            )
            for call in calls
        )
        told.append(
            Message(
                role=message["role"],
                text=content or "",
                tool_calls=made,
                tool_call_id=message.get("tool_call_id"),
            )
        )
    return tuple(told)


def test_recorded_chats_are_written_as_they_were() -> None:
    checked = 0
    for row in exchanges("openai", failed=False):
        sent = body_of(row, "request")
        if not isinstance(sent, dict) or row["provider"] == "mistral" or "functions" in sent:
            continue
        messages = told(sent["messages"])
        if messages is None:
            continue
        tools = tuple(
            Tool(name=t["function"]["name"], description=t["function"].get("description") or "")
            for t in sent.get("tools") or []
            if "function" in t
        )
        request = Generate(slot="a", models=(), messages=messages, tools=tools)
        ours = WIRES["openai"].body(request, sent["model"], BUILT_IN["openai"], bool(sent.get("stream")), frozenset())
        assert ours["model"] == sent["model"]
        assert [plainly(one) for one in ours["messages"]] == [plainly(one) for one in sent["messages"]], row["id"]
        assert [t["function"]["name"] for t in ours.get("tools", [])] == [tool.name for tool in tools]
        assert ours.get("stream", False) == bool(sent.get("stream"))
        checked += 1
    assert checked > 200


def plainly(message: dict[str, Any]) -> dict[str, Any]:
    """A message without the freedoms that the dialect leaves: how JSON is spaced, what stands for no text, and the
    fields of speakers' own."""
    calls = [
        (call["id"], call["function"]["name"], json.loads(call["function"]["arguments"] or "{}"))
        for call in message.get("tool_calls") or []
    ]
    names = {"role", "tool_call_id"}
    kept = {name: value for name, value in message.items() if name in names and value is not None}
    return {**kept, "content": message.get("content") or "", "calls": calls}
