"""Reranking in the shapes that APIs for it have: the request, and a score for each text in the answer.

Does not know how bytes travel. The shapes are those of Cohere's v2 API, of Jina (which vLLM and others copy), of
Voyage, and of Hugging Face's text-embeddings-inference.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from holdfast.gateway.fault import Broken, Fault, from_event, vendor_error
from holdfast.gateway.provider import Provider, RerankShape
from holdfast.gateway.shape import count
from holdfast.records import Json, Usage

_MOST = sys.float_info.max
"""A whole number in JSON may be greater than any float."""


class Scores(Struct, frozen=True, kw_only=True):
    """A score for each text, in the order of the texts; `usage` None: the vendor did not say."""

    scores: tuple[float, ...]
    usage: Usage | None = None
    cost_usd: float | None = None
    served: str = ""


class RerankWire(NamedTuple):
    """One shape: the body for a query and its texts, and where in the answer the list of scores stands."""

    body: Callable[[str, str, Sequence[str]], dict[str, Json]]
    listed: str | None
    score: str


def url_of(provider: Provider) -> str:
    return provider.rerank_url or f"{provider.base_url.rstrip('/')}/rerank"


def read(wire: RerankWire, body: bytes, expected: int) -> Scores:
    """Raises Broken for an error under a 200, and for anything but one sound score for each text."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Broken(Fault("garbled", "the answer is no JSON")) from None
    rows = answer if wire.listed is None else answer.get(wire.listed) if isinstance(answer, dict) else None
    if not isinstance(rows, list):
        error = vendor_error(answer)
        raise Broken(Fault("garbled", "the answer has no scores") if error is None else from_event(error))
    placed = dict(_placed(row, wire.score) for row in rows)
    if len(rows) != expected or set(placed) != set(range(expected)):
        raise Broken(Fault("garbled", f"{len(rows)} scores came for {expected} texts"))
    said = answer if isinstance(answer, dict) else {}
    return Scores(
        scores=tuple(placed[position] for position in range(expected)),
        usage=_usage(said),
        served=str(said.get("model") or ""),
    )


def _placed(row: Any, name: str) -> tuple[int, float]:
    if isinstance(row, dict):
        index, score = row.get("index"), row.get(name)
        told = not isinstance(index, bool) and not isinstance(score, bool)
        if told and isinstance(index, int) and isinstance(score, int | float) and abs(score) <= _MOST:
            return index, float(score)
    raise Broken(Fault("garbled", "a score is missing or no number"))


def _usage(said: Mapping[str, Any]) -> Usage | None:
    usage = said.get("usage")
    return Usage(input_tokens=count(usage.get("total_tokens"))) if isinstance(usage, dict) else None


def _cohere(model: str, query: str, texts: Sequence[str]) -> dict[str, Json]:
    return {"model": model, "query": query, "documents": list(texts), "top_n": len(texts)}


def _jina(model: str, query: str, texts: Sequence[str]) -> dict[str, Json]:
    return {**_cohere(model, query, texts), "return_documents": False}


def _voyage(model: str, query: str, texts: Sequence[str]) -> dict[str, Json]:
    return {"model": model, "query": query, "documents": list(texts), "return_documents": False, "truncation": True}


def _tei(model: str, query: str, texts: Sequence[str]) -> dict[str, Json]:  # noqa: ARG001  # it serves one model
    return {"query": query, "texts": list(texts), "truncate": True}


RERANK_WIRES: Mapping[RerankShape, RerankWire] = MappingProxyType(
    {
        "cohere": RerankWire(_cohere, "results", "relevance_score"),
        "jina": RerankWire(_jina, "results", "relevance_score"),
        "voyage": RerankWire(_voyage, "data", "relevance_score"),
        "tei": RerankWire(_tei, None, "score"),
    }
)
