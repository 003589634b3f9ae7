"""Google's Gemini dialect as the scriptable vendor speaks it: `generateContent`, whole and streamed.

Does not know sockets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import msgspec

from holdfast.messages import Json, Message, Tool, ToolCall
from holdfast.testing.act import Act, ErrorKind
from holdfast.testing.asked import Asked, Turn, encoded, entries, fields, media, number, role, words
from holdfast.testing.speech.dialect import Dialect, Words, flawless, words_of

_MODEL = re.compile(r"/(?:models|tunedModels)/([^/:?]+):(\w+)")
_KEY = re.compile(r"[?&]key=([^&]+)")
_FINISH: Mapping[str, str] = MappingProxyType({"length": "MAX_TOKENS", "content_filter": "SAFETY"})

# ---------------------------------------------------------------- what is asked


def read(path: str, headers: Mapping[str, str], body: Json) -> Asked:
    """A request for content; the model and whether to stream stand in the path. Both spellings of names are taken."""
    sent = {_snake(name): value for name, value in fields(body).items()}
    config = {_snake(name): value for name, value in fields(sent.get("generation_config")).items()}
    model = _MODEL.search(path)
    query_key = _KEY.search(path)
    turns: list[Message] = []
    system = "".join(words(fields(part).get("text")) for part in _parts(sent.get("system_instruction")))
    if system:
        turns.append(Message(role="system", text=system))
    for content in entries(sent.get("contents")):
        turns += _messages(fields(content))
    schema = fields(config.get("response_json_schema")) or fields(config.get("response_schema"))
    bare = {"type": "object"} if config.get("response_mime_type") == "application/json" else None
    return Asked(
        dialect="gemini",
        path=path,
        purpose="count" if model is not None and model.group(2) == "countTokens" else "generate",
        model=model.group(1) if model else "",
        key=headers.get("x-goog-api-key") or (query_key.group(1) if query_key else ""),
        streaming=model is not None and model.group(2) == "streamGenerateContent" and "alt=sse" in path,
        messages=tuple(turns),
        tools=tuple(_tools(sent.get("tools"))),
        must_call=_must_call(sent.get("tool_config")),
        schema=schema or bare,
        max_tokens=number(config.get("max_output_tokens")),
        body=body,
        headers=headers,
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z])", r"_\1", name).lower()


def _parts(content: Json) -> list[Json]:
    return entries(fields(content).get("parts"))


def _tools(sent: Json) -> Iterator[Tool]:
    for group in map(fields, entries(sent)):
        for declared in map(fields, entries(group.get("functionDeclarations") or group.get("function_declarations"))):
            schema = {_snake(name): value for name, value in declared.items()}
            yield Tool(
                name=words(declared.get("name")),
                description=words(declared.get("description")),
                parameters=fields(schema.get("parameters_json_schema")) or fields(schema.get("parameters")),
            )


def _must_call(config: Json) -> str:
    calling = fields(fields(config).get("functionCallingConfig") or fields(config).get("function_calling_config"))
    if calling.get("mode") != "ANY":
        return ""
    allowed = entries(calling.get("allowedFunctionNames") or calling.get("allowed_function_names"))
    return words(allowed[0]) if len(allowed) == 1 else "*"


def _messages(content: dict[str, Json]) -> list[Message]:
    turn = Turn(role(content.get("role")))
    results: list[Message] = []
    for part in map(fields, _parts(content)):
        held = {_snake(name): value for name, value in part.items()}
        call, result = fields(held.get("function_call")), fields(held.get("function_response"))
        inline = {_snake(name): value for name, value in fields(held.get("inline_data")).items()}
        file = {_snake(name): value for name, value in fields(held.get("file_data")).items()}
        if call:
            name = words(call.get("name"))
            turn.calls.append(ToolCall(id=words(call.get("id")) or name, name=name, arguments=fields(call.get("args"))))
        elif result:
            said = msgspec.json.encode(result.get("response")).decode()
            named = words(result.get("id")) or words(result.get("name"))
            results.append(Message(role="tool", text=said, tool_call_id=named))
        elif inline:
            turn.media.append(
                encoded(words(inline.get("mime_type")), words(inline.get("data")), at=len(turn.text)),
            )
        elif file:
            turn.media.append(media(words(file.get("file_uri")), at=len(turn.text)))
        elif not held.get("thought"):
            turn.text += words(held.get("text"))
    only_results = results and not (turn.text or turn.media or turn.calls)
    return results if only_results else [*results, turn.message()]


# ---------------------------------------------------------------- what is said


def _data(value: Json) -> bytes:
    """Google ends the lines of its events with CR and LF."""
    return b"data: " + msgspec.json.encode(value) + b"\r\n\r\n"


class GeminiSpeech:
    """Candidates of content. A stream has no closing event: its last chunk gives the reason for the end."""

    def __init__(self, act: Act, asked: Asked) -> None:
        self._act = act
        self._model = act.model or asked.model
        self._blocked = act.stop_reason == "refusal"
        self._made = 0
        self._listed = ":streamGenerateContent" in asked.path  # streamed without events: one JSON list

    def whole(self) -> Json:
        act = self._act
        parts: list[Json] = []
        if act.reasoning:
            parts.append({"text": act.reasoning, "thought": True})
        if act.whole_text:
            parts.append({"text": act.whole_text})
        whole = self._chunk([*parts, *self._calls()], self._finish(), last=True)
        return [whole] if self._listed else whole

    def opening(self) -> Iterator[bytes]:
        if self._act.reasoning and not self._act.empty:
            yield _data(self._chunk([{"text": self._act.reasoning, "thought": True}]))

    def piece(self, text: str) -> bytes:
        return _data(self._chunk([{"text": text}]))

    def closing(self) -> Iterator[bytes]:
        for call in self._calls():
            yield _data(self._chunk([call]))
        if self._act.end != "silent":
            yield _data(self._chunk([{"text": ""}], self._finish(), last=True))

    def error_event(self) -> bytes:
        if self._act.error is not None:
            return _data(refused(words_of(ERRORS, self._act), self._act))
        known = {"overloaded_error": (503, "UNAVAILABLE"), "rate_limit_error": (429, "RESOURCE_EXHAUSTED")}
        code, status = known.get(self._act.error_type, (500, "INTERNAL"))
        return _data({"error": {"code": code, "message": "the vendor gave up", "status": status}})

    def _chunk(self, parts: list[Json], finish: str | None = None, *, last: bool = False) -> dict[str, Json]:
        chunk: dict[str, Json] = {"modelVersion": self._model, "responseId": "r-1"}
        if self._act.usage is not None:
            chunk["usageMetadata"] = self._usage(last)
        if self._blocked:
            return {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, **chunk}
        if self._act.empty:
            return chunk
        candidate: dict[str, Json] = {"content": {"parts": parts, "role": "model"}, "index": 0}
        if finish == "SAFETY":
            candidate = {"index": 0}  # what was filtered is not there at all
        if finish is not None:
            candidate["finishReason"] = finish
        return {"candidates": [candidate], **chunk}

    def _finish(self) -> str | None:
        if self._act.end == "silent":
            return None
        if self._act.tool_arguments is not None:
            return "MALFORMED_FUNCTION_CALL"
        return _FINISH.get(self._act.stop_reason, "STOP")

    def _calls(self) -> list[Json]:
        """Arguments are objects here: what is no JSON cannot be said, only that the call went wrong."""
        if self._act.tool_arguments is not None:
            return []
        return [
            {"functionCall": {"id": call.id, "name": call.name, "args": call.arguments}}
            for call in self._act.tool_calls
        ]

    def _usage(self, last: bool) -> dict[str, Json]:
        """Counts grow from chunk to chunk; those of the last are the answer's."""
        used = self._act.usage
        assert used is not None
        prompt = used.input_tokens + used.cache_read_tokens + used.cache_write_tokens
        made = used.output_tokens if last else min(used.output_tokens, self._made)
        self._made += 1
        counts: dict[str, Json] = {
            "promptTokenCount": prompt,
            "candidatesTokenCount": made,
            "totalTokenCount": prompt + made + used.reasoning_tokens,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": prompt}],
        }
        if used.cache_read_tokens:
            counts["cachedContentTokenCount"] = used.cache_read_tokens
        if used.reasoning_tokens:
            counts["thoughtsTokenCount"] = used.reasoning_tokens
        return {**counts, **self._act.usage_fields}


