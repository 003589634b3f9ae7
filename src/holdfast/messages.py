"""What a model is sent, in no vendor's words: turns, what is attached to them, tools, and how tokens are drawn.

Knows nothing of effects, or of how any vendor writes these things down.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

from msgspec import Struct

from holdfast.doors import Door

Json: TypeAlias = Any
"""A JSON value: what a feature takes and gives, an argument, a schema. Never anything else."""

Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high"]
"""How much a model may reason before it answers."""


class ToolCall(Door, frozen=True, kw_only=True, omit_defaults=True):
    """A model's wish to have a tool called. `arguments` is a JSON object."""

    id: str
    name: str
    arguments: dict[str, Json]


class Tool(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A tool a model may ask for; `parameters` is the JSON Schema of its arguments."""

    name: str
    description: str = ""
    parameters: dict[str, Json] = {}


class Media(Door, frozen=True, kw_only=True, omit_defaults=True):
    """An image or a document in a turn, whole: `data` is its bytes (base64 in JSON), `media_type` as in `image/png`.

    `at` is how many characters of the turn's text stand before it.
    """

    media_type: str
    data: bytes
    name: str = ""
    at: int = 0


class File(Door, frozen=True, kw_only=True, omit_defaults=True):
    """An image or a document in a feature's input: its bytes (`data`, base64 in JSON) and what they are (`media_type`).

    Given to `ctx.generate`, by itself or within a value, it is attached to what the model is sent.
    """

    media_type: str
    data: bytes
    name: str = ""

    def __str__(self) -> str:
        """What stands in a prompt where the file is named."""
        return f"[file: {self.name or self.media_type}]"

    def text(self) -> str:
        """The file read as UTF-8, without its byte order mark. Raises UnicodeDecodeError where it is none."""
        return self.data.decode("utf-8-sig")


class Message(Door, frozen=True, kw_only=True, omit_defaults=True):
    """One turn of a conversation. A `tool` turn answers the call named by `tool_call_id`."""

    role: Literal["system", "user", "assistant", "tool"]
    text: str = ""
    media: tuple[Media, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None


class Sampling(Struct, frozen=True, kw_only=True):
    """How tokens are drawn; None leaves the provider's own default."""

    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    seed: int | None = None
    stop: tuple[str, ...] = ()
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    reasoning_effort: Effort | None = None
    parallel_tool_calls: bool | None = None
