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
_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:u[0-9a-fA-F]{0,3})?$")
_HIGH = re.compile(r"\\u[dD][89abAB][0-9a-fA-F]{2}$")


class Stream:
    """Passes on the text of the feature's answer as it comes, or whole when the request ends."""

    def __init__(self, hear: Hear) -> None:
        self._hear = hear
        self._said: list[str] = []

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

    def verbatim(self, event: Event) -> None:
        """The listener for a generation whose text is the output's, character by character."""
        if isinstance(event, Delta):
            self._say(event.text)
        elif isinstance(event, Reset):
            self.reset(event.reason)
        else:
            self._hear(event)

    def aside(self, event: Event) -> None:
        """The listener of everything that is not the answer's text: only steps are passed on."""
        if not isinstance(event, Delta | Reset):
            self._hear(event)

    def reset(self, reason: str) -> None:
        """Void what was said, if anything was."""
        if self._said:
            self._said.clear()
            self._hear(Reset(reason))

    def end(self, text: str) -> None:
        """Make what was said add up to the output's text."""
        said = "".join(self._said)
        if not text.startswith(said):
            self.reset("the text was changed after it was sent")
            said = ""
        self._say(text[len(said) :])

    def _say(self, text: str) -> None:
        if text:
            self._said.append(text)
            self._hear(Delta(text))


class JsonText:
    """Reads the top-level `text` field out of a JSON object that arrives in pieces, each character once."""

    def __init__(self) -> None:
        self._raw = ""  # what is not read yet
        self._depth = 0
        self._inside = False
        self._done = False

    def feed(self, piece: str) -> str:
        """The new characters of the field that are certain by now."""
        if self._done:
            return ""
        self._raw += piece
        if not self._inside and not self._find():
            return ""
        return self._value()

    def _find(self) -> bool:
        """Move on to the first character of the field's value, skipping other fields whole."""
        raw, at = self._raw, 0
        while at < len(raw):
            character = raw[at]
            if character == '"':
                if self._depth == 1 and (key := _KEY.match(raw, at)):
                    self._raw, self._inside = raw[key.end() :], True
                    return True
                end = _string_end(raw, at + 1)
                if end is None or (self._depth == 1 and _KEY_BEGUN.match(raw, at)):
                    break
                at = end
                continue
            self._depth += (character in "{[") - (character in "}]")
            at += 1
        self._raw = raw[at:]
        return False

    def _value(self) -> str:
        """The characters that are whole: an escape, or a pair of them for one character, may still be open."""
        end = _string_end(self._raw, 0)
        body = self._raw[: end - 1] if end is not None else _ESCAPE.sub(r"\1", self._raw)
        self._done = end is not None
        if end is None and (pair := _HIGH.search(body)):
            body = body[: pair.start()]
        self._raw = self._raw[len(body) :]
        return str(json.loads(f'"{body}"', strict=False))


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
