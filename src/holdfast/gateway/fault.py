"""What can go wrong in one attempt, as values: the kind of fault, and what the ladder does about each kind.

Does not know rungs, clocks or HTTP clients; it reads statuses and error bodies in every vendor's shape.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from holdfast.gateway.shape import items, object_of, text_of
from holdfast.records import Json

FaultKind: TypeAlias = Literal[
    "rate_limited",
    "quota",
    "server_error",
    "unreachable",
    "connect_timeout",
    "broken_off",
    "silent",
    "stalled",
    "slow",
    "garbled",
    "not_an_answer",
    "blank",
    "bad_tool_arguments",
    "schema_violation",
    "unauthorized",
    "no_model",
    "too_long",
    "filtered",
    "bad_request",
    "model_failed",
    "no_key",
    "no_provider",
    "passed_over",
    "resting",
    "deadline",
    "cancelled",
]


class Policy(NamedTuple):
    """What follows a fault: at most `retries` more tries of the same rung (never more than the slot allows), at once
    or after a pause; then the next rung, unless no other rung may be asked either. `fix` is for whoever reads it."""

    retries: int
    pause: bool
    fix: str
    next_rung: bool = True


_MANY = 1_000_000  # as many as the slot allows

POLICY: Mapping[FaultKind, Policy] = MappingProxyType(
    {
        "rate_limited": Policy(_MANY, True, "wait, raise the limit with the provider, or add another rung or key"),
        "quota": Policy(0, False, "pay the provider's bill, or add another rung or key"),
        "server_error": Policy(_MANY, True, "wait for the provider, or add another rung"),
        "unreachable": Policy(0, False, "check the provider's base_url and this machine's network"),
        "connect_timeout": Policy(0, False, "check the network, or raise the slot's connect_ms"),
        "broken_off": Policy(_MANY, False, "try again, or add another rung"),
        # A route that says nothing will not say more when asked again: the time is better spent on another.
        "silent": Policy(0, False, "raise the slot's first_token_ms, or add another rung"),
        "stalled": Policy(0, False, "raise the slot's idle_ms, or add another rung"),
        "slow": Policy(0, False, "lower the slot's floor_chars_per_s, or add another rung"),
        "garbled": Policy(1, False, "check that base_url speaks the provider's dialect"),
        "not_an_answer": Policy(0, False, "check base_url: something else than the provider's API answers there"),
        "blank": Policy(1, False, "raise the slot's max_tokens, or try another model"),
        "bad_tool_arguments": Policy(1, False, "simplify the tool's parameters, or try another model"),
        "schema_violation": Policy(1, False, "simplify the schema, or put a stronger model first in the slot's models"),
        "unauthorized": Policy(0, False, "check the provider's api_key"),
        "no_model": Policy(0, False, "name a model that the provider offers in the slot's models"),
        "too_long": Policy(0, False, "send less text, or add a rung with a larger window"),
        "filtered": Policy(0, False, "change what is asked: the provider's content filter refused it", next_rung=False),
        "bad_request": Policy(0, False, "change the setting that the provider names"),
        "model_failed": Policy(0, False, "see the model's own message"),
        "no_key": Policy(0, False, "set the provider's api_key"),
        "no_provider": Policy(0, False, "name a provider that is configured"),
        "passed_over": Policy(0, False, "add a rung that can answer this"),
        "resting": Policy(0, False, "wait until it may be asked again, or add another rung"),
        "deadline": Policy(0, False, "raise the slot's deadline_ms, or put a quicker model first"),
        "cancelled": Policy(0, False, "nothing: the caller stopped waiting", next_rung=False),
    }
)

KEY_FAULTS: frozenset[FaultKind] = frozenset({"unauthorized", "quota", "rate_limited"})
"""Faults of a key rather than of the provider: another key of the same provider may do."""

NOT_SET_UP: frozenset[FaultKind] = frozenset({"no_key", "no_provider"})
"""Faults of the configuration: nothing was asked."""


COUNTED: frozenset[FaultKind] = frozenset(
    {
        "server_error",
        "unreachable",
        "connect_timeout",
        "silent",
        "stalled",
        "slow",
        "broken_off",
        "garbled",
        "not_an_answer",
        "blank",
    }
)
"""Faults that say a route is ill: enough of them, and it is left alone for a while."""

RESCUED: frozenset[FaultKind] = frozenset({"server_error", "rate_limited", "stalled", "slow", "broken_off", "garbled"})
"""Faults after which the text that was heard so far is still good, and can be gone on with."""


class Fault(Struct, frozen=True):
    """Why an attempt did not answer.

    `fix` is set where it is known better than the policy knows it. `param` is the parameter that the vendor itself
    names as the cause. `untouched`: not a byte of a response had come, as on a connection that was closed while idle.
    """

    kind: FaultKind
    message: str
    retry_after_ms: float | None = None
    fix: str | None = None
    param: str = ""
    untouched: bool = False

    def __str__(self) -> str:
        return f"{self.kind}: {self.message}"


class Broken(Exception):
    """Carries a fault from where it shows up to the attempt. Never leaves the gateway."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


