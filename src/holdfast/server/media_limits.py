"""What vendors take of images and documents, by the dialect they speak.

Knows nothing of how one is fitted to it. Sources: the vendors' own pages on vision and documents, read in 2026.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec import Struct

_MB = 1_000_000


class MediaLimits(Struct, frozen=True, kw_only=True):
    """`types` are those of images; `max_bytes` is of one image or document itself, before base64; `max_px` is an
    image's longest side; `max_count` is of images in one request; `documents` are the types of documents."""

    types: frozenset[str] = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
    max_bytes: int = 15 * _MB
    max_px: int = 8_000
    max_count: int = 100
    documents: frozenset[str] = frozenset({"application/pdf"})


LIMITS: Mapping[str, MediaLimits] = MappingProxyType(
    {
        "openai": MediaLimits(max_count=500),
        "anthropic": MediaLimits(max_bytes=3_750_000),  # 5 MB in base64
    }
)


def strictest(limits: Iterable[MediaLimits]) -> MediaLimits:
    """What every one of these takes; where there are none, what vendors take as a rule."""
    found = tuple(limits) or (MediaLimits(),)
    return MediaLimits(
        types=frozenset.intersection(*(each.types for each in found)),
        max_bytes=min(each.max_bytes for each in found),
        max_px=min(each.max_px for each in found),
        max_count=min(each.max_count for each in found),
        documents=frozenset.intersection(*(each.documents for each in found)),
    )
