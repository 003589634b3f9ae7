"""OpenAI's chat completions dialect: the answer, in a stream or whole.

Does not know how bytes travel. Where the copies of the dialect differ, the reader takes every shape that was seen in
recorded traffic of a dozen of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec import Struct

from holdfast.contracts import Answer
from holdfast.gateway.fault import Broken, Fault, VendorError, from_event, vendor_error
from holdfast.gateway.shape import count, items, object_of, text_of
from holdfast.gateway.sse import ServerEvent
from holdfast.gateway.wire.reading import CallBuilder, Progress
from holdfast.records import Json, Usage

_STOP_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "length": "length",
        "model_length": "length",
        "model_context_window_exceeded": "length",
        "max_tokens": "length",
        "tool_calls": "tool_calls",
        "function_call": "tool_calls",
        "content_filter": "content_filter",
        "sensitive": "content_filter",
        "refusal": "refusal",
    }
)
_BROKEN_REASONS = frozenset({"error", "insufficient_system_resource", "network_error"})
"""OpenRouter's, DeepSeek's, Z.AI's."""


class _Delta(Struct, forbid_unknown_fields=True):
    content: str | None = None
    role: str | None = None
    refusal: None = None
    tool_calls: None = None
    function_call: None = None
    reasoning: str | None = None
    reasoning_content: str | None = None


class _Choice(Struct, forbid_unknown_fields=True):
    delta: _Delta
    index: int = 0
    finish_reason: None = None
    native_finish_reason: None = None
    stop_reason: None = None
    token_ids: None = None
    logprobs: msgspec.Raw = msgspec.Raw()
    content_filter_results: msgspec.Raw = msgspec.Raw()


class _Words(Struct):
    """The event that nearly every event of a stream is: more text, and nothing else that counts. Whatever has another
    shape is no `_Words` and is read the general way."""

    choices: tuple[_Choice]
    usage: None = None
    error: None = None
    x_groq: None = None


_words = msgspec.json.Decoder(_Words).decode


class OpenAIReader(Progress):
    """Reads chat completions, in a stream or whole. Only the first choice is read: only one is ever asked for."""

    __slots__ = ("_at", "_calls", "_met", "_refused")

    def __init__(self) -> None:
        super().__init__()
        self._calls: list[CallBuilder] = []
        self._at: dict[int, CallBuilder] = {}
        self._met = False  # the first event was read, which says who answers
        self._refused = False

    def take(self, event: ServerEvent) -> str:
        data = event.data
        if self.closed or not data:
            return ""
        if self._met:
            try:
                (choice,) = _words(data).choices
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                pass  # the general way says what it is
            else:
                return self._hear(choice.delta) if choice.index == 0 else ""
        data = data.strip()
        if not data:
            return ""
        if data == b"[DONE]":
            # Some speakers never give a finish_reason; their [DONE] is the word that the answer is whole.
            self.closed = True
            self.finished = self.finished or self.started
            return ""
        whole = self.parse(data)
        return "" if whole is None else self._chunk(whole, "delta")

    def _hear(self, delta: _Delta) -> str:
        if delta.content:
            return self.say(delta.content)
        if delta.reasoning or delta.reasoning_content:
            self.started = True
        return ""

    def take_whole(self, body: Json) -> str:
        whole = object_of(body)
        text = self._chunk(whole if whole else {"error": body}, "message")
        if not items(whole.get("choices")):
            raise Broken(Fault("blank", "the response holds no choices"))
        self.started = self.finished = self.closed = True
        return text

    def answer(self) -> Answer:
        return self.answered(self._calls, "refusal" if self._refused else _STOP_REASONS.get(self.reason, "stop"))

    def _chunk(self, whole: dict[str, Json], part: str) -> str:
        error = None if "choices" in whole and not whole.get("error") else vendor_error(whole)
        if error is not None:
            raise Broken(from_event(error))
        self._meet(whole)
        groq = object_of(whole.get("x_groq"))
        if text_of(groq.get("error")):
            raise Broken(from_event(VendorError(groq["error"], "", 0, None)))
        self._count(object_of(whole.get("usage")) or object_of(groq.get("usage")))
        text = ""
        for choice in items(whole.get("choices")):
            fields = object_of(choice)
            if count(fields.get("index")) == 0:
                text += self._choice(fields, part)
        return text

    def _meet(self, whole: dict[str, Json]) -> None:
        """Azure's first event has nothing but its filters' findings in it, and empty names."""
        self.served = text_of(whole.get("model")) or self.served
        self.response_id = text_of(whole.get("id")) or self.response_id
        self.fingerprint = text_of(whole.get("system_fingerprint")) or self.fingerprint
        self._met = bool(items(whole.get("choices")))

    def _count(self, raw: dict[str, Json]) -> None:
        if raw:
            self.usage = usage_of(raw)
            self.cost_usd = charged_usd(raw)

    def _choice(self, choice: dict[str, Json], part: str) -> str:
        """Perplexity sends both parts in every choice, with the whole text in `message` again and again."""
        delta = object_of(choice[part] if part in choice else choice.get("message"))
        text = _visible(delta.get("content"))
        refusal = text_of(delta.get("refusal"))
        if refusal:
            self._refused = True
            text += refusal
        for call in items(delta.get("tool_calls")):
            self._call(object_of(call))
        legacy = object_of(delta.get("function_call"))
        if legacy.get("name") or legacy.get("arguments"):
            self._call({"index": -1, "function": legacy})
        if self._calls or delta.get("content") or delta.get("reasoning") or delta.get("reasoning_content"):
            self.started = True
        self._count(object_of(choice.get("usage")))  # Moonshot's place for it
        reason = text_of(choice.get("finish_reason"))
        if reason in _BROKEN_REASONS:
            error = vendor_error({"error": choice.get("error")})
            raise Broken(from_event(error) if error else Fault("server_error", f"the answer ended with '{reason}'"))
        self.ended(reason)
        return self.say(text)

    def _call(self, piece: dict[str, Json]) -> None:
        """Pieces belong together by index; speakers that give every call the same index start a new one by its id."""
        self.in_tool_call = True
        function = object_of(piece.get("function"))
        call_id = text_of(piece.get("id"))
        index = piece.get("index")
        if not isinstance(index, int):
            index = len(self._calls) if call_id or not self._calls else len(self._calls) - 1
        known = self._at.get(index)
        if known is None or (call_id and known.id and call_id != known.id):
            known = CallBuilder(call_id, text_of(function.get("name")), function.get("arguments"))
            self._at[index] = known
            self._calls.append(known)
            return
        known.id = known.id or call_id
        known.name = known.name or text_of(function.get("name"))
        known.pieces.append(text_of(function.get("arguments")))


