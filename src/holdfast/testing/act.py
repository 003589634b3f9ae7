"""What the scriptable vendor can be told to do with one request.

Does not know sockets or dialects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from holdfast.records import ToolCall, Usage

USUAL = Usage(input_tokens=12, output_tokens=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """How the vendor treats one request. What is not said goes well: by default it answers and keeps the connection.

    An answer: `text` in `pieces` (default: word by word), `reasoning` before it, `tool_calls` (with `tool_arguments` as
    their raw text where that is not to be valid), `stop_reason` in Holdfast's words, `usage` (None: none is sent).
    Instead of an answer: `status`, `headers` and a `body` of any kind, or `raw_stream` as the bytes of the stream.

    Times in ms: `before_headers_ms`, `before_text_ms` (after the headers), `between_ms` (after each piece),
    `closing_ms` (before each event that follows the text).

    Faults of a stream, counted in pieces of text sent before: `stall_after` goes silent with the connection open,
    `error_after` sends an error event of `error_type`, `malformed_after` sends `malformed` lines that are no JSON.
    `end` is how the body ends: whole, without the dialect's closing event, without any word that the answer is
    complete, or not at all (the answer is complete, yet the connection stays open).

    Faults of the connection: `hang_up` before any answer; `cut_after_bytes` of the body, by close or reset (`cut`).
    """

    text: str = "All is well."
    pieces: tuple[str, ...] = ()
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_arguments: str | None = None
    stop_reason: str = "stop"
    usage: Usage | None = USUAL
    model: str | None = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    raw_stream: bytes | None = None
    before_headers_ms: float = 0.0
    before_text_ms: float = 0.0
    between_ms: float = 0.0
    closing_ms: float = 0.0
    stall_after: int | None = None
    error_after: int | None = None
    error_type: str = "overloaded_error"
    malformed_after: int | None = None
    malformed: int = 1
    end: Literal["whole", "unclosed", "silent", "hanging"] = "whole"
    hang_up: bool = False
    cut_after_bytes: int | None = None
    cut: Literal["close", "reset"] = "close"
