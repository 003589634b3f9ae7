"""What a file is by its first bytes, whatever it is called: PNG, JPEG, GIF, WebP or PDF, and how large a picture is.

Knows nothing of who sent it. Reads headers only; a picture that is broken further on is found when it is opened.
"""

from __future__ import annotations

from msgspec import Struct


class Signature(Struct, frozen=True):
    """What the bytes say. A document has no width and height."""

    media_type: str
    width: int = 0
    height: int = 0

    @property
    def longest(self) -> int:
        """The longest side in pixels."""
        return max(self.width, self.height)


def signature_of(data: bytes) -> Signature | None:
    """What the bytes are; None for anything else than the five, and for a header that is cut off."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return _sized("image/png", data[16:20], data[20:24]) if data[12:16] == b"IHDR" and len(data) >= 24 else None
    if data[:6] in (b"GIF87a", b"GIF89a"):
        return _sized("image/gif", data[7:5:-1], data[9:7:-1]) if len(data) >= 10 else None
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if b"%PDF-" in data[:1024]:
        return Signature("application/pdf")
    return None


def _sized(media_type: str, width: bytes, height: bytes) -> Signature | None:
    """Sizes as big-endian numbers; none is 0."""
    found = Signature(media_type, int.from_bytes(width, "big"), int.from_bytes(height, "big"))
    return found if found.width and found.height else None


def _webp(data: bytes) -> Signature | None:
    kind = data[12:16]
    if kind == b"VP8 " and len(data) >= 30 and data[23:26] == b"\x9d\x01\x2a":
        width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    elif kind == b"VP8L" and len(data) >= 25 and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8X" and len(data) >= 30:
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
    else:
        return None
    return Signature("image/webp", width, height) if width and height else None


def _jpeg(data: bytes) -> Signature | None:
    """Walks from segment to segment until one says how large the picture is."""
    at = 2
    while at + 9 <= len(data):
        if data[at] != 0xFF:
            return None
        marker = data[at + 1]
        if marker == 0xFF:  # padding
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            return _sized("image/jpeg", data[at + 7 : at + 9], data[at + 5 : at + 7])
        elif marker == 0x01 or 0xD0 <= marker <= 0xD7:  # segments without a length
            at += 2
        else:
            at += 2 + max(2, int.from_bytes(data[at + 2 : at + 4], "big"))
    return None
