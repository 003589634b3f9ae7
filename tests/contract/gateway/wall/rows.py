"""The fault wall's table: for each fault, who must answer and how often the faulty vendor may have been asked.

Every row is met in each dialect it exists in, streamed and whole, by a ladder whose second rung is healthy and by a
ladder of one rung.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

ANSWERED = "answered"
"""By the first rung, whole."""
SPARE = "spare"
"""By the second rung, whole: what the first had said is continued or taken back."""
FAILED = frozenset({"HF301", "HF302"})
LIMITED = frozenset({"HF311"})
FILTERED = frozenset({"HF304"})
REFUSED = FILTERED | {"refusal", "content_filter"}
"""Also an answer that says in words that there is none, and whose reason to stop says so too; Gemini has no words."""


Spare: TypeAlias = Literal["exact", "anchor", "restart", "no prefill"]
"""With the next character, with the words it was shown as the end, from the beginning; or its vendor refuses to have an
answer begun for it, and it begins with the words it was shown."""
_GOING_ON: tuple[Spare, ...] = ("anchor", "restart", "no prefill")


@dataclass(frozen=True, slots=True)
class Row:
    """What must come of a fault (as `KIND@WHEN`).

    `ladder` and `single` are what may come of two rungs and of one: who answers, an answer's reason to stop, or an
    error's code. `calls` and `single_calls` bound the requests that the faulty vendor sees; `kinds` is what the first
    attempt may be said to have failed of (empty: it does not fail). `pause_ms`: a second request must not come sooner.
    `patient` allows the waits of seconds that a vendor asks for. `tools`, `schema` and `sampling` are asked for where
    the fault needs them; `warm` uses the connection once before; `modes` narrows where the fault is one; `spare` is how
    the second rung's model goes on with an answer that was begun.
    """

    fault: str
    ladder: frozenset[str] = frozenset({SPARE})
    single: frozenset[str] = FAILED
    calls: tuple[int, int] = (1, 1)
    single_calls: tuple[int, int] | None = None
    kinds: frozenset[str] = frozenset()
    pause_ms: float = 0.0
    patient: bool = False
    tools: bool = False
    schema: bool = False
    sampling: bool = False
    warm: bool = False
    modes: frozenset[str] = frozenset({"streaming", "whole"})
    spare: Spare = "exact"
    stop: frozenset[str] = field(default_factory=lambda: frozenset({"stop"}))

    @property
    def name(self) -> str:
        return self.fault if self.spare == "exact" else f"{self.fault} ({self.spare})"


def _left(fault: str, *kinds: str, calls: tuple[int, int] = (1, 1), single: frozenset[str] = FAILED) -> Row:
    """The rung is left for the next."""
    return Row(fault, kinds=frozenset(kinds), calls=calls, single=single)


def _taken(fault: str, **more: object) -> Row:
    """Nothing is wrong that matters: the rung answers at once."""
    here = frozenset({ANSWERED})
    return Row(fault, ladder=here, single=here, **more)  # type: ignore[arg-type]


def _again(fault: str, *kinds: str, calls: tuple[int, int] = (2, 2), **more: object) -> Row:
    """The rung answers when it is asked again; with another rung at hand that one may answer."""
    return Row(
        fault,
        ladder=frozenset({ANSWERED, SPARE}),
        single=frozenset({ANSWERED}),
        calls=(1, calls[1]),
        single_calls=calls,
        kinds=frozenset(kinds),
        **more,  # type: ignore[arg-type]
    )


def _limited(fault: str, calls: tuple[int, int] = (1, 1)) -> Row:
    """The rung is left for the next; without one the caller is told that it asks too often."""
    return Row(fault, single=LIMITED, kinds=frozenset({"rate_limited"}), calls=calls)


def _filtered(fault: str) -> Row:
    """Final: another rung would be asked for what must not be said."""
    return Row(fault, ladder=FILTERED, single=FILTERED, kinds=frozenset({"filtered"}))


_FEW = (1, 3)
_TWICE = (1, 2)

ROWS: tuple[Row, ...] = (
    # The vendor says no.
    _limited("rate_limited"),
    _limited("rate_limited_long"),
    _limited("rate_limited_date"),
    _limited("retry_info"),
    _limited("rate_limited_ms", calls=_FEW),
    _limited("rate_limited_bare", calls=_TWICE),
    _again("rate_limited_ms@once", "rate_limited", pause_ms=60),
    _again("rate_limited@once", "rate_limited", pause_ms=1_000, patient=True),
    _again("rate_limited_date@once", "rate_limited", pause_ms=900, patient=True),
    _again("retry_info@once", "rate_limited", pause_ms=1_200, patient=True),
    _left("quota", "quota"),
    _left("payment", "quota"),
    _again("server_error_once", "server_error"),
    _again("flapping", "server_error"),
    _left("server_error", "server_error", calls=_FEW),
    _left("overloaded", "server_error", calls=_FEW),
    _left("unavailable", "server_error", calls=_FEW),
    _left("timeout_504", "server_error", calls=_FEW),
    _left("html_502", "server_error", calls=_FEW),
    _left("empty_503", "server_error", calls=_FEW),
    _left("revoked", "unauthorized"),
    _left("forbidden", "unauthorized"),
    _left("secret_echo", "unauthorized"),
    _left("no_model", "no_model"),
    _left("gone", "no_model"),
    _left("too_long", "too_long", single=frozenset({"HF312"})),
    _left("too_large_413", "too_long", "too_large", "bad_request", single=frozenset({"HF301", "HF312"})),
    _left("bad_request", "bad_request"),
    _left("redirect", "not_an_answer"),
    _filtered("filtered_400"),
    _again("unsupported_parameter", "bad_request", "unsupported", sampling=True),
    # Nobody is there, or nothing is said.
    _left("refused", "unreachable", calls=(0, 0)),
    _left("dns", "unreachable", calls=(0, 0)),
    _left("tls", "unreachable", calls=(0, 0)),
    _left("connect_blackhole", "connect_timeout", "unreachable", calls=(0, 0)),
    _left("reset_before_headers", "broken_off", calls=_FEW),
    _again("reset_once", "broken_off"),
    _taken("stale_keep_alive", calls=(3, 3), warm=True, kinds=frozenset({"broken_off"})),
    _left("accepts_never_answers", "silent", "deadline"),
    _left("drip_headers", "silent", "deadline"),
    _left("headers_then_silence", "silent", "deadline"),
    # The answer breaks on its way.
    _left("drip", "stalled", "slow", "silent", "deadline", calls=_TWICE),
    _left("stall", "stalled", "silent", "deadline", calls=_TWICE),
    _left("stall@start", "silent", "stalled", "deadline", calls=_TWICE),
    _left("cut", "broken_off", calls=_FEW),
    _left("cut@start", "broken_off", calls=_FEW),
    _left("cut@1", "broken_off", calls=_FEW),
    Row(  # a whole body that is cut at its end is whole
        "cut@100%", kinds=frozenset({"broken_off"}), calls=_FEW, modes=frozenset({"streaming"})
    ),
    _left("cut_reset", "broken_off", calls=_FEW),
    _again("cut@once", "broken_off"),
    _again("cut_reset@once", "broken_off"),
    *(
        Row(fault, kinds=kinds, calls=_FEW, modes=frozenset({"streaming"}), spare=spare)
        for fault, kinds in (("cut", frozenset({"broken_off"})), ("stall@3", frozenset({"stalled", "slow"})))
        for spare in _GOING_ON
    ),
    _left("error_midway", "server_error", calls=_FEW),
    _again("error_midway@once", "server_error"),
    _left("error_first_event", "server_error", calls=_FEW),
    _left("error_after_startup", "server_error", calls=_FEW),
    _taken("malformed_line"),
    _left("malformed_lines", "garbled", calls=_FEW),
    _left("eof_without_finish", "broken_off", calls=_FEW),
    # Unusual, yet sound.
    *map(
        _taken,
        (
            "crlf",
            "cr",
            "bom",
            "split_utf8",
            "giant_line",
            "multi_line",
            "comments",
            "no_final_blank_line",
            "no_done",
            "done_without_finish",
            "double_done",
            "data_after_done",
            "never_closes",
            "no_usage",
            "zero_usage",
            "overlapping_usage",
            "swapped_model",
        ),
    ),
    _taken("length", stop=frozenset({"length"})),
    # Something else than an answer.
    _left("blank", "blank", calls=_FEW),
    _left("null_choices", "blank", "garbled", "broken_off", calls=_FEW),
    _left("reasoning_only", "blank", calls=_FEW),
    _left("error_in_200", "server_error", calls=_FEW),
    _left("html_200", "not_an_answer", calls=_TWICE),
    _left("bad_json", "garbled", calls=_FEW),
    _left("truncated_json", "garbled", "broken_off", calls=_FEW),
    _left("bad_gzip", "garbled", calls=_FEW),
    _left("short_content_length", "broken_off", calls=_FEW),
    _filtered("filtered_finish"),
    Row("refusal", ladder=REFUSED, single=REFUSED),
    Row("bad_tool_arguments", kinds=frozenset({"bad_tool_arguments"}), calls=_FEW, tools=True),
    Row(
        "schema_violation",
        single=frozenset({"HF303"}),
        kinds=frozenset({"schema_violation"}),
        calls=(2, 2),
        schema=True,
    ),
    _again("schema_violation@once", "schema_violation", schema=True),
)
