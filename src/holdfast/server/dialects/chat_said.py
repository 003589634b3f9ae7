"""OpenAI's chat completions as they are answered: whole, and chunk by chunk.

Knows nothing of what was asked, but whether usage was.
"""

from __future__ import annotations

import time
from types import MappingProxyType

import msgspec

from holdfast.records import Citation, Json, ToolCall, Usage
from holdfast.server.dialects.errors import openai_error
from holdfast.server.dialects.said import Said, all_input, all_output, cached, marks, url_of
from holdfast.server.problems import Problem

_FINISHED = MappingProxyType(
    {
        "length": "length",
        "tool_calls": "tool_calls",
        "content_filter": "content_filter",
        "refusal": "content_filter",
    }
)
_encode = msgspec.json.Encoder().encode
DONE = b"data: [DONE]\n\n"


def whole(said: Said) -> bytes:
    """The completion as one body."""
    message: dict[str, Json] = {"role": "assistant", "content": said.text or (None if said.tool_calls else "")}
    message["refusal"] = None
    if said.citations:
        message["annotations"] = notes_of(said.text, said.citations)
    if said.tool_calls:
        message["tool_calls"] = [_call(call) for call in said.tool_calls]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": _finish(said)}
    return _encode(
        {
            "id": f"chatcmpl-{said.number}",
            "object": "chat.completion",
            "created": said.at,
            "model": said.model,
            "choices": [choice],
            "usage": usage(said.usage),
            "holdfast": said.extra,
        }
    )


def usage(used: Usage) -> dict[str, Json]:
    """Tokens as OpenAI counts them: cached ones among those of the prompt, reasoning among those of the completion."""
    return {
        "prompt_tokens": all_input(used),
        "completion_tokens": all_output(used),
        "total_tokens": all_input(used) + all_output(used),
        "prompt_tokens_details": cached(used),
        "completion_tokens_details": {"reasoning_tokens": used.reasoning_tokens},
    }


def notes_of(text: str, citations: tuple[Citation, ...]) -> list[Json]:
    """Citations as OpenAI has them: a URL, its title, and which characters of the text it bears."""
    return [
        {
            "type": "url_citation",
            "url_citation": {"start_index": start, "end_index": end, "title": each.title, "url": url_of(each)},
        }
        for start, end, each in marks(text, citations)
    ]


def _finish(said: Said) -> str:
    return _FINISHED.get(said.stop_reason, "stop")


def _call(call: ToolCall) -> dict[str, Json]:
    return {
        "id": call.id,
        "type": "function",
        "function": {"name": call.name, "arguments": _encode(call.arguments).decode()},
    }


class ChatFraming:
    """One stream of chunks. The first carries the role; usage comes only where it was asked for."""

    ping = b": ping\n\n"

    def __init__(self, number: str, model: str, *, include_usage: bool) -> None:
        head = {"id": f"chatcmpl-{number}", "object": "chat.completion.chunk", "created": int(time.time())}
        self._head = _encode({**head, "model": model})[:-1]
        self._tail = b',"usage":null}\n\n' if include_usage else b"}\n\n"
        self._include_usage = include_usage
        self._before = b"data: " + self._head + b',"choices":[{"index":0,"delta":{"content":'
        self._after = b'},"logprobs":null,"finish_reason":null}]' + self._tail

    def begin(self) -> bytes:
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def text(self, text: str) -> bytes:
        return self._before + _encode(text) + self._after

    def restart(self, text: str, reason: str) -> bytes:
        return self._chunk({"content": text}, holdfast={"reset": reason})

    def end(self, said: Said) -> bytes:
        """The calls, the reason and the tokens; then that it is done."""
        parts = [self._chunk({"tool_calls": [{"index": at, **_call(call)}]}) for at, call in enumerate(said.tool_calls)]
        if said.citations:
            parts.append(self._chunk({"annotations": notes_of(said.text, said.citations)}))
        parts.append(self._chunk({}, finish=_finish(said), holdfast=said.extra))
        if self._include_usage:
            last = _encode({"choices": [], "usage": usage(said.usage)})[1:]
            parts.append(b"data: " + self._head + b"," + last + b"\n\n")
        return b"".join([*parts, DONE])

    def failed(self, problem: Problem) -> bytes:
        return b"data: " + _encode(openai_error(problem)) + b"\n\n"

    def _chunk(self, delta: Json, *, finish: str | None = None, holdfast: Json = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        added = b"" if holdfast is None else b',"holdfast":' + _encode(holdfast)
        return b"data: " + self._head + b',"choices":' + _encode([choice]) + added + self._tail
