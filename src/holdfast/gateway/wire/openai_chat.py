"""OpenAI's chat completions dialect, as OpenAI and the many that copy it speak it.

Does not know how bytes travel. Where the copies differ, the reader takes every shape that was seen in recorded traffic
of a dozen of them; what a request may contain is told by the provider's own fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from holdfast.contracts import Answer
from holdfast.gateway.fault import Broken, Fault, from_event, vendor_error
from holdfast.gateway.provider import Provider
from holdfast.gateway.shape import count, items, object_of, text_of
from holdfast.gateway.sse import ServerEvent
from holdfast.gateway.wire.reading import CallBuilder, Malformed
from holdfast.gateway.wire.schema import strict
from holdfast.records import Generate, Json, Message, Usage

_STOP_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "length": "length",
        "model_length": "length",
        "max_tokens": "length",
        "tool_calls": "tool_calls",
        "function_call": "tool_calls",
        "content_filter": "content_filter",
        "refusal": "refusal",
    }
)
_BROKEN_REASONS = frozenset({"error", "insufficient_system_resource"})  # OpenRouter's, DeepSeek's


# ---------------------------------------------------------------- out


def url(provider: Provider) -> str:
    return f"{provider.base_url.rstrip('/')}/chat/completions"


def headers(key: str | None) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"} if key else {}


def body(request: Generate, model: str, provider: Provider) -> dict[str, Json]:
    """The request body: streamed, with usage."""
    sent: dict[str, Json] = {
        "model": model,
        "messages": [_message(message) for message in request.messages],
        "stream": True,
    }
    if provider.ask_for_usage:
        sent["stream_options"] = {"include_usage": True}
    sampling = request.sampling
    for name in ("temperature", "top_p", "seed"):
        if getattr(sampling, name) is not None:
            sent[name] = getattr(sampling, name)
    if sampling.max_tokens is not None:
        sent[provider.max_tokens_field] = sampling.max_tokens
    if sampling.stop:
        sent["stop"] = list(sampling.stop)
    if request.tools:
        sent["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters or {"type": "object", "properties": {}},
                },
            }
            for tool in request.tools
        ]
    if request.schema is not None:
        _constrain(sent, request.schema, provider)
    return sent


def _message(message: Message) -> dict[str, Json]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id or "", "content": message.text}
    if not message.tool_calls:
        return {"role": message.role, "content": message.text}
    return {
        "role": message.role,
        "content": message.text or None,
        "tool_calls": [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": msgspec.json.encode(call.arguments).decode()},
            }
            for call in message.tool_calls
        ],
    }


def _constrain(sent: dict[str, Json], schema: dict[str, Json], provider: Provider) -> None:
    """Ask for JSON that matches the schema: strictly where the schema allows it. A provider that only knows "some JSON
    object" is told the schema in words."""
    if provider.json_mode == "json_object":
        wish = f"Answer with one JSON object that matches this JSON Schema:\n{msgspec.json.encode(schema).decode()}"
        sent["messages"] = [{"role": "system", "content": wish}, *sent["messages"]]
        sent["response_format"] = {"type": "json_object"}
        return
    strictly = strict(schema)
    form: dict[str, Json] = {"name": "answer", "schema": strictly or schema}
    if strictly is not None:
        form["strict"] = True
    sent["response_format"] = {"type": "json_schema", "json_schema": form}


# ---------------------------------------------------------------- in


class OpenAIReader:
    """Reads chat completions, in a stream or whole. Only the first choice is read: only one is ever asked for."""

    def __init__(self) -> None:
        self.started = False
        self.finished = False
        self.closed = False
        self.usage: Usage | None = None
        self.cost_usd: float | None = None
        self._model = ""
        self._text: list[str] = []
        self._calls: list[CallBuilder] = []
        self._at: dict[int, CallBuilder] = {}
        self._reason = ""
        self._refused = False
        self._malformed = Malformed()

    def take(self, event: ServerEvent) -> str:
        if self.closed or not event.data.strip():
            return ""
        if event.data.strip() == b"[DONE]":
            # Some speakers never give a finish_reason; their [DONE] is the word that the answer is whole.
            self.closed = True
            self.finished = self.finished or self.started
            return ""
        whole = self._malformed.parse(event.data)
        return "" if whole is None else self._chunk(whole, "delta")

    def take_whole(self, body: Json) -> str:
        whole = object_of(body)
        text = self._chunk(whole if whole else {"error": body}, "message")
        if not items(whole.get("choices")):
            raise Broken(Fault("blank", "the response holds no choices"))
        self.started = self.finished = self.closed = True
        return text

    def answer(self) -> Answer:
        calls = tuple(call.build(position) for position, call in enumerate(self._calls) if call.name)
        reason = _STOP_REASONS.get(self._reason, "stop")
        if self._refused:
            reason = "refusal"
        elif calls and reason == "stop":
            reason = "tool_calls"
        return Answer(
            text="".join(self._text), model=self._model, tool_calls=calls, stop_reason=reason, usage=self.usage
        )

    def _chunk(self, whole: dict[str, Json], part: str) -> str:
        error = None if "choices" in whole and not whole.get("error") else vendor_error(whole)
        if error is not None:
            raise Broken(from_event(error))
        self._model = text_of(whole.get("model")) or self._model
        raw = object_of(whole.get("usage")) or object_of(object_of(whole.get("x_groq")).get("usage"))
        if raw:
            self.usage = usage_of(raw)
            self.cost_usd = charged_usd(raw)
        text = ""
        for choice in items(whole.get("choices")):
            fields = object_of(choice)
            if count(fields.get("index")) == 0:
                text += self._choice(fields, part)
        return text

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
        if text or self._calls or delta.get("content") or delta.get("reasoning") or delta.get("reasoning_content"):
            self.started = True
        reason = text_of(choice.get("finish_reason"))
        if reason in _BROKEN_REASONS:
            raise Broken(Fault("server_error", f"the provider ended the answer with '{reason}'"))
        if reason:
            self._reason = reason
            self.started = self.finished = True
        if text:
            self._text.append(text)
        return text

    def _call(self, piece: dict[str, Json]) -> None:
        """Pieces belong together by index; speakers that give every call the same index start a new one by its id."""
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
