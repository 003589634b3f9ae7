"""A request to a model in no dialect's words, and the pieces every dialect builds it of.

Knows no dialect, and not what answers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias, get_args

from msgspec import Struct
from msgspec.structs import replace

from holdfast.messages import Effort
from holdfast.records import Json, Message, Sampling, Tool
from holdfast.server.dialects.wrong import Wrong, flat

_EFFORTS = get_args(Effort)


class Given(Struct, frozen=True, kw_only=True):
    """An image or a document as it came: `source` is a URL, a data URL, or base64 where `encoded`.

    It stands in the turn of that number behind `at` characters of its text; `param` says where it stood in the request.
    """

    source: str
    encoded: bool
    param: str
    name: str = ""
    turn: int = 0
    at: int = 0


Piece: TypeAlias = str | Given
"""A part of a turn: text, or something attached."""


class Asked(Struct, frozen=True, kw_only=True):
    """What is asked, of whom, and how the answer is to come. `previous` is the response that this one follows."""

    model: str
    turns: tuple[Message, ...]
    given: tuple[Given, ...] = ()
    instructions: str = ""
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    schema: dict[str, Json] | None = None
    sampling: Sampling = Sampling()
    stream: bool = False
    include_usage: bool = False
    previous: str | None = None


def joined(pieces: Iterable[Piece], turn: int) -> tuple[str, list[Given]]:
    """The text of a turn, and what is attached to it where. Texts that follow each other are lines of their own."""
    text, given, after_text = "", list[Given](), False
    for piece in pieces:
        if isinstance(piece, str):
            text += f"\n{piece}" if after_text else piece
            after_text = True
        else:
            given.append(replace(piece, turn=turn, at=len(text)))
            after_text = False
    return text, given


class Limits(Struct, frozen=True, kw_only=True):
    """How tokens are drawn, by the names that most dialects share."""

    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None


def effort(given: str | None, param: str) -> Effort | None:
    """How much the model may reason. Raises Wrong for a word that is not known."""
    if given is None or given in _EFFORTS:
        return given  # type: ignore[return-value]  # one of the literal's words
    raise Wrong(param, f"{param} cannot be '{given}'", f"send one of: {', '.join(_EFFORTS)}")


def bound(given: int | None, param: str) -> int | None:
    """The longest answer in tokens. Raises Wrong when nothing could be said in it."""
    if given is not None and given < 1:
        raise Wrong(param, f"{param} is {given}", "send at least 1, or leave it out")
    return given


def stops(given: str | tuple[str, ...] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else given or ()


def tool(name: str, description: str | None, parameters: dict[str, Json] | None, param: str) -> Tool:
    """A tool as a model is told of it. Raises Wrong when it has no name."""
    if not name:
        raise Wrong(param, f"{param} has no name", "name the tool")
    return Tool(name=name, description=description or "", parameters=flat(parameters or {}))


def any_object() -> dict[str, Json]:
    """The schema of an answer that is to be some JSON object."""
    return {"type": "object"}


def one_of(name: str, tools: tuple[Tool, ...], param: str) -> str:
    """The name of the one tool to call. Raises Wrong when it is not among those given."""
    if name not in [each.name for each in tools]:
        raise Wrong(param, f"there is no tool '{name}' in this request", "name one of its tools")
    return name
