"""The corpus room: every corpus of a project by name, its versions, its documents, and searching it.

Knows nothing of features, of releases beyond the versions they name, or of who a principal is.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import msgspec

from holdfast.contracts import Describe, Embedder, Progress, silent
from holdfast.corpus.described import Pictures
from holdfast.corpus.facets import wanted
from holdfast.corpus.forecast import Forecast, foresee
from holdfast.corpus.heard import ids_in
from holdfast.corpus.quality import SyncReport
from holdfast.corpus.query_vectors import QueryVectors
from holdfast.corpus.search import Question, SearchExplained
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.shelf import Shelf, number_of
from holdfast.corpus.sources import build_source
from holdfast.corpus.standing import standing_of
from holdfast.corpus.storage import local_root
from holdfast.corpus.summaries import VersionDetail as VersionDetail
from holdfast.corpus.summaries import VersionDiff as VersionDiff
from holdfast.corpus.summaries import VersionSummary as VersionSummary
from holdfast.corpus.supposing import retitled, without
from holdfast.corpus.survey import How, Parts
from holdfast.corpus.sync import Sync
from holdfast.corpus.version import Version
from holdfast.corpus.why import Standing
from holdfast.errors import EffectFailed, Misconfigured
from holdfast.identity import canonical, digest
from holdfast.records import Document, Json, Passage, Retrieve, Retrieved
from holdfast.sources import Feed, Landing, OpenLanding, Source

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

SEARCH_THREADS = 2

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
    """The room over the corpora kept below `root_url`, a folder. Reads nothing yet. What `keep` gives is never removed.

    `landings` opens the places where pages of feeds are kept. Raises Misconfigured (HF100) where the disk is not local.
    """
    return CorpusRoom(local_root(root_url), dict(settings), embedder, keep, landings, describe)


class CorpusRoom(Shelf):
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
        super().__init__(root, settings)
        self._root = root
        self._described = root / "described"
        self._describe = describe
        self._landings = landings
        self._embedder = embedder
        self._keep = keep
        self._vectors = root / "vectors"
        self._query_vectors = QueryVectors()
        self._threads = ThreadPoolExecutor(SEARCH_THREADS, thread_name_prefix="corpus")
        self._warned: set[tuple[str, int]] = set()
        self._guard = threading.Lock()

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
        accept: str | None = None,
        progress: Progress = silent,
        source: Source | Feed | None = None,
    ) -> SyncReport:
        """Bring a corpus up to date with its source, or with `source` where one is handed in; see `Sync.run`.

        `full` reads a feed from its start, prepares and embeds every document anew, and allows any number of them to
        vanish. `only` asks a feed for just these documents; a source that is read whole is read whole. Raises NotFound
        (HF202), Misconfigured (HF100, HF109), StoreFailed (HF600, HF601, HF603, HF604, HF611, HF621).
        """
        return await Sync(self._parts(name, source), How(full, only, anew=full, accept=accept), progress).run()

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

    def _parts(self, name: str, source: Source | Feed | None) -> Parts:
        settings = self._known(name)
        told = digest(canonical((settings.source, settings.options)))
        if source is None:
            source = self._source(settings)

        async def named() -> list[int]:
            return [number_of(version) for version in await self._keep(name)]

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

    # ------------------------------------------------------------ reading

    async def search(self, effect: Retrieve) -> tuple[Passage, ...]:
        """The passages of `retrieve`."""
        return (await self.retrieve(effect)).passages

    async def retrieve(self, effect: Retrieve) -> Retrieved:
        """Passages for the query among what the principals may see, best first, and how likely they answer it.

        Scores are in 0..1 and comparable within one search. `hybrid` is `lexical` where the version has no vectors, or
        those of an encoder that is not the one in use. Raises NotFound (HF202), ReplayDiverged (HF502) when the
        version is gone, EffectFailed (HF308) when it cannot be searched like that.
        """
        return await self._in_thread(partial(self._retrieve, effect))

    async def explain(self, effect: Retrieve, document_id: str) -> SearchExplained:
        """The same search as `search`, with how far each chunk of one document came in it. Raises what that raises."""
        opened, question = await self._in_thread(partial(self._asked, effect))
        return await self._in_thread(partial(opened.explain, question, document_id))

    async def standing(self, effect: Retrieve, document_id: str) -> Standing:
        """What is known of an id before it is searched for as `effect` says. Raises as `document` does."""
        return await self._in_thread(partial(self._standing, effect, document_id))

    async def supposed(
        self, effect: Retrieve, *, absent: str = "", titles: tuple[str, str] | None = None
    ) -> Retrieved | None:
        """What `retrieve` would give were a document absent, or had it another title, as in ("id", "title").

        Really done, and nothing of it is kept. None where it cannot be done; raises what `retrieve` raises, and
        StoreFailed (HF601, HF603).
        """
        return await asyncio.to_thread(self._supposed, effect, absent, titles)  # searches do not wait for it

    async def document(
        self, name: str, version: str, document_id: str, *, principals: Sequence[str] | None = None
    ) -> Document:
        """A document as it stands in a version, with the principals who may see it now.

        Given `principals`, a document they may not see is as good as not there. Raises NotFound (HF202, HF206),
        ReplayDiverged (HF502).
        """
        return await self._in_thread(partial(self._document, name, version, document_id, principals))

    # ------------------------------------------------------------ inside

    def _retrieve(self, effect: Retrieve) -> Retrieved:
        opened, question = self._asked(effect)
        return opened.search(question) if question.text else Retrieved(passages=(), confidence=0.0)

    def _asked(self, effect: Retrieve) -> tuple[Version, Question]:
        name, _, version = effect.corpus.partition("@")
        opened = self._version(name, version or "latest")
        now = self._opened[name].version(self._pointer(name).newest)
        query = effect.query.encode("utf-8", "replace").decode()
        query = query if query.strip() else ""
        how = effect.search
        if how.weight is None:
            how = msgspec.structs.replace(how, weight=self._settings[name].weight)
        vector = None if how.mode == "lexical" or not query else self._embedded(name, opened, query)
        if vector is None and how.mode == "vector" and query:
            raise EffectFailed(
                "HF308",
                f"{effect.corpus} has no vectors of the encoder in use, and the search asks for mode 'vector'",
                f"holdfast models pull, then holdfast sync {name}; or set mode = 'hybrid'",
            )
        return opened, Question(query, vector, how, opened.view(effect.principals, now, wanted(how.where)))

    def _standing(self, effect: Retrieve, document_id: str) -> Standing:
        name, _, version = effect.corpus.partition("@")
        opened, now = self._version(name, version or "latest"), self._version(name, f"v{self._pointer(name).newest}")
        query = effect.query.encode("utf-8", "replace").decode()
        outcome = self.outcome_of(name, document_id)
        standing = standing_of(
            opened, now, outcome, query=query, principals=effect.principals, where=effect.search.where
        )
        refused = self.refused(name)
        return (
            standing
            if refused is None
            else msgspec.structs.replace(standing, refused=tuple(broken.code for broken in refused.broken))
        )

    def _supposed(self, effect: Retrieve, absent: str, titles: tuple[str, str] | None) -> Retrieved | None:
        opened, question = self._asked(effect)
        if titles is None:
            return opened.search(replace(question, view=without(opened, question.view, absent)))
        name = effect.corpus.partition("@")[0]
        now = self._version(name, f"v{self._pointer(name).newest}")
        settings, root = self._settings[name], self._root / "supposed"
        with retitled(opened, *titles, settings=settings, embedder=self._embedder, root=root) as other:
            if other is None:
                return None
            view = other.view(effect.principals, now, wanted(effect.search.where))
            return other.search(replace(question, view=view))

    def _embedded(self, name: str, opened: Version, query: str) -> NDArray[np.float32] | None:
        embedder, manifest = self._embedder, opened.manifest
        if embedder is not None and manifest.encoder == embedder.name:
            return self._query_vectors.of(embedder, query)
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

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
