"""OpenAI's Responses dialect: the answer, in a stream of typed events or whole.

Does not know how bytes travel. Tools that run at the vendor are passed over.
"""

from __future__ import annotations

from typing import Literal

import msgspec
from msgspec import Struct

from holdfast.contracts import Answer
from holdfast.gateway.fault import Broken, Fault, from_event, vendor_error
from holdfast.gateway.shape import count, items, object_of, text_of
from holdfast.gateway.sse import ServerEvent
from holdfast.gateway.wire.openai_chat_reader import charged_usd
from holdfast.gateway.wire.reading import CallBuilder, Progress
from holdfast.records import Json, Usage

_THOUGHTS = "response.reasoning"  # its deltas are of several kinds


class _Words(Struct):
    """The event that nearly every event of a stream is: more text."""

    type: Literal["response.output_text.delta"]
    delta: str
    output_index: int


_words = msgspec.json.Decoder(_Words).decode


class ResponsesReader(Progress):
    """Reads responses, in a stream or whole. A function's call is known by its place in the output."""

    __slots__ = ("_calls", "_refused", "_spoke")

    def __init__(self) -> None:
        super().__init__()
        self._calls: dict[int, CallBuilder] = {}
        self._spoke: set[int] = set()  # places in the output whose text came in deltas
        self._refused = False

    def take(self, event: ServerEvent) -> str:
        data = event.data
        if self.closed or not data:
            return ""
        if b"response.output_text.delta" in data[:120]:
            try:
                words = _words(data)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                pass  # the general way says what it is
            else:
                self._spoke.add(words.output_index)
                return self.say(words.delta)
        data = data.strip()
        if not data or data == b"[DONE]":
            return ""
        whole = self.parse(data)
        return "" if whole is None else self._event(whole, event.name)

    def take_whole(self, body: Json) -> str:
        whole = object_of(body)
        if "output" not in whole or whole.get("error"):
            error = vendor_error(whole if whole else {"error": body})
            raise Broken(from_event(error) if error else Fault("garbled", "the response holds no output"))
        text = self._whole(whole)
        self.started = self.finished = self.closed = True
        return text

    def answer(self) -> Answer:
        reason = {"max_output_tokens": "length", "content_filter": "content_filter"}.get(self.reason, "stop")
        return self.answered(self._calls.values(), "refusal" if self._refused else reason)

    def _event(self, whole: dict[str, Json], name: str) -> str:
        place = count(whole.get("output_index"))
        match text_of(whole.get("type")) or name:
            case "response.output_text.delta":
                self._spoke.add(place)
                return self.say(text_of(whole.get("delta")))
            case "response.refusal.delta":
                self._spoke.add(place)
                self._refused = True
                return self.say(text_of(whole.get("delta")))
            case "response.output_item.added":
                self._item(place, object_of(whole.get("item")))
            case "response.output_item.done":
                return self._done(place, object_of(whole.get("item")))
            case "response.function_call_arguments.delta":
                self.started = self.in_tool_call = True
                self._calls.setdefault(place, CallBuilder()).pieces.append(text_of(whole.get("delta")))
            case "response.created" | "response.in_progress" | "response.queued":
                self._meet(object_of(whole.get("response")))  # no sign yet that a model has begun
            case "response.completed" | "response.incomplete" | "response.failed" | "response.cancelled":
                return self._whole(object_of(whole.get("response")))
            case kind if kind.startswith(_THOUGHTS):
                self.started = True
            case _:
                error = vendor_error(whole)
                if error is not None:
                    raise Broken(from_event(error))
        return ""

    def _meet(self, response: dict[str, Json]) -> None:
        self.served = text_of(response.get("model")) or self.served
        self.response_id = text_of(response.get("id")) or self.response_id

    def _whole(self, response: dict[str, Json]) -> str:
        """The end of a response, with all of its output. What no event brought is heard now."""
        self._meet(response)
        raw = object_of(response.get("usage"))
        if raw:
            self.usage = usage_of(raw)
            self.cost_usd = charged_usd(raw)
        text = self._unheard(items(response.get("output")))
        status = text_of(response.get("status"))
        if status in ("failed", "cancelled"):
            error = vendor_error({"error": response.get("error")})
            raise Broken(from_event(error) if error else Fault("server_error", f"the response ended as '{status}'"))
        if status in ("queued", "in_progress"):
            raise Broken(Fault("garbled", f"the response is not done: it is '{status}'"))
        reason = text_of(object_of(response.get("incomplete_details")).get("reason"))
        self.ended(reason or ("max_output_tokens" if status == "incomplete" else "completed"))
        self.closed = True
        return text

    def _unheard(self, output: list[Json]) -> str:
        """The text and the calls of the whole output, where there was no event with any: places in it are not always
        those that the events had."""
        heard = {"message": bool(self._spoke), "function_call": bool(self._calls)}
        new = [(place, object_of(item)) for place, item in enumerate(output)]
        return "".join(self._done(place, item) for place, item in new if not heard.get(text_of(item.get("type"))))

    def _item(self, place: int, item: dict[str, Json]) -> None:
        match item.get("type"):
            case "function_call":
                self.started = self.in_tool_call = True
                call = self._calls.setdefault(place, CallBuilder())
                call.id, call.name = text_of(item.get("call_id")) or call.id, text_of(item.get("name")) or call.name
            case "reasoning":
                self.started = True

    def _done(self, place: int, item: dict[str, Json]) -> str:
        """An item that is whole: its arguments replace the pieces, its text counts where it was not heard before."""
        self._item(place, item)
        if item.get("type") == "function_call" and text_of(item.get("arguments")):
            self._calls[place].pieces = [text_of(item.get("arguments"))]
        if item.get("type") != "message" or place in self._spoke:
            return ""
        self._spoke.add(place)
        text = ""
        for part in map(object_of, items(item.get("content"))):
            self._refused = self._refused or part.get("type") == "refusal"
            if part.get("type") in ("output_text", "text", "refusal"):
                text += text_of(part.get("refusal")) or text_of(part.get("text"))
        return self.say(text)


def usage_of(raw: dict[str, Json]) -> Usage:
    """Usage in disjoint buckets whose sum is the total: `input_tokens` includes what was cached, `output_tokens` what
    was thought; what the total holds beyond both was thought too."""
    given, output = count(raw.get("input_tokens")), count(raw.get("output_tokens"))
    details = object_of(raw.get("input_tokens_details"))
    read = min(count(details.get("cached_tokens")), given)
    written = min(count(details.get("cache_write_tokens")), given - read)
    thought = count(object_of(raw.get("output_tokens_details")).get("reasoning_tokens"))
    apart = max(count(raw.get("total_tokens")) - given - output, 0)
    output += apart
    thought = min(thought or apart, output)
    return Usage(
        input_tokens=given - read - written,
        output_tokens=output - thought,
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=thought,
    )
