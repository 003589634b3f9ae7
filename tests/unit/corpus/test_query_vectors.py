"""A question that comes again is not embedded again, and nothing is kept beyond the bound."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from corpora import ListSource, find, open_room, raw
from embedders import HashingEmbedder
from holdfast.corpus.query_vectors import QueryVectors


def test_the_same_query_is_embedded_once_for_each_encoder() -> None:
    kept, first, second = QueryVectors(), HashingEmbedder("a"), HashingEmbedder("b")
    vector = kept.of(first, "reset the router")
    assert kept.of(first, "reset the router") is vector
    assert vector.tolist() == first.embed(["reset the router"])[0].tolist()
    kept.of(second, "reset the router")
    assert (first.embedded, second.embedded, len(kept)) == (2, 1, 2)


def test_what_was_asked_longest_ago_goes_first() -> None:
    kept, embedder = QueryVectors(most=2), HashingEmbedder()
    for query in ("a", "b", "a", "c"):
        kept.of(embedder, query)
    assert (len(kept), embedder.embedded) == (2, 3)
    kept.of(embedder, "a")
    assert embedder.embedded == 3
    kept.of(embedder, "b")
    assert embedder.embedded == 4


def test_a_kept_vector_cannot_be_written_to() -> None:
    vector = QueryVectors().of(HashingEmbedder(), "a")
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 1.0


def test_threads_that_ask_at_once_get_the_same_vector() -> None:
    kept, embedder = QueryVectors(most=8), HashingEmbedder()
    queries = [f"question {number % 16}" for number in range(400)]
    with ThreadPoolExecutor(8) as threads:
        vectors = list(threads.map(lambda query: kept.of(embedder, query), queries))
    assert all(
        np.array_equal(vector, embedder.embed([query])[0]) for query, vector in zip(queries, vectors, strict=True)
    )
    assert len(kept) == 8


async def test_a_search_that_is_asked_again_embeds_nothing(tmp_path: Path) -> None:
    embedder = HashingEmbedder()
    room = open_room(tmp_path, embedder)
    await room.sync("kb", source=ListSource([raw("a"), raw("b")]))
    first = await find(room, "who explains this page")
    embedded = embedder.embedded
    assert await find(room, "who explains this page") == first
    assert embedder.embedded == embedded
