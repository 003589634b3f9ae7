"""Rerankers that need no vendor: a text is as good as its best sentence, or as a cross-encoder in a folder says.

Knows nothing of corpora, nor of how scores are blended.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Sequence
from pathlib import Path

from holdfast.contracts import Embedder, Reranker
from holdfast.corpus.cross_encoder import CrossEncoder, load_cross_encoder
from holdfast.errors import EffectFailed
from holdfast.records import Done, Rerank, Reranked
from holdfast.support import split_sentences, support

SENTENCES, ONNX = "sentences", "onnx:"


class SentenceReranker:
    """Scores in -1..1 with an encoder, in 0..1 without. The same texts get the same scores."""

    def __init__(self, embedder: Embedder | None) -> None:
        self._embedder = embedder

    async def rerank(self, query: str, texts: Sequence[str]) -> list[float]:
        return await asyncio.to_thread(self._scores, query, texts)

    def _scores(self, query: str, texts: Sequence[str]) -> list[float]:
        if self._embedder is None:
            return [support(query, [text]).score for text in texts]
        sentences = [[span.text for span in split_sentences(text)] or [""] for text in texts]
        vectors = self._embedder.embed([query, *(sentence for group in sentences for sentence in group)])
        scores: list[float] = []
        at = 1
        for group in sentences:
            scores.append(float((vectors[at : at + len(group)] @ vectors[0]).max()))
            at += len(group)
        return scores


class Rerankers:
    """The rerankers of this machine by name: `sentences`, and `onnx:FOLDER` with a folder below `base`, loaded once."""

    def __init__(self, embedder: Embedder | None, base: Path) -> None:
        self._base = base
        self._sentences = SentenceReranker(embedder)
        self._loaded: dict[str, CrossEncoder] = {}
        self._guard = threading.Lock()

    def has(self, name: str) -> bool:
        return name == SENTENCES or name.startswith(ONNX)

    async def rerank(self, effect: Rerank, limit_ms: int) -> Done:
        """The scores of a reranker that is here.

        Raises EffectFailed (HF302) when they take longer, (HF308) when the model fails or gives what is no number,
        Misconfigured (HF108) without a cross-encoder in its folder.
        """
        try:
            async with asyncio.timeout(limit_ms / 1000):
                reranker: Reranker = self._sentences
                if effect.reranker != SENTENCES:
                    reranker = await asyncio.to_thread(self._cross_encoder, effect.reranker.removeprefix(ONNX))
                scores = tuple(await reranker.rerank(effect.query, effect.texts))
        except TimeoutError:
            message = f"'{effect.reranker}' gave no scores within {limit_ms} ms"
            where = f"slots.{effect.slot}." if effect.slot else ""
            raise EffectFailed("HF302", message, f"raise {where}rerank_ms, or lower {where}rerank_k") from None
        if not all(map(math.isfinite, scores)):
            message = f"'{effect.reranker}' gave a score that is no number"
            raise EffectFailed("HF308", message, "export the model anew, with weights of 32 bits")
        return Done(Reranked(scores=scores))

    def _cross_encoder(self, folder: str) -> CrossEncoder:
        with self._guard:
            if folder not in self._loaded:
                self._loaded[folder] = load_cross_encoder(self._base / folder)
            return self._loaded[folder]
