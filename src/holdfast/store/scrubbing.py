"""Configured secrets, taken out of JSON before it is written anywhere.

Knows nothing of what the JSON says.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from holdfast.records import Json

SHORTEST_SECRET = 8  # a shorter one (`none`, `test`) would blot out ordinary words
_encode = msgspec.json.Encoder().encode


class Scrubber:
    """Replaces each secret by `[secret]`, also in names and in strings that are JSON themselves."""

    def __init__(self, secrets: Sequence[str]) -> None:
        found = sorted({s for s in secrets if len(s) >= SHORTEST_SECRET}, key=lambda s: (-len(s), s))
        self._texts = tuple(form for secret in found for form in dict.fromkeys((secret, _escaped(secret))))
        self._bytes = tuple(dict.fromkeys(_escaped(text).encode() for text in self._texts))

    def scrub(self, data: bytes) -> bytes:
        """The same object when no secret is in it; looks at the strings one by one only when one may be."""
        if any(form in data for form in self._bytes):
            return _encode(self._without(msgspec.json.decode(data)))
        return data

    def _without(self, value: Json) -> Json:
        if isinstance(value, str):
            for text in self._texts:
                value = value.replace(text, "[secret]")
            return value
        if isinstance(value, list):
            return [self._without(item) for item in value]
        if isinstance(value, dict):
            return {self._without(name): self._without(item) for name, item in value.items()}
        return value


def _escaped(text: str) -> str:
    """A text as it stands in JSON, without its quotes."""
    return _encode(text).decode()[1:-1]
