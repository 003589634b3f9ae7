"""Recorded traffic of real vendors, and an independent reading of it: plain walks over what was recorded.

The recordings are not part of this repository: they are looked for beside it, or where HOLDFAST_SHARED_DATA says.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from holdfast.gateway.sse import EventStream
from holdfast.gateway.wire.reading import Reader

_BESIDE = Path(__file__).resolve().parents[2].parent / "shared" / "data"
TRAFFIC = Path(os.environ.get("HOLDFAST_SHARED_DATA", _BESIDE)) / "vendor_cassettes"

_APIS = {
    "chat_completions": "openai",
    "responses": "openai-responses",
    "messages": "anthropic",
    "generate_content": "gemini",
    "generate_content_stream": "gemini",
    "embeddings": "embeddings",
}


class Said(NamedTuple):
    """What an answer says: its text, its calls, how it ended, and all tokens in and out."""

    text: str
    calls: list[tuple[str, Any]]
    reason: str
    tokens: tuple[int, int] | None


def rows() -> Iterator[dict[str, Any]]:
    for path in sorted(TRAFFIC.rglob("*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            yield from map(json.loads, lines)


def exchanges(dialect: str, *, failed: bool, streamed: bool | None = None) -> Iterator[dict[str, Any]]:
    """The exchanges of a dialect. Threads and compactions speak others, and a response that is fetched or made in the
    background is no answer yet."""
    for row in rows():
        found = _APIS.get(row["api"])
        if found == "openai" and row["provider"] == "azure_openai":
            found = "azure"
        if found != dialect or "/threads/" in row["url"] or "/compact" in row["url"] or row["provider"] == "cohere":
            continue
        if (row["status"] >= 400) != failed or streamed not in (None, row["stream"]):
            continue
        if not failed and not row["stream"] and body_of(row).get("status") in ("queued", "in_progress"):
            continue
        yield row


def body_of(row: dict[str, Any], side: str = "response") -> Any:
    body = row[side]["body"]
    return json.loads(body) if isinstance(body, str) else body


def events_of(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        json.loads(line[5:])
        for line in row["response"]["body"].splitlines()
        if line[:6].strip() == "data:" and "{" in line
    ]


def heard(reader: Reader, row: dict[str, Any], step: int) -> str:
    """What the reader hears of a recorded stream whose bytes come `step` at a time, or of a whole response."""
    if not row["stream"]:
        return reader.take_whole(body_of(row))
    data, events, text = row["response"]["body"].encode(), EventStream(), []
    for start in range(0, len(data), step):
        text += [reader.take(event) for event in events.feed(data[start : start + step])]
    text += [reader.take(event) for event in events.end()]
    return "".join(text)


def said_by(reader: Reader) -> Said:
    answer, usage = reader.answer(), reader.usage
    tokens = None
    if usage is not None:
        given = usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens
        tokens = (given, usage.output_tokens + usage.reasoning_tokens)
    return Said(answer.text, [(call.name, call.arguments) for call in answer.tool_calls], answer.stop_reason, tokens)


class Tally:
    """How many exchanges of each kind were read as they were recorded."""

    def __init__(self) -> None:
        self.right: Counter[str] = Counter()
        self.wrong: dict[str, list[str]] = {}

    def count(self, kind: str, row: dict[str, Any], right: Callable[[], object]) -> None:
        """Counts an exchange as right unless the check fails."""
        try:
            right()
        except AssertionError as error:
            self.wrong.setdefault(kind, []).append(f"{row['id']}: {str(error)[:300]}")
        else:
            self.right[kind] += 1

    def lines(self) -> list[str]:
        kinds = sorted({*self.right, *self.wrong})
        return [f"{kind}: {self.right[kind]} of {self.right[kind] + len(self.wrong.get(kind, []))}" for kind in kinds]
