"""OpenAI's responses as they are answered: whole, and event by event.

Knows of what was asked only what a response says again.
"""

from __future__ import annotations

import time
from types import MappingProxyType

import msgspec

from holdfast.records import Citation, Json, ToolCall
from holdfast.runtime.conversation import Conversation
from holdfast.server.dialects.errors import openai_error
from holdfast.server.dialects.said import Said, all_input, all_output, cached, marks, number_of, url_of
from holdfast.server.problems import Problem

_INCOMPLETE = MappingProxyType(
    {"length": "max_output_tokens", "content_filter": "content_filter", "refusal": "content_filter"}
)
_encode = msgspec.json.Encoder().encode
_PREFIX = "resp_"


def id_of(recording_id: str) -> str:
    """The id of the response that a recording holds."""
    return _PREFIX + number_of(recording_id)


def recording_id_of(response_id: str) -> str:
    """The id of the recording that holds a response."""
    return "rec_" + response_id.removeprefix(_PREFIX)


def whole(said: Said, asked: Conversation, previous: str | None = None) -> bytes:
    """The response as one body."""
    return _encode({**_ended(said, asked, previous), "output": _output(said)})


def _frame_of(number: str, model: str, at: int, asked: Conversation, previous: str | None) -> dict[str, Json]:
    """A response before anything was said."""
    sampling, choice = asked.sampling, asked.tool_choice
    form: dict[str, Json] = {"type": "text"}
    if asked.schema is not None:
        form = {"type": "json_schema", "name": "answer", "schema": asked.schema}
    named = choice not in ("auto", "none", "required")
    return {
        "id": _PREFIX + number,
        "object": "response",
        "created_at": at,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": asked.instructions or None,
        "max_output_tokens": sampling.max_tokens,
        "model": model,
        "output": [],
        "parallel_tool_calls": sampling.parallel_tool_calls is not False,
        "previous_response_id": previous,
        "reasoning": {"effort": sampling.reasoning_effort, "summary": None},
        "store": True,
        "temperature": sampling.temperature,
        "text": {"format": form},
        "tool_choice": {"type": "function", "name": choice} if named else choice,
        "tools": [
            {
                "type": "function",
                "name": each.name,
                "description": each.description,
                "parameters": each.parameters,
                "strict": False,
            }
            for each in asked.tools
        ],
        "top_p": sampling.top_p,
        "truncation": "disabled",
        "usage": None,
        "metadata": {},
    }


def _ended(said: Said, asked: Conversation, previous: str | None) -> dict[str, Json]:
    used = said.usage
    incomplete = _INCOMPLETE.get(said.stop_reason)
    return {
        **_frame_of(said.number, said.model, said.at, asked, previous),
        "status": "incomplete" if incomplete else "completed",
        "incomplete_details": {"reason": incomplete} if incomplete else None,
        "usage": {
            "input_tokens": all_input(used),
            "input_tokens_details": cached(used),
            "output_tokens": all_output(used),
            "output_tokens_details": {"reasoning_tokens": used.reasoning_tokens},
            "total_tokens": all_input(used) + all_output(used),
        },
        "holdfast": said.extra,
    }


def _output(said: Said) -> list[Json]:
    status = "incomplete" if said.stop_reason in _INCOMPLETE else "completed"
    output: list[Json] = []
    if said.text or not said.tool_calls:
        part = _part(said.text, notes_of(said.text, said.citations))
        output.append(_message(said.number, status, [part]))
    return [*output, *(_call(said.number, at, call, "completed") for at, call in enumerate(said.tool_calls))]


def notes_of(text: str, citations: tuple[Citation, ...]) -> list[Json]:
    """Citations as OpenAI has them: a URL, its title, and which characters of the text it bears."""
    return [
        {"type": "url_citation", "start_index": start, "end_index": end, "title": each.title, "url": url_of(each)}
        for start, end, each in marks(text, citations)
    ]


def _part(text: str, notes: list[Json]) -> dict[str, Json]:
    return {"type": "output_text", "text": text, "annotations": notes, "logprobs": []}


def _message(number: str, status: str, content: list[Json]) -> dict[str, Json]:
    return {"id": f"msg_{number}", "type": "message", "status": status, "role": "assistant", "content": content}


def _call(number: str, at: int, call: ToolCall, status: str) -> dict[str, Json]:
    arguments = _encode(call.arguments).decode() if status == "completed" else ""
    said = {"id": f"fc_{number}_{at}", "type": "function_call", "status": status, "call_id": call.id}
    return {**said, "name": call.name, "arguments": arguments}


