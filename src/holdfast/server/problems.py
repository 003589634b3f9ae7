"""Every refusal and failure as application/problem+json (RFC 9457).

Knows nothing of routes; it maps codes to statuses and keeps secrets out of what is said.
"""

from __future__ import annotations

import logging
import math
import traceback

from msgspec import UNSET, Struct, UnsetType

from holdfast.errors import CODES, HoldfastError, Refused, from_failed
from holdfast.records import Blocked, Origin, Recording
from holdfast.server.statuses import edge_of

log = logging.getLogger("holdfast.server")

RETRY_AFTER_S = 1


class Problem(Struct, frozen=True, kw_only=True):
    """A problem as it is said. `blocked` stands only where a guard left no answer; `origin`, whose fault it is, only
    where models were asked; `retry_after_s` where it is enough to wait."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    fix: str
    recording_id: str | None = None
    blocked: Blocked | UnsetType = UNSET
    origin: Origin | UnsetType = UNSET
    retry_after_s: float | UnsetType = UNSET


class HttpRefused(Refused):
    """A refusal with a status or headers of its own, where the code alone does not tell them."""

    def __init__(
        self, code: str, message: str, fix: str, *, status: int = 400, headers: tuple[tuple[bytes, bytes], ...] = ()
    ) -> None:
        super().__init__(code, message, fix)
        self.status = status
        self.headers = headers


def wrong_method(method: str, path: str, allowed: str) -> HttpRefused:
    """The refusal of a method that a route does not have; `allowed` as in the Allow header."""
    return HttpRefused(
        "HF708",
        f"{path} does not take {method}",
        f"use {allowed}",
        status=405,
        headers=((b"allow", allowed.encode()),),
    )


def status_of(error: HoldfastError) -> int:
    """The status of an error: its code's, and 503 where every model rests and a wait is all that is needed."""
    status = edge_of(error.code).status
    return 503 if status == 502 and getattr(error, "retry_after_s", None) is not None else status


class Problems:
    """Makes problems; what is in `secrets` is replaced by `[secret]`, as in recordings."""

    def __init__(self, secrets: tuple[str, ...]) -> None:
        self._secrets = tuple(secret for secret in secrets if secret)

    def of_error(self, error: BaseException, recording_id: str | None = None) -> Problem:
        """The problem of anything raised. What is no HoldfastError is a bug: its traceback is logged."""
        if isinstance(error, HoldfastError):
            status = error.status if isinstance(error, HttpRefused) else status_of(error)
            return self._problem(error, status, recording_id)
        log.error("HF999: %s", self._without_secrets("".join(traceback.format_exception(error))))
        bug = HoldfastError("HF999", "something went wrong inside the server", "look for HF999 in the server's log")
        return self._problem(bug, 500, recording_id)

    def of_recording(self, recording: Recording) -> Problem:
        """The problem of a recording without an answer: failed, cancelled, or blocked with no safe answer."""
        if recording.blocked is not None and recording.failure is None:
            blocked = HoldfastError(
                "HF400",
                f"the guard '{recording.blocked.guard}' blocked the answer: {recording.blocked.reason}",
                f"see what it judged: holdfast recordings show {recording.id}",
            )
            return self._problem(blocked, 422, recording.id, recording.blocked)
        failure = recording.failure
        if failure is None:
            return self.of_error(
                Refused("HF706", "the request was cancelled before it was answered", "send it again"), recording.id
            )
        error = from_failed(failure)
        return self._problem(error, status_of(error), recording.id)

    def _problem(
        self, error: HoldfastError, status: int, recording_id: str | None, blocked: Blocked | UnsetType = UNSET
    ) -> Problem:
        return Problem(
            type=f"urn:holdfast:error:{error.code}",
            title=CODES.get(error.code, "an error"),
            status=status,
            detail=self._without_secrets(error.message),
            code=error.code,
            fix=self._without_secrets(error.fix),
            recording_id=recording_id,
            blocked=blocked,
            origin=getattr(error, "origin", None) or UNSET,
            retry_after_s=getattr(error, "retry_after_s", None) or UNSET,
        )

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return text


def headers_of(problem: Problem, error: BaseException | None = None) -> list[tuple[bytes, bytes]]:
    """The headers that go with a problem: when to try again, how to authorise, what recording it has."""
    headers = list(error.headers) if isinstance(error, HttpRefused) else []
    if problem.status in (429, 503):
        wait_s = RETRY_AFTER_S if problem.retry_after_s is UNSET else math.ceil(problem.retry_after_s)
        headers.append((b"retry-after", str(wait_s).encode()))
    elif problem.status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="holdfast"'))
    if problem.recording_id is not None:
        headers.append((b"holdfast-recording", problem.recording_id.encode("ascii", "replace")))
    return headers
