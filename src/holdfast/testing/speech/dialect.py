"""What every dialect of the scriptable vendor has: a reader of requests, a voice for answers, words for errors.

Does not know any vendor's fields.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple, Protocol

import msgspec

from holdfast.messages import Json, ToolCall
from holdfast.testing.act import Act, ErrorKind
from holdfast.testing.asked import Asked


class Speech(Protocol):
    """One answer, spoken: whole, or as the events of a stream in turn (opening, pieces, closing)."""

    def __init__(self, act: Act, asked: Asked) -> None: ...
    def whole(self) -> Json: ...
    def opening(self) -> Iterator[bytes]: ...
    def piece(self, text: str) -> bytes: ...
    def closing(self) -> Iterator[bytes]: ...
    def error_event(self) -> bytes: ...


class Words(NamedTuple):
    """How a vendor words one kind of error: its status, its type, its code, its message."""

    status: int
    type: str
    code: str | None
    message: str


class Dialect(NamedTuple):
    """One dialect: `read` a request, `speech` for its answer, `errors` in its own words, and `refused` as a body.

    `flaw` says what is wrong with a request that the vendor would not take, None where it would.
    """

    read: Callable[[str, Mapping[str, str], Json], Asked]
    speech: type[Speech]
    errors: Mapping[ErrorKind, Words]
    refused: Callable[[Words, Act], Json]
    flaw: Callable[[Asked], Words | None]


def arguments_text(act: Act, call: ToolCall) -> str:
    """The arguments of a call as they are sent."""
    return msgspec.json.encode(call.arguments).decode() if act.tool_arguments is None else act.tool_arguments


def halves(text: str) -> tuple[str, str]:
    return text[: len(text) // 2], text[len(text) // 2 :]


def data(value: Json) -> bytes:
    """An event that has no name."""
    return b"data: " + msgspec.json.encode(value) + b"\n\n"


def event(name: str, value: dict[str, Json]) -> bytes:
    """An event whose name stands before it and in it."""
    return f"event: {name}\n".encode() + data({"type": name, **value})


def flawless(_asked: Asked) -> None:
    """Of a dialect in which any request is taken."""


def words_of(errors: Mapping[ErrorKind, Words], act: Act) -> Words:
    """The words of the error that an act stands for; of a bare status, words that only name it."""
    if act.error is None:
        status = act.status or 500
        return Words(status, "fault", None, act.message or f"fault {status}")
    found = errors[act.error]
    return found._replace(status=act.status or found.status, message=act.message or found.message)
