"""What each code is at the edge: its status, for whom another one, its word for vendors' clients, whose error it is.

Knows nothing of how an error is written down.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from holdfast.records import Origin


class Edge(NamedTuple):
    """One code at the edge. `for_clients` is the status in a vendor's dialect, where its clients expect another one;
    `word` is what OpenAI's clients know it as. `origin` counts where the error itself does not say."""

    status: int
    for_clients: int | None = None
    word: str = ""
    origin: Origin = "gateway"


_CODES: Mapping[str, Edge] = MappingProxyType(
    {
        "HF200": Edge(404, word="model_not_found"),
        "HF201": Edge(404, word="model_not_found"),
        "HF207": Edge(404, word="model_not_found"),
        "HF301": Edge(502, origin="provider"),
        "HF302": Edge(504, word="timeout", origin="provider"),
        "HF303": Edge(502, origin="provider"),
        "HF304": Edge(502, for_clients=400, word="content_filter", origin="provider"),
        "HF305": Edge(502, origin="provider"),
        "HF311": Edge(429, word="rate_limit_exceeded", origin="provider"),
        "HF312": Edge(502, for_clients=400, word="context_length_exceeded", origin="provider"),
        "HF400": Edge(422, for_clients=400, word="content_filter"),
        "HF700": Edge(400),
        "HF701": Edge(422, for_clients=400),
        "HF702": Edge(413, word="request_too_large"),
        "HF703": Edge(401, word="invalid_api_key"),
        "HF704": Edge(403),
        "HF705": Edge(403),
        "HF706": Edge(503, word="overloaded"),
        "HF707": Edge(409, word="idempotency_key_in_use"),
        "HF708": Edge(404),
        "HF709": Edge(400),
        "HF710": Edge(409),
        "HF711": Edge(409),
        "HF712": Edge(422),
        "HF713": Edge(422),
        "HF714": Edge(401),
        "HF720": Edge(409),
        "HF721": Edge(422),
        "HF722": Edge(422),
        "HF730": Edge(400),
        "HF731": Edge(400),
        "HF740": Edge(422),
        "HF741": Edge(409),
        "HF742": Edge(422),
        "HF743": Edge(422),
        "HF750": Edge(422),
    }
)
_FAMILIES: Mapping[str, Edge] = MappingProxyType({"2": Edge(404), "4": Edge(422), "5": Edge(409), "6": Edge(503)})
_OTHERS = Edge(500)


def edge_of(code: str) -> Edge:
    """What a code is at the edge; 500 where neither the code nor its family says another status."""
    return _CODES.get(code) or _FAMILIES.get(code[2:3], _OTHERS)
