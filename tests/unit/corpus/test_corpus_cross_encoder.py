"""A cross-encoder from a folder gives each text its own score; a folder that is none says why."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper, save_model

from holdfast.corpus.cross_encoder import load_cross_encoder
from holdfast.corpus.rerank import Rerankers
from holdfast.errors import EffectFailed, Misconfigured
from holdfast.records import Rerank, Reranked

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "router", "reset", "tea", "the")


def make(folder: Path, outputs: int = 1) -> Path:
    """A model that counts the word `router` in what it reads; with two outputs, the first is half of the second."""
    folder.mkdir(parents=True)
    nodes = [
        helper.make_node("Equal", ["input_ids", "wanted"], ["hit"]),
        helper.make_node("Cast", ["hit"], ["counted"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["counted", "axes"], ["sum"], keepdims=1),
        helper.make_node("MatMul", ["sum", "spread"], ["logits"]),
    ]
    constants = [
        numpy_helper.from_array(np.array([WORDS.index("router")], np.int64), "wanted"),
        numpy_helper.from_array(np.array([1], np.int64), "axes"),
        numpy_helper.from_array(np.array([[1.0] if outputs == 1 else [0.5, 1.0]], np.float32), "spread"),
    ]
    given = [helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "length"])]
    gives = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", outputs])]
    graph = helper.make_graph(nodes, "counting", given, gives, constants)
    save_model(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "model.onnx"
    )
    words = {word: at for at, word in enumerate(WORDS)}
    special = [{"SpecialToken": {"id": name, "type_id": 0}} for name in ("[CLS]", "[SEP]")]
    pair = [special[0], {"Sequence": {"id": "A", "type_id": 0}}, special[1], {"Sequence": {"id": "B", "type_id": 1}}]
    tokens = {name: {"id": name, "ids": [words[name]], "tokens": [name]} for name in ("[CLS]", "[SEP]")}
    (folder / "tokenizer.json").write_text(
        json.dumps(
            {
                "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
                "pre_tokenizer": {"type": "Whitespace"},
                "post_processor": {"type": "TemplateProcessing", "single": pair[:3], "pair": pair,
                                   "special_tokens": tokens},
                "decoder": None, "model": {"type": "WordLevel", "vocab": words, "unk_token": "[UNK]"},
            }
        )
    )  # fmt: skip
    return folder


TEXTS = ("tea", "router router", "the router " + "tea " * 900, *["the"] * 20, "router router router")


@pytest.mark.parametrize("outputs", [1, 2])
async def test_each_text_gets_the_score_of_the_model_whatever_its_length(tmp_path: Path, outputs: int) -> None:
    encoder = load_cross_encoder(make(tmp_path / "m", outputs))
    scores = await encoder.rerank("reset", TEXTS)
    counted = [text.count("router") for text in TEXTS]
    assert scores == [pytest.approx(count if outputs == 1 else count / 2) for count in counted]


async def test_a_query_longer_than_the_model_reads_is_cut_and_leaves_room_for_the_text(tmp_path: Path) -> None:
    encoder = load_cross_encoder(make(tmp_path / "m"))
    assert await encoder.rerank("tea " * 2000, ["router", "tea " * 2000 + "router"]) == [1.0, 0.0]


def rewired(folder: Path, *nodes: onnx.NodeProto) -> Path:
    """The model with other steps behind the count, which they are given as `sum`."""
    model = onnx.load(folder / "model.onnx")
    model.graph.node[-1].output[0] = "counted_routers"
    model.graph.node.extend(nodes)
    save_model(model, folder / "model.onnx")
    return folder


@pytest.mark.parametrize(
    ("nodes", "said"),
    [
        ([helper.make_node("Div", ["sum", "sum"], ["logits"])], "no number"),
        ([helper.make_node("Concat", ["sum", "sum", "sum"], ["logits"], axis=1)], r"shape \(2, 3\)"),
        ([helper.make_node("Gather", ["spread", "input_ids"], ["logits"])], "out of data bounds"),
    ],
)
async def test_a_model_that_gives_no_score_for_each_text_fails_as_an_effect(
    tmp_path: Path, nodes: list[onnx.NodeProto], said: str
) -> None:
    rewired(make(tmp_path / "m"), *nodes)
    with pytest.raises(EffectFailed, match=said) as failed:
        await Rerankers(None, tmp_path).rerank(Rerank(reranker="onnx:m", query="q", texts=TEXTS[:2], slot="kb"), 5000)
    assert failed.value.code == "HF308"


async def test_a_project_names_the_folder_and_it_is_loaded_once(tmp_path: Path) -> None:
    make(tmp_path / "models" / "m")
    rerankers = Rerankers(None, tmp_path)
    effect = Rerank(reranker="onnx:models/m", query="reset", texts=TEXTS[:2], slot="kb")
    assert rerankers.has(effect.reranker)
    assert (await rerankers.rerank(effect, 5000)).result == Reranked(scores=(0.0, 2.0))
    (tmp_path / "models" / "m" / "model.onnx").unlink()
    assert (await rerankers.rerank(effect, 5000)).result == Reranked(scores=(0.0, 2.0))


async def test_scores_that_take_too_long_fail_with_what_to_change(tmp_path: Path) -> None:
    make(tmp_path / "m")
    with pytest.raises(EffectFailed, match=r"within 1 ms") as failed:
        await Rerankers(None, tmp_path).rerank(Rerank(reranker="onnx:m", query="q", texts=TEXTS * 40, slot="kb"), 1)
    assert "slots.kb.rerank_ms" in failed.value.fix


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model.onnx", None, "no model.onnx"),
        ("tokenizer.json", None, "no model.onnx"),
        ("model.onnx", b"not a graph", "cannot be run"),
        ("tokenizer.json", b"{", "cannot be read"),
        ("tokenizer.json", b"{}", "cannot be read"),
    ],
)
def test_a_folder_that_holds_no_cross_encoder_says_why(
    tmp_path: Path, name: str, content: bytes | None, said: str
) -> None:
    folder = make(tmp_path / "m")
    (folder / name).unlink()
    if content is not None:
        (folder / name).write_bytes(content)
    with pytest.raises(Misconfigured, match=said):
        load_cross_encoder(folder)
