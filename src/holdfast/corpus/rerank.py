"""A reranker without a model of its own: a text is as good as its best sentence.

Knows nothing of corpora. With an encoder a sentence is compared with the query by their vectors, else by words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from holdfast.contracts import Embedder
from holdfast.support import split_sentences, support


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
