"""What the readers of all dialects share: how far an answer has come, and what it is made of.

Does not know any vendor's fields.
"""

from __future__ import annotations

from typing import Protocol

import msgspec

from holdfast.contracts import Answer
from holdfast.gateway.fault import Broken, Fault
from holdfast.gateway.shape import object_of, text_of
from holdfast.gateway.sse import ServerEvent
from holdfast.records import Json, ToolCall, Usage

MAX_MALFORMED = 3
"""So many events of one stream may be no JSON and are skipped; one more and the stream is taken for damaged."""


class Reader(Protocol):
    """Turns the events of one response into an answer."""

    started: bool  # the model has begun to generate, if only to reason
    finished: bool  # the vendor has said how the answer ended: it is whole
    closed: bool  # nothing more will come
    usage: Usage | None
    cost_usd: float | None  # where the vendor itself says what it charges

    def take(self, event: ServerEvent) -> str:
        """The visible text in this event. Raises Broken for an error event and when too many events are no JSON."""
        ...

    def take_whole(self, body: Json) -> str:
        """The visible text of a response that came in one piece. Raises Broken when it is an error."""
        ...

    def answer(self) -> Answer:
        """What was read. Raises Broken when a tool call's arguments are not a JSON object."""
        ...


class Malformed:
    """Counts the events that are no JSON."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0

    def parse(self, data: bytes) -> dict[str, Json] | None:
        """The event's object, or None for one that is skipped. Raises Broken when there are too many of those."""
        try:
            parsed = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError):
            parsed = None
        if isinstance(parsed, dict):
            return parsed
        self.count += 1
        if self.count > MAX_MALFORMED:
            raise Broken(Fault("garbled", f"{self.count} events of the stream are not JSON objects"))
        return None


class CallBuilder:
    """A tool call as it comes in pieces."""

    __slots__ = ("arguments", "id", "name", "pieces")

    def __init__(self, call_id: str = "", name: str = "", arguments: Json = None) -> None:
        self.id = call_id
        self.name = name
        self.pieces: list[str] = []
        self.arguments = object_of(arguments)  # where a vendor sends them parsed
        if text_of(arguments):
            self.pieces.append(arguments)

    def build(self, position: int) -> ToolCall:
        """The whole call. Raises Broken (bad_tool_arguments)."""
        text = "".join(self.pieces).strip()
        arguments = self.arguments
        if text:
            try:
                arguments = msgspec.json.decode(text)
            except msgspec.DecodeError as error:
                raise Broken(
                    Fault("bad_tool_arguments", f"the arguments of '{self.name}' are not JSON: {error}")
                ) from None
            if not isinstance(arguments, dict):
                raise Broken(Fault("bad_tool_arguments", f"the arguments of '{self.name}' are not a JSON object"))
        return ToolCall(id=self.id or f"call_{position}", name=self.name, arguments=arguments)
