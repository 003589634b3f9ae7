"""Faults in which the vendor says no: limits, accounts, keys, models, and requests it does not take.

Does not know the wording of any dialect.
"""

from __future__ import annotations

import time
from dataclasses import replace
from email.utils import formatdate

from holdfast.testing.act import Act
from holdfast.testing.asked import Asked, fields
from holdfast.testing.fault import Fault, act_with

_HTML = b"<html><head><title>502 Bad Gateway</title></head><body><center>nginx</center></body></html>"
_OPTIONAL = (
    *("temperature", "top_p", "topP", "seed", "reasoning_effort"),
    *("presence_penalty", "presencePenalty", "frequency_penalty", "frequencyPenalty"),
)


def _dated(act: Act, _asked: Asked, _after: int) -> Act:
    """HTTP dates have whole seconds."""
    return replace(act, error="rate_limited", headers={"retry-after": formatdate(time.time() + 2, usegmt=True)})


def _echoes_the_key(act: Act, asked: Asked, _after: int) -> Act:
    said = "API key not valid" if asked.dialect == "gemini" else "Incorrect API key provided"
    return replace(act, error="unauthorized", message=f"{said}: {asked.key}.")


def _unsupported(act: Act, asked: Asked, _after: int) -> Act:
    """Refused while the request holds an optional parameter: a request without any goes well."""
    sent = {**fields(asked.body), **fields(fields(asked.body).get("generationConfig"))}
    found = next((name for name in _OPTIONAL if name in sent), None)
    if found is None:
        return act
    message = f"Unsupported parameter: '{found}' is not supported with this model."
    if asked.dialect == "gemini":
        message = f"Invalid JSON payload received. Unknown name \"{found}\" at 'generation_config': Cannot find field."
    elif asked.dialect == "anthropic":
        message = f"{found}: Extra inputs are not permitted"
    return replace(act, error="unsupported_parameter", message=message)


REFUSAL: tuple[Fault, ...] = (
    Fault(
        name="rate_limited",
        says="429 with `retry-after: 1`",
        does=act_with(error="rate_limited", headers={"retry-after": "1"}),
    ),
    Fault(
        name="rate_limited_long",
        says="429 with `retry-after: 3600`",
        does=act_with(error="rate_limited", headers={"retry-after": "3600"}),
    ),
    Fault(
        name="rate_limited_ms",
        says="429 with `retry-after-ms: 60`",
        does=act_with(error="rate_limited", headers={"retry-after-ms": "60"}),
    ),
    Fault(name="rate_limited_date", says="429 with `retry-after` as an HTTP date two seconds away", does=_dated),
    Fault(
        name="retry_info",
        says="429 with Google's RetryInfo of 1.2 s in the body",
        does=act_with(error="rate_limited", retry_delay_s=1.2),
        dialects=frozenset({"gemini"}),
    ),
    Fault(
        name="rate_limited_bare",
        says="429 that names no time, every time",
        does=act_with(error="rate_limited"),
    ),
    Fault(name="quota", says="the account's quota is used up", does=act_with(error="quota")),
    Fault(name="payment", says="402: the bill is not paid", does=act_with(error="payment")),
    Fault(name="server_error", says="500, every time", does=act_with(error="server_error")),
    Fault(name="server_error_once", says="500 for the first request", does=act_with(error="server_error"), once=True),
    Fault(name="overloaded", says="the vendor is overloaded (503, Anthropic's 529)", does=act_with(error="overloaded")),
    Fault(name="unavailable", says="503 with an error body", does=act_with(error="overloaded", status=503)),
    Fault(
        name="timeout_504",
        says="504 from the vendor's own front",
        does=act_with(error="server_error", status=504),
    ),
    Fault(
        name="html_502",
        says="502 with a load balancer's web page",
        does=act_with(status=502, body=_HTML, headers={"content-type": "text/html"}),
    ),
    Fault(name="empty_503", says="503 with an empty body", does=act_with(status=503, body=b"")),
    Fault(name="revoked", says="the key is not valid (401, Google's 400)", does=act_with(error="unauthorized")),
    Fault(name="forbidden", says="403: the key may not use the model", does=act_with(error="forbidden")),
    Fault(name="no_model", says="404: there is no such model", does=act_with(error="no_model")),
    Fault(name="gone", says="the model was retired (410, Google's 404)", does=act_with(error="gone")),
    Fault(name="too_long", says="400: the request is longer than the model's window", does=act_with(error="too_long")),
    Fault(name="too_large_413", says="413: the request has too many bytes", does=act_with(error="too_large")),
    Fault(name="filtered_400", says="400: the vendor's filter refuses what is asked", does=act_with(error="filtered")),
    Fault(
        name="unsupported_parameter",
        says="400 while an optional parameter is sent",
        does=_unsupported,
    ),
    Fault(
        name="bad_request", says="400: the request is malformed, says the vendor", does=act_with(error="bad_request")
    ),
    Fault(name="secret_echo", says="401 with the key in the message", does=_echoes_the_key),
    Fault(
        name="redirect",
        says="307 to another host",
        does=act_with(status=307, body=b"", headers={"location": "http://127.0.0.1:9/elsewhere"}),
    ),
)