# ---------------------------------------------------------------- what is refused

ERRORS: Mapping[ErrorKind, Words] = MappingProxyType(
    {
        "bad_request": Words(400, "INVALID_ARGUMENT", None, "Invalid value at 'contents'"),
        "filtered": Words(400, "INVALID_ARGUMENT", None, "The request was blocked by the safety filters."),
        "forbidden": Words(403, "PERMISSION_DENIED", None, "The caller does not have permission"),
        "gone": Words(
            404, "NOT_FOUND", None, "This model models/gone is no longer available. Please use a newer model."
        ),
        "no_model": Words(404, "NOT_FOUND", None, "models/none is not found for API version v1beta."),
        "overloaded": Words(503, "UNAVAILABLE", None, "The model is overloaded. Please try again later."),
        "payment": Words(402, "FAILED_PRECONDITION", None, "Billing is not active for this project."),
        "prefill": Words(400, "INVALID_ARGUMENT", None, "Please ensure that the last turn is of the role user."),
        "quota": Words(
            429,
            "RESOURCE_EXHAUSTED",
            None,
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        "rate_limited": Words(429, "RESOURCE_EXHAUSTED", None, "Resource has been exhausted (e.g. check rate limits)."),
        "server_error": Words(500, "INTERNAL", None, "An internal error has occurred. Please retry."),
        "too_large": Words(413, "INVALID_ARGUMENT", None, "Request payload size exceeds the limit: 20971520 bytes."),
        "too_long": Words(
            400,
            "INVALID_ARGUMENT",
            None,
            "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).",
        ),
        "unauthorized": Words(400, "INVALID_ARGUMENT", None, "API key not valid. Please pass a valid API key."),
        "unsupported_parameter": Words(400, "INVALID_ARGUMENT", None, "Seed is not enabled for this model"),
    }
)


def refused(said: Words, act: Act) -> Json:
    details: list[Json] = []
    if act.retry_delay_s is not None:
        kind = "type.googleapis.com/google.rpc.RetryInfo"
        details.append({"@type": kind, "retryDelay": f"{act.retry_delay_s:g}s"})
    error: dict[str, Json] = {"code": said.status, "message": said.message, "status": said.type}
    return {"error": {**error, "details": details} if details else error}


GEMINI = Dialect(read, GeminiSpeech, ERRORS, refused, flawless)
