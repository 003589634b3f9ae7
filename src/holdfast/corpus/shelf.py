"""The shelf: the versions of every corpus as they stand on disk, what is known of them, and their documents.

Knows nothing of how a version comes to be, or of how it is searched.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import islice
from pathlib import Path

import msgspec

from holdfast.corpus.checks.examine import Examining, examine
from holdfast.corpus.checks.limits import LimitStanding, limits_of, standings
from holdfast.corpus.closely import (
    DocumentClosely,
    DocumentName,
    DocumentPage,
    chunks_of,
    history_of,
    named,
    page_of,
)
from holdfast.corpus.last_sync import LastSync, read_last_sync
from holdfast.corpus.outcomes import Outcome, read_outcomes
from holdfast.corpus.quality import QualityReport
from holdfast.corpus.quality_kept import CorpusQuality, Refused, earlier_reports, history, read_refused, read_report
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.storage import CorpusFolder, Pointer, bytes_in
from holdfast.corpus.summaries import VersionDetail as VersionDetail
from holdfast.corpus.summaries import VersionDiff as VersionDiff
from holdfast.corpus.summaries import VersionSummary as VersionSummary
from holdfast.corpus.version import Opened, Version, gone, may_see, read_manifest
from holdfast.errors import NotFound, ReplayDiverged, nearest, unknown
from holdfast.records import Document, Retrieve

MAX_NAMED = 2000  # ids among which the nearest is looked for


class Shelf:
    """All corpora below a root. Several processes may share it: each sees what another has published."""

    def __init__(self, root: Path, settings: Mapping[str, CorpusSettings]) -> None:
        self._settings = settings
        self._folders = {name: CorpusFolder(root / "corpora", name) for name in settings}
        self._opened = {name: Opened(folder) for name, folder in self._folders.items()}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._settings)

    def current(self, name: str) -> str:
        """The version that answers now, as in `v12`. Raises NotFound (HF202), also where there was no sync yet."""
        return f"v{self._pointer(name).current}"

    def pinned(self, name: str, version: str) -> str:
        """How an effect names a version: `help_center@v12`; `latest` is the current one. Raises NotFound (HF202)."""
        self._known(name)
        return f"{name}@{self.current(name) if version == 'latest' else f'v{number_of(version)}'}"

    def versions(self, name: str) -> tuple[VersionSummary, ...]:
        """What is kept, the newest first; empty before the first sync. Raises NotFound (HF202)."""
        self._known(name)
        folder = self._folders[name]
        pointer = folder.pointer()
        if pointer is None:
            return ()
        numbers = [number for number in reversed(folder.numbers()) if number <= pointer.newest]
        return tuple(self._summary(name, number, pointer) for number in numbers)

    def show(self, name: str, version: str) -> VersionDetail:
        """One version closely. Raises NotFound (HF202), ReplayDiverged (HF502) when it is gone."""
        opened = self._version(name, version)
        languages = dict(Counter(entry.language or "unknown" for entry in opened.entries()))
        segments = sum(bytes_in(self._folders[name].segments / ref.id) for ref in opened.manifest.segments)
        return VersionDetail(
            summary=self._summary(name, opened.manifest.number, self._pointer(name)),
            bytes=segments + bytes_in(opened.folder),
            findings=self._quality(name, opened).findings,
            languages=languages,
        )

    def diff(self, name: str, before: str, after: str) -> VersionDiff:
        """Which documents differ between two versions. Raises NotFound (HF202), ReplayDiverged (HF502)."""
        first, second = self._version(name, before), self._version(name, after)
        old = {entry.id: entry.hash for entry in first.entries()}
        new = {entry.id: entry.hash for entry in second.entries()}
        return VersionDiff(
            before=f"v{first.manifest.number}",
            after=f"v{second.manifest.number}",
            added=tuple(sorted(new.keys() - old.keys())),
            changed=tuple(sorted(known for known in new.keys() & old.keys() if new[known] != old[known])),
            removed=tuple(sorted(old.keys() - new.keys())),
        )

    async def restore(self, name: str, version: str) -> str:
        """Let an earlier version answer, from now until a sync finds the source changed. Its name.

        Documents that were deleted since stay gone, and permissions are those of now. Restoring the current version
        changes nothing. Raises NotFound (HF202), ReplayDiverged (HF502) when it is gone.
        """
        number = self._version(name, version).manifest.number
        folder = self._folders[name]
        async with folder.lock():
            folder.point(msgspec.structs.replace(self._pointer(name), current=number))
        return f"v{number}"

    def last_sync(self, name: str) -> LastSync | None:
        """What the last finished sync reported, also one that changed nothing; None before the first one.

        A report that is damaged counts as none, and the log says so. Raises NotFound (HF202).
        """
        self._known(name)
        return read_last_sync(self._folders[name])

    def outcome_of(self, name: str, document_id: str) -> Outcome:
        """What became of an id at the last finished sync: kept, skipped, failed, or never seen.

        Raises NotFound (HF202).
        """
        self._known(name)
        pointer, outcomes = self._folders[name].pointer(), read_outcomes(self._folders[name])
        version = None if pointer is None else f"v{pointer.newest}"
        if pointer is not None and document_id in self._opened[name].version(pointer.newest).places:
            return Outcome(document=document_id, outcome="kept", version=version)
        group = None if outcomes is None else outcomes.find(document_id)
        if group is None:
            return Outcome(document=document_id, outcome="unknown", version=version)
        return Outcome(
            document=document_id,
            outcome="failed" if group.failed else "skipped",
            reason=group.reason,
            version=version,
        )

    def quality(self, name: str, version: str = "latest") -> CorpusQuality:
        """What is wrong with a version's data, and was before. Raises NotFound (HF202), ReplayDiverged (HF502)."""
        report = self._quality(name, self._version(name, version))
        before = history(earlier_reports(self._folders[name], self._pointer(name).newest))
        return CorpusQuality(report=report, history=before, refused=self.refused(name))

    def standings(self, name: str, report: QualityReport) -> tuple[LimitStanding, ...]:
        """How a report stands against the corpus's limits. Raises NotFound (HF202), Misconfigured (HF100)."""
        return standings(report, limits_of(name, self._known(name).limits))

    def refused(self, name: str) -> Refused | None:
        """The last version that broke a limit, until one is published. Raises NotFound (HF202)."""
        return read_refused(self._folders[self._known(name).name])

    def sees_all(self, name: str, principals: Sequence[str]) -> bool:
        """Whether somebody may see every document there is. Raises NotFound (HF202)."""
        now, asking = self._opened[name].version(self._pointer(name).newest), frozenset(principals)
        return all(may_see(entry.principals, asking) for entry in now.entries())

    def unseen(self, name: str, principals: Sequence[str]) -> tuple[str, ...]:
        """The documents there are now that somebody with these principals may not see. Raises NotFound (HF202)."""
        now, asking = self._opened[name].version(self._pointer(name).newest), frozenset(principals)
        return tuple(sorted(entry.id for entry in now.entries() if not may_see(entry.principals, asking)))

    def documents(
        self, name: str, version: str, principals: Sequence[str], *, words: str = "", after: str = "", limit: int = 50
    ) -> DocumentPage:
        """A version's documents that somebody may see now, by id; see `page_of`.

        Raises NotFound (HF202), ReplayDiverged (HF502) when the version is gone.
        """
        opened, now = self._version(name, version), self._opened[name].version(self._pointer(name).newest)
        return page_of(opened.entries(), now, frozenset(principals), words=words, after=after, limit=limit)

    def named(self, name: str, ids: Collection[str], principals: Sequence[str], limit: int) -> tuple[DocumentName, ...]:
        """The first `limit` of these that there are now and that may be seen now. Raises NotFound (HF202)."""
        return named(ids, self._opened[name].version(self._pointer(name).newest), frozenset(principals), limit)

    def closely(self, name: str, version: str, document_id: str, principals: Sequence[str] | None) -> DocumentClosely:
        """A document with its chunks, and how it stood in every kept version. Opens those versions.

        Raises NotFound (HF202, HF206), also for a document that the principals may not see; ReplayDiverged (HF502).
        """
        document = self._document(name, version, document_id, principals)
        opened = self._version(name, version)
        entry = opened.entry(document_id)
        kept = [self._kept(name, number_of(each.name)) for each in self.versions(name)]
        return DocumentClosely(
            document=document,
            version=f"v{opened.manifest.number}",
            language=None if entry is None else entry.language,
            remarks={} if entry is None else entry.findings,
            chunks=chunks_of(opened, document_id),
            versions=history_of(document_id, [each for each in kept if each is not None]),
        )

    def _kept(self, name: str, number: int) -> Version | None:
        """A version; None where a sync has just removed it."""
        try:
            return self._opened[name].version(number)
        except ReplayDiverged:
            return None

    def still_visible(self, effect: Retrieve, documents: Collection[str]) -> frozenset[str]:
        """Those of the documents that there are now and that the principals of the effect may see now.

        Reads the pointer, and the newest version where it is not in memory yet. None of a corpus that is not here.
        """
        name = effect.corpus.partition("@")[0]
        pointer = self._folders[name].pointer() if name in self._folders else None
        if pointer is None:
            return frozenset()
        now, principals = self._opened[name].version(pointer.newest), frozenset(effect.principals)
        entries = ((one, now.entry(one)) for one in documents)
        return frozenset(one for one, entry in entries if entry is not None and may_see(entry.principals, principals))

    def _document(self, name: str, version: str, document_id: str, principals: Sequence[str] | None) -> Document:
        opened = self._version(name, version)
        now = self._opened[name].version(self._pointer(name).newest)
        entry = now.entry(document_id)
        found = None if entry is None else opened.document(document_id)
        seen = entry is not None and (principals is None or may_see(entry.principals, frozenset(principals)))
        if entry is None or found is None or not seen:
            raise NotFound(
                "HF206",
                f"there is no document '{document_id}' in {name}@v{opened.manifest.number}",
                nearest(document_id, islice(now.places, MAX_NAMED))
                if principals is None
                else f"holdfast corpus show {name}",
            )
        return msgspec.structs.replace(found, principals=entry.principals)

    def _known(self, name: str) -> CorpusSettings:
        if name not in self._settings:
            raise unknown("HF202", "corpus", name, self._settings)
        return self._settings[name]

    def _pointer(self, name: str) -> Pointer:
        self._known(name)
        pointer = self._folders[name].pointer()
        if pointer is None:
            raise NotFound("HF202", f"corpus '{name}' has no version yet", f"holdfast sync {name}")
        return pointer

    def _version(self, name: str, version: str) -> Version:
        pointer = self._pointer(name)
        number = pointer.current if version == "latest" else number_of(version)
        if number > pointer.newest:  # in the making, or never made
            raise gone(self._folders[name], number)
        return self._opened[name].version(number)

    def _quality(self, name: str, version: Version) -> QualityReport:
        how = Examining(self._settings[name].stale_after_days)
        return read_report(version.folder) or examine(name, version, how=how)

    def _summary(self, name: str, number: int, pointer: Pointer) -> VersionSummary:
        manifest = read_manifest(self._folders[name].version(number))
        return VersionSummary(
            name=f"v{number}",
            created_at=manifest.created_at,
            documents=manifest.documents,
            chunks=manifest.chunks,
            encoder=manifest.encoder,
            current=number == pointer.current,
            newest=number == pointer.newest,
        )


def number_of(version: str) -> int:
    """12 of `v12`. Raises NotFound (HF202) for anything else."""
    if version[:1] == "v" and version[1:].isdecimal():
        return int(version[1:])
    raise NotFound("HF202", f"'{version}' does not name a corpus version", "write it as in v12; holdfast corpus list")
