"""A stream in some dialect while it grows: what was sent stays sent, whatever becomes of the text.

Knows no dialect: a framing writes what is decided here.
"""

from __future__ import annotations

from typing import Protocol

from holdfast.contracts import Delta, Event, Reset
from holdfast.errors import EffectFailed
from holdfast.server.dialects.said import Said
from holdfast.server.problems import Problem

RESTART = "\n\n[The answer broke off and starts again.]\n\n"
"""What a reader sees where a text that was sent is void and another one follows."""


class Framing(Protocol):
    """Writes one stream in one dialect."""

    ping: bytes
    """What is sent in silence."""

    def begin(self) -> bytes:
        """What comes before any text."""
        ...

    def text(self, text: str) -> bytes:
        """More of the text."""
        ...

    def restart(self, text: str, reason: str) -> bytes:
        """More of the text, marked as the place where it starts again."""
        ...

    def end(self, said: Said) -> bytes:
        """Everything that follows the text, to the stream's last byte."""
        ...

    def failed(self, problem: Problem) -> bytes:
        """An error in the middle of the stream, and its end."""
        ...


class Telling:
    """Tells a client who cannot take anything back of a text that may be.

    After a reset nothing is sent for as long as the new text repeats what was sent already. Where it does not, the text
    starts again behind a mark, or, where text of two answers would be of no use (`whole`), the stream fails.
    """

    def __init__(self, framing: Framing, *, whole: bool) -> None:
        self._framing = framing
        self._whole = whole
        self._sent: list[str] = []  # joined where it is needed: text that only grows is never read again
        self._again: str | None = None
        self._reason = ""
        self.broken = False
        """Nothing more can be told: what follows would be of no use to the client."""

    def hear(self, event: Event | list[str]) -> bytes:
        """What is to be sent for an event."""
        if isinstance(event, list):
            return self._more("".join(event))
        if isinstance(event, Delta):
            return self._more(event.text)
        if isinstance(event, Reset):
            self._again, self._reason = "", event.reason
        return b""

    def end(self, said: Said) -> bytes:
        """What is still to be sent of the text, and the stream's end."""
        if self.broken:
            return b""
        rest = b""
        sent = "".join(self._sent)
        if self._again is not None or not said.text.startswith(sent):
            self._again, self._reason = "", self._reason or "the text was changed after it was sent"
            rest = self._more(said.text)
            if self._again is not None:  # it is shorter than what was sent
                rest = self._restart(said.text)
        elif len(said.text) > len(sent):
            rest = self._more(said.text[len(sent) :])
        return rest if self.broken else rest + self._framing.end(said)

    def _more(self, text: str) -> bytes:
        if self.broken or not text:
            return b""
        if self._again is None:
            self._sent.append(text)
            return self._framing.text(text)
        self._again += text
        sent = "".join(self._sent)
        if self._again.startswith(sent):
            text, self._sent, self._again = self._again[len(sent) :], [self._again], None
            return self._framing.text(text) if text else b""
        return b"" if sent.startswith(self._again) else self._restart(self._again)

    def _restart(self, text: str) -> bytes:
        if self._whole:
            self.broken = True
            error = EffectFailed("HF305", f"the answer broke off: {self._reason}", "send the request again")
            return self._framing.failed(broken_off(error))
        self._sent, self._again = [text], None
        return self._framing.restart(RESTART + text, self._reason)


def broken_off(error: EffectFailed) -> Problem:
    """The problem of a stream that cannot go on."""
    return Problem(
        type=f"urn:holdfast:error:{error.code}",
        title="the answer broke off",
        status=502,
        detail=error.message,
        code=error.code,
        fix=error.fix,
    )
