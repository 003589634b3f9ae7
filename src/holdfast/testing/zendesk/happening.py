"""What an account would tell a webhook. Does not know how it is sent."""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.messages import Json


@dataclass(frozen=True, slots=True)
class Happening:
    """An event by the name of its type without `zen:event-type:`, as in `article.published`."""

    type: str
    subject: str
    detail: dict[str, Json]
    event: dict[str, Json]
    at_s: int
