"""A tiny random BERT in sentence-transformers' layout, and what it must give, worked out in plain numpy.

Knows nothing of the graph under test: `forward` is written from the papers' formulas, one text at a time.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

WORDS = [*"abcdefghijklmnopqrstuvwxyz", *(f"##{c}" for c in "abcdefghijklmnopqrstuvwxyz"), *"0123456789.,:;!?()-'/"]
VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
DIMENSIONS, LAYERS, HEADS, INNER, POSITIONS = 32, 2, 4, 64, 512
CONFIG = {
    "model_type": "bert",
    "hidden_size": DIMENSIONS,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": HEADS,
    "max_position_embeddings": POSITIONS,
    "hidden_act": "gelu",
    "layer_norm_eps": 1e-12,
    "vocab_size": len(VOCABULARY),
}

Weights = Mapping[str, NDArray[np.float32]]


def random_weights(seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Weights by their published names, large enough that attention, positions and biases all matter."""
    chance = np.random.default_rng(seed)

    def draw(*shape: int, scale: float = 0.2) -> NDArray[np.float32]:
        return chance.normal(0.0, scale, shape).astype(np.float32)

    weights = {
        "embeddings.word_embeddings.weight": draw(len(VOCABULARY), DIMENSIONS),
        "embeddings.position_embeddings.weight": draw(POSITIONS, DIMENSIONS),
        "embeddings.token_type_embeddings.weight": draw(2, DIMENSIONS),
    }
    norms = ["embeddings.LayerNorm"]
    for layer in (f"encoder.layer.{i}" for i in range(LAYERS)):
        shapes = {f"attention.self.{part}": (DIMENSIONS, DIMENSIONS) for part in ("query", "key", "value")}
        shapes |= {"attention.output.dense": (DIMENSIONS, DIMENSIONS)}
        shapes |= {"intermediate.dense": (INNER, DIMENSIONS), "output.dense": (DIMENSIONS, INNER)}
        for part, shape in shapes.items():
            weights[f"{layer}.{part}.weight"] = draw(*shape)
            weights[f"{layer}.{part}.bias"] = draw(shape[0])
        norms += [f"{layer}.attention.output.LayerNorm", f"{layer}.output.LayerNorm"]
    for norm in norms:
        weights[f"{norm}.weight"] = 1.0 + draw(DIMENSIONS)
        weights[f"{norm}.bias"] = draw(DIMENSIONS)
    return weights


def forward(weights: Weights, ids: Sequence[int], pooling: str = "mean") -> NDArray[np.float64]:
    """One text's vector by the formulas of BERT, in float64 and with a loop over the heads."""
    w = {name: value.astype(np.float64) for name, value in weights.items()}

    def linear(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        return np.asarray(x @ w[f"{name}.weight"].T + w[f"{name}.bias"])

    def norm(x: NDArray[np.float64], name: str) -> NDArray[np.float64]:
        centred = x - x.mean(axis=1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + 1e-12)
        return np.asarray(scaled * w[f"{name}.weight"] + w[f"{name}.bias"])

    gelu = np.vectorize(lambda u: 0.5 * u * (1.0 + math.erf(u / math.sqrt(2.0))))
    x = w["embeddings.word_embeddings.weight"][list(ids)] + w["embeddings.position_embeddings.weight"][: len(ids)]
    x = norm(x + w["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    size = DIMENSIONS // HEADS
    for layer in (f"encoder.layer.{i}" for i in range(LAYERS)):
        query, key, value = (linear(x, f"{layer}.attention.self.{part}") for part in ("query", "key", "value"))
        heads = []
        for head in (slice(i * size, (i + 1) * size) for i in range(HEADS)):
            raised = np.exp(query[:, head] @ key[:, head].T / math.sqrt(size))
            heads.append(raised / raised.sum(axis=1, keepdims=True) @ value[:, head])
        attended = linear(np.concatenate(heads, axis=1), f"{layer}.attention.output.dense")
        x = norm(attended + x, f"{layer}.attention.output.LayerNorm")
        inner = gelu(linear(x, f"{layer}.intermediate.dense"))
        x = norm(linear(inner, f"{layer}.output.dense") + x, f"{layer}.output.LayerNorm")
    vector = x[0] if pooling == "cls" else x.mean(axis=0)
    return np.asarray(vector / np.linalg.norm(vector))


def safetensors(tensors: Mapping[str, NDArray[Any]]) -> bytes:
    """The file format: length of the header, the header as JSON, the buffers."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    body = b""
    for name, values in tensors.items():
        kind = {"f4": "F32", "f2": "F16", "i8": "I64"}[values.dtype.str[1:]]
        data = values.tobytes()
        header[name] = {"dtype": kind, "shape": values.shape, "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    text = json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + body


def write_folder(folder: Path, *, seed: int = 0, pooling: str = "mean", max_tokens: int = 64) -> Path:
    """A whole model folder; its tokenizer pads and cuts to 128, as the published one does."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    (folder / "1_Pooling").mkdir(parents=True)
    modules = [{"idx": i, "type": f"sentence_transformers.models.{kind}"} for i, kind in enumerate(MODULES)]
    pools = {"pooling_mode_cls_token": pooling == "cls", "pooling_mode_mean_tokens": pooling == "mean"}
    for name, value in {
        "config.json": CONFIG,
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": max_tokens},
        "1_Pooling/config.json": {"word_embedding_dimension": DIMENSIONS, **pools},
    }.items():
        (folder / name).write_text(json.dumps(value))
    (folder / "model.safetensors").write_bytes(safetensors(random_weights(seed)))
    tokenizer = Tokenizer(models.WordPiece({word: i for i, word in enumerate(VOCABULARY)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer()
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    tokenizer.enable_padding(length=128)
    tokenizer.enable_truncation(128)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


MODULES = ("Transformer", "Pooling", "Normalize")
