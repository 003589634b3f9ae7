"""What differs between two releases, by part and slot, and every release between them.

Knows nothing of how a release is asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from holdfast.fall import DeltaPart
from holdfast.records import Json
from holdfast.release import CorpusSlot, GuardSlot, ModelSlot, Prompt, Release, Slot

_MODEL = ("models", "temperature", "top_p", "max_tokens", "seed", "stop", "reasoning_effort")
_PATIENCE = tuple(name for name in ModelSlot.__struct_fields__ if name not in (*_MODEL, "prompt"))
_SEARCH = tuple(name for name in CorpusSlot.__struct_fields__ if name not in ("version", "rerank_ms"))
_PARTS: Mapping[type, Sequence[tuple[DeltaPart, tuple[str, ...]]]] = MappingProxyType(
    {
        ModelSlot: (("prompt", ("prompt",)), ("model", _MODEL), ("provider", _PATIENCE)),
        CorpusSlot: (("retrieval", _SEARCH), ("data", ("version",)), ("provider", ("rerank_ms",))),
        GuardSlot: (("guard", GuardSlot.__struct_fields__),),
    }
)
"""The parts of each kind of slot, with their fields."""
_LONGEST = 60


class Differing(Struct, frozen=True, kw_only=True):
    """One part of one slot that differs, with the fields that do."""

    part: DeltaPart
    slot: str
    fields: tuple[str, ...]


def deltas_of(a: Release, b: Release) -> tuple[Differing, ...]:
    """Every part that differs of the slots that both have, in order of slots."""
    return tuple(
        Differing(part=part, slot=name, fields=differing)
        for name in sorted(_shared(a, b))
        for part, fields in _PARTS[type(a.slots[name])]
        if (differing := tuple(f for f in fields if getattr(a.slots[name], f) != getattr(b.slots[name], f)))
    )


def only_in_one(a: Release, b: Release) -> tuple[str, ...]:
    """The slots that only one of them has, or that are of another kind in each."""
    return tuple(sorted({*a.slots, *b.slots} - _shared(a, b)))


def between(a: Release, b: Release, made: Collection[Differing]) -> Release:
    """A with some of the changes that lead to B. What only one of them has is there on both sides, B's where it is."""
    slots: dict[str, Slot] = {**a.slots, **{name: b.slots[name] for name in only_in_one(a, b) if name in b.slots}}
    for each in made:
        values: dict[str, Any] = {field: getattr(b.slots[each.slot], field) for field in each.fields}
        slots[each.slot] = msgspec.structs.replace(slots[each.slot], **values)
    return Release(slots=slots)


def in_words(delta: Differing, a: Release, b: Release) -> tuple[str, ...]:
    """Each setting that differs, as in `answer.models: a:b -> c:d`."""
    old, new = a.slots[delta.slot], b.slots[delta.slot]
    return tuple(
        f"{delta.slot}.{name}: {_shown(before)} -> {_shown(after)}"
        for name, before, after in _settings(delta, old, new)
    )


def taking_back(delta: Differing, a: Release, b: Release) -> dict[str, Any]:
    """The settings that give B what A has of a part. A prompt is the prompt itself, for whoever knows its number."""
    return {
        f"{delta.slot}.{name}": before if isinstance(before, Prompt) else msgspec.to_builtins(before)
        for name, before, _ in _settings(delta, a.slots[delta.slot], b.slots[delta.slot])
    }


def patience(slot: Slot | None) -> tuple[Json, ...]:
    """What of a slot decides whether a step ends in time, and is no part of the step's key."""
    if isinstance(slot, ModelSlot):
        return tuple(getattr(slot, field) for field in _PATIENCE)
    return (slot.rerank_ms,) if isinstance(slot, CorpusSlot) else ()


def _shared(a: Release, b: Release) -> set[str]:
    return {name for name in a.slots.keys() & b.slots.keys() if type(a.slots[name]) is type(b.slots[name])}


def _settings(delta: Differing, old: Slot, new: Slot) -> list[tuple[str, Any, Any]]:
    """The names of the settings that differ, with both values; a guard's own settings each by itself."""
    found = []
    for field in delta.fields:
        before, after = getattr(old, field), getattr(new, field)
        if field == "settings":
            names = sorted({*before, *after})
            found += [(n, before.get(n), after.get(n)) for n in names if before.get(n) != after.get(n)]
        else:
            found.append((field, before, after))
    return found


def _shown(value: Any) -> str:
    if isinstance(value, Prompt):
        return f"{value.path} ({value.hash[:8]})"
    if value in (None, (), []):
        return "unset"
    if isinstance(value, tuple) and all(isinstance(one, str) for one in value):
        return " > ".join(value)
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode()
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."
