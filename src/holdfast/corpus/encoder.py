"""The sentence encoder at work: finds the one that was kept, proves it is sound, and turns texts into vectors.

Knows nothing of where an encoder comes from or how it is made; `encoder_build.py` does.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from holdfast.errors import Misconfigured, nearest

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from tokenizers import Encoding, Tokenizer

DEFAULT_ENCODER = "all-MiniLM-L6-v2"

# Raise it when the graph, the quantisation or the tokenisation changes the vectors: encoders kept before are not used.
RECIPE = 1

GRAPH_FILE = "encoder.onnx"
TOKENIZER_FILE = "tokenizer.json"
MANIFEST_FILE = "manifest.json"
PARITY_FILE = "parity.json"

# On the parity texts int8 per channel gives .993 on average and .991 at worst.
MIN_MEAN_COSINE, MIN_COSINE = 0.99, 0.98

_SLAB = 64  # texts tokenised at a time: an Encoding weighs far more than its ids


class Manifest(Struct, frozen=True):
    """What an encoder that was kept is, and what it was made from and with."""

    name: str
    encoder_id: str  # the name and a hash of weights, tokenizer, layout and recipe: equal ids give equal vectors
    source: str
    revision: str
    weights_sha256: str
    tokenizer_sha256: str
    graph_sha256: str
    recipe: int
    dimensions: int
    max_tokens: int
    weight_bits: int
    mean_cosine: float  # to the float32 graph, over the parity texts
    min_cosine: float
    made_with: tuple[str, ...]
    made_at: datetime


class Parity(Struct, frozen=True):
    """Fixed texts and the float32 graph's vectors for them: little-endian float16, one row of `dimensions` per text."""

    weights_sha256: str
    dimensions: int
    texts: tuple[str, ...]
    vectors: bytes

    def matrix(self) -> NDArray[np.float32]:
        """The vectors, shape (len(texts), dimensions)."""
        import numpy as np

        return np.frombuffer(self.vectors, "<f2").astype(np.float32).reshape(len(self.texts), self.dimensions)


class Encoder:
    """An `Embedder` on onnxruntime. Safe from several threads; a text's vector depends on that text alone.

    Every text is run by itself, unpadded: int8 activations are scaled per run, so that in a batch the neighbours would
    move a vector (to a cosine of .98), and on a CPU the padding costs more than the batch saves.
    """

    def __init__(self, name: str, tokenizer: Tokenizer, session: InferenceSession, *, max_tokens: int) -> None:
        self._name = name
        self._tokenizer = tokenizer
        self._session = session
        self._dimensions = int(session.get_outputs()[0].shape[1])
        self._max_tokens = max_tokens

    @property
    def name(self) -> str:
        """The encoder's id: vectors of encoders with different names must not meet in one index."""
        return self._name

    @property
    def dimensions(self) -> int:
        return self._dimensions

    @property
    def max_tokens(self) -> int:
        """Tokens of a text that count, those the encoder adds (CLS and SEP) among them; the rest is cut off."""
        return self._max_tokens

    @property
    def tokenizer_json(self) -> str:
        """The tokenizer, for counting tokens in another process."""
        return str(self._tokenizer.to_str())

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of shape (len(texts), dimensions), each of length 1; the same text gives the same bits every time."""
        import numpy as np

        vectors = np.empty((len(texts), self._dimensions), np.float32)
        for start in range(0, len(texts), _SLAB):
            for row, encoding in enumerate(self._encode(texts[start : start + _SLAB]), start):
                ids = np.array([_cut(encoding, self._max_tokens)], np.int64)
                feed = {"input_ids": ids, "attention_mask": np.ones_like(ids)}
                vectors[row] = self._session.run(["embedding"], feed)[0][0]
        return vectors

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, CLS and SEP among them, not cut: at most `max_tokens` means all of it is embedded."""
        return [
            len(encoding)
            for start in range(0, len(texts), _SLAB)
            for encoding in self._encode(texts[start : start + _SLAB])
        ]

    def prove(self, parity: Parity) -> tuple[float, float]:
        """Mean and least cosine to the reference vectors.

        Raises Misconfigured HF108 when they are too low or a vector's length is not 1. That catches what no other error
        shows: pads that are attended to, another pooling, no normalisation, another vocabulary.
        """
        import numpy as np

        fix = "run `holdfast models pull --force`"
        if parity.dimensions != self._dimensions:
            said = f"gives {self._dimensions} dimensions where {parity.dimensions} are expected"
            raise Misconfigured("HF108", f"the encoder {self._name} {said}", fix)
        vectors = self.embed(parity.texts)
        if not np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3):
            raise Misconfigured("HF108", f"the encoder {self._name} gives vectors whose length is not 1", fix)
        cosines = (vectors * parity.matrix()).sum(axis=1)
        mean, least = float(cosines.mean()), float(cosines.min())
        if not (mean >= MIN_MEAN_COSINE and least >= MIN_COSINE):
            said = f"{mean:.4f} on average and {least:.4f} at worst; {MIN_MEAN_COSINE} and {MIN_COSINE} are needed"
            raise Misconfigured("HF108", f"the encoder {self._name} fails its self-test, a cosine of {said}", fix)
        return mean, least

    def _encode(self, texts: Sequence[str]) -> list[Encoding]:
        # A lone surrogate can stand in a str, not in UTF-8; it becomes "?" rather than an error.
        return self._tokenizer.encode_batch([text.encode("utf-8", "replace").decode() for text in texts])


