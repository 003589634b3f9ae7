from __future__ import annotations

from dataclasses import replace

import pytest

from holdfast.gateway.media_limits import MediaLimits, limits, over
from holdfast.gateway.provider import BUILT_IN, speaker
from holdfast.messages import Media

PNG = Media(media_type="image/png", data=b"x" * 10)
PDF = Media(media_type="application/pdf", data=b"x" * 10)
TEXT = Media(media_type="text/csv", data=b"x" * 10)


@pytest.mark.parametrize("name", sorted(BUILT_IN))
def test_every_provider_has_limits_that_match_what_it_says_of_itself(name: str) -> None:
    provider = BUILT_IN[name]
    found = limits(provider, "m")
    assert bool(found.types) == provider.images
    assert bool(found.documents) == (provider.documents != "none")
    assert not limits(replace(provider, images=False), "m").types


def test_a_provider_of_ones_own_has_those_of_its_dialect() -> None:
    own = speaker("own", "http://localhost", "anthropic")
    assert limits(own, "claude-sonnet-4-5") == limits(BUILT_IN["anthropic"], "claude-sonnet-4-5")
    assert not limits(own, "claude-2.1").types


@pytest.mark.parametrize(
    ("media", "allowed", "said"),
    [
        ((PNG, PDF, TEXT), MediaLimits(), None),
        ((), MediaLimits(types=frozenset()), None),
        ((TEXT,), MediaLimits(types=frozenset(), documents=frozenset()), None),
        ((PNG,), MediaLimits(types=frozenset()), "no images"),
        ((PNG,), MediaLimits(types=frozenset({"image/jpeg"})), "only image/jpeg"),
        ((PDF,), MediaLimits(documents=frozenset()), "no documents"),
        ((PNG, PDF), MediaLimits(max_bytes=9), "10 bytes"),
        ((PNG, PNG), MediaLimits(max_count=1), "2 images"),
    ],
)
def test_what_is_over_a_limit_is_named(media: tuple[Media, ...], allowed: MediaLimits, said: str | None) -> None:
    found = over(media, allowed)
    assert (found is None) if said is None else (found is not None and said in found)
