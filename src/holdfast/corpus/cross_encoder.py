"""A cross-encoder from a folder: one score for a query and a text read together, by onnxruntime.

Knows nothing of where the folder came from. It holds `tokenizer.json` and `model.onnx` (or `onnx/model.onnx`), as
sentence-transformers and Optimum export a model for reranking.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from holdfast.corpus.encoder import open_session
from holdfast.errors import EffectFailed, Misconfigured

BATCH = 8
MAX_TOKENS = 512  # what such models were trained to read at most; of query and text the longer one is cut
PLACES = ("model.onnx", "onnx/model.onnx")


class _Tokenizer(Struct):
    """What every tokenizer.json has."""

    model: dict[str, Any]


class CrossEncoder:
    """Scores are the model's own: with one output its logit, with two the second's lead over the first.

    Raises EffectFailed (HF308) where the model fails, or gives anything but one or two numbers for a text.
    """

    def __init__(self, session: Any, tokenizer: Any) -> None:
        self._session = session
        self._tokenizer = tokenizer
        self._inputs = [given.name for given in session.get_inputs()]

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        return await asyncio.to_thread(self._scores, query, texts)

    def _scores(self, query: str, texts: Sequence[str]) -> list[float]:
        import numpy as np

        scores = [0.0] * len(texts)
        by_length = sorted(range(len(texts)), key=lambda at: len(texts[at]))  # so that little is padding
        for start in range(0, len(by_length), BATCH):
            places = by_length[start : start + BATCH]
            read = self._tokenizer.encode_batch([(query, texts[at]) for at in places])
            every = {
                "input_ids": np.array([one.ids for one in read], np.int64),
                "attention_mask": np.array([one.attention_mask for one in read], np.int64),
                "token_type_ids": np.array([one.type_ids for one in read], np.int64),
            }
            logits = self._read({name: every[name] for name in self._inputs})
            if logits.size not in (len(places), 2 * len(places)):
                raise _failed(f"it gave numbers of shape {logits.shape} for {len(places)} texts")
            logits = logits.reshape(len(places), -1)
            found = logits[:, 0] if logits.shape[1] == 1 else logits[:, 1] - logits[:, 0]
            for at, score in zip(places, found.tolist(), strict=True):
                scores[at] = float(score)
        return scores

    def _read(self, given: dict[str, Any]) -> Any:
        from onnxruntime.capi import onnxruntime_pybind11_state as faults

        try:
            return self._session.run(None, given)[0]
        except (faults.Fail, faults.InvalidArgument, faults.RuntimeException, faults.NotImplemented) as error:
            raise _failed(str(error)) from error


def load_cross_encoder(folder: Path) -> CrossEncoder:
    """The model in a folder. Raises Misconfigured (HF108) when there is none, or it takes what no such model takes."""
    from onnxruntime.capi import onnxruntime_pybind11_state as faults
    from tokenizers import Tokenizer

    graph = next((folder / place for place in PLACES if (folder / place).is_file()), None)
    if graph is None or not (folder / "tokenizer.json").is_file():
        raise _unusable(folder, "it has no model.onnx with a tokenizer.json beside it")
    try:
        session = open_session(graph)
        words = (folder / "tokenizer.json").read_bytes()
        msgspec.json.decode(words, type=_Tokenizer)
    except (
        *(faults.InvalidProtobuf, faults.InvalidGraph, faults.InvalidArgument),
        *(faults.Fail, faults.NotImplemented),
    ) as error:
        raise _unusable(folder, f"its graph cannot be run: {error}") from error
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _unusable(folder, f"its tokenizer.json cannot be read: {error}") from error
    tokenizer = Tokenizer.from_str(words.decode())
    unknown = {given.name for given in session.get_inputs()} - {"input_ids", "attention_mask", "token_type_ids"}
    if unknown:
        raise _unusable(folder, f"it asks for {', '.join(sorted(unknown))}")
    tokenizer.enable_truncation(MAX_TOKENS, strategy="longest_first")
    tokenizer.enable_padding()
    return CrossEncoder(session, tokenizer)


_FIX = "export one with `optimum-cli export onnx --model NAME --task text-classification FOLDER`"


def _failed(why: str) -> EffectFailed:
    return EffectFailed("HF308", f"the cross-encoder cannot read this: {why}", _FIX)


def _unusable(folder: Path, why: str) -> Misconfigured:
    return Misconfigured("HF108", f"{folder} is no cross-encoder: {why}", _FIX)
