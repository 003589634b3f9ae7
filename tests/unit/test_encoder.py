"""The encoder at work, on a tiny random BERT: what a vector depends on, what the self-test catches."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pytest
import tiny_bert
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.corpus import encoder as kept
from holdfast.corpus.encoder import Encoder, load_encoder
from holdfast.corpus.encoder_build import pull
from holdfast.corpus.encoder_graph import bert_graph, read_layout, read_safetensors
from holdfast.errors import Misconfigured

if TYPE_CHECKING:
    import onnx
    from tokenizers import Tokenizer

    from holdfast.contracts import Embedder


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_bert.write_folder(tmp_path_factory.mktemp("tiny") / "tiny-bert")


@pytest.fixture(scope="module")
def cache(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    cache_dir = tmp_path_factory.mktemp("cache")
    pull(cache_dir, progress=lambda _: None, source=model)
    return cache_dir


@pytest.fixture(scope="module")
def encoder(cache: Path) -> Encoder:
    return load_encoder(cache, name="tiny-bert", threads=1)


def parity_of(cache: Path) -> kept.Parity:
    (manifest,) = kept.installed(cache)
    return kept.reference(cache / manifest.encoder_id, manifest.weights_sha256)


def graph_of(model: Path, pooling: str = "mean") -> onnx.ModelProto:
    layout = msgspec.structs.replace(read_layout(model), pooling=pooling)
    return bert_graph(layout, read_safetensors(model / "model.safetensors"))


def encoder_of(graph: onnx.ModelProto, tokenizer: Tokenizer) -> Encoder:
    return Encoder("changed", tokenizer, kept.open_session(graph.SerializeToString(), 1), max_tokens=64)


# ---------------------------------------------------------------- what a vector is


def test_an_encoder_is_an_embedder(encoder: Encoder) -> None:
    embedder: Embedder = encoder
    assert (embedder.dimensions, embedder.max_tokens) == (tiny_bert.DIMENSIONS, 64)
    assert embedder.name.startswith("tiny-bert-")
    assert embedder.embed([]).shape == (0, tiny_bert.DIMENSIONS)
    vectors = embedder.embed(["refund", "", "a longer question, with words?"])
    assert vectors.shape == (3, tiny_bert.DIMENSIONS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


@given(st.lists(st.text(max_size=60), min_size=1, max_size=6), st.randoms())
@settings(max_examples=30, deadline=None)
def test_the_bits_of_a_vector_depend_on_its_text_alone(encoder: Encoder, texts: list[str], chance: Random) -> None:
    order = list(range(len(texts)))
    chance.shuffle(order)
    together = encoder.embed(texts)
    np.testing.assert_array_equal(encoder.embed([texts[i] for i in order]), together[order])
    np.testing.assert_array_equal(together[0], encoder.embed(texts[:1])[0])


def test_more_texts_than_one_slab_keep_their_order(encoder: Encoder) -> None:
    texts = [f"text {i} {'word ' * (i % 7)}" for i in range(150)]
    vectors = encoder.embed(texts)
    for i in (0, 63, 64, 127, 128, 149):
        np.testing.assert_array_equal(vectors[i], encoder.embed([texts[i]])[0])
    assert encoder.count_tokens(texts)[149] == encoder.count_tokens([texts[149]])[0]


def test_threads_may_share_an_encoder(encoder: Encoder) -> None:
    texts = [f"question {i} about {'refunds ' * (i % 5)}" for i in range(40)]
    expected = encoder.embed(texts)
    with ThreadPoolExecutor(4) as pool:
        for vectors in pool.map(encoder.embed, [texts] * 8):
            np.testing.assert_array_equal(vectors, expected)


def test_a_text_is_cut_after_max_tokens_and_still_ends_like_a_text(encoder: Encoder) -> None:
    long = "a " * 62  # with CLS and SEP: exactly 64 tokens
    assert encoder.count_tokens([long, long + "b", ""]) == [64, 65, 2]
    np.testing.assert_array_equal(*encoder.embed([long, long + "b c d e f"]))
    assert not np.array_equal(*encoder.embed([long, "a " * 61 + "b"]))


def test_a_lone_surrogate_is_a_question_mark_rather_than_an_error(encoder: Encoder) -> None:
    np.testing.assert_array_equal(*encoder.embed(["what \ud83d now", "what ? now"]))


# ---------------------------------------------------------------- what the self-test catches


def test_the_unchanged_float32_graph_passes_the_self_test(model: Path, cache: Path) -> None:
    tokenizer = kept.open_tokenizer(model / "tokenizer.json")
    mean, least = encoder_of(graph_of(model), tokenizer).prove(parity_of(cache))
    assert min(mean, least) > 0.999  # the reference is kept in float16


def test_pads_that_are_attended_to_fail_the_self_test(model: Path, cache: Path) -> None:
    tokenizer = kept.open_tokenizer(model / "tokenizer.json")
    tokenizer.enable_padding(length=128)  # as the file of the published model asks for
    encoder = Encoder("pads", tokenizer, kept.open_session(graph_of(model).SerializeToString(), 1), max_tokens=128)
    with pytest.raises(Misconfigured, match="self-test") as caught:
        encoder.prove(parity_of(cache))
    assert caught.value.code == "HF108"
    assert "holdfast models pull --force" in caught.value.fix


def test_another_pooling_fails_the_self_test(model: Path, cache: Path) -> None:
    tokenizer = kept.open_tokenizer(model / "tokenizer.json")
    with pytest.raises(Misconfigured, match="self-test"):
        encoder_of(graph_of(model, "cls"), tokenizer).prove(parity_of(cache))


def test_vectors_that_are_not_normalised_fail_the_self_test(model: Path, cache: Path) -> None:
    graph = graph_of(model)
    (last,) = (node for node in graph.graph.node if node.op_type == "LpNormalization")
    last.op_type = "Identity"
    del last.attribute[:]
    with pytest.raises(Misconfigured, match="length is not 1"):
        encoder_of(graph, kept.open_tokenizer(model / "tokenizer.json")).prove(parity_of(cache))


@pytest.mark.parametrize("change", ["another vocabulary", "no lower case"])
def test_another_tokenizer_fails_the_self_test(model: Path, cache: Path, change: str) -> None:
    from tokenizers import models, normalizers

    tokenizer = kept.open_tokenizer(model / "tokenizer.json")
    if change == "another vocabulary":
        words = [*tiny_bert.VOCABULARY[:4], *sorted(tiny_bert.WORDS)]
        tokenizer.model = models.WordPiece({word: i for i, word in enumerate(words)}, unk_token="[UNK]")
    else:
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=False)
    with pytest.raises(Misconfigured, match="self-test"):
        encoder_of(graph_of(model), tokenizer).prove(parity_of(cache))


def test_another_width_fails_the_self_test(encoder: Encoder) -> None:
    with pytest.raises(Misconfigured, match="32 dimensions where 384"):
        encoder.prove(kept.shipped_parity())


# ---------------------------------------------------------------- what loading finds


def test_an_absent_encoder_says_what_to_type(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match="no encoder 'all-MiniLM-L6-v2'") as caught:
        load_encoder(tmp_path / "nothing")
    assert (caught.value.code, caught.value.fix) == ("HF108", "run `holdfast models pull`")


def test_a_misspelt_name_gets_the_nearest(cache: Path) -> None:
    with pytest.raises(Misconfigured, match="did you mean 'tiny-bert'"):
        load_encoder(cache, name="tiny-brt")


@pytest.mark.parametrize("file", ["encoder.onnx", "tokenizer.json"])
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_a_damaged_file_is_found_before_it_is_read(model: Path, tmp_path: Path, file: str, damage: str) -> None:
    report = pull(tmp_path, progress=lambda _: None, source=model)
    path = report.folder / file
    data = bytearray(path.read_bytes())
    if damage == "flip":
        data[len(data) // 2] ^= 1
    path.write_bytes(data[: len(data) // 2] if damage == "cut" else data)
    if damage == "remove":
        path.unlink()
    with pytest.raises(Misconfigured, match="not the file that was kept") as caught:
        load_encoder(tmp_path, name="tiny-bert")
    assert "--force" in caught.value.fix


def test_an_encoder_without_its_reference_is_not_used(model: Path, tmp_path: Path) -> None:
    (pull(tmp_path, progress=lambda _: None, source=model).folder / "parity.json").unlink()
    with pytest.raises(Misconfigured, match="no reference"):
        load_encoder(tmp_path, name="tiny-bert")


def test_an_encoder_of_another_recipe_is_not_used(model: Path, tmp_path: Path) -> None:
    folder = pull(tmp_path, progress=lambda _: None, source=model).folder
    manifest = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=kept.Manifest)
    older = msgspec.structs.replace(manifest, recipe=kept.RECIPE - 1)
    (folder / "manifest.json").write_bytes(msgspec.json.encode(older))
    assert kept.installed(tmp_path) == ()


def test_the_cache_is_chosen_when_it_is_asked_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOLDFAST_CACHE", str(tmp_path))
    assert kept.default_cache_dir() == tmp_path
    monkeypatch.delenv("HOLDFAST_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert kept.default_cache_dir() == tmp_path / ".cache" / "holdfast" / "models"


def test_importing_the_encoder_loads_no_heavy_package() -> None:
    code = "import sys, holdfast.corpus.encoder, holdfast.corpus.encoder_build as b; print(sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=os.environ)
    for heavy in ("'numpy'", "'onnx'", "'onnxruntime'", "'tokenizers'"):
        assert heavy not in done.stdout


# ---------------------------------------------------------------- the real one


def test_the_real_encoder_passes_its_self_test_and_ranks_by_meaning(encoder_cache: Path) -> None:
    encoder = load_encoder(encoder_cache)
    assert (encoder.dimensions, encoder.max_tokens) == (384, 256)
    passages = [
        "To reset your password, open Settings and choose Security.",
        "Refunds are paid back to the card within five working days.",
        "Our office is closed on public holidays.",
    ]
    questions = [
        "I forgot my login, how can I get back in?",
        "when do I get my money back",
        "are you open at Christmas",
    ]
    scores = encoder.embed(questions) @ encoder.embed(passages).T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2]


def test_the_real_encoder_cuts_after_256_tokens(encoder_cache: Path) -> None:
    encoder = load_encoder(encoder_cache, threads=1)
    assert encoder.count_tokens(["word " * 300, "word"]) == [302, 3]
    np.testing.assert_array_equal(*encoder.embed(["word " * 254, "word " * 254 + "zebra"]))
