"""What the readers of all dialects share: how far an answer has come, and what it is made of.

Does not know any vendor's fields.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

import msgspec

from holdfast.contracts import Answer
from holdfast.gateway.fault import Broken, Fault
from holdfast.gateway.shape import object_of
from holdfast.gateway.sse import ServerEvent
from holdfast.gateway.wire import call_ids
from holdfast.records import Json, ToolCall, Usage

MAX_MALFORMED = 3
"""So many events of one stream may be no JSON and are skipped; one more and the stream is taken for damaged."""


class Reader(Protocol):
    """Turns the events of one response into an answer."""

    started: bool  # the model has begun to generate, if only to reason
    finished: bool  # the vendor has said how the answer ended: it is whole
    closed: bool  # nothing more will come
    in_tool_call: bool  # arguments of a tool call have begun to come: the answer cannot be continued by another
    usage: Usage | None
    cost_usd: float | None  # where the vendor itself says what it charges
    served: str  # the model that answers, in the vendor's own words; empty until it is said
    fingerprint: str | None  # the model's build, where the vendor names it
    response_id: str | None  # the vendor's name for the response
    malformed: int  # events that were no JSON, and were skipped

    def take(self, event: ServerEvent) -> str:
        """The visible text in this event. Raises Broken for an error event and when too many events are no JSON."""
        ...

    def take_whole(self, body: Json) -> str:
        """The visible text of a response that came in one piece. Raises Broken when it is an error."""
        ...

    def answer(self) -> Answer:
        """What was read. Raises Broken when a tool call's arguments are not a JSON object."""
        ...


class Progress:
    """What every reader keeps: how far the answer has come, its text, and who gives it."""

    __slots__ = (
        "closed",
        "cost_usd",
        "fingerprint",
        "finished",
        "in_tool_call",
        "malformed",
        "reason",
        "response_id",
        "served",
        "started",
        "text",
        "usage",
    )

    def __init__(self) -> None:
        self.started = False
        self.finished = False
        self.closed = False
        self.in_tool_call = False
        self.usage: Usage | None = None
        self.cost_usd: float | None = None
        self.served = ""
        self.fingerprint: str | None = None
        self.response_id: str | None = None
        self.text: list[str] = []
        self.reason = ""
        self.malformed = 0

    def say(self, text: str) -> str:
        if text:
            self.started = True
            self.text.append(text)
        return text

    def ended(self, reason: str) -> None:
        """The vendor has said how the answer ended."""
        if reason:
            self.reason = reason
            self.started = self.finished = True

    def parse(self, data: bytes) -> dict[str, Json] | None:
        """The event's object, or None for one that is skipped. Raises Broken when there are too many of those."""
        try:
            parsed = msgspec.json.decode(data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            parsed = None
        if isinstance(parsed, dict):
            return parsed
        self.malformed += 1
        if self.malformed > MAX_MALFORMED:
            raise Broken(Fault("garbled", f"{self.malformed} events of the stream are not JSON objects"))
        return None

    def answered(self, calls: Iterable[CallBuilder], stop_reason: str) -> Answer:
        """What was read. A stop for tool calls without any is a plain stop. Raises Broken (bad_tool_arguments)."""
        built = tuple(call.build(position, self.response_id) for position, call in enumerate(calls) if call.name)
        if built and stop_reason == "stop":
            stop_reason = "tool_calls"
        elif stop_reason == "tool_calls" and not built:
            stop_reason = "stop"
        return Answer(
            text="".join(self.text), model=self.served, tool_calls=built, stop_reason=stop_reason, usage=self.usage
        )


class CallBuilder:
    """A tool call as it comes in pieces."""

    __slots__ = ("arguments", "id", "name", "pieces", "signature")

    def __init__(self, call_id: str = "", name: str = "", arguments: Json = None) -> None:
        self.id = call_id
        self.name = name
        self.pieces: list[str] = []
        self.signature = ""  # what the vendor wants to see again with the call
        self.arguments = object_of(arguments)  # where a vendor sends them parsed
        if isinstance(arguments, str):
            self.pieces.append(arguments)
        elif arguments is not None and not isinstance(arguments, dict):
            self.pieces.append(msgspec.json.encode(arguments).decode())  # no object: `build` says so

    def build(self, position: int, response_id: str | None = None) -> ToolCall:
        """The whole call. One without a name of its own gets one that no other response's calls have. Raises Broken
        (bad_tool_arguments)."""
        text = "".join(self.pieces).strip()
        arguments = self.arguments
        if text:
            try:
                arguments = msgspec.json.decode(text)
            except (msgspec.DecodeError, RecursionError) as error:
                raise Broken(
                    Fault("bad_tool_arguments", f"the arguments of '{self.name}' are not JSON: {error}")
                ) from None
            if not isinstance(arguments, dict):
                raise Broken(Fault("bad_tool_arguments", f"the arguments of '{self.name}' are not a JSON object"))
        call_id = self.id or call_ids.made(response_id, position, self.name, arguments)
        return ToolCall(id=call_ids.sealed(call_id, self.signature), name=self.name, arguments=arguments)
