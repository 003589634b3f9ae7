"""Whether a message to a webhook comes from whoever knows its secret, and is new.

Knows nothing of what the message says. Signed as Zendesk signs: base64 of HMAC-SHA256 over the time and the body
(developer.zendesk.com, "Verifying webhook authenticity").
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import UTC, datetime

from holdfast.errors import Refused
from holdfast.server.exchange import Headers

SIGNATURE = b"x-zendesk-webhook-signature"
TIMESTAMP = b"x-zendesk-webhook-signature-timestamp"
FRESH_S = 300
"""How far the time of a message may be from now, either way."""


def signature_of(secret: str, timestamp: str, body: bytes) -> str:
    """What a message is signed with."""
    code = hmac.new(secret.encode(), timestamp.encode() + body, hashlib.sha256)
    return base64.b64encode(code.digest()).decode()


def check_signed(headers: Headers, body: bytes, secret: str, now: float) -> None:
    """Raises Refused (HF714) unless the body was signed with the secret, within `FRESH_S` of `now`."""
    timestamp = headers.get(TIMESTAMP, b"").decode("latin-1")
    given = headers.get(SIGNATURE, b"")
    if not hmac.compare_digest(signature_of(secret, timestamp, body).encode(), given):
        raise Refused(
            "HF714",
            "the message is not signed with this corpus's webhook_secret" if given else "the message is not signed",
            "send X-Zendesk-Webhook-Signature and -Timestamp, made with the webhook_secret of [corpora.NAME]",
        )
    at = _seconds(timestamp)
    if at is None or abs(now - at) > FRESH_S:
        raise Refused(
            "HF714",
            f"the message was signed at '{timestamp}', which is not within {FRESH_S} seconds of now",
            "sign each message when it is sent, and set the clocks",
        )


def _seconds(timestamp: str) -> float | None:
    """Seconds since 1970 of a time as in 2026-01-31T12:00:00Z, or in seconds; None for anything else."""
    if timestamp.isdecimal() and timestamp.isascii() and len(timestamp) < 12:
        return float(timestamp)
    try:
        at = datetime.fromisoformat(timestamp)
    except ValueError:
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp()
