"""What makes a value itself: its key, its hash, its bytes, its id.

Knows nothing of what the values mean.

A field that has its default is left out of a key, so that a field added to an effect later does not make the
recordings made before it miss.
"""

from __future__ import annotations

import base64
import hashlib
import os
import time
from collections.abc import Callable

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from holdfast.records import Effect, Generate, Json, Recording, Rerank, Retrieve

_canonical = msgspec.json.Encoder(order="deterministic")
_recording_decoder = msgspec.json.Decoder(Recording)


def canonical(value: object) -> bytes:
    """JSON with sorted keys: equal values give equal bytes."""
    return _canonical.encode(value)


def digest(data: bytes, length: int = 32) -> str:
    """The first `length` hex digits of the SHA-256."""
    return hashlib.sha256(data).hexdigest()[:length]


def content_of(effect: Effect) -> str:
    """The hash of what makes an effect itself: never timeouts, scores, prices or the name of a slot."""
    keyed: object = effect
    if isinstance(effect, Generate):
        extractive = "extractive" in effect.models
        texts = [(source.document, source.text) for source in effect.sources] if extractive else []
        question = effect.question if extractive else ""
        keyed = (
            "generate",
            effect.messages,
            effect.models,
            _sparse(effect.sampling),
            effect.schema,
            effect.tools,
            texts,
            question,
        )
        if effect.tool_choice != "auto":
            keyed = (*keyed, effect.tool_choice)
    elif isinstance(effect, Retrieve):
        keyed = ("retrieve", effect.corpus, effect.query, _sparse(effect.search), sorted(effect.principals))
    elif isinstance(effect, Rerank):
        keyed = replace(effect, slot="")
    return digest(canonical(keyed))


def _sparse(value: Struct) -> dict[str, Json]:
    """Only the fields that differ from their defaults, so that a field added later changes no key."""
    defaults = type(value)()
    return {
        name: getattr(value, name)
        for name in value.__struct_fields__
        if getattr(value, name) != getattr(defaults, name)
    }


def key_of(content: str, nth: int) -> str:
    """A step's key: the hash of its content and the how-many-eth time it was asked in its pass, from 0."""
    return f"{content}.{nth}"


def to_json(value: Struct) -> bytes:
    """A value as JSON; `from_json` gives it back equal."""
    return msgspec.json.encode(value)


def recording_from_json(data: bytes) -> Recording:
    """The recording `to_json` wrote. Raises msgspec.ValidationError on anything else."""
    return _recording_decoder.decode(data)


_CROCKFORD = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghjkmnpqrstvwxyz")


class Entropy:
    """Chance from the system, drawn for many ids at once: a system call for each is a tenth of a quick request."""

    def __init__(self, draw: Callable[[int], bytes] = os.urandom) -> None:
        self._draw = draw
        self._drawn = b""
        self._at = 0

    def __call__(self, length: int) -> bytes:
        """So many bytes, none of them given twice."""
        if self._at + length > len(self._drawn):
            self._drawn, self._at = self._draw(max(4096, length)), 0
        self._at += length
        return self._drawn[self._at - length : self._at]


def new_id(prefix: str, clock: Callable[[], float] = time.time, entropy: Callable[[int], bytes] = os.urandom) -> str:
    """An id that sorts by time: prefix, 48 bits of milliseconds, 80 bits of chance (the ULID layout)."""
    number = (int(clock() * 1000) << 80) | int.from_bytes(entropy(10), "big")
    # 128 bits fill 26 digits of 5 bits with two zeros before them; base64 counts in 40 bits, so 30 more follow.
    digits = base64.b32encode((number << 30).to_bytes(20, "big"))[:26].translate(_CROCKFORD)
    return f"{prefix}_{digits.decode()}"
