"""One HTTP exchange at ASGI level: reading a bounded body, sending JSON.

Knows nothing of routes, features or keys.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any, TypeAlias, TypeVar

import msgspec

from holdfast.errors import Refused
from holdfast.records import Json
from holdfast.server.problems import HttpRefused, Problem, headers_of

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers: TypeAlias = Mapping[bytes, bytes]
Extra: TypeAlias = Sequence[tuple[bytes, bytes]]

WHO = "holdfast.who"
"""Where the edge leaves who calls, in the scope."""
JSON = (b"content-type", b"application/json")
PROBLEM = (b"content-type", b"application/problem+json")
_TAKEN_FOR_JSON = (b"application/json", b"application/x-www-form-urlencoded")
"""`curl -d` declares a form whatever it sends. A form of another site's is refused by its Origin, not by its type."""
MAX_DEPTH = 100
"""How deep arrays and objects may nest: far more than an input needs, far less than Python's stack."""

T = TypeVar("T")


class Gone(Exception):
    """The client hung up: there is nobody to answer."""


async def read_json(headers: Headers, receive: Receive, max_bytes: int) -> Json:
    """The body as JSON. Raises as `read_body_of_json` and `parsed` do."""
    return parsed(await read_body_of_json(headers, receive, max_bytes))


async def read_body_of_json(headers: Headers, receive: Receive, max_bytes: int) -> bytes:
    """The bytes of a body that is declared as JSON.

    Raises Refused: HF702 when it is too large, HF709 when it is declared as something else; Gone when the client hangs
    up before it is whole.
    """
    media_type = headers.get(b"content-type", b"application/json").partition(b";")[0].strip().lower()
    if media_type not in _TAKEN_FOR_JSON and not media_type.endswith(b"+json"):
        shown = media_type.decode("latin-1")
        raise HttpRefused(
            "HF709", f"the body is declared as '{shown}'", "send Content-Type: application/json", status=415
        )
    return await read_body(headers, receive, max_bytes)


async def read_body(headers: Headers, receive: Receive, max_bytes: int) -> bytes:
    """The body, of at most so many bytes. Raises Refused (HF702), and Gone when the client hangs up."""
    declared = headers.get(b"content-length", b"")
    if declared.isdigit() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Gone
        part = message.get("body", b"")
        size += len(part)
        if size > max_bytes:
            raise _too_large(max_bytes)
        parts.append(part)
        if not message.get("more_body", False):
            return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(max_bytes: int) -> Refused:
    return Refused(
        "HF702", f"the body is larger than {max_bytes} bytes", "send less, or raise max_body_bytes under [server]"
    )


def parsed(body: bytes) -> Json:
    """The JSON value in `body`. Raises Refused (HF700), also for NaN, Infinity and nesting over `MAX_DEPTH`."""
    if not body:
        raise Refused("HF700", "the body is empty", "send the input as JSON")
    try:
        value = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Refused("HF700", f"the body is not valid JSON: {error}", "send the input as UTF-8 JSON") from error
    except RecursionError as error:
        raise too_deep() from error
    if body.count(b"[") + body.count(b"{") > MAX_DEPTH and deeper_than(value, MAX_DEPTH):
        raise too_deep()
    return value


def too_deep() -> Refused:
    return Refused("HF700", f"the body nests deeper than {MAX_DEPTH} levels", "flatten it")


def deeper_than(value: Json, limit: int) -> bool:
    """Whether arrays and objects nest more than `limit` deep; level by level, so that depth costs no stack."""
    level = [value]
    for _ in range(limit):
        level = [
            child
            for parent in level
            if isinstance(parent, list | dict)
            for child in (parent.values() if isinstance(parent, dict) else parent)
        ]
        if not level:
            return False
    return any(isinstance(node, list | dict) for node in level)


def converted(value: Json, to: type[T]) -> T:
    """A JSON value as a struct. Raises Refused (HF701) naming the field that is wrong."""
    try:
        return msgspec.convert(value, to)
    except msgspec.ValidationError as error:
        raise Refused("HF701", f"the body does not fit: {error}", "see /openapi.json for its schema") from error


def header_text(headers: Headers, name: bytes, max_chars: int = 255) -> str | None:
    """A header as text; None when it is missing or empty. Raises Refused (HF709) when it is long or unprintable."""
    raw = headers.get(name)
    if not raw:
        return None
    text = raw.decode("utf-8", "replace").strip()
    if len(text) > max_chars or not text.isprintable() or "\ufffd" in text:
        raise Refused(
            "HF709",
            f"the header {name.decode()} cannot be taken",
            f"send at most {max_chars} printable characters as UTF-8",
        )
    return text or None


async def send_body(send: Send, status: int, body: bytes, headers: Extra) -> None:
    """A whole response."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})


async def send_problem(send: Send, problem: Problem, error: BaseException | None = None) -> None:
    """A whole response that says a problem."""
    await send_body(send, problem.status, msgspec.json.encode(problem), [PROBLEM, *headers_of(problem, error)])
