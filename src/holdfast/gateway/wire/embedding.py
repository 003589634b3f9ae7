"""Embeddings in the dialects that have them: the request, and the vectors in the answer.

Does not know how bytes travel, nor how many texts one request may hold.
"""

from __future__ import annotations

import base64
import binascii
import math
import struct
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

import msgspec
from msgspec import Struct

from holdfast.gateway.fault import Broken, Fault, from_event, vendor_error
from holdfast.gateway.provider import Dialect, Provider
from holdfast.gateway.shape import count
from holdfast.gateway.wire import azure, gemini, openai_chat
from holdfast.gateway.wire.openai_chat_reader import charged_usd
from holdfast.records import Json, Usage

Vector: TypeAlias = tuple[float, ...]


class Vectors(Struct, frozen=True, kw_only=True):
    """The vectors of one response, in the order of the texts; `usage` None: the vendor did not say."""

    vectors: tuple[Vector, ...]
    usage: Usage | None = None
    cost_usd: float | None = None
    served: str = ""


class EmbeddingWire(NamedTuple):
    """One dialect: where to post, with which headers and body, and how many vectors must come back in a body."""

    url: Callable[[Provider, str], str]
    headers: Callable[[str | None], dict[str, str]]
    body: Callable[[Sequence[str], str, int | None], dict[str, Json]]
    read: Callable[[bytes, int], Vectors]


# ---------------------------------------------------------------- OpenAI, Azure, and who copies them


class _Embedding(Struct):
    embedding: Vector | str
    index: int | None = None


class _Listed(Struct):
    data: list[_Embedding]
    model: str | None = None
    usage: dict[str, Json] | None = None


_listed = msgspec.json.Decoder(_Listed).decode


def _openai_body(texts: Sequence[str], model: str, dimensions: int | None) -> dict[str, Json]:
    size = {} if dimensions is None else {"dimensions": dimensions}
    return {"model": model, "input": list(texts), **size}


def _read_openai(body: bytes, expected: int) -> Vectors:
    """Raises Broken for an error under a 200, and for anything but one sound vector for each text."""
    try:
        listed = _listed(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Broken(_other(body)) from None
    placed = {position if one.index is None else one.index: one.embedding for position, one in enumerate(listed.data)}
    if len(listed.data) != expected or set(placed) != set(range(expected)):
        raise Broken(Fault("garbled", f"{len(listed.data)} vectors came for {expected} texts"))
    vectors = tuple(_unpacked(placed[position]) for position in range(expected))
    raw = listed.usage or {}
    tokens = count(raw.get("prompt_tokens")) or count(raw.get("total_tokens"))
    return Vectors(
        vectors=_sound(vectors),
        usage=Usage(input_tokens=tokens) if raw else None,
        cost_usd=charged_usd(raw),
        served=listed.model or "",
    )


def _unpacked(embedding: Vector | str) -> Vector:
    """A vector that came as base64 of 32-bit floats, least byte first."""
    if not isinstance(embedding, str):
        return embedding
    try:
        raw = base64.b64decode(embedding, validate=True)
        return struct.unpack(f"<{len(raw) // 4}f", raw)
    except (binascii.Error, struct.error):
        raise Broken(Fault("garbled", "a vector is neither a list nor base64")) from None


# ---------------------------------------------------------------- Gemini


class _Values(Struct):
    values: Vector


class _Batch(Struct, rename="camel"):
    embeddings: list[_Values]
    usage_metadata: dict[str, Json] | None = None


_batch = msgspec.json.Decoder(_Batch).decode


def _gemini_url(provider: Provider, model: str) -> str:
    return f"{gemini.home(provider)}/{gemini.path_of(model)}:batchEmbedContents"


def _gemini_body(texts: Sequence[str], model: str, dimensions: int | None) -> dict[str, Json]:
    name = model if "/" in model else f"models/{model}"
    size = {} if dimensions is None else {"outputDimensionality": dimensions}
    return {"requests": [{"model": name, "content": {"parts": [{"text": text}]}, **size} for text in texts]}


def _read_gemini(body: bytes, expected: int) -> Vectors:
    try:
        batch = _batch(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Broken(_other(body)) from None
    if len(batch.embeddings) != expected:
        raise Broken(Fault("garbled", f"{len(batch.embeddings)} vectors came for {expected} texts"))
    raw = batch.usage_metadata
    usage = None if raw is None else Usage(input_tokens=count(raw.get("promptTokenCount")))
    return Vectors(vectors=_sound(tuple(one.values for one in batch.embeddings)), usage=usage)


# ---------------------------------------------------------------- alike in all


def _sound(vectors: tuple[Vector, ...]) -> tuple[Vector, ...]:
    """Vectors of one length, of finite numbers. Raises Broken for others."""
    lengths = {len(vector) for vector in vectors}
    if len(lengths) > 1 or 0 in lengths:
        raise Broken(Fault("garbled", f"vectors of one answer have {sorted(lengths)} dimensions"))
    if not all(math.isfinite(sum(vector)) for vector in vectors):
        raise Broken(Fault("garbled", "a vector holds what is no number"))
    return vectors


def _other(body: bytes) -> Fault:
    """The fault of a body that holds no vectors."""
    try:
        error = vendor_error(msgspec.json.decode(body))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Fault("garbled", "the response is not JSON")
    return Fault("garbled", "the response holds no vectors") if error is None else from_event(error)


def _openai_url(provider: Provider, _model: str) -> str:
    return f"{provider.base_url.rstrip('/')}/embeddings"


_OPENAI = EmbeddingWire(_openai_url, openai_chat.headers, _openai_body, _read_openai)

EMBEDDING_WIRES: Mapping[Dialect, EmbeddingWire] = MappingProxyType(
    {
        "openai": _OPENAI,
        "openai-responses": _OPENAI,
        "azure": EmbeddingWire(
            lambda provider, model: azure.address(provider, model, "embeddings"),
            azure.headers,
            _openai_body,
            _read_openai,
        ),
        "gemini": EmbeddingWire(_gemini_url, gemini.headers, _gemini_body, _read_gemini),
    }
)
"""The dialects that have embeddings; Anthropic's has none."""
