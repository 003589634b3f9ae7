"""From a project's configuration to its corpora and its encoder. Knows nothing of requests."""

from __future__ import annotations

from holdfast.config import Config
from holdfast.contracts import Describe, Embedder
from holdfast.corpus import room
from holdfast.corpus.encoder import default_cache_dir, installed, load_encoder
from holdfast.corpus.room import CorpusRoom, Keep, no_landings, nothing_named
from holdfast.corpus.settings import CorpusSettings
from holdfast.release import LATEST
from holdfast.sources import OpenLanding


def open_encoder(config: Config) -> tuple[Embedder | None, str]:
    """The encoder, or None and why there is none. One that is damaged is an error, not a reason to do without."""
    if not config.corpora:
        return None, "the project has no corpora"
    cache = default_cache_dir()
    if not installed(cache):
        return None, "it was not pulled yet"
    return load_encoder(cache), ""


def open_corpora(
    config: Config,
    embedder: Embedder | None,
    released: Keep = nothing_named,
    landings: OpenLanding = no_landings,
    describe: Describe | None = None,
) -> CorpusRoom:
    """The project's corpora, over its storage. Reads nothing yet. Raises Misconfigured (HF100).

    A sync keeps the versions that `released` gives, and the one that the project itself names. `landings` opens the
    places where pages of feeds are kept, `describe` says what is in images.
    """
    settings = {
        name: CorpusSettings(
            name=name,
            source=part.source,
            options=part.given,
            base_dir=str(config.folder),
            max_tokens=part.max_tokens,
            keep=part.keep,
            language=part.language,
            limits=part.limits,
            stale_after_days=part.stale_after_days,
        )
        for name, part in config.corpora.items()
    }

    async def named(corpus: str) -> set[str]:
        slot = config.slots.get(corpus)
        own = {LATEST if slot is None else slot.version or LATEST} - {LATEST}
        return own.union(await released(corpus))

    return room.open_corpora(
        config.storage, settings, embedder=embedder, keep=named, landings=landings, describe=describe
    )
