"""The working tree's release made fast: corpora at a version, and what the features' code was.

Knows nothing of names or of what answers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

import msgspec

from holdfast.errors import unknown
from holdfast.identity import canonical, digest
from holdfast.release import LATEST, CorpusSlot, Release
from holdfast.runtime.feature import Feature
from holdfast.stores import FeatureHashes, Releases


class Differing(Protocol):
    """The ids of the documents that differ between two versions of a corpus."""

    @property
    def before(self) -> str: ...
    @property
    def after(self) -> str: ...
    @property
    def added(self) -> Sequence[str]: ...
    @property
    def changed(self) -> Sequence[str]: ...
    @property
    def removed(self) -> Sequence[str]: ...


class Versions(Protocol):
    """Versions of corpora, as far as a release speaks of them."""

    def current(self, name: str, /) -> str:
        """The version that `latest` means now, as in `v12`. Raises NotFound (HF202), also before the first sync."""
        ...

    def diff(self, name: str, before: str, after: str, /) -> Differing:
        """Raises NotFound (HF202), ReplayDiverged (HF502) for a version that is gone."""
        ...


def frozen(release: Release, corpora: Versions, latest: Collection[str] = ()) -> Release:
    """The release with every corpus at the version that is current now, except those in `latest`, which stay current.

    A version that the project names itself stays. Raises NotFound (HF202) for a corpus that was never synced, or is not
    there.
    """
    slots = dict(release.slots)
    pinned = {name: slot for name, slot in slots.items() if isinstance(slot, CorpusSlot)}
    for name in latest:
        if name not in pinned:
            raise unknown("HF202", "corpus", name, pinned)
    for name, slot in pinned.items():
        if name in latest:
            slots[name] = msgspec.structs.replace(slot, version=LATEST)
        elif slot.version == LATEST:
            slots[name] = msgspec.structs.replace(slot, version=corpora.current(name))
    return Release(slots=slots)


def hashes_of(features: Mapping[str, Feature]) -> dict[str, FeatureHashes]:
    """What each feature is now. The same sources give the same hashes on any machine."""
    return {
        name: FeatureHashes(
            code=feature.code_hash, schema=digest(canonical([feature.input_schema(), feature.output_schema()]), 16)
        )
        for name, feature in sorted(features.items())
    }


def versions_in(release: Release) -> dict[str, str]:
    """The version of each corpus that the release chooses, as in `v12` or `latest`."""
    return {name: slot.version for name, slot in release.slots.items() if isinstance(slot, CorpusSlot)}


async def versions_named(kept: Releases, corpus: str) -> set[str]:
    """Every version of a corpus that some named release chooses: none of them may be removed."""
    chosen = {versions_in(each.release).get(corpus, LATEST) for each in await kept.named()}
    return chosen - {LATEST}
