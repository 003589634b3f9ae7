"""Names of tool calls, as they must be at one vendor and stay through all of them.

Does not know which vendor demands what. A conversation may pass from one vendor to the next between a call and its
result, and a client sends a call back with nothing but its id: so what a vendor wants to see again travels in the id.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re

_MARK = "__sig_"
_PLAIN = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_NINE = re.compile(r"[a-zA-Z0-9]{9}")


def made(*parts: object) -> str:
    """A name for a call whose vendor gave none: the same parts give the same name."""
    return f"call_{_digest('/'.join(map(str, parts)))[:24]}"


def sealed(call_id: str, signature: str) -> str:
    """The id, carrying a vendor's signature (base64) with it. Without a signature, or with one that is not base64: the
    id alone."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except binascii.Error:
        return call_id
    return f"{call_id}{_MARK}{base64.urlsafe_b64encode(raw).decode().rstrip('=')}" if raw else call_id


def opened(call_id: str) -> tuple[str, str]:
    """The id alone, and the signature that it carries in base64; empty where it carries none."""
    alone, mark, carried = call_id.partition(_MARK)
    if not mark:
        return call_id, ""
    try:
        raw = base64.b64decode(carried + "=" * (-len(carried) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return call_id, ""
    return alone, base64.b64encode(raw).decode()


def plain(call_id: str) -> str:
    """The id as every vendor but Mistral takes it: at most 64 letters, digits, `_` and `-`. One that is not so already
    becomes a digest of itself, for the call and its result alike."""
    alone = opened(call_id)[0]
    return alone if _PLAIN.fullmatch(alone) else f"call_{_digest(alone)[:24]}"


def nine(call_id: str) -> str:
    """The id as Mistral takes it: nine letters and digits."""
    alone = opened(call_id)[0]
    return alone if _NINE.fullmatch(alone) else _digest(alone)[:9]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()
