"""Compares texts by meaning with the project's encoder, and remembers the vectors of texts that come again.

Does not know what is asked, nor what follows from a comparison.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

from holdfast.contracts import Embedder

if TYPE_CHECKING:
    from holdfast.contracts import Vectors

REMEMBERED = 20_000
"""Vectors kept: at 384 dimensions of four bytes about 30 MB, the sentences of some two thousand articles."""


class Meaning:
    """Vectors by a text's hash, the least recently used forgotten first. Safe from several threads."""

    def __init__(self, embedder: Embedder, *, most: int = REMEMBERED) -> None:
        self._embedder = embedder
        self._most = most
        self._vectors: OrderedDict[bytes, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._vectors)

    def similar(self, parts: Sequence[str], texts: Sequence[str]) -> list[float]:
        """For each text, its cosine to the nearest of `parts`, in -1..1; 0.0 where there are no parts.

        Blocks for as long as the encoder needs: about a millisecond for each short text that it has not seen. What is
        remembered never changes the answer. `parts` are not remembered: questions hardly come twice.
        """
        if not parts or not texts:
            return [0.0] * len(texts)
        asked = list(self._embedder.embed(parts))
        # One by one: a product of matrices may round differently with the number of rows.
        nearest = [max(float(vector @ part) for part in asked) for vector in self._of(texts)]
        return [max(-1.0, min(1.0, cosine)) for cosine in nearest]

    def _of(self, texts: Sequence[str]) -> list[Vectors]:
        keys = [hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).digest() for text in texts]
        found: dict[bytes, Vectors] = {}
        with self._lock:
            for key in keys:
                if key in self._vectors:
                    self._vectors.move_to_end(key)
                    found[key] = self._vectors[key]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in found}
        if new:
            found.update(zip(new, self._embedder.embed(list(new.values())), strict=True))
            with self._lock:
                for key in new:
                    self._vectors[key] = found[key].copy()  # a row of its own, not a view that keeps all of them
                while len(self._vectors) > self._most:
                    self._vectors.popitem(last=False)
        return [found[key] for key in keys]
