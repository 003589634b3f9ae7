"""A project with a fault in it, as far as a diagnosis sees it: a host around the real one.

Knows nothing of which fault it is. What is asked here is kept nowhere: neither recordings nor releases nor prompts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from holdfast.contracts import Hear, Scorers, deaf
from holdfast.errors import NotFound
from holdfast.evals.diagnose.calibrate.fault import PlantedFault
from holdfast.evals.diagnose.calibrate.unkept import UnkeptStore
from holdfast.evals.diagnose.examined import Corpora, Host, Named, Prices, Settings
from holdfast.records import Document, Done, Effect, Json, Passage, Retrieve, Retrieved
from holdfast.release import Release
from holdfast.runtime.feature import Feature
from holdfast.runtime.who import Who
from holdfast.runtime.world import World

_MORE = 30
"""Passages found beyond those asked for, to take the place of what a fault withholds."""


class _Before:
    """The newest version of a corpus as it was without the fault."""

    name = "(before)"


@dataclass(frozen=True, slots=True)
class PlantedCorpora:
    """The corpora of a project as a fault has them."""

    corpora: Corpora
    fault: PlantedFault

    def current(self, name: str) -> str:
        return self.corpora.current(name)

    def versions(self, name: str) -> Sequence[Named]:
        """What is kept, and before it what it was without the fault."""
        kept = tuple(self.corpora.versions(name))
        return kept if self.fault.read is None else (*kept[:1], _Before(), *kept[1:])

    async def search(self, effect: Retrieve) -> tuple[Passage, ...]:
        """See `Corpora`."""
        return rearranged(self.fault, effect, await self.corpora.search(with_more(self.fault, effect)))

    async def document(self, name: str, version: str, document_id: str) -> Document:
        """See `Corpora`. What is gone is gone from every version, and what was edited from the newest alone."""
        current = self.corpora.current(name)
        document = await self.corpora.document(name, current if version == _Before.name else version, document_id)
        if self.fault.read is None:
            return document
        read = self.fault.read(document)
        if read is None:
            raise NotFound("HF206", f"there is no document '{document_id}' in {name}", "look at what the corpus has")
        return read if version == current else document


class PlantedHost:
    """See `Host`: the project with a fault, and a store that keeps nothing."""

    def __init__(self, host: Host, fault: PlantedFault) -> None:
        self._host = host
        self._fault = fault
        self.store = UnkeptStore(host.store)
        self.corpora = PlantedCorpora(host.corpora, fault)

    @property
    def config(self) -> Settings:
        return self._host.config

    @property
    def scorers(self) -> Scorers:
        return self._host.scorers

    @property
    def gateway(self) -> Prices:
        return self._host.gateway

    def release(self) -> Release:
        return self._host.release()

    def feature(self, name: str) -> Feature:
        return self._host.feature(name)

    def completed(self, feature: Feature, release: Release) -> Release:
        return self._host.completed(feature, release)

    def who(self, subject: str | None, tenant: str = "") -> Who:
        return self._host.who(subject, tenant)

    def world(self, release: Release, hear: Hear = deaf, recording_id: str | None = None) -> World:
        """The world of the project, in which effects are done with the fault."""
        inner = self._host.world(release, hear, recording_id)

        async def perform(effect: Effect, heard: Hear) -> Done:
            async def without(asked: Effect) -> Done:
                return await inner.perform(asked, heard)

            if isinstance(effect, Retrieve) and self._fault.find is not None:
                return _rearranged(self._fault, effect, await without(with_more(self._fault, effect)))
            if self._fault.act is not None:
                return await self._fault.act(effect, release, without)
            return await without(effect)

        return replace(inner, perform=perform)

    async def keep(self, release: Release) -> None:
        """Keep a release for as long as this host lives."""
        await self.store.releases.add(release)

    async def changed(self, release: Release, changes: dict[str, Json]) -> Release:
        """See `Host`. A prompt that was noted here is known here alone."""
        own = {name: prompt for name, value in changes.items() if (prompt := self.store.prompts.noted(value))}
        for name, prompt in own.items():
            release = release.with_(name.rpartition(".")[0], prompt=prompt)
        rest = {name: value for name, value in changes.items() if name not in own}
        return await self._host.changed(release, rest) if rest else release


def with_more(fault: PlantedFault, effect: Retrieve) -> Retrieve:
    """The search for what is asked for and some more, where a fault has a say in what it finds."""
    if fault.find is None:
        return effect
    return msgspec.structs.replace(effect, search=msgspec.structs.replace(effect.search, k=effect.search.k + _MORE))


def rearranged(fault: PlantedFault, effect: Retrieve, passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
    """What the search finds with the fault: as many as were asked for."""
    return passages if fault.find is None else fault.find(effect, passages)[: effect.search.k]


def _rearranged(fault: PlantedFault, effect: Retrieve, done: Done) -> Done:
    if not isinstance(done.result, Retrieved):
        return done
    passages = rearranged(fault, effect, done.result.passages)
    return Done(Retrieved(passages=passages, confidence=done.result.confidence), done.attempts)