def _cut(encoding: Encoding, max_tokens: int) -> list[int]:
    """The ids, cut special tokens at the end kept. (The tokenizer's own cut is a setting that threads would share.)"""
    ids = list(encoding.ids)
    if len(ids) <= max_tokens:
        return ids
    special = encoding.special_tokens_mask
    end = next((i for i, is_special in enumerate(reversed(special)) if not is_special), 0)
    return ids[: max_tokens - end] + ids[len(ids) - end :]


def default_cache_dir() -> Path:
    """`$HOLDFAST_CACHE`, else `~/.cache/holdfast/models`; the environment is read at the call."""
    chosen = os.environ.get("HOLDFAST_CACHE")
    return Path(chosen).expanduser() if chosen else Path.home() / ".cache" / "holdfast" / "models"


def installed(cache_dir: Path) -> tuple[Manifest, ...]:
    """The whole encoders in the cache that this Holdfast can use, by name and then the newest first."""
    found = []
    for path in cache_dir.glob(f"[!.]*/{MANIFEST_FILE}"):
        try:
            manifest = msgspec.json.decode(path.read_bytes(), type=Manifest)
        except (FileNotFoundError, msgspec.DecodeError):
            continue  # removed meanwhile, or kept by another Holdfast: not one that this one can use
        if manifest.recipe == RECIPE and manifest.encoder_id == path.parent.name:
            found.append(manifest)
    return tuple(sorted(found, key=lambda manifest: (manifest.name, -manifest.made_at.timestamp())))


def load_encoder(cache_dir: Path, *, name: str = DEFAULT_ENCODER, threads: int | None = None) -> Encoder:
    """The newest encoder of that name (or id) in the cache, its bytes verified and its self-test passed.

    `threads` is how many cores one text is spread over; by default all, at most 4, since a single text gains little
    beyond. Reads the cache only. Raises Misconfigured HF108 when it is absent, damaged or fails the self-test.
    """
    known = installed(cache_dir)
    manifest = next((m for m in known if name in (m.name, m.encoder_id)), None)
    if manifest is None:
        there = nearest(name, {m.name for m in known})
        said = f"there is no encoder '{name}' in {cache_dir} ({there})"
        raise Misconfigured("HF108", said, "run `holdfast models pull`")
    folder = cache_dir / manifest.encoder_id
    for file, expected in ((GRAPH_FILE, manifest.graph_sha256), (TOKENIZER_FILE, manifest.tokenizer_sha256)):
        if sha256(folder / file) != expected:
            said = f"{folder / file} is not the file that was kept"
            raise Misconfigured("HF108", said, "run `holdfast models pull --force`")
    encoder = Encoder(
        manifest.encoder_id,
        open_tokenizer(folder / TOKENIZER_FILE),
        open_session(folder / GRAPH_FILE, threads),
        max_tokens=manifest.max_tokens,
    )
    encoder.prove(reference(folder, manifest.weights_sha256))
    return encoder


def sha256(path: Path) -> str:
    """The file's SHA-256 as hex digits; empty when there is no such file."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""


def shipped_parity() -> Parity:
    """The reference that comes with Holdfast, for all-MiniLM-L6-v2."""
    return msgspec.json.decode(Path(__file__).with_name("encoder_parity.json").read_bytes(), type=Parity)


def reference(folder: Path, weights_sha256: str) -> Parity:
    """What an encoder must come near to: the shipped vectors for the weights they were made from, else the folder's."""
    shipped = shipped_parity()
    if shipped.weights_sha256 == weights_sha256:
        return shipped
    try:
        return msgspec.json.decode((folder / PARITY_FILE).read_bytes(), type=Parity)
    except (FileNotFoundError, msgspec.DecodeError) as error:
        said = f"the encoder in {folder} has no reference to be tested against: {error}"
        raise Misconfigured("HF108", said, "run `holdfast models pull --force`") from None


def open_tokenizer(path: Path) -> Tokenizer:
    """The tokenizer without the padding and the cut that its file asks for."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def open_session(graph: Path | bytes, threads: int | None = None) -> InferenceSession:
    """The graph ready to run. Without an arena (it would keep the largest run's memory) and without spinning."""
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    options.intra_op_num_threads = threads or min(os.cpu_count() or 1, 4)
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.log_severity_level = 3
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return InferenceSession(
        graph if isinstance(graph, bytes) else str(graph), options, providers=["CPUExecutionProvider"]
    )
