"""What a provider takes of images and documents, as values.

Does not know how one is made to fit. Sources: the vendors' own pages on vision, files and limits; where a vendor bounds
the request as a whole, a share of that stands for one image.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

from msgspec import Struct, structs

from holdfast.gateway.provider import Dialect, Provider
from holdfast.messages import Media

_MB = 1_000_000


class MediaLimits(Struct, frozen=True, kw_only=True):
    """`types` are those of images, empty where none may be sent; `max_bytes` is of one image or document itself, before
    base64; `max_px` is an image's longest side; `max_count` is of images in one request; `documents` are the types of
    documents, empty where none may be sent."""

    types: frozenset[str] = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif"})
    max_bytes: int = 15 * _MB
    max_px: int = 8_000
    max_count: int = 100
    documents: frozenset[str] = frozenset({"application/pdf"})


_OF_DIALECT: Mapping[Dialect, MediaLimits] = MappingProxyType(
    {
        "openai": MediaLimits(max_count=500),
        "openai-responses": MediaLimits(max_count=500),
        "azure": MediaLimits(max_count=10),
        "anthropic": MediaLimits(max_bytes=3_750_000),  # 5 MB in base64
        "gemini": MediaLimits(
            types=frozenset({"image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"}),
            max_bytes=14 * _MB,  # a request is 20 MB at most, base64 included
            max_count=3_000,
        ),
    }
)
_OF_PROVIDER: Mapping[str, MediaLimits] = MappingProxyType(
    {
        "groq": MediaLimits(max_bytes=3 * _MB, max_px=5_700, max_count=5),  # 4 MB in base64, 33 megapixels
        "mistral": MediaLimits(max_bytes=10 * _MB, max_count=8),
        "xai": MediaLimits(types=frozenset({"image/png", "image/jpeg"}), max_bytes=10 * _MB),
        "ollama": MediaLimits(types=frozenset({"image/png", "image/jpeg"})),
        "llamacpp": MediaLimits(types=frozenset({"image/png", "image/jpeg"})),
        "lmstudio": MediaLimits(types=frozenset({"image/png", "image/jpeg", "image/webp"})),
    }
)


def limits(provider: Provider, model: str) -> MediaLimits:
    """What may be sent to this model, as far as is known: the provider's limits, else its dialect's. A model that sees
    less than its provider takes is not known here; it refuses, which is learned."""
    found = _OF_PROVIDER.get(provider.name) or _OF_DIALECT[provider.dialect]
    if "claude-2" in model:
        found = structs.replace(found, types=frozenset(), documents=frozenset())
    if not provider.images:
        found = structs.replace(found, types=frozenset())
    return found if provider.documents != "none" else structs.replace(found, documents=frozenset())


def over(media: Iterable[Media], allowed: MediaLimits) -> str | None:
    """The first limit that these go over, in words for whoever sent them; None where they fit. Texts that are attached
    are sent as text and are not looked at, and neither is how many pixels an image has."""
    images = 0
    for one in media:
        if one.media_type.startswith("text/"):
            continue
        is_image = one.media_type.startswith("image/")
        types = allowed.types if is_image else allowed.documents
        noun = "images" if is_image else "documents"
        images += is_image
        if not types:
            return f"it takes no {noun}"
        if one.media_type not in types:
            return f"it takes no {one.media_type}, only {', '.join(sorted(types))}"
        if len(one.data) > allowed.max_bytes:
            return f"one of the {noun} is {len(one.data)} bytes, and it takes {allowed.max_bytes}"
    return f"there are {images} images, and it takes {allowed.max_count}" if images > allowed.max_count else None
