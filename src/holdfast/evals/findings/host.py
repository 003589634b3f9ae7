"""What a look needs of the project that hosts it, as protocols.

Knows nothing of the project itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from holdfast.records import Passage, Retrieve
from holdfast.stores import Store


class Limits(Protocol):
    """A feature's bar."""

    @property
    def limits(self) -> Mapping[str, float]: ...


class Feature(Protocol):
    """A feature, as far as a look reads it."""

    @property
    def bar(self) -> Limits | None: ...


class CorpusSettings(Protocol):
    """A `[corpora.NAME]` table, as far as a look reads it."""

    @property
    def every_s(self) -> int | None: ...


class Groups(Protocol):
    """The `[server]` table, as far as a look reads it."""

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]: ...


class Settings(Protocol):
    """A project's configuration, as far as a look reads it."""

    @property
    def corpora(self) -> Mapping[str, CorpusSettings]: ...
    @property
    def server(self) -> Groups: ...


class Version(Protocol):
    """A kept version of a corpus."""

    @property
    def name(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


class Named(Protocol):
    """Documents that a quality report shows together."""

    @property
    def documents(self) -> tuple[str, ...]: ...


class Remarked(Protocol):
    """A line of a quality report."""

    @property
    def code(self) -> str: ...
    @property
    def message(self) -> str: ...
    @property
    def fix(self) -> str: ...
    @property
    def count(self) -> int: ...
    @property
    def documents(self) -> tuple[str, ...]: ...
    @property
    def examples(self) -> Sequence[Named]: ...


class Report(Protocol):
    """What is wrong with the data of a version."""

    @property
    def findings(self) -> Sequence[Remarked]: ...


class Quality(Protocol):
    """The report of the version that answers."""

    @property
    def report(self) -> Report: ...


class Happened(Protocol):
    """A sync, and when it ended."""

    @property
    def at(self) -> datetime: ...


class Limit(Protocol):
    """A limit that a version breaks."""

    @property
    def code(self) -> str: ...


class Refused(Protocol):
    """A version that was not published."""

    @property
    def broken(self) -> Sequence[Limit]: ...


class Corpora(Protocol):
    """The corpora of a project. All but `names` and `search` read files: they are called in threads."""

    @property
    def names(self) -> tuple[str, ...]: ...
    def versions(self, name: str) -> Sequence[Version]: ...
    def last_sync(self, name: str) -> Happened | None: ...
    def quality(self, name: str) -> Quality: ...
    def refused(self, name: str) -> Refused | None: ...
    def unseen(self, name: str, principals: Sequence[str]) -> tuple[str, ...]: ...
    async def search(self, effect: Retrieve) -> tuple[Passage, ...]: ...


class Host(Protocol):
    """A project, as far as a look asks it for anything."""

    @property
    def config(self) -> Settings: ...
    @property
    def store(self) -> Store: ...
    @property
    def corpora(self) -> Corpora: ...
    def feature(self, name: str) -> Feature: ...
