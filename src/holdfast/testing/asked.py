"""What the scriptable vendor was asked, in no dialect's words: what a rule decides by.

Does not know sockets, nor how any dialect writes these things down.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from holdfast.messages import Json, Media, Message, Tool, ToolCall

DialectName: TypeAlias = Literal["openai", "openai-responses", "azure", "anthropic", "gemini"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. `number` counts all requests of the vendor from 0, `on_connection` those of its connection.

    `messages` are the turns, system turns included, with images and documents whole; one that was given by address
    has the address as its `name` and no data. `must_call` names the tool that has to be called, `*` for any of them.
    `inputs` are the texts to embed; a request for embeddings has no messages. `body` and `headers` are as sent.
    """

    dialect: DialectName
    path: str
    purpose: Literal["generate", "embed", "count", "list"] = "generate"
    model: str = ""
    key: str = ""
    streaming: bool = False
    messages: tuple[Message, ...] = ()
    tools: tuple[Tool, ...] = ()
    must_call: str = ""
    schema: Mapping[str, Json] | None = None
    max_tokens: int | None = None
    inputs: tuple[str, ...] = ()
    dimensions: int | None = None
    body: Json = None
    headers: Mapping[str, str] = field(default_factory=dict)
    number: int = 0
    on_connection: int = 0

    @property
    def text(self) -> str:
        """What the user said last; empty where no user spoke."""
        return next((turn.text for turn in reversed(self.messages) if turn.role == "user"), "")

    @property
    def everything(self) -> str:
        """The text of all turns."""
        return "\n".join(turn.text for turn in self.messages)

    @property
    def prefill(self) -> str:
        """The beginning of the answer, where the request gives one: a last turn of the assistant."""
        last = self.messages[-1] if self.messages else None
        return last.text if last is not None and last.role == "assistant" and not last.tool_calls else ""


# ---------------------------------------------------------------- looking into a body without trusting its shape


def fields(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def entries(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def words(value: Json) -> str:
    return value if isinstance(value, str) else ""


def number(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def arguments(text: Json) -> dict[str, Json]:
    """The arguments of a tool call, from their JSON text; empty where that is no object."""
    if isinstance(text, dict):
        return text
    try:
        return fields(msgspec.json.decode(words(text)))
    except msgspec.DecodeError:
        return {}


def media(address: str, name: str = "", at: int = 0) -> Media:
    """An attachment from a `data:` address, or one that only names where it is."""
    head, comma, data = address.partition(",")
    if not head.startswith("data:") or not comma:
        return Media(media_type="", data=b"", name=address, at=at)
    return encoded(head.removeprefix("data:").partition(";")[0], data, name, at)


def encoded(media_type: str, data: str, name: str = "", at: int = 0) -> Media:
    """An attachment from its base64."""
    try:
        return Media(media_type=media_type, data=base64.b64decode(data), name=name, at=at)
    except (binascii.Error, ValueError):
        return Media(media_type=media_type, data=b"", name=name, at=at)


class Turn:
    """A message as its parts are read."""

    def __init__(self, role: Literal["system", "user", "assistant", "tool"]) -> None:
        self.role = role
        self.text = ""
        self.media: list[Media] = []
        self.calls: list[ToolCall] = []
        self.answers: str | None = None

    def message(self) -> Message:
        return Message(
            role=self.role,
            text=self.text,
            media=tuple(self.media),
            tool_calls=tuple(self.calls),
            tool_call_id=self.answers,
        )


def role(name: Json) -> Literal["system", "user", "assistant", "tool"]:
    """The role in our words: `developer` gives instructions, `model` is the assistant."""
    match name:
        case "system" | "developer":
            return "system"
        case "assistant" | "model":
            return "assistant"
        case "tool" | "function":
            return "tool"
        case _:
            return "user"
