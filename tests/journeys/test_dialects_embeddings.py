"""Vectors for OpenAI's client from the project's own encoder, recorded and replayed like any answer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import openai
import pytest
from openai import AsyncOpenAI
from tests.embedders import HashingEmbedder
from tests.journeys.dialect_project import site

from holdfast.corpus import opening
from holdfast.testing import Act


async def test_vectors_come_as_floats_or_base64_and_are_remembered_by_a_replay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoder = HashingEmbedder("small")
    monkeypatch.setattr(opening, "open_encoder", lambda _: (encoder, ""))
    async with site(tmp_path) as at, AsyncOpenAI(base_url=f"{at.url}/v1", api_key="k", max_retries=0) as ai:
        texts = ["a red fox", "a blue sea"]
        packed = await ai.embeddings.create(model="small", input=texts)  # the client asks for base64 by itself
        plain = await ai.embeddings.create(model="small", input=texts, encoding_format="float", dimensions=64)
        assert [len(each.embedding) for each in plain.data] == [64, 64]
        for one, other in zip(packed.data, plain.data, strict=True):
            assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
        assert packed.usage.prompt_tokens > 0
        extra: Any = packed.model_extra
        kept = await at.project.store.recordings.get(extra["holdfast"]["recording_id"])
        assert (kept.feature, kept.output) == ("embed:small", {"count": 2, "dimensions": 64})
        done = encoder.embedded
        assert (await at.project.replay(kept, strict=True)).diff.same
        assert encoder.embedded == done
        assert "small" in [model.id async for model in ai.models.list()]


@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"input": [[1, 2]]}, "input[0]"),
        ({"input": []}, "input"),
        ({"input": [""]}, "input[0]"),
        ({"input": "a", "dimensions": 7}, "dimensions"),
    ],
)
async def test_what_the_encoder_cannot_do_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: Any, param: str
) -> None:
    monkeypatch.setattr(opening, "open_encoder", lambda _: (HashingEmbedder("small"), ""))
    async with site(tmp_path) as at, AsyncOpenAI(base_url=f"{at.url}/v1", api_key="k", max_retries=0) as ai:
        with pytest.raises(openai.BadRequestError) as raised:
            await ai.embeddings.create(model="small", **asked)
        assert raised.value.param == param
        with pytest.raises(openai.NotFoundError, match="small"):
            await ai.embeddings.create(model="smal", input="a")


async def test_a_providers_encoder_is_asked_by_its_name_and_its_tokens_are_told(tmp_path: Path) -> None:
    data = [{"index": at, "object": "embedding", "embedding": [0.5, float(at)]} for at in range(2)]
    body = {"object": "list", "data": data, "model": "small", "usage": {"prompt_tokens": 8, "total_tokens": 8}}
    async with (
        site(tmp_path, [Act(body=json.dumps(body).encode())]) as at,
        AsyncOpenAI(base_url=f"{at.url}/v1", api_key="k", max_retries=0) as ai,
    ):
        said = await ai.embeddings.create(model="v:small", input=["a", "b"])
        assert [each.embedding for each in said.data] == [[0.5, 0.0], [0.5, 1.0]]
        assert (said.model, said.usage.prompt_tokens) == ("v:small", 8)
        assert at.vendor.requests[0].path.endswith("/embeddings")
