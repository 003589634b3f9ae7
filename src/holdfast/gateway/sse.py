"""Server-sent events, from bytes as they come off the wire to whole events.

Does not know what an event says: `data` stays bytes.
"""

from __future__ import annotations

from typing import NamedTuple

MAX_EVENT_BYTES = 8 * 1024 * 1024
"""No vendor's event comes near it; beyond it the stream is taken for damaged rather than kept in memory."""

_BOM = b"\xef\xbb\xbf"


class ServerEvent(NamedTuple):
    """One event: its name (`message` where none was given) and its data lines, joined by a line feed."""

    name: str
    data: bytes


class EventTooLarge(ValueError):
    """One event is larger than `MAX_EVENT_BYTES`."""


class EventStream:
    """Feed it bytes cut anywhere; it gives the same events. Follows the WHATWG rules for event streams: a line ends in
    LF, CR or CRLF, a byte order mark at the start and comments are skipped.

    It departs from them at the end only: an event without its closing blank line still counts (see `end`), since
    several vendors leave it out.
    """

    __slots__ = ("_data", "_data_bytes", "_first", "_held", "_held_bytes", "_max_bytes", "_name", "_skip_lf")

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_bytes = max_event_bytes
        self._held: list[bytes] = []  # the pieces of a line that has not ended
        self._held_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._name = b""
        self._first = True
        self._skip_lf = False

    def feed(self, chunk: bytes) -> list[ServerEvent]:
        """The events that these bytes complete. Raises EventTooLarge."""
        if not chunk:
            return []
        if self._skip_lf and chunk[:1] == b"\n":
            chunk = chunk[1:]
        self._skip_lf = False
        if b"\r" in chunk:
            self._skip_lf = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = chunk.split(b"\n")
        rest = lines.pop()
        events: list[ServerEvent] = []
        for line in lines:
            if self._held:
                self._held.append(line)
                line = b"".join(self._held)
                self._held.clear()
                self._held_bytes = 0
            self._take(line, events)
        if rest:
            self._held.append(rest)
            self._held_bytes += len(rest)
            self._weigh()
        return events

    def end(self) -> list[ServerEvent]:
        """The event that was still open when the stream ended, if any."""
        events: list[ServerEvent] = []
        if self._held:
            self._take(b"".join(self._held), events)
            self._held.clear()
        self._take(b"", events)
        return events

    def _take(self, line: bytes, events: list[ServerEvent]) -> None:
        if self._first:
            self._first = False
            line = line.removeprefix(_BOM)
        if not line:
            if self._data:
                name = self._name.decode(errors="replace") if self._name else "message"
                events.append(ServerEvent(name, self._data[0] if len(self._data) == 1 else b"\n".join(self._data)))
                self._data.clear()
            self._name = b""
            self._data_bytes = 0
            return
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._data_bytes += len(value)
            self._weigh()
        elif field == b"event":
            self._name = value

    def _weigh(self) -> None:
        if self._held_bytes + self._data_bytes > self._max_bytes:
            raise EventTooLarge(f"an event is larger than {self._max_bytes} bytes")
