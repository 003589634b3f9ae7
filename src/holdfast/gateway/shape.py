"""Looks into JSON that others wrote without trusting its shape: what is not as expected reads as empty.

Does not know which fields there are.
"""

from __future__ import annotations

from holdfast.records import Json


def object_of(value: Json) -> dict[str, Json]:
    return value if isinstance(value, dict) else {}


def items(value: Json) -> list[Json]:
    return value if isinstance(value, list) else []


def text_of(value: Json) -> str:
    return value if isinstance(value, str) else ""


def count(value: Json) -> int:
    """A count of tokens: a whole number from 0 up."""
    return int(value) if isinstance(value, int | float) and 0 < value < float("inf") else 0
