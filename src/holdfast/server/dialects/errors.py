"""Errors as each dialect says them: its own body, its own types, the status its clients know.

Knows nothing of what failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import msgspec
from msgspec import UNSET, Struct

from holdfast.records import Blocked, Json, Origin
from holdfast.server.dialects.wrong import Wrong
from holdfast.server.exchange import JSON, Send, send_body
from holdfast.server.problems import Problem, headers_of
from holdfast.server.statuses import edge_of

_OPENAI_TYPES: Mapping[int, str] = MappingProxyType(
    {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error", 409: "conflict_error"}
)
_ANTHROPIC_TYPES: Mapping[int, str] = MappingProxyType(
    {
        400: "invalid_request_error",
        401: "authentication_error",
        402: "billing_error",
        403: "permission_error",
        404: "not_found_error",
        413: "request_too_large",
        429: "rate_limit_error",
        503: "overloaded_error",
        504: "timeout_error",
        529: "overloaded_error",
    }
)
_encode = msgspec.json.Encoder().encode


class ErrorExtra(Struct, frozen=True, kw_only=True):
    """What Holdfast adds to an error. `origin` says whose it is: the gateway's own, or a provider's."""

    code: str
    fix: str
    origin: Origin
    recording_id: str | None = None
    blocked: Blocked | None = None


def origin_of(problem: Problem) -> Origin:
    """Whose error it is."""
    return edge_of(problem.code).origin if problem.origin is UNSET else problem.origin


def status_of(problem: Problem) -> int:
    """The status under which a dialect's clients know what kind of error it is."""
    status = edge_of(problem.code).for_clients or problem.status
    return 400 if status == 422 else status


def openai_error(problem: Problem, param: str | None = None) -> dict[str, Json]:
    """OpenAI's body of an error, also inside a stream."""
    status = status_of(problem)
    kind = _OPENAI_TYPES.get(status, "invalid_request_error" if status < 500 else "server_error")
    code = edge_of(problem.code).word or problem.code
    error = {"message": _message(problem), "type": kind, "param": param or None, "code": code}
    return {"error": error, "holdfast": _extra(problem)}


def anthropic_error(problem: Problem, param: str | None = None) -> dict[str, Json]:
    """Anthropic's body of an error, also inside a stream."""
    status = status_of(problem)
    kind = _ANTHROPIC_TYPES.get(status, "invalid_request_error" if status < 500 else "api_error")
    message = _message(problem) if not param or param in problem.detail else f"{param}: {_message(problem)}"
    return {
        "type": "error",
        "error": {"type": kind, "message": message},
        "request_id": problem.recording_id,
        "holdfast": _extra(problem),
    }


def _message(problem: Problem) -> str:
    return f"{problem.detail}. To mend it: {problem.fix}" if problem.fix else problem.detail


def _extra(problem: Problem) -> ErrorExtra:
    blocked = problem.blocked if isinstance(problem.blocked, Blocked) else None
    return ErrorExtra(
        code=problem.code,
        fix=problem.fix,
        origin=origin_of(problem),
        recording_id=problem.recording_id,
        blocked=blocked,
    )


async def send_error(send: Send, problem: Problem, error: BaseException | None, *, anthropic: bool) -> None:
    """A whole response that says an error. A client is asked to try again only where that may help: the gateway has
    tried its models again itself."""
    status = status_of(problem)
    param = error.param if isinstance(error, Wrong) else None
    body = anthropic_error(problem, param) if anthropic else openai_error(problem, param)
    headers = [JSON, *headers_of(problem, error), (b"holdfast-error-source", origin_of(problem).encode())]
    if problem.recording_id is not None:
        headers += ids(problem.recording_id)
    if status not in (429, 503):
        headers.append((b"x-should-retry", b"false"))
    await send_body(send, status, _encode(body), headers)


def ids(recording_id: str) -> list[tuple[bytes, bytes]]:
    """The recording's id under the names by which vendors' clients show the id of a request."""
    number = recording_id.encode("ascii", "replace")
    return [(b"x-request-id", number), (b"request-id", number)]
