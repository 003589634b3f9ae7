"""Faults of an answer under way: silence, cuts, errors in the middle, and streams that are laid out unusually.

Does not know dialects, but for what ends a stream in each.
"""

from __future__ import annotations

from dataclasses import replace

import msgspec

from holdfast.testing.act import Act, Framing
from holdfast.testing.asked import Asked, DialectName
from holdfast.testing.fault import Fault, act_with
from holdfast.testing.speech.dialect import halves

_FOREVER_MS = 86_400_000.0
_WITH_A_CLOSING_EVENT: frozenset[DialectName] = frozenset({"openai", "azure", "anthropic"})
_DONE: frozenset[DialectName] = frozenset({"openai", "azure"})


def _stall(act: Act, _asked: Asked, after: int) -> Act:
    return replace(act, stall_after=after)


def _cut(act: Act, _asked: Asked, after: int) -> Act:
    return replace(act, cut_after=after)


def _reset(act: Act, _asked: Asked, after: int) -> Act:
    return replace(act, cut_after=after, cut="reset")


def _error(act: Act, _asked: Asked, after: int) -> Act:
    return replace(act, error="overloaded", error_after=after)


def _malformed(act: Act, _asked: Asked, after: int) -> Act:
    return replace(act, malformed_after=after)


def _all_malformed(act: Act, _asked: Asked, after: int) -> Act:
    return replace(act, malformed_after=after, malformed=40)


def _drip(act: Act, _asked: Asked, _after: int) -> Act:
    return replace(act, pieces=tuple(act.whole_text), between_ms=1_000.0)


def _giant(act: Act, _asked: Asked, _after: int) -> Act:
    """In two pieces, so that the whole stream stays a few megabytes."""
    text = act.whole_text
    pieces = tuple(half for half in halves(text) if half)
    return replace(act, pieces=pieces, framing=Framing(padding_bytes=1_200_000))


def _more_after_done(act: Act, asked: Asked, _after: int) -> Act:
    chunk = {"model": asked.model, "choices": [{"index": 0, "delta": {"content": " Ghost."}, "finish_reason": None}]}
    return replace(act, after_end=b"data: " + msgspec.json.encode(chunk) + b"\n\n")


STREAM: tuple[Fault, ...] = (
    Fault(
        name="headers_then_silence",
        says="headers come, the first token never",
        does=act_with(before_text_ms=_FOREVER_MS),
        whole=False,
    ),
    Fault(name="drip", says="one character a second", does=_drip),
    Fault(name="stall", says="silence in the middle, the connection open", does=_stall, midway=True),
    Fault(name="cut", says="the connection is closed in the middle", does=_cut, midway=True),
    Fault(name="cut_reset", says="the connection is reset in the middle", does=_reset, midway=True),
    Fault(
        name="error_midway",
        says="an error event in the middle of the text",
        does=_error,
        midway=True,
        whole=False,
    ),
    Fault(
        name="error_first_event",
        says="a stream whose first event is an error",
        does=act_with(opening=False, error="overloaded", error_after=0),
        whole=False,
    ),
    Fault(
        name="error_after_startup",
        says="an error event after the events that open a stream",
        does=act_with(error="overloaded", error_after=0),
        whole=False,
    ),
    Fault(name="malformed_line", says="one event is no JSON", does=_malformed, midway=True, whole=False),
    Fault(name="malformed_lines", says="forty events are no JSON", does=_all_malformed, midway=True, whole=False),
    Fault(name="crlf", says="lines end in CR LF", does=act_with(framing=Framing(newline="\r\n")), whole=False),
    Fault(name="cr", says="lines end in CR", does=act_with(framing=Framing(newline="\r")), whole=False),
    Fault(
        name="bom",
        says="a byte order mark stands first",
        does=act_with(framing=Framing(byte_order_mark=True)),
        whole=False,
    ),
    Fault(
        name="split_utf8",
        says="the body comes thirteen bytes at a time",
        does=act_with(framing=Framing(chunk_bytes=13)),
        whole=False,
    ),
    Fault(
        name="giant_line",
        says="every event is a line of 1.2 MB",
        does=_giant,
        whole=False,
    ),
    Fault(
        name="multi_line",
        says="an event's JSON lies over several data lines",
        does=act_with(framing=Framing(many_lines=True)),
        whole=False,
    ),
    Fault(
        name="comments",
        says="comments stand between events",
        does=act_with(framing=Framing(comments=True)),
        whole=False,
    ),
    Fault(
        name="no_final_blank_line",
        says="the last event has no blank line after it",
        does=act_with(framing=Framing(unterminated=True)),
        whole=False,
    ),
    Fault(
        name="no_done",
        says="the closing event is missing ([DONE], message_stop)",
        does=act_with(end="unclosed"),
        whole=False,
        dialects=_WITH_A_CLOSING_EVENT,
    ),
    Fault(
        name="eof_without_finish",
        says="the stream ends cleanly, with no word that the answer did",
        does=act_with(end="silent"),
        whole=False,
    ),
    Fault(
        name="done_without_finish",
        says="the closing event comes, the reason for the end does not",
        does=act_with(end="unexplained"),
        whole=False,
        dialects=_WITH_A_CLOSING_EVENT,
    ),
    Fault(
        name="double_done",
        says="[DONE] comes twice",
        does=act_with(after_end=b"data: [DONE]\n\n"),
        whole=False,
        dialects=_DONE,
    ),
    Fault(
        name="data_after_done",
        says="text comes after [DONE]",
        does=_more_after_done,
        whole=False,
        dialects=_DONE,
    ),
    Fault(
        name="never_closes",
        says="the answer is complete, the connection stays open",
        does=act_with(end="hanging"),
        whole=False,
    ),
)
