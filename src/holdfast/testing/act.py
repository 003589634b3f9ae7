"""What the scriptable vendor can be told to do with one request.

Does not know sockets or dialects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from holdfast.messages import Json, ToolCall
from holdfast.records import Usage

USUAL = Usage(input_tokens=12, output_tokens=5)

ErrorKind: TypeAlias = Literal[
    "bad_request",
    "filtered",
    "forbidden",
    "gone",
    "no_model",
    "overloaded",
    "payment",
    "prefill",
    "quota",
    "rate_limited",
    "server_error",
    "too_large",
    "too_long",
    "unauthorized",
    "unsupported_parameter",
]
"""What a vendor may refuse for, in no dialect's words; each dialect has its own status, names and wording for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How the events of a stream lie in its bytes; every value is one that the standard for event streams allows.

    `newline` ends each line. `byte_order_mark` stands first. `comments` between events say nothing. `many_lines` sends
    each event's JSON over several data lines. `padding_bytes` of white space stand in each event's JSON. `unterminated`
    leaves out the last blank line. `chunk_bytes` sends the body so many bytes at a time, wherever that cuts a line or a
    character.
    """

    newline: Literal["\n", "\r\n", "\r"] = "\n"
    byte_order_mark: bool = False
    comments: bool = False
    many_lines: bool = False
    padding_bytes: int = 0
    unterminated: bool = False
    chunk_bytes: int | None = None


PLAIN = Framing()


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """How the vendor treats one request. What is not said goes well: by default it answers and keeps the connection.

    An answer: `text` in `pieces` (default: word by word), `reasoning` before it, `tool_calls` (with `tool_arguments` as
    their raw text where that is not to be valid), `stop_reason` in Holdfast's words, `usage` (None: none is sent) with
    `usage_fields` put over it in the dialect's own names. `empty`: no choice, no candidate, no content at all. An
    embedding has `dimensions` numbers.

    Instead of an answer: an `error` in the dialect's own words with its own status (or `status`, 200 included), with
    `message` where not the vendor's usual one; or `status`, `headers` and a `body` of any kind; or `raw_stream` as the
    bytes of the stream. `retry_delay_s` is the wait that Google writes into an error's details.

    Times in ms: `before_headers_ms`, `header_ms` (before each header), `before_text_ms` (after the headers),
    `between_ms` (after each piece), `closing_ms` (before each event that follows the text).

    Faults of a stream, counted in pieces of text sent before: `stall_after` goes silent with the connection open,
    `cut_after` breaks off (`cut`: by close or reset), `error_after` sends an error event (of `error`, else of
    `error_type`), `malformed_after` sends `malformed` lines that are no JSON. `opening` False: no event comes before
    the text. `end` is how the body ends: whole; `unclosed`, without the dialect's closing event (where that is not
    also the word that the answer is complete); `silent`, without any word that it is complete; `unexplained`, closed
    with no reason given; or `hanging`: complete, yet the connection stays open. `after_end` follows as it is. A whole
    body breaks off or falls silent at the same share of its bytes.

    Faults of the connection: `hang_up` before any answer; `cut_after_bytes` of the body.
    """

    text: str = "All is well."
    pieces: tuple[str, ...] = ()
    reasoning: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_arguments: str | None = None
    stop_reason: str = "stop"
    usage: Usage | None = USUAL
    usage_fields: Mapping[str, Json] = field(default_factory=dict)
    empty: bool = False
    dimensions: int = 8
    model: str | None = None
    status: int | None = None
    error: ErrorKind | None = None
    message: str | None = None
    retry_delay_s: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    raw_stream: bytes | None = None
    before_headers_ms: float = 0.0
    header_ms: float = 0.0
    before_text_ms: float = 0.0
    between_ms: float = 0.0
    closing_ms: float = 0.0
    stall_after: int | None = None
    cut_after: int | None = None
    error_after: int | None = None
    error_type: str = "overloaded_error"
    malformed_after: int | None = None
    malformed: int = 1
    opening: bool = True
    end: Literal["whole", "unclosed", "silent", "unexplained", "hanging"] = "whole"
    after_end: bytes = b""
    framing: Framing = PLAIN
    hang_up: bool = False
    cut_after_bytes: int | None = None
    cut: Literal["close", "reset"] = "close"

    @property
    def said(self) -> tuple[str, ...]:
        """The text as it is sent: word by word unless the pieces are given."""
        return self.pieces or tuple(word for word in self.text.replace(" ", " \0").split("\0") if word)

    @property
    def whole_text(self) -> str:
        return "".join(self.pieces) if self.pieces else self.text