def _visible(content: Json) -> str:
    """The text of a message's content, which may come as a list of typed parts; thinking is not shown."""
    if isinstance(content, str):
        return content
    parts = (object_of(part) for part in items(content))
    return "".join(text_of(part.get("text")) for part in parts if part.get("type") in ("text", "output_text"))


def usage_of(raw: dict[str, Json]) -> Usage:
    """Usage in disjoint buckets whose sum is the total.

    `prompt_tokens` includes what was cached and `completion_tokens` includes reasoning, but some speakers (xAI, Gemini)
    count reasoning apart; there `total_tokens` is larger than the two together, by the reasoning.
    """
    prompt, completion = count(raw.get("prompt_tokens")), count(raw.get("completion_tokens"))
    in_details = object_of(raw.get("prompt_tokens_details"))
    out_details = object_of(raw.get("completion_tokens_details"))
    read = (
        count(in_details.get("cached_tokens"))
        or count(raw.get("prompt_cache_hit_tokens"))
        or count(raw.get("num_cached_tokens"))
        or count(raw.get("cached_tokens"))
    )
    read = min(read, prompt)
    written = min(count(in_details.get("cache_write_tokens")), prompt - read)
    reasoning = count(out_details.get("reasoning_tokens")) or count(raw.get("reasoning_tokens"))
    apart = count(raw.get("total_tokens")) - prompt - completion
    if apart > 0:
        reasoning = reasoning or apart
        completion += apart
    reasoning = min(reasoning, completion)
    return Usage(
        input_tokens=prompt - read - written,
        output_tokens=completion - reasoning,
        cache_read_tokens=read,
        cache_write_tokens=written,
        reasoning_tokens=reasoning,
    )


def charged_usd(raw: dict[str, Json]) -> float | None:
    """What the speaker itself says it charges: OpenRouter's `cost` (unless the user's own key pays the rest), xAI's
    ticks of 1e-10 USD, Perplexity's `cost.total_cost`."""
    if raw.get("is_byok") is False and isinstance(raw.get("cost"), int | float):
        return float(raw["cost"])
    if isinstance(raw.get("cost_in_usd_ticks"), int):
        return float(raw["cost_in_usd_ticks"]) / 1e10
    total = object_of(raw.get("cost")).get("total_cost")
    return float(total) if isinstance(total, int | float) else None
