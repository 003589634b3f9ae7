"""Vectors of texts that were embedded before, on disk, for every corpus and every sync.

Knows nothing of documents: a key is the hash of a text, a cache belongs to one encoder.

Losing the cache costs time, never an answer. A file is written whole and renamed, so a sync that is killed keeps
what it had embedded, up to the last FLUSH_AT texts.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.contracts import Embedder
from holdfast.corpus.storage import disk_errors, write_durably
from holdfast.identity import new_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

FLUSH_AT = 1024
MAX_CACHED = 200_000
MAX_FILES = 12
EMBED_BATCH = 64


def to_merge(sizes: Sequence[int], most: int = MAX_FILES) -> list[int]:
    """Which of these, by index, to write as one, so that each one left is about twice the next smaller or more.

    The smallest are taken first, so over many small additions a byte is rewritten a logarithmic number of times
    (the logarithmic method of Bentley and Saxe, 1980).
    """
    order = sorted(range(len(sizes)), key=lambda index: sizes[index])
    if len(sizes) > most:
        return order
    taken, total = order[:1], sum(sizes[index] for index in order[:1])
    for index in order[1:]:
        if sizes[index] >= 2 * total:
            break
        taken.append(index)
        total += sizes[index]
    return taken if len(taken) > 1 else []


class VectorCache:
    """The vectors of one encoder under `root`. Not for several threads at once; several processes may share it."""

    def __init__(self, root: Path, embedder: Embedder) -> None:
        self._folder = root / re.sub(r"[^\w.-]+", "-", embedder.name)
        self._embedder = embedder
        self._files: list[tuple[NDArray[np.uint64], NDArray[np.float32]]] | None = None
        self._pending: dict[int, NDArray[np.float32]] = {}

    def embed(
        self, texts: Sequence[str], *, fresh: bool = False, stopped: Callable[[], bool] = lambda: False
    ) -> tuple[NDArray[np.float32], int]:
        """Vectors of the texts in their order, and how many of them had to be embedded.

        With `fresh` nothing is taken from the cache. Returns early, with zeros, once `stopped` says so.
        """
        import numpy as np

        vectors = np.zeros((len(texts), self._embedder.dimensions), np.float32)
        places: dict[int, list[int]] = {}
        for index, text in enumerate(texts):
            places.setdefault(_key(text), []).append(index)
        missing = []
        for key, indexes in places.items():
            known = self._pending.get(key)
            if known is None and not fresh:
                known = self._find(key)
            if known is None:
                missing.append(key)
            else:
                vectors[indexes] = known
        for start in range(0, len(missing), EMBED_BATCH):
            if stopped():
                self.flush()
                break
            keys = missing[start : start + EMBED_BATCH]
            made = self._embedder.embed([texts[places[key][0]] for key in keys])
            for key, vector in zip(keys, made, strict=True):
                vectors[places[key]] = vector
                self._pending[key] = np.asarray(vector, np.float32)
            if len(self._pending) >= FLUSH_AT:
                self.flush()
        return vectors, len(missing)

    def missing(self, texts: Sequence[str], *, fresh: bool = False) -> dict[int, str]:
        """The texts that `embed` would have to embed, each once, by its key."""
        keys = {_key(text): text for text in texts}
        return {
            key: text for key, text in keys.items() if fresh or (key not in self._pending and self._find(key) is None)
        }

    def flush(self) -> None:
        """Put what was embedded since the last flush on disk, sorted by key. Raises StoreFailed (HF601)."""
        if not self._pending:
            return
        import numpy as np

        keys = np.array(list(self._pending), np.uint64)
        self._write(keys, np.stack(list(self._pending.values())))
        self._pending = {}
        self._files = None

    def tidy(self) -> None:
        """Flush, write small files as one, and forget the oldest beyond MAX_CACHED vectors."""
        import numpy as np

        self.flush()
        paths = self._paths()
        small = [paths[index] for index in to_merge([_size(path) for path in paths])]
        if small:
            parts = [self._read(path) for path in small]
            self._write(np.concatenate([keys for keys, _ in parts]), np.concatenate([rows for _, rows in parts]))
            for path in small:
                path.unlink(missing_ok=True)
        room = MAX_CACHED * self._row_bytes
        for path in sorted(self._paths(), reverse=True):  # a name sorts by the time it was made
            room -= _size(path)
            if room < 0:
                path.unlink(missing_ok=True)
        self._files = None

    @property
    def _row_bytes(self) -> int:
        return 8 + 4 * self._embedder.dimensions

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.vec")) if self._folder.is_dir() else []

    def _find(self, key: int) -> NDArray[np.float32] | None:
        import numpy as np

        if self._files is None:
            self._files = [self._read(path) for path in self._paths()]
        for keys, rows in self._files:
            at = int(np.searchsorted(keys, np.uint64(key)))
            if at < len(keys) and keys[at] == key:
                found: NDArray[np.float32] = rows[at]
                return found
        return None

    def _read(self, path: Path) -> tuple[NDArray[np.uint64], NDArray[np.float32]]:
        import numpy as np

        dimensions = self._embedder.dimensions
        try:
            count = _size(path) // self._row_bytes
            keys = np.fromfile(path, np.uint64, count)
            return keys, np.memmap(path, np.float32, "r", offset=8 * count, shape=(count, dimensions))
        except (FileNotFoundError, ValueError):  # another sync has just written it into a greater one
            return np.empty(0, np.uint64), np.empty((0, dimensions), np.float32)

    def _write(self, keys: NDArray[np.uint64], rows: NDArray[np.float32]) -> None:
        with disk_errors(self._folder):
            self._folder.mkdir(parents=True, exist_ok=True)
        order = keys.argsort()
        write_durably(self._folder / f"{new_id('v')}.vec", keys[order].tobytes() + rows[order].tobytes())


def _size(path: Path) -> int:
    """Its bytes, 0 where another sync has removed it."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _key(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")
