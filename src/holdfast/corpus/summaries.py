"""What is said of a corpus's versions: in a list, closely, and one beside another.

Knows nothing of how a version is made or read.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from holdfast.corpus.quality import CorpusFinding


class VersionSummary(Struct, frozen=True, kw_only=True):
    """A version in a list. `current` answers requests; `encoder` is None where it is searched by words only."""

    name: str
    created_at: datetime
    documents: int
    chunks: int
    encoder: str | None
    current: bool
    newest: bool


class VersionDetail(Struct, frozen=True, kw_only=True):
    """A version looked at closely. `bytes` counts files that other versions share."""

    summary: VersionSummary
    bytes: int
    findings: tuple[CorpusFinding, ...]
    languages: dict[str, int]


class VersionDiff(Struct, frozen=True, kw_only=True):
    """The ids of the documents that differ from `before` to `after`, sorted."""

    before: str
    after: str
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]
