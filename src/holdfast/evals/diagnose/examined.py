"""One answer that is looked into: its recording, what is known of a good one, and the passages that answer.

Knows nothing of substitutions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from holdfast.contracts import Hear, Scorers, deaf
from holdfast.diagnosis import Grade
from holdfast.evals.facts import contains
from holdfast.evaluation import Case
from holdfast.records import Document, Json, Passage, Recording, Retrieve
from holdfast.release import Release
from holdfast.runtime.feature import Feature
from holdfast.runtime.who import Who
from holdfast.runtime.world import World
from holdfast.stores import Store


class Named(Protocol):
    """A version of a corpus."""

    @property
    def name(self) -> str: ...


class Corpora(Protocol):
    """The corpora of a project, as far as a diagnosis asks them."""

    def current(self, name: str) -> str: ...

    def versions(self, name: str) -> Sequence[Named]:
        """What is kept, the newest first."""
        ...

    async def search(self, effect: Retrieve) -> tuple[Passage, ...]: ...

    async def document(self, name: str, version: str, document_id: str) -> Document:
        """Raises NotFound (HF202, HF206), ReplayDiverged (HF502)."""
        ...


class Preferences(Protocol):
    """The `[diagnosis]` table."""

    @property
    def stronger_model(self) -> str | None: ...
    @property
    def weaker_model(self) -> str | None: ...


class Settings(Protocol):
    """A project's configuration, as far as a diagnosis reads it."""

    @property
    def folder(self) -> Path: ...
    @property
    def diagnosis(self) -> Preferences: ...
    @property
    def prices(self) -> Mapping[str, object]:
        """What the project says of prices, by model."""
        ...


class Prices(Protocol):
    """Whoever asks models, as far as a diagnosis asks what they cost."""

    async def price_usd(self, model: str) -> float | None: ...


class Host(Protocol):
    """A project, as far as a diagnosis asks it for anything."""

    @property
    def config(self) -> Settings: ...
    @property
    def store(self) -> Store: ...
    @property
    def corpora(self) -> Corpora: ...
    @property
    def scorers(self) -> Scorers: ...
    @property
    def gateway(self) -> Prices: ...
    def release(self) -> Release: ...
    def feature(self, name: str) -> Feature: ...
    def completed(self, feature: Feature, release: Release) -> Release: ...
    def who(self, subject: str | None, tenant: str = "") -> Who: ...
    def world(self, release: Release, hear: Hear = deaf, recording_id: str | None = None) -> World: ...
    async def keep(self, release: Release) -> None: ...
    async def changed(self, release: Release, changes: dict[str, Json]) -> Release: ...


@dataclass(frozen=True, slots=True)
class Examined:
    """`gold` are passages that answer what was asked, of documents as they are now; `grade` is how they are known."""

    recording: Recording
    feature: Feature
    release: Release
    case: Case
    gold: tuple[Passage, ...] = ()
    grade: Grade = "none"

    def is_gold(self, passage: Passage) -> bool:
        """Whether a passage is one that answers, or says the same."""
        return any(
            passage.text == gold.text or (passage.document == gold.document and passage.chunk == gold.chunk)
            for gold in self.gold
        ) or any(
            passage.document == gold.document and (gold.span is None or contains(passage.text, gold.span))
            for gold in self.case.gold
        )
