"""Chunks whose vectors are near: documents that say the same in other words, and those that nearly do but differ.

Knows nothing of signatures. Only new chunks are compared, each with all; how many is capped, and the cap is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from holdfast.corpus.checks.alike import side_by_side
from holdfast.corpus.quality import NearPair
from holdfast.corpus.version import Version

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

NEAR, SAME = 0.82, 0.92  # cosines of title and chunk: nearly about the same; a paraphrase
NEAREST = 5  # of each chunk that are looked at
MOST_PRODUCTS = 200_000_000  # vectors compared in one report: some seconds
MOST_READ = 2000  # pairs of chunks whose sentences are compared
MOST_PAIRS = 300  # kept with the report
BLOCK = 256


class Compared(NamedTuple):
    """The pairs that were found, and what was left out, in words."""

    pairs: tuple[NearPair, ...]
    limited: str | None


class _Rows(NamedTuple):
    """Every chunk that the version has: its vector, the number of its document, a key of its text."""

    vectors: NDArray[np.float32]
    owners: NDArray[np.int64]
    texts: NDArray[np.int64]
    at: NDArray[np.int64]


def compare(
    version: Version, changed: Collection[str], known: Sequence[NearPair], alike: Collection[tuple[str, str]]
) -> Compared:
    """Pairs of documents: those of `known` that still say what they said, and those with a document of `changed`.

    `alike` are pairs that share their wording, which are no paraphrases. Without vectors only `known` can be kept.
    """
    kept = [pair for pair in known if _stands(version, pair)]
    if version.manifest.encoder is None or not changed:
        return Compared(tuple(kept), None)
    rows, ids = _rows(version)
    numbers = {document_id: number for number, document_id in enumerate(ids)}
    fresh = _of(rows, [numbers[document_id] for document_id in changed if document_id in numbers])
    room = max(1, MOST_PRODUCTS // max(1, len(rows.at)))
    limited = None
    if len(fresh) > room:
        limited = f"{room:,} of {len(fresh):,} new chunks were compared with the others"
        fresh = fresh[:: len(fresh) // room + 1]
    hits = _near(rows, fresh)
    taken = {frozenset(pair.documents) for pair in kept} | {frozenset(pair) for pair in alike}
    found = [*_paraphrases(version, rows, ids, hits, taken)]
    found += _contradictions(version, rows, ids, hits, taken)
    return Compared(tuple([*kept, *found][:MOST_PAIRS]), limited)


def _stands(version: Version, pair: NearPair) -> bool:
    entries = [version.entry(document_id) for document_id in pair.documents]
    return all(entry is not None and entry.text_hash == text for entry, text in zip(entries, pair.texts, strict=True))


def _rows(version: Version) -> tuple[_Rows, list[str]]:
    import numpy as np

    vectors, owners, texts, at = [], [], [], []
    ids: list[str] = []
    first = 0
    for ref, segment in zip(version.manifest.segments, version.segments, strict=True):
        assert segment.vectors is not None  # a version with an encoder has them in every segment
        alive = ~np.isin(segment.columns[:, 2], np.array(ref.dead, np.int64))
        vectors.append(segment.vectors[alive])
        owners.append(segment.columns[alive, 2] + len(ids))
        texts.append(segment.columns[alive, 1])
        at.append(np.flatnonzero(alive) + first)
        first += len(segment.columns)
        ids += [entry.id for entry in segment.entries]
    return _Rows(np.concatenate(vectors), np.concatenate(owners), np.concatenate(texts), np.concatenate(at)), ids


def _of(rows: _Rows, documents: Sequence[int]) -> NDArray[np.int64]:
    import numpy as np

    return np.flatnonzero(np.isin(rows.owners, np.array(documents, np.int64)))


def _near(rows: _Rows, fresh: NDArray[np.int64]) -> list[tuple[float, int, int]]:
    """(cosine, row, row) of near chunks of two documents that do not read the same, the nearest first, each once."""
    import numpy as np

    found: dict[tuple[int, int], float] = {}
    for start in range(0, len(fresh), BLOCK):
        block = fresh[start : start + BLOCK]
        cosines = rows.vectors[block] @ rows.vectors.T
        cosines[rows.owners[block][:, None] == rows.owners[None, :]] = 0
        cosines[rows.texts[block][:, None] == rows.texts[None, :]] = 0
        depth = min(NEAREST, cosines.shape[1] - 1)
        best = np.argpartition(-cosines, depth, axis=1)[:, : depth + 1]
        for at, row in enumerate(block.tolist()):
            for other in best[at].tolist():
                if (cosine := float(cosines[at, other])) >= NEAR:
                    found[min(row, other), max(row, other)] = cosine
    return sorted(((cosine, *pair) for pair, cosine in found.items()), reverse=True)


def _paraphrases(
    version: Version,
    rows: _Rows,
    ids: Sequence[str],
    hits: Iterable[tuple[float, int, int]],
    taken: set[frozenset[str]],
) -> Iterable[NearPair]:
    """Pairs in which at least half of the shorter document's chunks have their like in the other."""
    matched: dict[tuple[int, int], tuple[set[int], set[int]]] = {}
    for cosine, one, other in hits:
        if cosine >= SAME:
            first, second = int(rows.owners[one]), int(rows.owners[other])
            ones, others = matched.setdefault((first, second), (set(), set()))
            ones.add(one)
            others.add(other)
    for (first, second), (ones, others) in matched.items():
        entries = [version.entry(ids[number]) for number in (first, second)]
        shares = [
            len(each) / max(1, entry.chunks) for each, entry in zip((ones, others), entries, strict=True) if entry
        ]
        if max(shares) >= 0.5 and frozenset((ids[first], ids[second])) not in taken:
            yield _pair(
                version, "paraphrase", ids[first], ids[second], f"{max(shares):.0%} of the chunks have their like"
            )


def _contradictions(
    version: Version,
    rows: _Rows,
    ids: Sequence[str],
    hits: Sequence[tuple[float, int, int]],
    taken: set[frozenset[str]],
) -> Iterable[NearPair]:
    seen = set(taken)
    for _, one, other in hits[:MOST_READ]:
        first, second = ids[int(rows.owners[one])], ids[int(rows.owners[other])]
        documents = frozenset((first, second))
        if documents in seen:
            continue
        said = side_by_side(version.chunk(int(rows.at[one])).text, version.chunk(int(rows.at[other])).text)
        if said is not None:
            seen.add(documents)
            yield _pair(version, "contradiction", first, second, said)


def _pair(version: Version, code: str, one: str, other: str, evidence: str) -> NearPair:
    first, second = version.entry(one), version.entry(other)
    assert first is not None
    assert second is not None
    return NearPair(code=code, documents=(one, other), texts=(first.text_hash, second.text_hash), evidence=evidence)
