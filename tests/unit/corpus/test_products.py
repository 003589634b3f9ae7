"""The quick first pass over vectors never changes what is found: as if all were compared in float32."""

from __future__ import annotations

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from holdfast.corpus.products import LEVELS, MULTIPLY, QUERY_LEVELS, Products, exact, rounded


def drawn(seed: int, count: int, dimensions: int, near: float = 1.0) -> NDArray[np.float32]:
    """Unit vectors; the smaller `near`, the more alike."""
    draw = np.random.default_rng(seed)
    vectors = draw.standard_normal((1, dimensions)) + near * draw.standard_normal((count, dimensions))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def over(*parts: NDArray[np.float32]) -> Products:
    return Products(parts, [rounded(part) for part in parts])


@given(st.integers(0, 2**32 - 1), st.sampled_from([1.0, 0.1, 0.01]), st.integers(1, 60), st.floats(0, 1))
@settings(deadline=None, max_examples=60)
def test_nearest_is_what_comparing_everything_gives(seed: int, near: float, depth: int, shown: float) -> None:
    vectors = drawn(seed, 400, 48, near)
    query = drawn(seed + 1, 1, 48)[0]
    visible = np.random.default_rng(seed).random(400) < shown
    products = over(vectors[:150], vectors[150:151], vectors[151:])
    rows, scores = products.nearest(products.compare(query), visible, depth)
    truth = exact(vectors, query)
    candidates = np.flatnonzero(visible)
    expected = candidates[np.argsort(-truth[candidates], kind="stable")][:depth]
    assert rows.tolist() == expected.tolist()
    assert scores.tolist() == truth[expected].tolist()


@given(st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=40)
def test_first_pass_is_off_by_no_more_than_it_says(seed: int) -> None:
    vectors, query = drawn(seed, 200, 64, 0.3), drawn(seed + 1, 1, 64)[0]
    compared = over(vectors[:90], vectors[90:]).compare(query)
    assert float(np.abs(compared.about - vectors @ query).max()) <= compared.off < 0.1


def test_first_pass_is_whole_numbers_also_at_the_extremes() -> None:
    dimensions = 384
    for sign in (1, -1):
        vectors = np.full((70, dimensions), sign / np.sqrt(dimensions), np.float32)
        compared = over(vectors).compare(np.full(dimensions, 1 / np.sqrt(dimensions), np.float32))
        assert compared.about.tolist() == pytest.approx([sign] * 70, abs=1e-5)
    assert 255 * QUERY_LEVELS * 2 < 2**15 < 255 * LEVELS * 2


def test_a_zero_vector_and_equal_vectors_keep_their_rows() -> None:
    vectors = np.concatenate([np.zeros((2, 16), np.float32), drawn(3, 1, 16), drawn(3, 1, 16)])
    products = over(vectors)
    rows, _ = products.nearest(products.compare(vectors[2]), np.ones(4, bool), 2)
    assert rows.tolist() == [2, 3]
    assert products.rows(np.array([3, 0])).tolist() == vectors[[3, 0]].tolist()


def test_a_damaged_vector_is_never_near_and_hides_no_other() -> None:
    vectors = drawn(5, 30, 16)
    vectors[3], vectors[4, 2] = np.nan, np.inf
    products = over(vectors)
    rows, _ = products.nearest(products.compare(vectors[9]), np.ones(30, bool), 3)
    assert rows.tolist()[0] == 9
    assert not {3, 4} & set(rows.tolist())


def test_the_graph_is_one_multiplication() -> None:
    model = onnx.load_from_string(MULTIPLY)
    onnx.checker.check_model(model)
    (node,) = model.graph.node
    assert (node.op_type, list(node.input), list(node.output)) == ("MatMulInteger", ["v", "q"], ["y"])
