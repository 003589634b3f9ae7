"""The corpus room: every corpus of a project by name, its versions, its documents, and searching it.

Knows nothing of features, of releases beyond the versions they name, or of who a principal is.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec

from holdfast.contracts import Describe, Embedder, Progress, silent
from holdfast.corpus.described import Pictures
from holdfast.corpus.facets import wanted
from holdfast.corpus.forecast import Forecast, foresee
from holdfast.corpus.heard import ids_in
from holdfast.corpus.last_sync import LastSync, read_last_sync
from holdfast.corpus.outcomes import Outcome, read_outcomes
from holdfast.corpus.quality import SyncReport, examine
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.sources import build_source
from holdfast.corpus.storage import CorpusFolder, Pointer, bytes_in, local_root
from holdfast.corpus.summaries import VersionDetail as VersionDetail
from holdfast.corpus.summaries import VersionDiff as VersionDiff
from holdfast.corpus.summaries import VersionSummary as VersionSummary
from holdfast.corpus.survey import How, Parts
from holdfast.corpus.sync import Sync
from holdfast.corpus.version import Opened, Version, gone, may_see, read_manifest
from holdfast.errors import EffectFailed, Misconfigured, NotFound, nearest, unknown
from holdfast.identity import canonical, digest
from holdfast.records import Document, Json, Passage, Retrieve
from holdfast.sources import Feed, Landing, OpenLanding, Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEARCH_THREADS = 2
MAX_NAMED = 2000  # ids among which the nearest is looked for

_log = logging.getLogger(__name__)
T = TypeVar("T")
Keep: TypeAlias = Callable[[str], Awaitable[Iterable[str]]]
"""Gives the versions of a corpus that some release names."""


async def nothing_named(corpus: str) -> Iterable[str]:  # noqa: ARG001  # as `Keep` is called
    """The `keep` of corpora that no release speaks of."""
    return ()


def no_landings(path: Path) -> Landing:
    """The `landings` of corpora that no feed fills."""
    raise Misconfigured("HF100", f"a feed needs a landing, and nothing opens {path}", "hand in `landings`")


def open_corpora(
    root_url: str | Path,
    settings: Mapping[str, CorpusSettings],
    *,
    embedder: Embedder | None,
    keep: Keep = nothing_named,
    landings: OpenLanding = no_landings,
    describe: Describe | None = None,
) -> CorpusRoom:
    """The room over the corpora kept below `root_url`, a folder. Reads nothing yet.

    What `keep` gives is never removed; `landings` opens the places where pages of feeds are kept. Raises Misconfigured
    (HF100) when the storage is not on a local disk.
    """
    return CorpusRoom(local_root(root_url), dict(settings), embedder, keep, landings, describe)


class CorpusRoom:
    """All corpora of a project. Several processes may share a root: each sees what another has published."""

    def __init__(
        self,
        root: Path,
        settings: Mapping[str, CorpusSettings],
        embedder: Embedder | None,
        keep: Keep,
        landings: OpenLanding = no_landings,
        describe: Describe | None = None,
    ) -> None:
        self._described = root / "described"
        self._describe = describe
        self._settings = settings
        self._landings = landings
        self._embedder = embedder
        self._keep = keep
        self._vectors = root / "vectors"
        self._folders = {name: CorpusFolder(root / "corpora", name) for name in settings}
        self._opened = {name: Opened(folder) for name, folder in self._folders.items()}
        self._threads = ThreadPoolExecutor(SEARCH_THREADS, thread_name_prefix="corpus")
        self._warned: set[tuple[str, int]] = set()
        self._guard = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._settings)

    def close(self) -> None:
        """Let go of the threads. A second time does nothing."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    # ------------------------------------------------------------ syncing

    async def sync(
        self,
        name: str,
        *,
        full: bool = False,
        only: Collection[str] | None = None,
        progress: Progress = silent,
        source: Source | Feed | None = None,
    ) -> SyncReport:
        """Bring a corpus up to date with its source, or with `source` where one is handed in; see `Sync.run`.

        `full` reads a feed from its start, prepares and embeds every document anew, and allows any number of them to
        vanish. `only` asks a feed for just these documents; a source that is read whole is read whole. Raises NotFound
        (HF202), Misconfigured (HF100, HF109), StoreFailed (HF600, HF601, HF603, HF604, HF611).
        """
        return await Sync(self._parts(name, source), How(full, only, anew=full), progress).run()

    async def forecast(
        self, name: str, *, full: bool = False, progress: Progress = silent, source: Source | Feed | None = None
    ) -> Forecast:
        """What `sync` would change, and how long embedding would take; see `foresee`. Publishes nothing."""
        return await foresee(self._parts(name, source), How(full), progress)

    def heard(self, name: str, message: Json) -> tuple[str, ...]:
        """The ids of the documents that a message to a corpus's webhook is about; empty: sync all of it.

        Raises NotFound (HF202), Refused (HF701) for a message that is no JSON object, Misconfigured (HF100, HF102).
        """
        settings = self._known(name)
        return ids_in(message, self._source(settings))

    def _source(self, settings: CorpusSettings) -> Source | Feed:
        pictures = Pictures(self._described / settings.name, self._describe)
        return build_source(settings.source, settings.options, settings.base_dir, pictures)

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

    def _parts(self, name: str, source: Source | Feed | None) -> Parts:
        settings = self._known(name)
        told = digest(canonical((settings.source, settings.options)))
        if source is None:
            source = self._source(settings)

        async def named() -> list[int]:
            return [_number(version) for version in await self._keep(name)]

        return Parts(
            settings=settings,
            folder=self._folders[name],
            opened=self._opened[name],
            source=source,
            told=told,
            landings=self._landings,
            embedder=self._embedder,
            vectors=self._vectors,
            named=named,
        )

    def last_sync(self, name: str) -> LastSync | None:
        """What the last finished sync reported, also one that changed nothing; None before the first one.

        A report that is damaged counts as none, and the log says so. Raises NotFound (HF202).
        """
        self._known(name)
        return read_last_sync(self._folders[name])

    # ------------------------------------------------------------ versions

    def current(self, name: str) -> str:
        """The version that answers now, as in `v12`. Raises NotFound (HF202), also where there was no sync yet."""
        return f"v{self._pointer(name).current}"

    def pinned(self, name: str, version: str) -> str:
        """How an effect names a version: `help_center@v12`; `latest` is the current one. Raises NotFound (HF202)."""
        self._known(name)
        return f"{name}@{self.current(name) if version == 'latest' else f'v{_number(version)}'}"

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
        entries = list(opened.entries())
        languages: dict[str, int] = {}
        for entry in entries:
            languages[entry.language or "unknown"] = languages.get(entry.language or "unknown", 0) + 1
        segments = sum(bytes_in(self._folders[name].segments / ref.id) for ref in opened.manifest.segments)
        return VersionDetail(
            summary=self._summary(name, opened.manifest.number, self._pointer(name)),
            bytes=segments + bytes_in(opened.folder),
            findings=examine(entries),
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

    # ------------------------------------------------------------ reading

    async def search(self, effect: Retrieve) -> tuple[Passage, ...]:
        """Passages for the query among what the principals may see, best first.

        Scores are in 0..1 and comparable within one search. `hybrid` is `lexical` where the version has no vectors, or
        those of an encoder that is not the one in use. Raises NotFound (HF202), ReplayDiverged (HF502) when the
        version is gone, EffectFailed (HF308) when it cannot be searched like that.
        """
        return await self._in_thread(partial(self._search, effect))

    async def document(
        self, name: str, version: str, document_id: str, *, principals: Sequence[str] | None = None
    ) -> Document:
        """A document as it stands in a version, with the principals who may see it now.

        Given `principals`, a document they may not see is as good as not there. Raises NotFound (HF202, HF206),
        ReplayDiverged (HF502).
        """
        return await self._in_thread(partial(self._document, name, version, document_id, principals))

    # ------------------------------------------------------------ inside

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
        number = pointer.current if version == "latest" else _number(version)
        if number > pointer.newest:  # in the making, or never made
            raise gone(self._folders[name], number)
        return self._opened[name].version(number)

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

    def _search(self, effect: Retrieve) -> tuple[Passage, ...]:
        name, _, version = effect.corpus.partition("@")
        opened = self._version(name, version or "latest")
        now = self._opened[name].version(self._pointer(name).newest)
        query = effect.query.encode("utf-8", "replace").decode()
        if not query.strip():
            return ()
        how = effect.search
        if how.weight is None:
            how = msgspec.structs.replace(how, weight=self._settings[name].weight)
        vector = None if how.mode == "lexical" else self._embedded(name, opened, query)
        if vector is None and how.mode == "vector":
            raise EffectFailed(
                "HF308",
                f"{effect.corpus} has no vectors of the encoder in use, and the search asks for mode 'vector'",
                f"holdfast models pull, then holdfast sync {name}; or set mode = 'hybrid'",
            )
        return opened.search(query, vector, how, opened.view(effect.principals, now, wanted(how.where)))

    def _embedded(self, name: str, opened: Version, query: str) -> NDArray[np.float32] | None:
        embedder, manifest = self._embedder, opened.manifest
        if embedder is not None and manifest.encoder == embedder.name:
            vector: NDArray[np.float32] = embedder.embed([query])[0]
            return vector
        if embedder is None and manifest.encoder is None:
            return None  # the sync's report said so
        with self._guard:
            if (name, manifest.number) not in self._warned:
                self._warned.add((name, manifest.number))
                _log.warning(
                    "%s@v%d is searched by words only: its vectors are of %s, the encoder in use is %s",
                    name, manifest.number, manifest.encoder, None if embedder is None else embedder.name,
                )  # fmt: skip
        return None

    def _document(self, name: str, version: str, document_id: str, principals: Sequence[str] | None) -> Document:
        opened = self._version(name, version)
        now = self._opened[name].version(self._pointer(name).newest)
        entry = now.entry(document_id)
        found = None if entry is None else opened.document(document_id)
        if (
            entry is None
            or found is None
            or not (principals is None or may_see(entry.principals, frozenset(principals)))
        ):
            raise NotFound(
                "HF206",
                f"there is no document '{document_id}' in {name}@v{opened.manifest.number}",
                nearest(document_id, islice(now.places, MAX_NAMED))
                if principals is None
                else f"holdfast corpus show {name}",
            )
        return msgspec.structs.replace(found, principals=entry.principals)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


def _number(version: str) -> int:
    """12 of `v12`. Raises NotFound (HF202) for anything else."""
    if version[:1] == "v" and version[1:].isdecimal():
        return int(version[1:])
    raise NotFound("HF202", f"'{version}' does not name a corpus version", "write it as in v12; holdfast corpus list")
