"""Faults of what is answered: nothing, something else, something damaged, something refused, something miscounted.

Does not know sockets.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from holdfast.messages import Json, ToolCall
from holdfast.records import Usage
from holdfast.testing import answering
from holdfast.testing.act import Act
from holdfast.testing.asked import Asked, DialectName
from holdfast.testing.fault import Does, Fault, act_with

_PAGE = b"<!doctype html><html><body>Please sign in to the network.</body></html>"

_OVERLAPPING: Mapping[DialectName, Mapping[str, Json]] = MappingProxyType(
    {
        # More was cached than was sent, and parts that add up to more than their sum.
        "openai": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 12, "audio_tokens": 10},
            "completion_tokens_details": {"reasoning_tokens": 9},
        },
        "openai-responses": {
            "input_tokens": 10,
            "output_tokens": 5,
            "total_tokens": 15,
            "input_tokens_details": {"cached_tokens": 12},
            "output_tokens_details": {"reasoning_tokens": 9},
        },
        "gemini": {
            "promptTokenCount": 10,
            "candidatesTokenCount": 5,
            "totalTokenCount": 15,
            "cachedContentTokenCount": 12,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 10}, {"modality": "IMAGE", "tokenCount": 10}],
        },
        "anthropic": {"output_tokens": 5, "output_tokens_details": {"thinking_tokens": 9}},
    }
)


def _whole_body(act: Act, asked: Asked) -> bytes:
    """The answer as one body, also where a stream was asked for."""
    path = asked.path.replace(":streamGenerateContent", ":generateContent")
    return answering.reply_to(act, replace(asked, streaming=False, path=path)).body


def _truncated(act: Act, asked: Asked, _after: int) -> Act:
    body = _whole_body(act, asked)
    return replace(act, body=body[: len(body) // 2])


def _short(act: Act, asked: Asked, _after: int) -> Act:
    body = _whole_body(act, asked)
    declared = {"content-length": str(len(body) + 500)}
    return replace(act, body=body, headers=declared, cut_after_bytes=len(body))


def _bad_arguments(act: Act, asked: Asked, _after: int) -> Act:
    call = ToolCall(id="call_1", name=asked.tools[0].name, arguments={})
    return replace(act, text="", pieces=(), tool_calls=(call,), tool_arguments='{"order": 7, "item')


def _overlapping(act: Act, asked: Asked, _after: int) -> Act:
    known: DialectName = "openai" if asked.dialect == "azure" else asked.dialect
    return replace(act, usage_fields=_OVERLAPPING[known])


def _without_text(**changes: Any) -> Does:
    return act_with(text="", pieces=(), **changes)


ANSWER: tuple[Fault, ...] = (
    Fault(name="blank", says="200 with an empty text", does=_without_text()),
    Fault(name="null_choices", says="200 with no choice or candidate at all", does=act_with(empty=True)),
    Fault(
        name="reasoning_only", says="it reasons and then says nothing", does=_without_text(reasoning="Let me think.")
    ),
    Fault(
        name="error_in_200",
        says="200 with an error as its body",
        does=act_with(error="server_error", status=200),
    ),
    Fault(
        name="html_200",
        says="200 with a web page, as a captive portal gives",
        does=act_with(body=_PAGE, headers={"content-type": "text/html; charset=utf-8"}),
    ),
    Fault(name="bad_json", says="200 with a body that is no JSON", does=act_with(body=b'{"choices": [}, "usage": ')),
    Fault(name="truncated_json", says="200 with half of its JSON", does=_truncated),
    Fault(
        name="bad_gzip",
        says="a body that says it is gzip and is not",
        does=act_with(body=b"\x1f\x8b\x08\x00not really gzip at all", headers={"content-encoding": "gzip"}),
    ),
    Fault(
        name="short_content_length",
        says="fewer bytes than the content-length promises, then the end",
        does=_short,
        streaming=False,
    ),
    Fault(name="length", says="the answer ends at the bound of tokens", does=act_with(stop_reason="length")),
    Fault(
        name="filtered_finish",
        says="the vendor's filter ends the answer",
        does=_without_text(stop_reason="content_filter"),
    ),
    Fault(
        name="refusal",
        says="the model refuses, with 200",
        does=act_with(stop_reason="refusal", text="I cannot help with that.", pieces=()),
    ),
    Fault(
        name="bad_tool_arguments",
        says="a tool is called with arguments that are no JSON",
        does=_bad_arguments,
        needs="tools",
    ),
    Fault(
        name="schema_violation",
        says="JSON that does not match the schema asked for",
        does=act_with(text='{"unexpected": [1, 2]}', pieces=()),
        needs="schema",
    ),
    Fault(name="no_usage", says="no token is counted", does=act_with(usage=None)),
    Fault(name="zero_usage", says="every count of tokens is 0", does=act_with(usage=Usage())),
    Fault(name="overlapping_usage", says="counts of tokens contradict each other", does=_overlapping),
    Fault(name="swapped_model", says="another model answers than was asked", does=act_with(model="some-other-model")),
    Fault(
        name="embedding_mismatch",
        says="vectors of another length than before",
        does=act_with(dimensions=5),
        needs="embeddings",
    ),
)