# ---------------------------------------------------------------- reading what a vendor says went wrong

_CONTEXT = re.compile(
    r"context[_ ]?(?:length|window|limit|size)|prompt too long|length of all messages"
    r"|(?:prompt|input|request|messages?|conversation) (?:is|are|was) too (?:long|large)"
    r"|too many (?:\w+ )?tokens|too_many_\w*tokens|maximum (?:\w+ )?(?:tokens|length)|tokens? limit exceeded"
    r"|exceed\w* the (?:\w+ )*(?:tokens?|window)",
    re.IGNORECASE,
)
_FILTER = re.compile(
    r"content[_ ]?(?:filter|policy|management)|responsibleai|safety (?:system|filter)|flagged|moderation", re.IGNORECASE
)
_QUOTA = re.compile(
    r"insufficient_quota|insufficient[_ ](?:balance|credits?|funds)|billing|credit balance|exceeded your current quota"
    r"|payment required|spending limit",
    re.IGNORECASE,
)
_NO_MODEL = re.compile(
    r"model_not_found|model_decommissioned|(?:invalid|unknown) model|not a valid model"
    r"|model\b[^.]{0,80}(?:does not exist|not found|deprecated|decommissioned|retired|no longer)",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"invalid_api_key|api_key_invalid|authentication|unauthori[sz]ed|(?:invalid|incorrect) (?:x-)?api[- ]key"
    r"|api key (?:is )?(?:not valid|not found|invalid|expired)",
    re.IGNORECASE,
)
_RATE = re.compile(r"rate[_ -]?limit|too many requests|too_many_requests|resource_?exhausted|throttl", re.IGNORECASE)

_STATUS_OF_TYPE: Mapping[str, int] = MappingProxyType(
    {
        "invalid_request_error": 400,
        "authentication_error": 401,
        "billing_error": 402,
        "permission_error": 403,
        "not_found_error": 404,
        "request_too_large": 413,
        "rate_limit_error": 429,
        "rate_limit_exceeded": 429,
        "api_error": 500,
        "server_error": 500,
        "internal_server_error": 500,
        "service_unavailable": 503,
        "timeout_error": 504,
        "overloaded_error": 529,
    }
)


_SHORTEST_DELAY_MS = 1_000.0
_LONGEST_DELAY_MS = 300_000.0


class VendorError(NamedTuple):
    """An error body, whatever its shape. `status` is what the body itself claims, 0 where it claims none."""

    message: str
    names: str  # type and code, as the vendor wrote them
    status: int
    retry_after_ms: float | None
    param: str = ""


