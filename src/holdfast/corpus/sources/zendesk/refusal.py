"""What Zendesk's refusals mean, and what to type next.

Knows nothing of how it was asked. No message holds a credential, or text of an answer beyond the name of an error.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from holdfast.errors import Misconfigured

_NAME = re.compile(r"[A-Za-z][A-Za-z ]{0,60}")


class Refusal(Misconfigured):
    """Zendesk answered, and another try would not help. `status` is HTTP's."""

    def __init__(self, code: str, message: str, fix: str, status: int = 0) -> None:
        super().__init__(code, message, fix)
        self.status = status


def refusal(status: int, body: bytes, url: str, *, anonymous: bool) -> Refusal:
    """The error for a status that is no fault of the moment."""
    parts = urlsplit(url)
    path, name = parts.path, _error_name(body)
    if status == 401:
        if anonymous:
            return Refusal(
                "HF113",
                f"{parts.netloc} asks who wants to read {path}",
                "set email and token, or client_id and client_secret, for the corpus",
                status,
            )
        return Refusal(
            "HF113",
            f"{parts.netloc} does not accept the credentials: a token that was revoked, or of another account",
            "make a new one in Zendesk's Admin Center under Apps and integrations > APIs, and set it for the corpus",
            status,
        )
    if status == 403 and name.replace(" ", "") == "SupportProductInactive":
        return Refusal(
            "HF113", f"the account at {parts.netloc} has no Support product, so it has no tickets",
            'read its articles: content = "articles"', status,
        )  # fmt: skip
    if status == 403:
        return Refusal(
            "HF113",
            f"{parts.netloc} does not let these credentials read {path}" + (f" ({name})" if name else ""),
            "give their user a role that may: docs/how-to/build/connect-zendesk.md names it",
            status,
        )
    if status in (404, 410):
        return Refusal(
            "HF109",
            f"there is nothing at {parts.netloc}{path}: no account of that name, or its Help Center is closed",
            "check subdomain, base_url and brands of the corpus",
            status,
        )
    return Refusal(
        "HF109", f"{parts.netloc} answered {status} for {path}" + (f" ({name})" if name else ""),
        "see status.zendesk.com; then sync again: it goes on where it was", status,
    )  # fmt: skip


def elsewhere(url: str, to: str) -> Misconfigured:
    """The error for an answer that leads to another host: credentials are not taken there."""
    host = urlsplit(to).netloc
    return Misconfigured(
        "HF109",
        f"{urlsplit(url).netloc} leads to {host or 'another path'}, where credentials are not sent",
        "if that host is yours, name it: base_url for the account, brands for its Help Centers",
    )


def too_large(url: str, most_bytes: int) -> Refusal:
    return Refusal(
        "HF109", f"{urlsplit(url).path} is larger than {most_bytes} bytes", "leave it out at the source", 413
    )


def _error_name(body: bytes) -> str:
    """The name that a body gives the error: `error` as text, or the title of an object there."""
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, dict):
        error = error.get("title")
    return error if isinstance(error, str) and _NAME.fullmatch(error) else ""
