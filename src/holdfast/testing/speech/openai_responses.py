"""OpenAI's Responses dialect as the scriptable vendor speaks it.

Does not know sockets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from holdfast.messages import Json, Message, Tool, ToolCall
from holdfast.testing.act import Act
from holdfast.testing.asked import Asked, Turn, arguments, entries, fields, media, number, role, words
from holdfast.testing.speech.dialect import Dialect, arguments_text, event, flawless, halves, words_of
from holdfast.testing.speech.openai_chat import ERRORS, refused

# ---------------------------------------------------------------- what is asked


def read(path: str, headers: Mapping[str, str], body: Json) -> Asked:
    """A request for a response; its `input` is a text or a list of items."""
    sent = fields(body)
    turns: list[Message] = []
    if words(sent.get("instructions")):
        turns.append(Message(role="system", text=words(sent["instructions"])))
    given = sent.get("input")
    if isinstance(given, str):
        turns.append(Message(role="user", text=given))
    turns += [_message(item) for item in map(fields, entries(given)) if item.get("type") != "reasoning"]
    form = fields(fields(sent.get("text")).get("format"))
    return Asked(
        dialect="openai-responses",
        path=path,
        model=words(sent.get("model")),
        key=headers.get("api-key") or headers.get("authorization", "").removeprefix("Bearer "),
        streaming=sent.get("stream") is True,
        messages=tuple(turns),
        tools=tuple(_tool(tool) for tool in map(fields, entries(sent.get("tools"))) if tool.get("type") == "function"),
        must_call=_must_call(sent.get("tool_choice")),
        schema={"type": "object"} if form.get("type") == "json_object" else fields(form.get("schema")) or None,
        max_tokens=number(sent.get("max_output_tokens")),
        body=body,
        headers=headers,
    )


def _must_call(choice: Json) -> str:
    if isinstance(choice, dict):
        return words(choice.get("name"))
    return "*" if choice == "required" else ""


def _tool(sent: dict[str, Json]) -> Tool:
    return Tool(
        name=words(sent.get("name")),
        description=words(sent.get("description")),
        parameters=fields(sent.get("parameters")),
    )


def _message(item: dict[str, Json]) -> Message:
    match item.get("type"):
        case "function_call":
            call = ToolCall(
                id=words(item.get("call_id")),
                name=words(item.get("name")),
                arguments=arguments(item.get("arguments")),
            )
            return Message(role="assistant", tool_calls=(call,))
        case "function_call_output":
            return Message(role="tool", text=words(item.get("output")), tool_call_id=words(item.get("call_id")))
    turn = Turn(role(item.get("role")))
    turn.text = words(item.get("content"))
    for part in map(fields, entries(item.get("content"))):
        match part.get("type"):
            case "input_image":
                turn.media.append(media(words(part.get("image_url")), at=len(turn.text)))
            case "input_file":
                address = words(part.get("file_data")) or words(part.get("file_url"))
                turn.media.append(media(address, words(part.get("filename")), len(turn.text)))
            case _:
                turn.text += words(part.get("text")) or words(part.get("refusal"))
    return turn.message()


# ---------------------------------------------------------------- what is said

_UNFINISHED: Mapping[str, str] = {"length": "max_output_tokens", "content_filter": "content_filter"}


class ResponsesSpeech:
    """A response: typed events, numbered, of items that are added, grow and are done."""

    def __init__(self, act: Act, asked: Asked) -> None:
        self._act = act
        self._model = act.model or asked.model
        self._sequence = 0
        self._output: list[dict[str, Json]] = []
        self._heard: list[str] = []
        self._place: dict[str, Json] = {}
        self._kind = "refusal" if act.stop_reason == "refusal" else "output_text"

    def whole(self) -> Json:
        act = self._act
        if not act.empty:
            if act.reasoning:
                self._output.append(self._reasoned())
            if act.whole_text:
                self._output.append(self._message_item(act.whole_text))
            self._output += [self._call_item(index, call) for index, call in enumerate(act.tool_calls)]
        return self._response("in_progress" if act.end == "silent" else self._status())

    def opening(self) -> Iterator[bytes]:
        yield self._event("response.created", {"response": self._response("in_progress")})
        yield self._event("response.in_progress", {"response": self._response("in_progress")})
        if self._act.empty:
            return
        if self._act.reasoning:
            yield from self._reasoning()
        if self._act.said:
            self._place = {"item_id": "msg_1", "output_index": len(self._output)}
            item = {**self._message_item(""), "status": "in_progress", "content": []}
            yield self._event("response.output_item.added", {"output_index": len(self._output), "item": item})
            yield self._event(
                "response.content_part.added", {**self._place, "content_index": 0, "part": self._part("")}
            )

    def piece(self, text: str) -> bytes:
        self._heard.append(text)
        likely: dict[str, Json] = {} if self._kind == "refusal" else {"logprobs": []}
        return self._event(f"response.{self._kind}.delta", {**self._place, "content_index": 0, "delta": text, **likely})

    def closing(self) -> Iterator[bytes]:
        text = "".join(self._heard)
        if text:
            done: dict[str, Json] = {"refusal": text} if self._kind == "refusal" else {"text": text, "logprobs": []}
            yield self._event(f"response.{self._kind}.done", {**self._place, "content_index": 0, **done})
            yield self._event(
                "response.content_part.done", {**self._place, "content_index": 0, "part": self._part(text)}
            )
            yield self._done(self._message_item(text))
        for index, call in enumerate(self._act.tool_calls):
            yield from self._call(index, call)
        if self._act.end != "silent":
            status = self._status()
            yield self._event(f"response.{status}", {"response": self._response(status)})

    def error_event(self) -> bytes:
        """Once the response was created it fails as a whole; before that an error stands alone."""
        said = words_of(ERRORS, self._act) if self._act.error is not None else None
        code = (said.code or said.type) if said is not None else self._act.error_type
        message = said.message if said is not None else "the vendor gave up"
        if self._sequence == 0:
            return self._event("error", {"code": code, "message": message, "param": None})
        failed = {**self._response("failed"), "error": {"code": code, "message": message}}
        return self._event("response.failed", {"response": failed})

    def _event(self, name: str, value: dict[str, Json]) -> bytes:
        self._sequence += 1
        return event(name, {"sequence_number": self._sequence - 1, **value})

    def _done(self, item: dict[str, Json]) -> bytes:
        index = len(self._output)
        self._output.append(item)
        return self._event("response.output_item.done", {"output_index": index, "item": item})

    def _reasoning(self) -> Iterator[bytes]:
        place: dict[str, Json] = {"item_id": "rs_1", "output_index": len(self._output), "summary_index": 0}
        item = {**self._reasoned(), "summary": []}
        empty = {"type": "summary_text", "text": ""}
        yield self._event("response.output_item.added", {"output_index": len(self._output), "item": item})
        yield self._event("response.reasoning_summary_part.added", {**place, "part": empty})
        yield self._event("response.reasoning_summary_text.delta", {**place, "delta": self._act.reasoning})
        yield self._event("response.reasoning_summary_text.done", {**place, "text": self._act.reasoning})
        yield self._done(self._reasoned())

    def _call(self, index: int, call: ToolCall) -> Iterator[bytes]:
        whole = self._call_item(index, call)
        place: dict[str, Json] = {"item_id": whole["id"], "output_index": len(self._output)}
        begun = {**whole, "status": "in_progress", "arguments": ""}
        yield self._event("response.output_item.added", {"output_index": len(self._output), "item": begun})
        for half in halves(whole["arguments"]):
            yield self._event("response.function_call_arguments.delta", {**place, "delta": half})
        done = {**place, "name": call.name, "arguments": whole["arguments"]}
        yield self._event("response.function_call_arguments.done", done)
        yield self._done(whole)

    def _status(self) -> str:
        return "incomplete" if self._act.stop_reason in _UNFINISHED else "completed"

    def _part(self, text: str) -> dict[str, Json]:
        if self._kind == "refusal":
            return {"type": "refusal", "refusal": text}
        return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}

    def _message_item(self, text: str) -> dict[str, Json]:
        content = [self._part(text)]
        return {"id": "msg_1", "type": "message", "status": "completed", "role": "assistant", "content": content}

    def _reasoned(self) -> dict[str, Json]:
        return {"id": "rs_1", "type": "reasoning", "summary": [{"type": "summary_text", "text": self._act.reasoning}]}

    def _call_item(self, index: int, call: ToolCall) -> dict[str, Json]:
        return {
            "id": f"fc_{index}",
            "type": "function_call",
            "status": "completed",
            "call_id": call.id,
            "name": call.name,
            "arguments": arguments_text(self._act, call),
        }

    def _response(self, status: str) -> dict[str, Json]:
        reason = _UNFINISHED.get(self._act.stop_reason) if status == "incomplete" else None
        ended = status in ("completed", "incomplete")
        return {
            "id": "resp_1",
            "object": "response",
            "created_at": 1_760_000_000,
            "status": status,
            "error": None,
            "incomplete_details": None if reason is None else {"reason": reason},
            "instructions": None,
            "model": self._model,
            "output": list(self._output),
            "parallel_tool_calls": True,
            "temperature": 1.0,
            "tool_choice": "auto",
            "tools": [],
            "top_p": 1.0,
            "usage": self._usage() if ended and self._act.usage is not None else None,
        }

    def _usage(self) -> dict[str, Json]:
        used = self._act.usage
        assert used is not None
        given = used.input_tokens + used.cache_read_tokens + used.cache_write_tokens
        made = used.output_tokens + used.reasoning_tokens
        return {
            "input_tokens": given,
            "input_tokens_details": {
                "cached_tokens": used.cache_read_tokens,
                "cache_write_tokens": used.cache_write_tokens,
            },
            "output_tokens": made,
            "output_tokens_details": {"reasoning_tokens": used.reasoning_tokens},
            "total_tokens": given + made,
            **self._act.usage_fields,
        }


RESPONSES = Dialect(read, ResponsesSpeech, ERRORS, refused, flawless)