def vendor_error(body: Json) -> VendorError | None:
    """The error a body holds, in the shape of OpenAI, Anthropic, Google, Mistral, vLLM or FastAPI. None: none."""
    if isinstance(body, list) and body:
        body = body[0]  # Google wraps its errors in a list
    whole = object_of(body)
    error = whole.get("error") or whole.get("errors")
    if isinstance(error, list) and error:
        error = error[0]
    if not error:
        if whole.get("object") == "error" or whole.get("type") == "error":
            error = whole
        elif "detail" in whole and "choices" not in whole:
            error = {"message": whole["detail"]}
        else:
            return None
    if isinstance(error, str):
        error = {"message": error}
    fields = object_of(error)
    message = fields.get("message") or fields.get("detail") or fields.get("msg") or error
    names = " ".join(str(fields[name]) for name in ("type", "code", "status") if fields.get(name) is not None)
    return VendorError(
        _plain(message), names, _claimed_status(fields), _retry_info_ms(fields), text_of(fields.get("param"))
    )


def _plain(message: Json) -> str:
    return message if isinstance(message, str) else msgspec.json.encode(message).decode(errors="replace")


def _claimed_status(fields: dict[str, Json]) -> int:
    for name in ("status_code", "code", "status"):
        value = fields.get(name)
        if isinstance(value, str) and value.isdigit():
            value = int(value)
        if isinstance(value, int) and 400 <= value <= 599:
            return value
    for name in ("type", "code"):
        found = _STATUS_OF_TYPE.get(text_of(fields.get(name)))
        if found:
            return found
    return 0


def _retry_info_ms(fields: dict[str, Json]) -> float | None:
    """The `retryDelay` of a google.rpc.RetryInfo detail, as in "34s" or "1.5s", between one second and five minutes: it
    is a hint, and hints of nothing and of a day have been seen."""
    for detail in items(fields.get("details")):
        delay = text_of(object_of(detail).get("retryDelay"))
        if delay.endswith("s") and delay[:-1].replace(".", "", 1).isdigit():
            return min(max(float(delay[:-1]) * 1000, _SHORTEST_DELAY_MS), _LONGEST_DELAY_MS)
    return None


def from_status(status: int, body: bytes, retry_after_ms: float | None = None) -> Fault:
    """The fault an HTTP error response stands for. A body that is no JSON (a load balancer's HTML) is told by its
    status alone."""
    try:
        error = vendor_error(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        error = None
    if error is None:
        return Fault(_kind_of_status(status), f"HTTP {status}", retry_after_ms)
    waits = [ms for ms in (retry_after_ms, error.retry_after_ms) if ms is not None]
    kind = _kind(status, f"{error.names} {error.message}")
    if kind == "quota" and status == 429 and waits:
        kind = "rate_limited"  # a quota that is there again after a wait; Google words both alike
    return Fault(kind, f"HTTP {status}: {error.message}", max(waits) if waits else None, param=error.param)


def from_event(error: VendorError) -> Fault:
    """The fault that an error event inside a stream, or an error body under a 200, stands for."""
    return Fault(_kind(error.status, f"{error.names} {error.message}"), error.message, error.retry_after_ms)


def _kind(status: int, said: str) -> FaultKind:
    """By status and words; a status of 0 is not known, and the words alone decide."""
    if status in (0, 400, 413, 422) and _CONTEXT.search(said):
        return "too_long"
    if status in (0, 400, 403, 422) and _FILTER.search(said):
        return "filtered"
    if status in (0, 400, 402, 403, 429) and _QUOTA.search(said):
        return "quota"
    if status in (0, 400, 404, 422) and _NO_MODEL.search(said):
        return "no_model"
    if status in (0, 400) and "tool_use_failed" in said:
        return "bad_tool_arguments"
    if status in (0, 400) and _KEY.search(said):
        return "unauthorized"
    if status in (0, 500) and _RATE.search(said):
        return "rate_limited"
    return _kind_of_status(status)


def _kind_of_status(status: int) -> FaultKind:
    match status:
        case 401 | 403:
            return "unauthorized"
        case 402:
            return "quota"
        case 404 | 410:
            return "no_model"
        case 413:
            return "too_long"
        case 429:
            return "rate_limited"
        case 408 | 409 | 425:
            return "server_error"
        case _ if status >= 500 or not status:
            return "server_error"
        case _ if status >= 400:
            return "bad_request"
        case _:
            return "not_an_answer"


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text without the secrets, and at most 300 characters of it: providers echo keys in their messages."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[key]")
    return text if len(text) <= 300 else text[:299] + "…"
