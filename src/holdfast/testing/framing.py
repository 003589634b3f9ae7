"""How the scriptable vendor lays the events of a stream into bytes: every form that the standard allows.

Does not know what an event says.
"""

from __future__ import annotations

import msgspec

from holdfast.testing.act import PLAIN, Framing

_MARK = b"\xef\xbb\xbf"


def mark(framing: Framing) -> bytes:
    """What stands before the first event."""
    return _MARK if framing.byte_order_mark else b""


def framed(event: bytes, framing: Framing) -> bytes:
    """One event in that form. An event without a final blank line keeps its own lines' ends only."""
    if framing == PLAIN:
        return event
    lines: list[bytes] = []
    for line in event.replace(b"\r\n", b"\n").splitlines():
        if framing.padding_bytes:
            line = line.replace(b"data: {", b"data: {" + b" " * framing.padding_bytes, 1)
        lines += _spread(line) if framing.many_lines else [line]
    if framing.comments:
        lines = [b": keep-alive", b"retry: 3000", b"id: 1", *lines]
    newline = framing.newline.encode()
    return newline.join([*lines, b""])


def _spread(line: bytes) -> list[bytes]:
    """A line of JSON data as several data lines that join to the same value."""
    name, _, value = line.partition(b": ")
    if name != b"data" or not value.startswith(b"{"):
        return [line]
    try:
        shown = msgspec.json.format(value, indent=1)
    except msgspec.DecodeError:
        return [line]
    return [b"data: " + part for part in shown.splitlines()]
