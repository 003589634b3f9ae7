"""What somebody who called a feature as a function gets: its output, or an error. Knows nothing of HTTP."""

from __future__ import annotations

from holdfast.errors import GuardBlocked, from_code
from holdfast.records import Json, Recording


def output_of(recording: Recording) -> Json:
    """The output of a recording; its failure or its block as an error where it has none."""
    if recording.failure is not None:
        raise from_code(recording.failure.code, recording.failure.message, recording.failure.fix)
    if recording.output is None and recording.blocked is not None:
        blocked = recording.blocked
        message = f"guard '{blocked.guard}' stopped the answer: {blocked.reason}"
        raise GuardBlocked("HF400", message, f"holdfast recordings show {recording.id}", guard=blocked.guard)
    return recording.output
