"""A recording's JSON, cut into a frame with holes and the pieces that fill them.

Knows nothing of where pieces are kept or how they are compressed.

The texts of passages and the instructions of a prompt come back in many recordings, and several times within one. They
are cut out of the JSON as bytes, so that filling the holes gives exactly the bytes that were cut: a hole is written
with control characters, which JSON never holds unescaped.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from holdfast.records import Generate, Passage, Recording, Retrieved

SHARED_BYTES = 256  # a shorter piece costs more as a row of its own than it saves
LARGE_BYTES = 256 * 1024  # a longer piece is a file
_LONG_BYTES = 16 * 1024  # in a frame that would be a file, a string as long as this is worth a hole

_hole = re.compile(rb"\x01(\d+)\x02")
_encode = msgspec.json.Encoder().encode


def cut(recording: Recording, data: bytes) -> tuple[bytes, tuple[bytes, ...]]:
    """The frame and the pieces of `data`, the JSON of `recording`; `fill` puts them together again.

    The same text gives the same piece in every recording.
    """
    pieces: list[bytes] = []
    for piece in _shared(recording):
        data = _cut_out(data, piece, pieces)
    if len(data) > LARGE_BYTES:
        for piece in sorted({p for p in data.split(b'"') if len(p) >= _LONG_BYTES and b"\x01" not in p}):
            data = _cut_out(data, piece, pieces)
    return data, tuple(pieces)


def fill(frame: bytes, pieces: Sequence[bytes]) -> bytes:
    """The bytes that were cut. Raises IndexError when a piece is missing."""
    return _hole.sub(lambda hole: pieces[int(hole[1])], frame)


def _cut_out(data: bytes, piece: bytes, pieces: list[bytes]) -> bytes:
    frame = data.replace(piece, b"\x01%d\x02" % len(pieces))
    if len(frame) != len(data):
        pieces.append(piece)
    return frame


def _shared(recording: Recording) -> Iterator[bytes]:
    """Each piece worth a hole, once, as it stands in the JSON: texts without their quotes, schemas whole."""
    seen: set[str] = set()
    for step in recording.steps:
        if isinstance(step.result, Retrieved):
            yield from _texts(step.result.passages, seen)
        if isinstance(step.effect, Generate):
            yield from _texts(step.effect.sources, seen)
            for message in step.effect.messages:
                if message.role == "system" and len(message.text) >= SHARED_BYTES:
                    yield _encode(message.text)[1:-1]
            for declared in (step.effect.schema, step.effect.tools):
                if declared and len(encoded := _encode(declared)) >= SHARED_BYTES:
                    yield encoded


def _texts(passages: Sequence[Passage], seen: set[str]) -> Iterator[bytes]:
    for passage in passages:
        if len(passage.text) >= SHARED_BYTES and passage.text not in seen:
            seen.add(passage.text)
            yield _encode(passage.text)[1:-1]
