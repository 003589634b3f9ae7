"""What a listener hears of the answer while it grows.

Knows nothing of HTTP. Whatever happens, the deltas since the last reset add up to the output's text when the request is
done.
"""

from __future__ import annotations

import json
import re

from holdfast.contracts import Delta, Event, Hear, Reset
from holdfast.runtime.citing import Numbering

_KEY = re.compile(r'"text"\s*:\s*"')
_KEY_BEGUN = re.compile(r'"text"\s*(?::\s*)?$')
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{0,4}|.?)$")


class Stream:
    """Passes on the text of the feature's answer as it comes, or whole when the request ends."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._said = ""

    def answer(self, *, as_json: bool, passages: int) -> Hear:
        """A listener for a generation whose text is the output's, and may be shown before any verdict."""
        reader, numbering = JsonText(), Numbering(passages)

        def hear(event: Event) -> None:
            nonlocal reader, numbering
            if isinstance(event, Delta):
                self._say(numbering.feed(reader.feed(event.text) if as_json else event.text))
            elif isinstance(event, Reset):
                reader, numbering = JsonText(), Numbering(passages)
                self.reset(event.reason)
            else:
                self._hear(event)

        return hear

    def aside(self, event: Event) -> None:
        """The listener of everything that is not the answer's text: only steps are passed on."""
        if not isinstance(event, Delta | Reset):
            self._hear(event)

    def reset(self, reason: str) -> None:
        """Void what was said, if anything was."""
        if self._said:
            self._said = ""
            self._hear(Reset(reason))

    def end(self, text: str) -> None:
        """Make what was said add up to the output's text."""
        if not text.startswith(self._said):
            self.reset("the text was changed after it was sent")
        self._say(text[len(self._said) :])

    def _say(self, text: str) -> None:
        if text:
            self._said += text
            self._hear(Delta(text))


class JsonText:
    """Reads the top-level `text` field out of a JSON object that arrives in pieces."""

    def __init__(self) -> None:
        self._raw = ""
        self._depth = 0
        self._at = 0
        self._start: int | None = None
        self._given = 0
        self._done = False

    def feed(self, piece: str) -> str:
        """The new characters of the field that are certain by now."""
        self._raw += piece
        if self._done or (self._start is None and not self._find()):
            return ""
        value = self._value()
        new, self._given = value[self._given :], len(value)
        return new

    def _find(self) -> bool:
        """Move on to the first character of the field's value, skipping other fields whole."""
        raw = self._raw
        while self._at < len(raw):
            character = raw[self._at]
            if character == '"':
                if self._depth == 1 and (key := _KEY.match(raw, self._at)):
                    self._start = key.end()
                    return True
                end = _string_end(raw, self._at + 1)
                if end is None or (self._depth == 1 and _KEY_BEGUN.match(raw, self._at)):
                    return False
                self._at = end
                continue
            self._depth += (character in "{[") - (character in "}]")
            self._at += 1
        return False

    def _value(self) -> str:
        assert self._start is not None
        end = _string_end(self._raw, self._start)
        body = self._raw[self._start : end - 1] if end is not None else self._raw[self._start :]
        self._done = end is not None
        if end is None:
            body = _ESCAPE.sub("", body)
        text = str(json.loads(f'"{body}"', strict=False))
        return text[:-1] if end is None and text and "\ud800" <= text[-1] <= "\udbff" else text


def _string_end(raw: str, start: int) -> int | None:
    """Just behind the quote that closes the string whose content starts at `start`; None while it is open."""
    at = start
    while at < len(raw):
        if raw[at] == "\\":
            at += 2
        elif raw[at] == '"':
            return at + 1
        else:
            at += 1
    return None
