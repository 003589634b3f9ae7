from __future__ import annotations

from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.gateway.fault import POLICY, FaultKind, from_event, from_status, redact, vendor_error

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["error", "message", "type", "code", "status", "details", "detail"]), inner)
    ),
    max_leaves=12,
)


def test_every_kind_of_fault_has_a_policy_and_a_fix() -> None:
    assert set(POLICY) == set(get_args(FaultKind))
    assert all(policy.fix for policy in POLICY.values())


@given(JSON, st.integers(300, 599))
def test_no_error_body_however_odd_breaks_the_reading(body: object, status: int) -> None:
    assert from_status(status, msgspec.json.encode(body)).kind in POLICY
    error = vendor_error(body)
    if error is not None:
        assert from_event(error).kind in POLICY


@given(st.binary(max_size=40), st.integers(300, 599))
def test_a_body_that_is_no_json_is_told_by_its_status(body: bytes, status: int) -> None:
    assert from_status(status, b"<" + body) == from_status(status, b"")


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, {"message": "This model's maximum context length is 8192 tokens."}, "too_long"),
        (400, {"type": "invalid_request_error", "message": "prompt is too long: 3 tokens > 2 maximum"}, "too_long"),
        (400, {"message": "Please reduce the length", "code": "context_length_exceeded"}, "too_long"),
        (400, {"message": "x", "code": "content_filter"}, "filtered"),
        (400, {"message": "x", "code": "content_policy_violation"}, "filtered"),
        (403, {"message": "Your input was flagged", "code": 403}, "filtered"),
        (400, {"type": "invalid_request_error", "message": "Your credit balance is too low"}, "quota"),
        (429, {"message": "You exceeded your current quota", "code": "insufficient_quota"}, "quota"),
        (429, {"message": "Rate limit reached", "code": "rate_limit_exceeded"}, "rate_limited"),
        (400, {"message": "The model `x` has been decommissioned", "code": "model_decommissioned"}, "no_model"),
        (
            400,
            {"message": "API key not valid. Please pass a valid API key.", "status": "INVALID_ARGUMENT"},
            "unauthorized",
        ),
        (400, {"message": "Unknown parameter: 'seed'.", "code": "unknown_parameter"}, "bad_request"),
        (422, {"message": "nope"}, "bad_request"),
        (408, {"message": "slow"}, "server_error"),
        (500, {"message": "Too many requests, throttled"}, "rate_limited"),
        (503, {"message": "overloaded"}, "server_error"),
        (302, {"message": "over there"}, "not_an_answer"),
    ],
)
def test_vendors_wordings_are_told_apart(status: int, error: dict[str, object], kind: str) -> None:
    assert from_status(status, msgspec.json.encode({"error": error})).kind == kind


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "said"}},
        {"type": "error", "error": {"type": "x", "message": "said"}},
        [{"error": {"message": "said", "status": "UNAVAILABLE"}}],
        {"object": "error", "message": "said", "type": "x", "code": 400},
        {"error": "said"},
        {"detail": "said"},
        {"errors": [{"message": "said"}]},
    ],
)
def test_the_message_is_found_in_every_vendors_shape(body: object) -> None:
    error = vendor_error(body)
    assert error is not None
    assert error.message == "said"


@pytest.mark.parametrize("body", [{}, [], None, "text", {"choices": []}, {"error": None}, {"error": ""}])
def test_what_holds_no_error_is_none(body: object) -> None:
    assert vendor_error(body) is None


def test_a_wait_in_the_body_counts_and_the_longest_wins() -> None:
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1.5s"}
    body = msgspec.json.encode({"error": {"message": "x", "details": [detail]}})
    assert from_status(429, body).retry_after_ms == 1500
    assert from_status(429, body, 2000.0).retry_after_ms == 2000
    assert from_status(429, body, 10.0).retry_after_ms == 1500


@given(st.text(min_size=1, max_size=20), st.text(max_size=400), st.text(max_size=400))
def test_a_secret_never_survives_redaction(secret: str, before: str, after: str) -> None:
    shown = redact(before + secret + after, [secret])
    assert len(shown) <= 300
    assert secret not in shown.replace("[key]", "\0") or secret in "…\0"
