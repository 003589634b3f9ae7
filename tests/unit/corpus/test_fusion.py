"""Two rankings become one: what each part of a score is, and that the parts add up."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from holdfast.corpus.fusion import FEEDBACK_CHUNKS, Fused, Meaning, above_mean, fused, fused_words, share_of_best
from holdfast.corpus.products import exact


def ranked(found: dict[int, float]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    best_first = sorted(found.items(), key=lambda one: (-one[1], one[0]))
    return np.array([row for row, _ in best_first], np.int64), np.array([score for _, score in best_first], np.float32)


def meaning(
    vectors: NDArray[np.float32], query: NDArray[np.float32], of_documents: list[float] | None = None
) -> Meaning:
    cosines = exact(vectors, query)
    documents = cosines if of_documents is None else np.array(of_documents, np.float32)
    return Meaning(query, np.arange(len(vectors)), vectors, cosines, float(cosines.mean()), documents)


def directions(*degrees: float) -> NDArray[np.float32]:
    angles = np.radians(degrees)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def by_row(result: Fused, part: NDArray[np.float32]) -> list[float]:
    return [float(part[at]) for at in np.argsort(result.rows)]


def test_words_are_a_share_of_the_best_score() -> None:
    assert share_of_best(np.array([8.0, 4.0, 0.0], np.float32)).tolist() == [1.0, 0.5, 0.0]
    assert share_of_best(np.zeros(2, np.float32)).tolist() == [0.0, 0.0]
    assert share_of_best(np.empty(0, np.float32)).tolist() == []
    assert fused_words(ranked({4: 3.0, 9: 6.0})).scores.tolist() == [1.0, 0.5]


def test_vectors_are_stretched_from_the_mean_to_the_best() -> None:
    values = np.array([0.1, 0.3, 0.5, 0.7], np.float32)
    assert above_mean(values, 0.3, 0.7).tolist() == pytest.approx([0.0, 0.0, 0.5, 1.0])
    assert above_mean(np.full(3, 0.4, np.float32), 0.4, 0.4).tolist() == [1.0, 1.0, 1.0]


def test_weight_zero_is_the_order_of_words_and_weight_one_that_of_vectors() -> None:
    seen = meaning(directions(0, 20, 60), directions(0)[0])
    words = ranked({2: 5.0, 1: 3.0})
    assert fused(words, seen, 0.0).rows.tolist() == [2, 1, 0]
    assert fused(words, seen, 1.0).rows.tolist() == fused(None, seen, 0.2).rows.tolist() == [0, 1, 2]


def test_query_moves_towards_what_both_rankings_find_first() -> None:
    seen = meaning(directions(10, 40, 30, -30, 170, 190), directions(0)[0])
    result = fused(ranked({1: 9.0}), seen, 0.5)
    assert sorted(result.feedback) == [0, 1, 2]
    assert result.cosines is not None
    assert result.moved is not None
    before, after = by_row(result, result.cosines), by_row(result, result.moved)
    assert before[2] == pytest.approx(before[3])
    assert after[2] > after[3] + 0.05
    assert FEEDBACK_CHUNKS == 3


def test_chunk_of_a_document_that_is_all_about_it_goes_before_its_equal() -> None:
    seen = meaning(directions(10, -10, 80, 85), directions(0)[0], [0.3, 0.9, 0.3, 0.9])
    result = fused(None, seen, 1.0)
    assert result.rows.tolist()[0] == 1
    parts = by_row(result, result.of_document)
    assert parts[1] > parts[0]


@given(
    st.dictionaries(st.integers(0, 11), st.floats(0.125, 30, width=32), max_size=12),
    st.integers(0, 2**32 - 1),
    st.floats(0, 1),
)
def test_parts_add_up_to_scores_in_range_and_in_order(words: dict[int, float], seed: int, weight: float) -> None:
    draw = np.random.default_rng(seed).standard_normal((13, 8)).astype(np.float32)
    draw /= np.linalg.norm(draw, axis=1, keepdims=True)
    result = fused(ranked(words), meaning(draw[:12], draw[12]), weight)
    assert sorted(result.rows.tolist()) == list(range(12))
    assert np.allclose(result.of_words + result.of_meaning + result.of_document, result.scores, atol=1e-6)
    assert all(-1e-6 <= score <= 1.00001 for score in result.scores.tolist())
    assert result.scores.tolist() == sorted(result.scores.tolist(), reverse=True)
    again = fused(ranked(words), meaning(draw[:12], draw[12]), weight)
    assert again.rows.tolist() == result.rows.tolist()
