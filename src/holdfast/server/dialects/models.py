"""What may stand as `model` in a request: features, slots, the models of their ladders, the encoder.

Knows nothing of what each of them answers.
"""

from __future__ import annotations

import msgspec
from msgspec import Struct

from holdfast.errors import unknown
from holdfast.release import ModelSlot, Release
from holdfast.runtime.conversation import SLOT
from holdfast.server.exchange import JSON, send_body
from holdfast.server.features import Exchange
from holdfast.server.needs import Project

NOT_KNOWN = "1970-01-01T00:00:00Z"
"""When a model came into being is nothing a project knows; clients want a time."""


class ModelSaid(Struct, frozen=True, kw_only=True):
    """One name that may be asked, with the fields that OpenAI's and Anthropic's clients each expect."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str = "holdfast"
    type: str = "model"
    display_name: str
    created_at: str = NOT_KNOWN


class ModelList(Struct, frozen=True, kw_only=True):
    """Every name that may be asked; all of them on one page."""

    object: str = "list"
    data: tuple[ModelSaid, ...]
    has_more: bool = False
    first_id: str | None
    last_id: str | None


class ModelsRoute:
    """Lists the names."""

    def __init__(self, project: Project) -> None:
        self._project = project

    async def answer(self, model: str, exchange: Exchange) -> None:
        """One name, or all of them where none is given. Raises NotFound (HF200, HF207) for one that is not there."""
        said = names(self._project, await self._project.rollout.choose(None))
        if model:
            found = next((each for each in said if each.id == model), None)
            if found is None:
                raise unknown("HF200", "model", model, [each.id for each in said])
            body = msgspec.json.encode(found)
        else:
            ends = (said[0].id, said[-1].id) if said else (None, None)
            body = msgspec.json.encode(ModelList(data=said, first_id=ends[0], last_id=ends[1]))
        await send_body(exchange.send, 200, body, (JSON,))


def names(project: Project, release: Release) -> tuple[ModelSaid, ...]:
    """The features; `slot:NAME` for each ladder; the models that stand in one; the encoder."""
    slots = {name: slot for name, slot in release.slots.items() if isinstance(slot, ModelSlot)}
    rungs = [model for slot in slots.values() for model in slot.models if ":" in model or "/" in model]
    found = [*project.features, *(SLOT + name for name in slots if ":" not in name), *rungs]
    if project.encoder:
        found.append(project.encoder)
    return tuple(ModelSaid(id=name, display_name=name) for name in dict.fromkeys(found))
