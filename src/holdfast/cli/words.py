"""Figures and outcomes in words. Knows nothing of where they are shown."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from holdfast.records import Blocked, Degraded, Json


def one_line(value: Json, limit: int = 100) -> str:
    """A JSON value on one line, cut at `limit` characters."""
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1] + "…"


def usd(cost_usd: float | None) -> str:
    """A cost; one that is not known says so."""
    if cost_usd is None:
        return "cost unknown"
    return (
        "free" if cost_usd == 0 else f"${cost_usd:.6f}".rstrip("0").rstrip(".") if cost_usd < 1 else f"${cost_usd:.2f}"
    )


def duration(ms: float) -> str:
    if ms < 10:
        return f"{ms:.1f} ms"
    return f"{ms:.0f} ms" if ms < 10_000 else f"{ms / 1000:.1f} s"


def size(count: int) -> str:
    """Bytes, in the largest unit that leaves a digit before the point."""
    amount = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if amount < 1000:
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 10 else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} TB"


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")


def age(at: datetime, now: datetime | None = None) -> str:
    """How long ago it was."""
    seconds = max(0, int(((now or datetime.now(UTC)) - at).total_seconds()))
    for length, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= length:
            return counted(seconds // length, unit) + " ago"
    return "just now"


def moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")


def degraded(what: Degraded) -> str:
    return f"degraded: rung {what.rung + 1} of slot '{what.slot}' answered ({what.model}), because {what.reason}"


def blocked(what: Blocked, *, safe_answer: bool) -> str:
    gave = "the safe answer was given" if safe_answer else "nothing was given"
    return f"blocked: guard '{what.guard}' stopped the answer ({what.reason}); {gave}"
