"""What a recording says to a client of a vendor's API: the text, the calls, the tokens, and what Holdfast adds.

Knows no dialect.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from holdfast.records import Blocked, Citation, Degraded, Json, Recording, Step, ToolCall, Usage
from holdfast.runtime.conversation import Spoken
from holdfast.server.features import answered


class Extra(Struct, frozen=True, kw_only=True):
    """What Holdfast adds to an answer, as its field `holdfast`. `model` is what answered, as the provider named it."""

    recording_id: str
    release: str
    cost_usd: float | None
    degraded: Degraded | None
    blocked: Blocked | None = None
    model: str | None = None


class Said(Struct, frozen=True, kw_only=True):
    """An answer. `model` is as it was asked for; `number` is what its ids are made of; `at` is in seconds."""

    number: str
    at: int
    model: str
    text: str
    citations: tuple[Citation, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    stop_reason: str = "stop"
    usage: Usage
    extra: Extra


def said_of(recording: Recording, model: str, *, spoken: bool) -> Said | None:
    """What a recording says to whoever asked for `model`; None where it holds no answer.

    `spoken`: its output is a model's turn as it is, and not a feature's own.
    """
    if answered(recording) is None:
        return None
    citations: tuple[Citation, ...] = ()
    if spoken:
        turn = msgspec.convert(recording.output, Spoken)
    else:
        text, citations = text_of(recording.output)
        turn = Spoken(text=text, model="")
    return Said(
        number=number_of(recording.id),
        at=int(recording.started_at.timestamp()),
        model=model,
        text=turn.text,
        citations=citations,
        tool_calls=turn.tool_calls,
        stop_reason=turn.stop_reason,
        usage=usage_of(recording.steps),
        extra=Extra(
            recording_id=recording.id,
            release=recording.release,
            cost_usd=recording.cost_usd,
            degraded=recording.degraded,
            blocked=recording.blocked,
            model=turn.model or None,
        ),
    )


def text_of(output: Json) -> tuple[str, tuple[Citation, ...]]:
    """The text of a feature's output with its citations; where it has none, the output as JSON."""
    if isinstance(output, str):
        return output, ()
    if isinstance(output, dict) and isinstance(output.get("text"), str):
        try:
            return output["text"], msgspec.convert(output.get("citations") or (), tuple[Citation, ...])
        except msgspec.ValidationError:
            return output["text"], ()
    return msgspec.json.encode(output).decode(), ()


def usage_of(steps: Iterable[Step]) -> Usage:
    """The tokens of everything that was really asked of models."""
    found = [each.usage for step in steps if not step.replayed for each in step.attempts if each.usage is not None]
    if len(found) == 1:
        return found[0]
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "reasoning_tokens")
    sums = {name: sum(getattr(usage, name) for usage in found) for name in names}
    return Usage(**sums, estimated=any(usage.estimated for usage in found))


def all_input(usage: Usage) -> int:
    """Tokens of the request, cached ones among them, as OpenAI counts."""
    return usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens


def all_output(usage: Usage) -> int:
    """Tokens of the answer, reasoning among them, as every dialect counts."""
    return usage.output_tokens + usage.reasoning_tokens


def cached(usage: Usage) -> dict[str, Json]:
    """The tokens of the request that were read from a cache and written to one, as OpenAI has them."""
    return {"cached_tokens": usage.cache_read_tokens, "cache_write_tokens": usage.cache_write_tokens}


def number_of(recording_id: str) -> str:
    """What the ids of an answer are made of, so that they lead back to its recording."""
    return recording_id.removeprefix("rec_")


def url_of(citation: Citation) -> str:
    """Where a cited document is; a name for it where it has no address."""
    return citation.url or f"urn:holdfast:document:{citation.document}"


def marks(text: str, citations: tuple[Citation, ...]) -> list[tuple[int, int, Citation]]:
    """Where each citation's first marker `[n]` stands in the text; the whole text where there is none."""
    found = []
    for number, citation in enumerate(citations, start=1):
        marker = f"[{number}]"
        at = text.find(marker)
        found.append((at, at + len(marker), citation) if at >= 0 else (0, len(text), citation))
    return found