class ResponsesFraming:
    """One stream of typed events, numbered from 0."""

    ping = b": ping\n\n"

    def __init__(self, number: str, model: str, asked: Conversation, previous: str | None) -> None:
        self._number = number
        self._asked = asked
        self._previous = previous
        self._blank = _frame_of(number, model, int(time.time()), asked, previous)
        self._at = 2  # 0 and 1 are the beginning's, which is asked for once there is text
        self._text: list[str] | None = None
        where = {"item_id": f"msg_{number}", "output_index": 0, "content_index": 0}
        self._where = where
        head = {"type": "response.output_text.delta", **where, "logprobs": []}
        self._before = b"event: response.output_text.delta\ndata: " + _encode(head)[:-1] + b',"sequence_number":'

    def begin(self) -> bytes:
        created = _numbered(0, "response.created", {"response": self._blank})
        return created + _numbered(1, "response.in_progress", {"response": self._blank})

    def text(self, text: str) -> bytes:
        opened = self._opened()
        assert self._text is not None
        self._text.append(text)
        self._at += 1
        return opened + self._before + str(self._at - 1).encode() + b',"delta":' + _encode(text) + b"}\n\n"

    def restart(self, text: str, reason: str) -> bytes:
        opened = self._opened()
        assert self._text is not None
        self._text.append(text)
        said = {**self._where, "delta": text, "logprobs": [], "holdfast": {"reset": reason}}
        return opened + self._event("response.output_text.delta", said)

    def end(self, said: Said) -> bytes:
        """The end of the message, the calls, each an item of its own; then the whole response."""
        parts = [] if said.tool_calls else [self._opened()]
        output: list[Json] = []
        status = "incomplete" if said.stop_reason in _INCOMPLETE else "completed"
        if self._text is not None:
            text = "".join(self._text)  # with what broke off, where it did: this is what the client was told
            notes = notes_of(text, said.citations)
            parts += [
                self._event(
                    "response.output_text.annotation.added", {**self._where, "annotation_index": at, "annotation": note}
                )
                for at, note in enumerate(notes)
            ]
            part = _part(text, notes)
            item = _message(self._number, status, [part])
            parts.append(self._event("response.output_text.done", {**self._where, "text": text, "logprobs": []}))
            parts.append(self._event("response.content_part.done", {**self._where, "part": part}))
            parts.append(self._event("response.output_item.done", {"output_index": 0, "item": item}))
            output.append(item)
        for at, call in enumerate(said.tool_calls):
            parts.append(self._called(at, call, len(output)))
            output.append(_call(self._number, at, call, "completed"))
        response = {**_ended(said, self._asked, self._previous), "output": output}
        parts.append(self._event(f"response.{response['status']}", {"response": response}))
        return b"".join(parts)

    def failed(self, problem: Problem) -> bytes:
        error = openai_error(problem)
        said = {"code": error["error"]["code"], "message": error["error"]["message"]}
        response = {**self._blank, "status": "failed", "error": said, "holdfast": error["holdfast"]}
        return self._event("response.failed", {"response": response})

    def _opened(self) -> bytes:
        if self._text is not None:
            return b""
        self._text = []
        item = _message(self._number, "in_progress", [])
        added = self._event("response.output_item.added", {"output_index": 0, "item": item})
        return added + self._event("response.content_part.added", {**self._where, "part": _part("", [])})

    def _called(self, at: int, call: ToolCall, index: int) -> bytes:
        where = {"item_id": f"fc_{self._number}_{at}", "output_index": index}
        whole = _call(self._number, at, call, "completed")
        arguments = whole["arguments"]
        started = {"output_index": index, "item": _call(self._number, at, call, "in_progress")}
        return b"".join(
            (
                self._event("response.output_item.added", started),
                self._event("response.function_call_arguments.delta", {**where, "delta": arguments}),
                self._event(
                    "response.function_call_arguments.done", {**where, "name": call.name, "arguments": arguments}
                ),
                self._event("response.output_item.done", {"output_index": index, "item": whole}),
            )
        )

    def _event(self, kind: str, data: dict[str, Json]) -> bytes:
        self._at += 1
        return _numbered(self._at - 1, kind, data)


def _numbered(at: int, kind: str, data: dict[str, Json]) -> bytes:
    said = _encode({"type": kind, "sequence_number": at, **data})
    return b"event: %s\ndata: %s\n\n" % (kind.encode(), said)
