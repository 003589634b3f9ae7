"""Recorded traffic of real vendors must read as what it says: text, tool calls, usage, how it ended, errors."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.journeys import vendor_readings as by_hand
from tests.journeys.vendor_traffic import TRAFFIC, Said, Tally, body_of, events_of, exchanges, heard, said_by

from holdfast.gateway.fault import Broken, from_status
from holdfast.gateway.provider import Dialect
from holdfast.gateway.wire.anthropic_reader import AnthropicReader
from holdfast.gateway.wire.embedding import EMBEDDING_WIRES
from holdfast.gateway.wire.gemini_reader import GeminiReader
from holdfast.gateway.wire.openai_chat_reader import OpenAIReader
from holdfast.gateway.wire.reading import Reader
from holdfast.gateway.wire.responses_reader import ResponsesReader

pytestmark = pytest.mark.skipif(not TRAFFIC.is_dir(), reason=f"no recorded traffic at {TRAFFIC}")

Whole = Callable[[dict[str, Any]], Said]
Streamed = Callable[[list[dict[str, Any]]], Said]

READINGS: list[tuple[Dialect, Callable[[], Reader], Whole, Streamed, int]] = [
    ("openai", OpenAIReader, by_hand.whole_chat, by_hand.streamed_chat, 500),
    ("azure", OpenAIReader, by_hand.whole_chat, by_hand.streamed_chat, 50),
    ("openai-responses", ResponsesReader, by_hand.whole_response, by_hand.streamed_response, 250),
    ("anthropic", AnthropicReader, by_hand.whole_message, by_hand.streamed_message, 200),
    ("gemini", GeminiReader, by_hand.whole_content, by_hand.content, 250),
]


@pytest.fixture(scope="module")
def tally(request: pytest.FixtureRequest) -> Iterator[Tally]:
    """Counts over all tests of this module, and prints them."""
    counted = Tally()
    yield counted
    capture = request.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        sys.stdout.write("\n  ".join(["\nread as recorded:", *counted.lines(), ""]))


@pytest.mark.parametrize(
    ("dialect", "reader", "whole", "streamed", "least"), READINGS, ids=[reading[0] for reading in READINGS]
)
def test_every_recorded_answer_reads_as_what_it_says(
    tally: Tally, dialect: Dialect, reader: Callable[[], Reader], whole: Whole, streamed: Streamed, least: int
) -> None:
    for row in exchanges(dialect, failed=False):

        def read(row: dict[str, Any] = row) -> None:
            if row["stream"] and any("error" in event and event.get("error") for event in events_of(row)):
                with pytest.raises(Broken):
                    heard(reader(), row, 977)
                return
            expected = streamed(events_of(row)) if row["stream"] else whole(body_of(row))
            for step in (7, 977, 1 << 20) if row["stream"] else (1,):
                reading = reader()
                assert heard(reading, row, step) == expected.text
                assert reading.finished
                assert reading.started
                assert said_by(reading) == expected
                assert reading.in_tool_call == bool(expected.calls)
                named = row["stream"] or body_of(row).get("model") or body_of(row).get("modelVersion")
                assert bool(reading.served) == bool(named)

        tally.count(f"{dialect} {'streamed' if row['stream'] else 'whole'}", row, read)
    kinds = [f"{dialect} {way}" for way in ("whole", "streamed")]
    assert {kind: tally.wrong[kind] for kind in kinds if kind in tally.wrong} == {}
    assert sum(tally.right[kind] for kind in kinds) >= least


def test_every_recorded_vector_is_read(tally: Tally) -> None:
    for row in exchanges("embeddings", failed=False):
        body = body_of(row)
        listed = body.get("data") or body.get("embeddings")

        def read(row: dict[str, Any] = row, body: Any = body, listed: Any = listed) -> None:
            wire = EMBEDDING_WIRES["gemini" if row["provider"] == "gemini" else "openai"]
            vectors = wire.read(json.dumps(body).encode(), len(listed))
            assert len(vectors.vectors) == len(listed)
            for vector, one in zip(vectors.vectors, listed, strict=True):
                plain = one.get("values") or one["embedding"]
                assert isinstance(plain, str) or list(vector) == [float(number) for number in plain]
                assert (
                    0.1 < sum(number * number for number in vector) < 1.1
                )  # noise that was decoded wrongly is far out
            usage = body.get("usage") or body.get("usageMetadata")
            expected = None if usage is None else usage.get("promptTokenCount", usage.get("total_tokens"))
            assert (vectors.usage.input_tokens if vectors.usage else None) == expected

        tally.count("embeddings", row, read)
    assert tally.wrong.get("embeddings", []) == []
    assert tally.right["embeddings"] >= 20


@pytest.mark.parametrize("dialect", ["openai", "azure", "openai-responses", "anthropic", "gemini", "embeddings"])
def test_every_recorded_error_is_told_apart(tally: Tally, dialect: str) -> None:
    kind = f"{dialect} errors"
    for row in exchanges(dialect, failed=True):

        def read(row: dict[str, Any] = row) -> None:
            body = row["response"]["body"]
            fault = from_status(row["status"], (body if isinstance(body, str) else json.dumps(body)).encode())
            said = json.dumps(body).lower()
            if row["status"] == 401:
                assert fault.kind == "unauthorized"
            elif row["status"] == 404:
                assert fault.kind == "no_model"
            elif row["status"] == 429:
                assert fault.kind in ("rate_limited", "quota")
            elif "context" in said or "too long" in said or "maximum number of tokens" in said:
                assert fault.kind == "too_long"
            assert len(fault.message) > len("HTTP 400: ")

        tally.count(kind, row, read)
    assert tally.wrong.get(kind, []) == []
    assert tally.right[kind] >= 1
