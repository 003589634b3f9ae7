"""OpenAI's chat completions as the scriptable vendor speaks them, and Azure's: the same with filters and other errors.

Does not know sockets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from holdfast.messages import Json, Message, Tool, ToolCall
from holdfast.testing.act import Act, ErrorKind
from holdfast.testing.asked import Asked, Turn, arguments, entries, fields, media, number, role, words
from holdfast.testing.speech.dialect import Dialect, Words, arguments_text, data, flawless, halves, words_of

_FINISH: Mapping[str, str] = MappingProxyType(
    {"tool_calls": "tool_calls", "length": "length", "content_filter": "content_filter"}
)
_DEPLOYMENT = re.compile(r"/deployments/([^/?]+)/")

# ---------------------------------------------------------------- what is asked


def read(path: str, headers: Mapping[str, str], body: Json) -> Asked:
    """A request for a chat completion. Azure's is told by its header or by the deployment in its path."""
    sent = fields(body)
    deployment = _DEPLOYMENT.search(path)
    azure = deployment is not None or "api-key" in headers
    form = fields(sent.get("response_format"))
    return Asked(
        dialect="azure" if azure else "openai",
        path=path,
        model=words(sent.get("model")) or (deployment.group(1) if deployment else ""),
        key=headers.get("api-key") or headers.get("authorization", "").removeprefix("Bearer "),
        streaming=sent.get("stream") is True,
        messages=tuple(_message(fields(one)) for one in entries(sent.get("messages"))),
        tools=tuple(_tool(fields(fields(one).get("function"))) for one in entries(sent.get("tools"))),
        must_call=_must_call(sent.get("tool_choice")),
        schema=_schema(form),
        max_tokens=number(sent.get("max_completion_tokens")) or number(sent.get("max_tokens")),
        body=body,
        headers=headers,
    )


def _schema(form: dict[str, Json]) -> dict[str, Json] | None:
    if form.get("type") == "json_object":
        return {"type": "object"}
    return fields(fields(form.get("json_schema")).get("schema")) or None


def _must_call(choice: Json) -> str:
    if isinstance(choice, dict):
        return words(fields(choice.get("function")).get("name"))
    return "*" if choice == "required" else ""


def _tool(function: dict[str, Json]) -> Tool:
    return Tool(
        name=words(function.get("name")),
        description=words(function.get("description")),
        parameters=fields(function.get("parameters")),
    )


def _message(sent: dict[str, Json]) -> Message:
    turn = Turn(role(sent.get("role")))
    content = sent.get("content")
    turn.text = words(content)
    for part in map(fields, entries(content)):
        match part.get("type"):
            case "image_url":
                turn.media.append(media(words(fields(part.get("image_url")).get("url")), at=len(turn.text)))
            case "file":
                file = fields(part.get("file"))
                turn.media.append(media(words(file.get("file_data")), words(file.get("filename")), len(turn.text)))
            case _:
                turn.text += words(part.get("text")) or words(part.get("refusal"))
    for call in map(fields, entries(sent.get("tool_calls"))):
        function = fields(call.get("function"))
        given = arguments(function.get("arguments"))
        turn.calls.append(ToolCall(id=words(call.get("id")), name=words(function.get("name")), arguments=given))
    turn.answers = words(sent.get("tool_call_id")) or None
    return turn.message()


# ---------------------------------------------------------------- what is said


def usage(act: Act) -> dict[str, Json]:
    """The tokens of an answer: what was cached and what was reasoned is part of the two sums."""
    used = act.usage
    assert used is not None
    prompt = used.input_tokens + used.cache_read_tokens + used.cache_write_tokens
    completion = used.output_tokens + used.reasoning_tokens
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {
            "cached_tokens": used.cache_read_tokens,
            "cache_write_tokens": used.cache_write_tokens,
        },
        "completion_tokens_details": {"reasoning_tokens": used.reasoning_tokens},
        **act.usage_fields,
    }


