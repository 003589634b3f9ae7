"""The vectors of queries that were asked lately, so that a question which comes again is not embedded again.

Knows nothing of corpora. A query is kept as a hash, never as its text.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from hashlib import blake2b
from typing import TYPE_CHECKING

from holdfast.contracts import Embedder

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

MOST = 1024  # 1.6 MB at 384 dimensions


class QueryVectors:
    """The last `most` queries by encoder and text, least lately asked out first. Safe from several threads.

    Two threads that ask a new query at once both embed it, and get the same vector; none waits for another's.
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._kept: OrderedDict[bytes, NDArray[np.float32]] = OrderedDict()
        self._guard = threading.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def of(self, embedder: Embedder, query: str) -> NDArray[np.float32]:
        """The query's vector by this encoder, not to be written to. Raises what `embed` raises, and keeps nothing."""
        key = blake2b(f"{embedder.name}\0{query}".encode("utf-8", "replace"), digest_size=16).digest()
        with self._guard:
            known = self._kept.get(key)
            if known is not None:
                self._kept.move_to_end(key)
                return known
        made: NDArray[np.float32] = embedder.embed([query])[0].copy()
        made.flags.writeable = False
        with self._guard:
            self._kept[key] = made
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return made
