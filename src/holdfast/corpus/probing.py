"""Probes of a version before it is published: what was written is found, by its id and by what it says.

Knows nothing of how the version was made.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import islice

from msgspec import Struct

from holdfast.corpus.ledger import MAX_NAMED
from holdfast.corpus.version import Version

MOST_SEARCHED = 32
DEPTH = 100
NEAR = 1e-4  # inner products closer than this are a tie
SHORTEST_VECTOR = 0.5  # an encoder promises a length of 1; a hole in the file reads as 0


class Probed(Struct, frozen=True):
    """How many documents were found by id with all of their chunks and vectors, how many chunks were searched for and
    how many found, and the ids of a few documents that were not."""

    retrievable: int
    searched: int
    found: int
    damaged: tuple[str, ...]


def probe(version: Version, written: Collection[str]) -> Probed:
    """Look up by its id each document that was written, and search for the first chunk of an even sample of them."""
    damaged = [document_id for document_id in written if not _whole(version, document_id)]
    there = [] if damaged else sorted(written)  # a version with a hole is refused as it is, and not searched
    sample = there[:: -(-len(there) // MOST_SEARCHED) or 1]
    missed = [document_id for document_id in sample if not _is_found(version, document_id)]
    return Probed(
        retrievable=len(written) - len(damaged),
        searched=len(sample),
        found=len(sample) - len(missed),
        damaged=tuple(islice(dict.fromkeys((*damaged, *missed)), MAX_NAMED + 1)),
    )


def _whole(version: Version, document_id: str) -> bool:
    """Whether the ledger, the lexical index and the vectors have the document, chunk by chunk."""
    import numpy as np

    entry = version.entry(document_id)
    if entry is None or version.indexed(document_id) != entry.chunks:
        return False
    vectors = version.vectors_of(document_id)
    if version.manifest.encoder is None:
        return True
    if vectors is None or len(vectors) != entry.chunks:
        return False
    lengths = np.linalg.norm(vectors, axis=1)
    return bool(np.all(np.isfinite(lengths) & (lengths > SHORTEST_VECTOR)))


def _is_found(version: Version, document_id: str) -> bool:
    """Whether a search for a chunk's own text and vector, by somebody who may see it, finds it."""
    entry = version.entry(document_id)
    assert entry is not None
    row = version.rows_of(document_id)[0]
    view = version.view(entry.principals, version)
    text = version.chunk(row).index_text
    rows, _ = version.by_words(text, DEPTH, view)
    if row not in rows and not version.finds_alone(document_id, text):
        return False
    vectors = version.vectors_of(document_id)
    if vectors is None:
        return True
    rows, scores = version.by_meaning(version.compare(vectors[0]), DEPTH, view)
    crowded = len(rows) == DEPTH and float(scores[-1]) >= float(vectors[0] @ vectors[0]) - NEAR
    return row in rows or crowded
