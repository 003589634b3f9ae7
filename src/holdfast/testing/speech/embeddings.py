"""Embeddings as the scriptable vendor gives them, in OpenAI's dialect and Google's: the same text, the same vector.

Does not know sockets.
"""

from __future__ import annotations

import base64
import hashlib
import math
import struct
from collections.abc import Mapping
from dataclasses import replace

from holdfast.messages import Json
from holdfast.testing.act import Act
from holdfast.testing.asked import Asked, entries, fields, number, words
from holdfast.testing.speech import gemini, openai_chat


def read(path: str, headers: Mapping[str, str], body: Json) -> Asked:
    """A request for vectors: OpenAI's `embeddings`, Google's `embedContent` or `batchEmbedContents`."""
    if not path.partition("?")[0].endswith("/embeddings"):
        return _read_gemini(path, headers, body)
    sent = fields(body)
    given = sent.get("input")
    texts = (given,) if isinstance(given, str) else tuple(words(text) for text in entries(given))
    asked = openai_chat.read(path, headers, body)
    return replace(asked, purpose="embed", inputs=texts, dimensions=number(sent.get("dimensions")))


def _read_gemini(path: str, headers: Mapping[str, str], body: Json) -> Asked:
    sent = fields(body)
    requests = [fields(one) for one in entries(sent.get("requests"))] or [sent]
    texts = tuple(
        "".join(words(fields(part).get("text")) for part in entries(fields(one.get("content")).get("parts")))
        for one in requests
    )
    dimensions = number(requests[0].get("outputDimensionality"))
    return replace(gemini.read(path, headers, {}), purpose="embed", inputs=texts, dimensions=dimensions, body=body)


def vector(text: str, dimensions: int) -> tuple[float, ...]:
    """A vector of length 1 that depends on the text alone."""
    numbers = []
    for index in range(dimensions):
        drawn = hashlib.sha256(f"{index} {text}".encode()).digest()
        numbers.append(int.from_bytes(drawn[:4], "big") / 2**31 - 1)
    length = math.sqrt(sum(value * value for value in numbers)) or 1.0
    return tuple(value / length for value in numbers)


def answer(act: Act, asked: Asked) -> Json:
    """The vectors, in the shape of the dialect that was asked in; as base64 where OpenAI's was asked for it."""
    vectors = [vector(text, asked.dimensions or act.dimensions) for text in asked.inputs]
    if asked.dialect == "gemini":
        values = [{"values": list(one)} for one in vectors]
        return {"embeddings": values} if ":batchEmbedContents" in asked.path else {"embedding": values[0]}
    packed = fields(asked.body).get("encoding_format") == "base64"
    used = act.usage.input_tokens if act.usage is not None else 0
    whole: dict[str, Json] = {
        "object": "list",
        "model": act.model or asked.model,
        "data": [
            {"object": "embedding", "index": index, "embedding": _packed(one) if packed else list(one)}
            for index, one in enumerate(vectors)
        ],
    }
    if act.usage is not None:
        whole["usage"] = {"prompt_tokens": used, "total_tokens": used, **act.usage_fields}
    return whole


def _packed(one: tuple[float, ...]) -> str:
    return base64.b64encode(struct.pack(f"<{len(one)}f", *one)).decode()
