"""Before anything is sent: whether a model can do what is asked, as far as that is known.

Does not ask the model. What is not known is assumed to be possible, and learned from a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from holdfast.gateway.fault import Fault
from holdfast.gateway.learned import Refusals, kinds_in
from holdfast.gateway.media_limits import MediaLimits, limits, over
from holdfast.gateway.provider import Prefill, Provider
from holdfast.gateway.rung import Hosted
from holdfast.records import Generate

CHARS_PER_TOKEN = 4
MEDIA_TOKENS = 250
"""What an image or a page takes at the least, by the vendors' own tables."""
CLEARLY_OVER = 1.25
"""Four characters a token is an estimate. Only a request that is over by this much is not even tried."""


class Facts(Struct, frozen=True, kw_only=True):
    """What a project says of one model, `[models."provider:model"]`; None: not known."""

    context_window: int | None = None
    images: bool | None = None
    documents: bool | None = None
    tools: bool | None = None
    schema: bool | None = None
    prefill: Prefill | None = None
    max_image_px: int | None = None
    max_image_bytes: int | None = None


UNKNOWN = Facts()
AllFacts: TypeAlias = Mapping[str, Facts]


def size(request: Generate) -> tuple[int, int]:
    """Characters of text and number of media in a request. Never tokenised: that would hold the event loop up."""
    characters = sum(len(message.text) for message in request.messages)
    return characters, sum(len(message.media) for message in request.messages)


def unable(request: Generate, rung: Hosted, facts: Facts, window: int | None, refusals: Refusals) -> Fault | None:
    """Why this model cannot be asked this; None: it can, as far as is known.

    `window` is how many tokens it can read, from the project's facts or the table of prices.
    """
    if (fault := _unfit(request, rung, facts, refusals)) is not None:
        return fault
    if request.schema is not None and facts.schema is False:
        return Fault("passed_over", "the model cannot be held to a schema")
    if window is None and refusals.too_long_chars is None:
        return None
    characters, media = size(request)
    tokens = characters // CHARS_PER_TOKEN + media * MEDIA_TOKENS
    if window is not None and tokens > window * CLEARLY_OVER:
        return Fault("too_long", f"about {tokens} tokens, and the model reads {window}")
    if refusals.too_long_chars is not None and characters >= refusals.too_long_chars * 2:
        return Fault("too_long", f"{characters} characters; it called {refusals.too_long_chars} too long")
    return None


def media_limits(provider: Provider, model: str, facts: Facts) -> MediaLimits:
    """What may be attached for this model: as the project says, else as its provider takes."""
    known = limits(provider, model)
    types, documents = known.types, known.documents
    if facts.images is not None:
        types = (types or MediaLimits().types) if facts.images else frozenset()
    if facts.documents is not None:
        documents = (documents or MediaLimits().documents) if facts.documents else frozenset()
    return MediaLimits(
        types=types,
        max_bytes=facts.max_image_bytes or known.max_bytes,
        max_px=facts.max_image_px or known.max_px,
        max_count=known.max_count,
        documents=documents,
    )


def _unfit(request: Generate, rung: Hosted, facts: Facts, refusals: Refusals) -> Fault | None:
    """Why the model cannot take what a request holds besides text."""
    asked = kinds_in(request)
    if not asked:
        return None
    refused = sorted(asked & refusals.unable)
    if refused or ("tools" in asked and facts.tools is False):
        return Fault("passed_over", f"the model takes no {refused[0] if refused else 'tools'}")
    media = [medium for message in request.messages for medium in message.media]
    why = over(media, media_limits(rung.provider, rung.model, facts)) if media else None
    return None if why is None else Fault("passed_over", why)


def no_larger(window: int | None, refused: int | None) -> bool:
    """Whether a window is known to be no larger than one that a request did not fit into."""
    return window is not None and refused is not None and window <= refused