class ChatSpeech:
    """A chat completion."""

    def __init__(self, act: Act, asked: Asked) -> None:
        self._act = act
        self._model = act.model or asked.model
        self._azure = asked.dialect == "azure"
        self._counts = fields(fields(asked.body).get("stream_options")).get("include_usage") is True
        self._refuses = act.stop_reason == "refusal"

    def whole(self) -> Json:
        act = self._act
        message: dict[str, Json] = {"role": "assistant", "content": act.whole_text, "refusal": None}
        if self._refuses:
            message |= {"content": None, "refusal": act.whole_text or "I cannot help with that."}
        if act.reasoning:
            message["reasoning_content"] = act.reasoning
        if act.tool_calls:
            message["tool_calls"] = self._calls()
        choice: dict[str, Json] = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish()}
        if self._azure:
            choice["content_filter_results"] = _HARMLESS
        whole: dict[str, Json] = {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1_760_000_000,
            "model": self._model,
            "choices": [] if act.empty else [choice],
            "system_fingerprint": "fp_vendor",
        }
        if act.usage is not None:
            whole["usage"] = usage(act)
        return whole

    def opening(self) -> Iterator[bytes]:
        if self._azure:
            yield data({"choices": [], "model": "", "prompt_filter_results": [{"prompt_index": 0, **_PROMPT_FILTERED}]})
        if self._act.empty:
            return
        yield self._chunk({"role": "assistant", "content": "", "refusal": None})
        if self._act.reasoning:
            yield self._chunk({"reasoning_content": self._act.reasoning})

    def piece(self, text: str) -> bytes:
        return self._chunk({"refusal": text} if self._refuses else {"content": text})

    def closing(self) -> Iterator[bytes]:
        act = self._act
        for call in self._calls():
            function = call["function"]
            first, second = halves(function["arguments"])
            yield self._chunk({"tool_calls": [{**call, "function": {**function, "arguments": first}}]})
            yield self._chunk({"tool_calls": [{"index": call["index"], "function": {"arguments": second}}]})
        if act.end == "silent":
            return
        if act.end != "unexplained" and not act.empty:
            yield self._chunk({}, self._finish())
        if act.usage is not None and self._counts:
            yield data({**self._head(), "choices": [], "usage": usage(act)})
        if act.end in ("whole", "unexplained"):
            yield b"data: [DONE]\n\n"

    def error_event(self) -> bytes:
        if self._act.error is not None:
            return data(refused(words_of(ERRORS, self._act), self._act))
        return data({"error": {"message": "the vendor gave up", "type": self._act.error_type, "code": None}})

    def _head(self) -> dict[str, Json]:
        return {
            "id": "chatcmpl-1",
            "object": "chat.completion.chunk",
            "created": 1_760_000_000,
            "model": self._model,
            "system_fingerprint": "fp_vendor",
        }

    def _chunk(self, delta: dict[str, Json], finish: str | None = None) -> bytes:
        choice: dict[str, Json] = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        if self._azure:
            choice["content_filter_results"] = _HARMLESS if delta.get("content") else {}
        return data({**self._head(), "choices": [choice]})

    def _finish(self) -> str | None:
        if self._act.end == "silent":
            return None
        return "tool_calls" if self._act.tool_calls else _FINISH.get(self._act.stop_reason, "stop")

    def _calls(self) -> list[dict[str, Json]]:
        return [
            {
                "index": index,
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": arguments_text(self._act, call)},
            }
            for index, call in enumerate(self._act.tool_calls)
        ]


# ---------------------------------------------------------------- what is refused

_HARMLESS: Mapping[str, Json] = {"hate": {"filtered": False, "severity": "safe"}}
_PROMPT_FILTERED: Mapping[str, Json] = {"content_filter_results": {"jailbreak": {"detected": False, "filtered": False}}}

_INVALID = "invalid_request_error"
ERRORS: Mapping[ErrorKind, Words] = MappingProxyType(
    {
        "bad_request": Words(400, _INVALID, None, "Invalid type for 'messages': expected an array of objects."),
        "filtered": Words(400, _INVALID, "content_policy_violation", "Your request was rejected by our safety system."),
        "forbidden": Words(403, _INVALID, "permission_denied", "Your project does not have access to this resource."),
        "gone": Words(410, _INVALID, "model_not_found", "This model has been retired and is no longer available."),
        "no_model": Words(
            404, _INVALID, "model_not_found", "The model does not exist or you do not have access to it."
        ),
        "overloaded": Words(
            503, "service_unavailable_error", None, "The engine is currently overloaded, please try again later."
        ),
        "payment": Words(402, "billing_error", "insufficient_credits", "Insufficient credits to run this request."),
        "prefill": Words(
            400, _INVALID, None, "Prefilling assistant messages is not supported: the last message must be a user's."
        ),
        "quota": Words(
            429,
            "insufficient_quota",
            "insufficient_quota",
            "You exceeded your current quota, please check your plan and billing details.",
        ),
        "rate_limited": Words(
            429, "tokens", "rate_limit_exceeded", "Rate limit reached on tokens per min (TPM): Limit 30000, Used 29000."
        ),
        "server_error": Words(
            500, "server_error", None, "The server had an error while processing your request. Sorry about that!"
        ),
        "too_large": Words(413, _INVALID, "request_too_large", "Request body is larger than the limit."),
        "too_long": Words(
            400,
            _INVALID,
            "context_length_exceeded",
            "This model's maximum context length is 128000 tokens. However, your messages resulted in 130017 tokens.",
        ),
        "unauthorized": Words(401, _INVALID, "invalid_api_key", "Incorrect API key provided."),
        "unsupported_parameter": Words(
            400,
            _INVALID,
            "unsupported_parameter",
            "Unsupported parameter: 'temperature' is not supported with this model.",
        ),
    }
)


def refused(said: Words, _act: Act) -> Json:
    """An error as a body; `param` names the parameter that the message quotes."""
    quoted = re.search(r"parameter: '(\w+)'", said.message)
    return {
        "error": {
            "message": said.message,
            "type": said.type,
            "param": quoted.group(1) if quoted else None,
            "code": said.code,
        }
    }


def azure_refused(said: Words, act: Act) -> Json:
    """Azure's: its filter names what it found, and its limits are written as numbers."""
    if act.error == "filtered":
        found = {"jailbreak": {"detected": True, "filtered": True}}
        inner = {"code": "ResponsibleAIPolicyViolation", "content_filter_result": found}
        message = "The response was filtered due to the prompt triggering Azure OpenAI's content management policy."
        return {
            "error": {
                "message": act.message or message,
                "type": None,
                "param": "prompt",
                "code": "content_filter",
                "status": 400,
                "innererror": inner,
            }
        }
    if act.error in ("rate_limited", "unauthorized", "gone"):
        code = {"rate_limited": "429", "unauthorized": "401", "gone": "DeploymentNotFound"}[act.error]
        return {"error": {"code": code, "message": said.message}}
    return refused(said, act)


OPENAI = Dialect(read, ChatSpeech, ERRORS, refused, flawless)
AZURE = Dialect(read, ChatSpeech, ERRORS, azure_refused, flawless)
