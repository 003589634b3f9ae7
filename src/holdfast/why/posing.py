"""Which search a walk goes through: as a feature would ask it now, or as a recording asked it then.

Knows nothing of what comes of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from msgspec import Struct
from msgspec.structs import replace

from holdfast.contracts import Hear
from holdfast.corpus.room import CorpusRoom
from holdfast.errors import NotFound
from holdfast.records import Done, Effect, Recording, Result, Retrieve, Retrieved
from holdfast.release import CorpusSlot, Release
from holdfast.runtime.retrieving import reranker_of, search_of
from holdfast.runtime.who import Who
from holdfast.stores import RecordingQuery, Store

_NEWEST = 20  # recordings of a feature that are looked through for the one that asked this


class Asking(Struct, frozen=True, kw_only=True):
    """Which document, in which search. With `recording`, query, version, slot and who asked are that recording's where
    they are not given; with `feature`, of its newest recording in which the query was asked."""

    corpus: str
    document: str
    query: str = ""
    version: str = ""
    feature: str = ""
    recording: str = ""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a walk stands on. `perform` does an effect of a search by a release; `here`: that reranker costs nothing."""

    corpora: CorpusRoom
    store: Store
    release: Release
    perform: Callable[[Effect, Release, Hear], Awaitable[Done]]
    here: Callable[[str], bool]


@dataclass(frozen=True, slots=True)
class Posed:
    """The search that is walked through, as a feature would ask for it."""

    pinned: str
    query: str
    document: str
    slot: CorpusSlot
    principals: tuple[str, ...]
    release: Release
    subject: str | None = None
    recording: Recording | None = None

    @property
    def corpus(self) -> str:
        return self.pinned.partition("@")[0]

    def effect(self, slot: CorpusSlot | None = None, principals: tuple[str, ...] | None = None) -> Retrieve:
        slot = slot or self.slot
        return Retrieve(
            corpus=self.pinned,
            query=self.query,
            search=search_of(slot, slot.k, {}),
            principals=self.principals if principals is None else principals,
        )


async def pose(ground: Ground, asking: Asking, who: Who | None) -> Posed:
    """The search that is meant. Raises NotFound (HF202, HF203, HF204)."""
    recording = await _recording(ground, asking, who)
    if recording is None:
        anyone = who or Who()
        return Posed(
            pinned=ground.corpora.pinned(asking.corpus, asking.version or "latest"),
            query=asking.query,
            document=asking.document,
            slot=ground.release.corpus(asking.corpus),
            principals=anyone.principals,
            release=ground.release,
            subject=anyone.subject,
        )
    effect = _search_in(recording, asking)
    release = await ground.store.releases.get(recording.release)
    slot, how = release.corpus(asking.corpus), effect.search
    slot = replace(
        slot,
        k=how.k if reranker_of(slot) is None else slot.k,
        mode=how.mode,
        weight=how.weight,
        max_per_document=how.max_per_document,
        where=dict(how.where),
    )
    return Posed(
        pinned=ground.corpora.pinned(asking.corpus, asking.version) if asking.version else effect.corpus,
        query=asking.query or effect.query,
        document=asking.document,
        slot=slot,
        principals=effect.principals if who is None else who.principals,
        release=release,
        subject=recording.subject if who is None else who.subject,
        recording=recording,
    )


async def _recording(ground: Ground, asking: Asking, who: Who | None) -> Recording | None:
    tenant = "" if who is None else who.tenant
    recordings = ground.store.recordings
    if asking.recording:
        return await recordings.get(asking.recording, tenant)
    if not asking.feature:
        return None
    query = RecordingQuery(feature=asking.feature, tenant=tenant, text=asking.query, limit=_NEWEST)
    for summary in await recordings.find(query):
        recording = await recordings.get(summary.id, tenant)
        if _searches(recording, asking.corpus):
            return recording
    raise NotFound(
        "HF203",
        f"no recording of '{asking.feature}' asks that of {asking.corpus}",
        f"holdfast run {asking.feature} QUERY, then ask again",
    )


def _searches(recording: Recording, corpus: str) -> list[tuple[Retrieve, Result]]:
    """The searches of a corpus that a recording has, with what came of them."""
    return [
        (step.effect, step.result)
        for step in recording.steps
        if isinstance(step.effect, Retrieve) and step.effect.corpus.partition("@")[0] == corpus
    ]


def _search_in(recording: Recording, asking: Asking) -> Retrieve:
    """The recording's search that is meant: that of the query, else one that found the document, else the first."""
    searches = _searches(recording, asking.corpus)
    if not searches:
        raise NotFound(
            "HF202",
            f"recording {recording.id} does not search the corpus '{asking.corpus}'",
            f"holdfast recordings show {recording.id}",
        )

    def how_near(search: tuple[Retrieve, Result]) -> tuple[bool, bool]:
        effect, result = search
        passages = result.passages if isinstance(result, Retrieved) else ()
        return effect.query == asking.query, any(one.document == asking.document for one in passages)

    return max(searches, key=how_near)[0]
