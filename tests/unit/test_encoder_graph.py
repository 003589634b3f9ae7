"""The graph against a forward pass in plain numpy, and the reader of weights against bytes of every kind."""

from __future__ import annotations

import contextlib
import functools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_bert
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from holdfast.corpus.encoder import open_session
from holdfast.corpus.encoder_graph import Architecture, Layout, bert_graph, read_layout, read_safetensors
from holdfast.errors import Misconfigured

WEIGHTS = tiny_bert.random_weights()
texts_as_ids = st.lists(st.integers(1, len(tiny_bert.VOCABULARY) - 1), min_size=1, max_size=24)


def architecture() -> Architecture:
    fields = {name: value for name, value in tiny_bert.CONFIG.items() if name in Architecture.__struct_fields__}
    return Architecture(**fields)  # type: ignore[arg-type]


@functools.cache
def session(pooling: str) -> Any:
    layout = Layout(architecture(), "cls" if pooling == "cls" else "mean", 64)
    return open_session(bert_graph(layout, WEIGHTS).SerializeToString())


def run(batch: list[list[int]], *, pooling: str = "mean", pad_to: int = 0, pad: int = 0) -> NDArray[np.float32]:
    width = max(pad_to, *map(len, batch))
    ids = np.array([[*row, *[pad] * (width - len(row))] for row in batch], np.int64)
    mask = np.array([[1] * len(row) + [0] * (width - len(row)) for row in batch], np.int64)
    return np.asarray(session(pooling).run(["embedding"], {"input_ids": ids, "attention_mask": mask})[0])


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_the_graph_gives_what_the_formulas_give(pooling: str) -> None:
    chance = np.random.default_rng(1)
    for length in (1, 2, 7, 40):
        ids = [int(i) for i in chance.integers(1, len(tiny_bert.VOCABULARY), length)]
        np.testing.assert_allclose(
            run([ids], pooling=pooling)[0], tiny_bert.forward(WEIGHTS, ids, pooling), atol=2e-6, err_msg=f"{length} ids"
        )


@given(st.lists(texts_as_ids, min_size=1, max_size=5), st.integers(0, 40), st.integers(0, 30))
@settings(max_examples=40, deadline=None)
def test_neither_neighbours_nor_pads_change_a_vector(batch: list[list[int]], pad_to: int, pad: int) -> None:
    together = run(batch, pad_to=pad_to, pad=pad)
    alone = np.concatenate([run([row]) for row in batch])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)


def test_a_missing_weight_is_named() -> None:
    weights = {name: value for name, value in WEIGHTS.items() if name != "encoder.layer.1.output.dense.bias"}
    with pytest.raises(Misconfigured, match=r"encoder\.layer\.1\.output\.dense\.bias") as caught:
        bert_graph(Layout(architecture(), "mean", 64), weights)
    assert caught.value.code == "HF108"


tensors = st.dictionaries(
    st.text(min_size=1, max_size=8).filter(lambda name: not name.startswith(("__metadata__", "bert."))),
    st.tuples(st.lists(st.integers(0, 4), max_size=3), st.sampled_from(["<f4", "<f2"])),
    max_size=4,
)


@given(tensors, st.integers(0, 2**32 - 1))
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_weights_are_read_as_they_were_written(
    tmp_path: Path, shapes: dict[str, tuple[list[int], str]], seed: int
) -> None:
    chance = np.random.default_rng(seed)
    written = {name: chance.normal(size=shape).astype(kind) for name, (shape, kind) in shapes.items()}
    path = tmp_path / "model.safetensors"
    path.write_bytes(tiny_bert.safetensors({**written, "position_ids": np.arange(3)}))
    read = read_safetensors(path)
    assert read.keys() == written.keys()
    for name, values in written.items():
        assert read[name].dtype == np.float32
        np.testing.assert_array_equal(read[name], values.astype(np.float32))


def test_bfloat16_is_the_upper_half_of_a_float32(tmp_path: Path) -> None:
    values = np.array([1.0, -2.5, 0.15625], np.float32)  # exact in bfloat16
    header = json.dumps({"bert.w": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}).encode()
    halves = (values.view(np.uint32) >> 16).astype("<u2").tobytes()
    (tmp_path / "w").write_bytes(len(header).to_bytes(8, "little") + header + halves)
    np.testing.assert_array_equal(read_safetensors(tmp_path / "w")["w"], values)


whole = tiny_bert.safetensors({"a": np.ones((2, 3), np.float32), "b": np.ones(4, np.float16)})


@given(st.one_of(st.binary(max_size=80), st.integers(0, len(whole) - 1).map(lambda end: whole[:end])))
@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_of_weights_is_refused_or_empty(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(data)
    with contextlib.suppress(Misconfigured):
        assert not read_safetensors(path)


@pytest.mark.parametrize("offsets", [[0, 25], [-8, 16], [24, 0], [0, 10**9]])
def test_a_tensor_that_reaches_outside_the_file_is_refused(tmp_path: Path, offsets: list[int]) -> None:
    header = json.dumps({"a": {"dtype": "F32", "shape": [6], "data_offsets": offsets}}).encode()
    (tmp_path / "w").write_bytes(len(header).to_bytes(8, "little") + header + bytes(24))
    with pytest.raises(Misconfigured, match="does not lie within the file"):
        read_safetensors(tmp_path / "w")


@pytest.mark.parametrize(
    ("file", "value", "said"),
    [
        ("config.json", {**tiny_bert.CONFIG, "model_type": "roberta"}, "roberta"),
        ("config.json", {**tiny_bert.CONFIG, "hidden_act": "gelu_new"}, "gelu_new"),
        ("config.json", {**tiny_bert.CONFIG, "position_embedding_type": "relative_key"}, "relative_key"),
        ("config.json", {**tiny_bert.CONFIG, "num_attention_heads": 5}, "5 heads"),
        ("config.json", {"model_type": "bert"}, "hidden_size"),
        ("modules.json", [{"type": "m.Transformer"}, {"type": "m.Pooling"}, {"type": "m.Dense"}], "Dense"),
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}, "max_tokens"),
        ("1_Pooling/config.json", {"pooling_mode_mean_tokens": True, "pooling_mode_cls_token": True}, "cls_token"),
        ("sentence_bert_config.json", ["not", "an", "object"], "sentence_bert_config.json"),
    ],
)
def test_a_model_whose_vectors_would_be_wrong_is_refused(tmp_path: Path, file: str, value: object, said: str) -> None:
    folder = tiny_bert.write_folder(tmp_path / "model")
    (folder / file).write_text(json.dumps(value))
    with pytest.raises(Misconfigured, match=said):
        read_layout(folder)


def test_the_cut_is_never_beyond_the_positions_that_the_model_has(tmp_path: Path) -> None:
    folder = tiny_bert.write_folder(tmp_path / "model", max_tokens=100_000, pooling="cls")
    layout = read_layout(folder)
    assert (layout.max_tokens, layout.pooling) == (tiny_bert.POSITIONS, "cls")


def test_a_missing_file_of_the_layout_is_named(tmp_path: Path) -> None:
    folder = tiny_bert.write_folder(tmp_path / "model")
    (folder / "modules.json").unlink()
    with pytest.raises(Misconfigured, match=r"no modules\.json"):
        read_layout(folder)
