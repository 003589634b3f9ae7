"""Inner products of a query with every vector of a version: fast for all of them, exact for those that matter.

Knows nothing of documents, of who may see what, or of what the vectors mean.

The first pass multiplies whole numbers of 8 bits, by onnxruntime: it reads a quarter of the memory that float32 needs,
and of a large corpus that is most of the time (docs/decisions/0019-ranking). How far it can be off is known, by the
Cauchy-Schwarz inequality, from the lengths of what rounding took away; each row that this does not exclude is compared
again in float32. So `nearest` gives what comparing everything in float32 gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LEVELS, QUERY_LEVELS = 127, 63
"""The query has 7 bits: on a CPU without VNNI a pair of products must stay within 16 (255 * 63 * 2 < 2 ** 15)."""
FLOAT_ERROR = 1e-5  # of float32 sums over some hundred numbers around 1, generously
_SLAB = 8192

MULTIPLY = bytes.fromhex(
    "080812003a670a180a01760a0171120179220d4d61744d756c496e7465676572120870726f64756374735a150a017612100a0e0803120a0a03"
    "12016e0a031201645a140a0171120f0a0d080312090a031201640a02080162140a0179120f0a0d080612090a0312016e0a0208014204"
    "0a00100d"
)
"""An ONNX graph of one node: y = MatMulInteger(v, q), int8 of (n, d) and (d, 1), int32 of (n, 1)."""


@dataclass(frozen=True, slots=True)
class Rounded:
    """Vectors in 8 bits: about `scales[i] * codes[i]`. `error` is the greatest length of what a row lost, `longest`
    that of what it kept."""

    codes: NDArray[np.int8]
    scales: NDArray[np.float32]
    error: float
    longest: float


def rounded(vectors: NDArray[np.float32]) -> Rounded:
    """The vectors, shape (n, d), each row on its own scale. A quarter of the memory; .4 s for 100,000 of 384."""
    import numpy as np

    codes = np.empty(vectors.shape, np.int8)
    scales = np.empty(len(vectors), np.float32)
    error = longest = 0.0
    for start in range(0, len(vectors), _SLAB):
        part = np.asarray(vectors[start : start + _SLAB], np.float32)
        peaks = np.abs(part).max(axis=1, initial=0.0)
        if not np.isfinite(peaks).all():  # damaged: never near to anything
            part = np.where(np.isfinite(peaks)[:, None], part, np.float32(0))
            peaks = np.nan_to_num(peaks, nan=0.0, posinf=0.0)
        scale = np.maximum(peaks / LEVELS, np.float32(1e-30))
        code = np.rint(part / scale[:, None])
        kept = code * scale[:, None]
        codes[start : start + _SLAB], scales[start : start + _SLAB] = code, scale
        error = max(error, float(np.linalg.norm(part - kept, axis=1).max()))
        longest = max(longest, float(np.linalg.norm(kept, axis=1).max()))
    return Rounded(codes, scales, error, longest)


@dataclass(frozen=True, slots=True)
class Compared:
    """A query's products with every row, each `off` by at most so much."""

    query: NDArray[np.float32]
    about: NDArray[np.float32]
    off: float


class Products:
    """The vectors of a version's segments, one after the other, as rows. Safe from several threads."""

    def __init__(self, parts: Sequence[NDArray[np.float32]], in_bits: Sequence[Rounded]) -> None:
        self._parts = parts
        self._in_bits = in_bits
        self._starts = [0]
        for part in parts:
            self._starts.append(self._starts[-1] + len(part))

    def __len__(self) -> int:
        return self._starts[-1]

    def rows(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """The vectors of some rows, shape (len(rows), d)."""
        import numpy as np

        if len(self._parts) == 1:
            return np.asarray(self._parts[0][rows])
        taken = np.empty((len(rows), self._parts[0].shape[1]), np.float32)
        for start, end, part in zip(self._starts, self._starts[1:], self._parts, strict=False):
            here = np.flatnonzero((rows >= start) & (rows < end))
            taken[here] = part[rows[here] - start]
        return taken

    def compare(self, vector: NDArray[np.float32]) -> Compared:
        """The first pass. A vector that is damaged is near to nothing."""
        import numpy as np

        vector = np.nan_to_num(vector, nan=0.0, posinf=0.0, neginf=0.0)
        scale = np.float32(max(float(np.abs(vector).max()) / QUERY_LEVELS, 1e-30))
        code = np.rint(vector / scale).astype(np.int8)
        lost = float(np.linalg.norm(vector - code * scale))
        length = float(np.linalg.norm(vector))
        found = np.empty(len(self), np.float32)
        off = 0.0
        for start, end, part in zip(self._starts, self._starts[1:], self._in_bits, strict=False):
            (product,) = self._multiply.run(["y"], {"v": part.codes, "q": code[:, None]})
            np.multiply(product[:, 0].astype(np.float32), part.scales, out=found[start:end])
            off = max(off, length * part.error + lost * part.longest)
        found *= scale
        return Compared(vector, found, off + FLOAT_ERROR)

    def nearest(
        self, compared: Compared, visible: NDArray[np.bool_], depth: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """The `depth` visible rows with the greatest products, and these, best first; equal ones by row.

        Exact: no other visible row has a greater product.
        """
        import numpy as np

        masked = np.where(visible, compared.about, np.float32(-np.inf))
        rows = np.flatnonzero(visible)
        if len(rows) > depth:
            first = np.argpartition(masked, len(masked) - depth)[-depth:]
            floor = exact(self.rows(first), compared.query).min()  # the last of the true best is no less than this
            rows = np.flatnonzero(masked >= floor - np.float32(compared.off))
        scores = exact(self.rows(rows), compared.query)
        order = np.argsort(-scores, kind="stable")[:depth]
        return rows[order], scores[order]

    @cached_property
    def _multiply(self) -> Any:
        from onnxruntime import InferenceSession, SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = 1  # searches run beside each other already
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        return InferenceSession(MULTIPLY, options, providers=["CPUExecutionProvider"])


def exact(vectors: NDArray[np.float32], vector: NDArray[np.float32]) -> NDArray[np.float32]:
    """The products with some vectors. A row's bits do not depend on the other rows, as those of a BLAS would."""
    import numpy as np

    found: NDArray[np.float32] = np.einsum("ij,j->i", vectors, vector)
    return found
