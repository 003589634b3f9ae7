"""A version as it would be with one thing different, to search it once: nothing of it is published or kept.

Knows nothing of what is asked, or of why.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from holdfast.contracts import Embedder
from holdfast.corpus.access import View
from holdfast.corpus.build import Build, Plan
from holdfast.corpus.prepare import Prepared, chunk_limit, chunks_of
from holdfast.corpus.settings import CorpusSettings
from holdfast.corpus.storage import CorpusFolder, disk_errors
from holdfast.corpus.version import Version

LEFT_OVER_S = 3600.0
"""A copy that is older was left by a process that was killed: none takes so long."""


def without(opened: Version, view: View, document_id: str) -> View:
    """The view of somebody for whom there is no such document."""
    rows = view.rows.copy()
    rows[opened.rows_if_any(document_id)] = False
    hidden = view.visible.hidden | {document_id}
    return replace(view, visible=msgspec.structs.replace(view.visible, hidden=hidden), rows=rows)


@contextmanager
def retitled(
    opened: Version, document_id: str, title: str, *, settings: CorpusSettings, embedder: Embedder | None, root: Path
) -> Iterator[Version | None]:
    """The version with another title for one document, chunked, embedded and indexed as a sync would; gone afterwards.

    Costs links to the version's files below `root`, which must be on their disk, and one document. None where the
    version does not have the document, or its encoder is not at hand. Raises StoreFailed (HF601, HF603).
    """
    manifest, entry, document = opened.manifest, opened.entry(document_id), opened.document(document_id)
    known = None if embedder is None else embedder.name
    if entry is None or document is None or manifest.encoder not in (None, known):
        yield None
        return
    own = embedder if manifest.encoder is not None else None
    document = msgspec.structs.replace(document, title=title)
    chunks = chunks_of(document, chunk_limit(settings, own), None if own is None else own.count_tokens)
    vectors = None if own is None else own.embed([chunk.index_text for chunk in chunks])
    plan = Plan(
        number=manifest.number + 1,
        recipe=manifest.recipe,
        language=manifest.language,
        encoder=manifest.encoder,
        dimensions=manifest.dimensions,
    )
    with disk_errors(root):
        root.mkdir(parents=True, exist_ok=True)
        for left in root.glob("once-*"):
            with suppress(FileNotFoundError):  # another's, just finished
                if time.time() - left.stat().st_mtime > LEFT_OVER_S:
                    shutil.rmtree(left, ignore_errors=True)
        folder = TemporaryDirectory(dir=root, prefix="once-")
    with folder as path:
        build = Build(CorpusFolder(Path(path), settings.name), plan, opened)
        entry = msgspec.structs.replace(entry, title=title, chunks=len(chunks))
        build.put(Prepared(entry, document, chunks), vectors)
        try:
            yield build.finish()
        finally:
            build.abandon()
