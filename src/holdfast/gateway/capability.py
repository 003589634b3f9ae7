"""Before anything is sent: whether a model can do what is asked, as far as that is known.

Does not ask the model. What is not known is assumed to be possible, and learned from a refusal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

from holdfast.gateway.fault import Fault
from holdfast.gateway.learned import Refusals, kinds_in
from holdfast.gateway.provider import Prefill, Provider
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


def unable(request: Generate, provider: Provider, facts: Facts, window: int | None, refusals: Refusals) -> Fault | None:
    """Why this model cannot be asked this; None: it can, as far as is known.

    `window` is how many tokens it can read, from the project's facts or the table of prices.
    """
    if (fault := _unfit(request, provider, facts, refusals)) is not None:
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


def _unfit(request: Generate, provider: Provider, facts: Facts, refusals: Refusals) -> Fault | None:
    """Why the model cannot take what a request holds besides text."""
    asked = kinds_in(request)
    if not asked:
        return None
    takes = {
        "images": provider.images if facts.images is None else facts.images,
        "documents": provider.documents != "none" if facts.documents is None else facts.documents,
        "tools": facts.tools is not False,
    }
    for kind, possible in takes.items():
        if kind in asked and (not possible or kind in refusals.unable):
            return Fault("passed_over", f"the model takes no {kind}")
    return _too_heavy(request, facts)


def no_larger(window: int | None, refused: int | None) -> bool:
    """Whether a window is known to be no larger than one that a request did not fit into."""
    return window is not None and refused is not None and window <= refused


def _too_heavy(request: Generate, facts: Facts) -> Fault | None:
    most = facts.max_image_bytes
    if most is None:
        return None
    for message in request.messages:
        for medium in message.media:
            if medium.media_type.startswith("image/") and len(medium.data) > most:
                return Fault("passed_over", f"an image has {len(medium.data)} bytes, and the model takes {most}")
    return None
