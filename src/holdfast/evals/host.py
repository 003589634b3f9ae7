"""What an evaluation needs of the project that hosts it.

Knows nothing of the project itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from holdfast.contracts import Scorers
from holdfast.records import Document
from holdfast.release import Release
from holdfast.runtime.feature import Feature
from holdfast.runtime.world import World
from holdfast.stores import Store


class Documents(Protocol):
    """Where the documents of a corpus version are."""

    async def document(self, name: str, version: str, document_id: str) -> Document:
        """Raises NotFound (HF202, HF206), ReplayDiverged (HF502)."""
        ...


class Settings(Protocol):
    """A project's configuration, as far as an evaluation reads it."""

    @property
    def folder(self) -> Path: ...


class Host(Protocol):
    """A project, as far as an evaluation asks it for anything."""

    @property
    def config(self) -> Settings: ...

    @property
    def store(self) -> Store: ...
    @property
    def corpora(self) -> Documents: ...
    @property
    def scorers(self) -> Scorers: ...
    def feature(self, name: str) -> Feature: ...
    def completed(self, feature: Feature, release: Release) -> Release:
        """The release with what the feature needs and no project chooses: the slot of a model that is asked by name."""
        ...

    def world(self, release: Release) -> World: ...
    async def keep(self, release: Release) -> None: ...
