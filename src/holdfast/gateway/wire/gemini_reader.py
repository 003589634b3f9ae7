"""Google's Gemini dialect: the answer, in a stream of chunks or whole.

Does not know how bytes travel. A stream has no last word of its own: it is whole once a reason to finish was given.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec import Struct

from holdfast.contracts import Answer
from holdfast.gateway.fault import Broken, Fault, from_event, vendor_error
from holdfast.gateway.shape import count, items, object_of, text_of
from holdfast.gateway.sse import ServerEvent
from holdfast.gateway.wire.reading import CallBuilder, Progress
from holdfast.records import Json, Usage

_STOP_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "STOP": "stop",
        "MAX_TOKENS": "length",
        "UNEXPECTED_TOOL_CALL": "tool_calls",  # of a function that was not offered; the call stands in the answer
        **dict.fromkeys(
            (
                "SAFETY",
                "RECITATION",
                "LANGUAGE",
                "BLOCKLIST",
                "PROHIBITED_CONTENT",
                "SPII",
                "MODEL_ARMOR",
                "IMAGE_SAFETY",
                "IMAGE_PROHIBITED_CONTENT",
                "IMAGE_RECITATION",
            ),
            "content_filter",
        ),
    }
)
_BAD_CALLS = frozenset({"MALFORMED_FUNCTION_CALL", "TOO_MANY_TOOL_CALLS", "UNEXPECTED_TOOL_CALL"})


class _Part(Struct, forbid_unknown_fields=True):
    text: str


class _Content(Struct):
    parts: tuple[_Part]


class _Candidate(Struct, rename="camel"):
    content: _Content
    index: int = 0
    finish_reason: None = None


class _Words(Struct, rename="camel"):
    """The chunk that nearly every chunk of a stream is: more text. Its count of tokens is not the last."""

    candidates: tuple[_Candidate]
    error: None = None
    prompt_feedback: None = None


_words = msgspec.json.Decoder(_Words).decode


class GeminiReader(Progress):
    """Reads generated content, in a stream or whole. What the vendor's own tools did is passed over, and so are the
    model's thoughts.

    Models before Gemini 2 say in each chunk how the answer ended: only after a second chunk can the last be told.
    """

    __slots__ = ("_blocked", "_calls", "_chunks", "_ends_each", "_met")

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[CallBuilder] = []
        self._met = False  # the first chunk was read, which says who answers and what was asked in tokens
        self._blocked = False
        self._chunks = 0
        self._ends_each = False

    def take(self, event: ServerEvent) -> str:
        data = event.data
        if self.closed or not data:
            return ""
        if self._met:
            try:
                (candidate,) = _words(data).candidates
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                pass  # the general way says what it is
            else:
                self._chunks += 1
                return self.say(candidate.content.parts[0].text) if candidate.index == 0 else ""
        data = data.strip()
        if not data or data == b"[DONE]":
            return ""
        whole = self.parse(data)
        return "" if whole is None else self._chunk(whole)

    def take_whole(self, body: Json) -> str:
        """One response, or the list of chunks that a stream without events is. Raises Broken."""
        chunks = items(body) or [body]
        text = "".join(self._chunk(object_of(chunk) or {"error": chunk}) for chunk in chunks)
        if not self.finished and (not self._met or isinstance(body, list)):
            raise Broken(Fault("blank", "the response holds no candidate that ended"))
        self.started = self.finished = self.closed = True
        return text

    def answer(self) -> Answer:
        return self.answered(self._calls, "content_filter" if self._blocked else _STOP_REASONS.get(self.reason, "stop"))

    def _chunk(self, whole: dict[str, Json]) -> str:
        error = None if "candidates" in whole and not whole.get("error") else vendor_error(whole)
        if error is not None:
            raise Broken(from_event(error))
        self.served = text_of(whole.get("modelVersion")) or self.served
        self.response_id = text_of(whole.get("responseId")) or self.response_id
        raw = object_of(whole.get("usageMetadata"))
        if raw:
            self.usage = usage_of(raw)
        text, ended = "", self.finished
        for candidate in map(object_of, items(whole.get("candidates"))):
            self._met = True
            if count(candidate.get("index")) == 0:
                text += self._candidate(candidate)
        if text_of(object_of(whole.get("promptFeedback")).get("blockReason")) and not self.finished:
            self._blocked = True  # the prompt itself was refused: nothing follows
            self.ended("SAFETY")
        self._chunks += 1
        self._ends_each = self._ends_each or bool(ended and text)
        self.closed = self.finished and self.usage is not None and self._chunks > 1 and not self._ends_each
        return text

    def _candidate(self, candidate: dict[str, Json]) -> str:
        text = ""
        for part in map(object_of, items(object_of(candidate.get("content")).get("parts"))):
            self.started = True
            call = object_of(part.get("functionCall"))
            if call:
                self._call(call, text_of(part.get("thoughtSignature")))
            elif part.get("thought") is not True:
                text += text_of(part.get("text"))
        self.say(text)
        reason = text_of(candidate.get("finishReason"))
        if reason in _BAD_CALLS and not self._calls:
            said = text_of(candidate.get("finishMessage")) or f"the answer ended with '{reason}'"
            raise Broken(Fault("bad_tool_arguments", said))
        if reason and reason not in _STOP_REASONS and reason not in _BAD_CALLS:
            raise Broken(Fault("server_error", f"the provider ended the answer with '{reason}'"))
        self.ended(reason)
        return text

    def _call(self, call: dict[str, Json], signature: str) -> None:
        self.in_tool_call = True
        made = CallBuilder(text_of(call.get("id")), text_of(call.get("name")), call.get("args"))
        made.signature = signature
        self._calls.append(made)


def usage_of(raw: dict[str, Json]) -> Usage:
    """Usage in disjoint buckets whose sum is the total: `promptTokenCount` includes what was cached but not what the
    vendor's tools put in, `candidatesTokenCount` leaves thoughts out; what the total holds beyond all was thought."""
    prompt, said = count(raw.get("promptTokenCount")), count(raw.get("candidatesTokenCount"))
    added, thought = count(raw.get("toolUsePromptTokenCount")), count(raw.get("thoughtsTokenCount"))
    read = min(count(raw.get("cachedContentTokenCount")), prompt)
    apart = max(count(raw.get("totalTokenCount")) - prompt - added - said - thought, 0)
    return Usage(
        input_tokens=prompt - read + added,
        output_tokens=said,
        cache_read_tokens=read,
        reasoning_tokens=thought + apart,
    )
