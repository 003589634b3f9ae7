"""What may go wrong between a simulated Zendesk and whoever asks it. Does not know which requests it befalls.

`server.on_request(when, fault)` says that. Each function gives one kind of fault.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from holdfast.testing.zendesk.account import Account
from holdfast.testing.zendesk.exchange import Asked

Cut = Literal["connection", "headers", "body", "chunk"]
When: TypeAlias = Callable[[Asked], bool]
"""Picks the requests that a fault befalls."""


@dataclass(frozen=True, slots=True)
class Fault:
    """What is done instead of, or to, an answer. Made by the functions of this module."""

    name: str
    status: int | None = None
    body: bytes = b""
    media_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    retry_after_s: float | None = None
    before_s: float = 0.0
    cut: Cut | None = None
    truncated: bool = False
    doubled: int = 0
    emptied: bool = False
    then: Callable[[Account], None] | None = None


@dataclass(slots=True)
class Planned:
    """A fault and the requests it befalls: as many as `times`, None: every one."""

    when: When
    fault: Fault
    times: int | None


def refused(status: int, body: bytes | None = None, *, retry_after_s: float | None = None) -> Fault:
    """An answer that is an error: 409, 500 to 504, Cloudflare's 520 and 524, in JSON where no other body is given."""
    headers = () if retry_after_s is None else (("Retry-After", f"{retry_after_s:g}"),)
    said = b'{"error":"%d","description":"Sorry, something went wrong"}' % status
    media_type = "application/json; charset=utf-8" if body is None else "text/html; charset=utf-8"
    return Fault(
        f"refused {status}",
        status=status,
        body=said if body is None else body,
        media_type=media_type,
        headers=headers,
        retry_after_s=retry_after_s,
    )


def too_many(retry_after_s: float | None = 1, *, plain: bool = False) -> Fault:
    """429, with `Retry-After` unless that is None; `plain`: its body is a text and no JSON."""
    body = b"Too many requests, please wait" if plain else b'{"error":"APIRateLimitExceeded"}'
    headers = () if retry_after_s is None else (("Retry-After", f"{retry_after_s:g}"),)
    media_type = "text/plain; charset=utf-8" if plain else "application/json; charset=utf-8"
    return Fault(
        "refused 429", status=429, body=body, media_type=media_type, headers=headers, retry_after_s=retry_after_s
    )


def cut(where: Cut) -> Fault:
    """The connection ends: before anything is answered, within the headers, in the body, or inside a chunk of it."""
    return Fault(f"cut {where}", cut=where)


def slow(seconds: float) -> Fault:
    """The answer comes after this time."""
    return Fault("slow", before_s=seconds)


def truncated() -> Fault:
    """Half of the JSON, and a `Content-Length` that agrees with it."""
    return Fault("truncated", truncated=True)


def page_of_html(status: int = 200) -> Fault:
    """A page for people where JSON was asked for."""
    body = (
        b"<!DOCTYPE html><html><head><title>We'll be back soon</title></head><body><h1>Maintenance</h1></body></html>"
    )
    return Fault("page of HTML", status=status, body=body, media_type="text/html; charset=utf-8")


def redirected(to: str, status: int = 302) -> Fault:
    """To another address."""
    return Fault("redirected", status=status, headers=(("Location", to),), media_type="text/html")


def doubled(rows: int = 1) -> Fault:
    """The page begins with the last rows of the page before it."""
    return Fault("doubled", doubled=rows)


def emptied() -> Fault:
    """An export's page without rows that is not the last: `end_of_stream` is false, and the cursor stays."""
    return Fault("emptied", emptied=True)


def meanwhile(what: Callable[[Account], None]) -> Fault:
    """Something happens in the account before the request is answered: a row changes while its list is being paged, a
    token is revoked, a resource is forbidden."""
    return Fault("meanwhile", then=what)
