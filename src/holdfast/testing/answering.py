"""What the scriptable vendor sends back: a status, headers, and a body or the speech of a stream.

Does not know sockets.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from holdfast.messages import Json
from holdfast.testing.act import Act
from holdfast.testing.asked import Asked
from holdfast.testing.speech import embeddings
from holdfast.testing.speech.dialect import Dialect, Speech, Words, words_of
from holdfast.testing.speech.hearing import DIALECTS

_JSON = "application/json"
_CHARACTERS_PER_TOKEN = 4


class Reply(NamedTuple):
    """`speech` is set where the answer is streamed; then there is no body."""

    status: int
    media_type: str
    body: bytes = b""
    speech: Speech | None = None


def reply_to(act: Act, asked: Asked) -> Reply:
    """The answer that an act gives to a request. What the vendor would not take, it refuses whatever the act says."""
    dialect = DIALECTS[asked.dialect]
    if act.body is not None:
        return Reply(act.status or 200, _JSON, act.body)
    if act.error is not None and act.error_after is None:
        return _refusal(dialect, words_of(dialect.errors, act), act)
    if act.status not in (None, 200):
        return _refusal(dialect, words_of(dialect.errors, act), act)
    flaw = dialect.flaw(asked)
    if flaw is not None:
        return _refusal(dialect, flaw, act)
    match asked.purpose:
        case "embed":
            return _json(embeddings.answer(act, asked))
        case "count":
            return _json(_counted(asked))
        case "list":
            listed = [{"id": act.model or "model", "object": "model", "created": 1_760_000_000, "owned_by": "vendor"}]
            return _json({"object": "list", "data": listed})
    speech = dialect.speech(act, asked)
    if asked.streaming:
        return Reply(200, "text/event-stream", speech=speech)
    return _json(speech.whole())


def _json(body: Json) -> Reply:
    return Reply(200, _JSON, msgspec.json.encode(body))


def _refusal(dialect: Dialect, said: Words, act: Act) -> Reply:
    return Reply(said.status, _JSON, msgspec.json.encode(dialect.refused(said, act)))


def _counted(asked: Asked) -> Json:
    tokens = max(1, len(asked.everything) // _CHARACTERS_PER_TOKEN)
    return {"input_tokens": tokens} if asked.dialect == "anthropic" else {"totalTokens": tokens}


def head(act: Act, status: int, media_type: str, length: int | None) -> bytes:
    """The status line and the headers; those of the act stand in place of the usual ones."""
    headers = {"content-type": media_type}
    headers |= {"transfer-encoding": "chunked"} if length is None else {"content-length": str(length)}
    headers |= {name.lower(): value for name, value in act.headers.items()}
    lines = [f"HTTP/1.1 {status} {'OK' if status == 200 else 'Fault'}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
