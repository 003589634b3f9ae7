"""OpenAI's embeddings: texts in, vectors out, from one encoder and never another.

Knows nothing of how a text becomes a vector.
"""

from __future__ import annotations

import base64
import struct
from typing import Literal

import msgspec
from msgspec import Struct

from holdfast.records import Embedded, Json, Recording, Usage
from holdfast.runtime.conversation import EMBED
from holdfast.runtime.who import Who
from holdfast.server.dialects.running import Desk, Runner, Writer
from holdfast.server.dialects.said import Extra, Said, all_input, number_of, usage_of
from holdfast.server.dialects.talk import CHARACTERS_PER_TOKEN
from holdfast.server.dialects.wrong import Wrong, decoded
from holdfast.server.exchange import header_text, read_body_of_json
from holdfast.server.features import RELEASE, Exchange, answered
from holdfast.server.once import Request

MOST_TEXTS = 2048


class EmbeddingsRequest(Struct, frozen=True, kw_only=True):
    """A request for vectors. `model` is the project's own encoder, or `provider:model` of a provider that has some."""

    model: str
    input: str | tuple[Json, ...]
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: int | None = None


_decoder = msgspec.json.Decoder(EmbeddingsRequest)


class EmbeddingsRoute:
    """Answers requests for vectors."""

    def __init__(self, desk: Desk) -> None:
        self._project = desk.project
        self._runner = Runner(desk)

    async def answer(self, who: Who, exchange: Exchange) -> None:
        """Run what is asked and answer. What is raised before the first byte is the caller's to say."""
        most = self._project.config.server.max_body_bytes
        asked = decoded(_decoder, await read_body_of_json(exchange.headers, exchange.receive, most))
        texts = _texts(asked.input)
        name = asked.model if asked.model.startswith(EMBED) else EMBED + asked.model
        feature = self._project.feature(name)
        named = header_text(exchange.headers, RELEASE)
        release = None if named is None else await self._project.rollout.choose(named)
        request = Request(feature.name, {"texts": texts}, who, release)
        found: list[Embedded] = []

        def said(recording: Recording) -> Said | None:
            """The vectors stand in the recording's step; the answer only counts them."""
            if answered(recording) is None:
                return None
            found[:] = [step.result for step in recording.steps if isinstance(step.result, Embedded)]
            used = usage_of(recording.steps)
            if not all_input(used):
                tokens = max(1, sum(map(len, texts)) // CHARACTERS_PER_TOKEN)
                used = Usage(input_tokens=tokens, estimated=True)
            return _said(recording, asked.model, used)

        await self._runner.answer(request, Writer(said, lambda each: _whole(each, found[-1], asked)), exchange)


def _texts(given: str | tuple[Json, ...]) -> list[str]:
    texts = [given] if isinstance(given, str) else list(given)
    if not texts or len(texts) > MOST_TEXTS:
        raise Wrong("input", f"there are {len(texts)} texts", f"send at least one and at most {MOST_TEXTS}")
    for at, text in enumerate(texts):
        if not isinstance(text, str):
            raise Wrong(f"input[{at}]", f"input[{at}] is no text", "send texts; encoders count tokens differently")
        if not text:
            raise Wrong(f"input[{at}]", f"input[{at}] is empty", "leave empty texts out")
    return texts


def _said(recording: Recording, model: str, used: Usage) -> Said:
    extra = Extra(
        recording_id=recording.id, release=recording.release, cost_usd=recording.cost_usd, degraded=recording.degraded
    )
    at = int(recording.started_at.timestamp())
    return Said(number=number_of(recording.id), at=at, model=model, text="", usage=used, extra=extra)


def _whole(said: Said, found: Embedded, asked: EmbeddingsRequest) -> bytes:
    """The vectors as one body. Raises Wrong where others were asked for than the encoder has."""
    dimensions = len(found.vectors[0])
    if asked.dimensions not in (None, dimensions):
        raise Wrong("dimensions", f"'{asked.model}' gives {dimensions} dimensions", f"ask for {dimensions}, or none")
    tokens = all_input(said.usage)
    shown = _packed if asked.encoding_format == "base64" else list
    data = [{"object": "embedding", "index": at, "embedding": shown(vector)} for at, vector in enumerate(found.vectors)]
    return msgspec.json.encode(
        {
            "object": "list",
            "data": data,
            "model": said.model,
            "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
            "holdfast": said.extra,
        }
    )


def _packed(vector: tuple[float, ...]) -> str:
    """A vector as base64 of 32-bit floats, little end first."""
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
