"""Compare: what differs between two recordings, field by field and step by step.

Knows nothing of which of the two is better.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from holdfast.records import Json, Outcome, Recording, Step
from holdfast.runtime.tape import describe, kind_of


class Change(Struct, frozen=True, kw_only=True):
    """One place of the output that differs. `path` is like `citations.0.title`; empty for the whole output."""

    path: str
    before: Json = None
    after: Json = None


class StepChange(Struct, frozen=True, kw_only=True):
    """An effect that only one of the two recordings has."""

    side: Literal["before", "after"]
    kind: str
    what: str
    key: str


class Diff(Struct, frozen=True, kw_only=True):
    """`same` is about the output and the outcome; steps may differ all the same."""

    same: bool
    outcome_before: Outcome
    outcome_after: Outcome
    output: tuple[Change, ...] = ()
    steps: tuple[StepChange, ...] = ()
    cost_usd_before: float | None = None
    cost_usd_after: float | None = None
    ms_before: float = 0.0
    ms_after: float = 0.0


class Replay(Struct, frozen=True, kw_only=True):
    """What a replay gave: its own recording, how many steps were remembered and redone, and what differs."""

    recording: Recording
    remembered: int
    redone: int
    code_changed: bool
    diff: Diff

    @classmethod
    def of(cls, before: Recording, again: Recording, *, code_changed: bool) -> Replay:
        """The replay `again` of the recording `before`."""
        remembered = sum(step.replayed for step in again.steps)
        return cls(
            recording=again,
            remembered=remembered,
            redone=len(again.steps) - remembered,
            code_changed=code_changed,
            diff=compare(before, again),
        )


def compare(before: Recording, after: Recording) -> Diff:
    """What differs from one recording to the other."""
    output = tuple(_changes("", before.output, after.output))
    return Diff(
        same=not output and before.outcome == after.outcome,
        outcome_before=before.outcome,
        outcome_after=after.outcome,
        output=output,
        steps=(*_only_in("before", before.steps, after.steps), *_only_in("after", after.steps, before.steps)),
        cost_usd_before=before.cost_usd,
        cost_usd_after=after.cost_usd,
        ms_before=before.ms,
        ms_after=after.ms,
    )


def _changes(path: str, before: Json, after: Json) -> Iterator[Change]:
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            yield from _changes(f"{path}.{name}".lstrip("."), before.get(name), after.get(name))
    elif isinstance(before, list) and isinstance(after, list):
        for at in range(max(len(before), len(after))):
            old = before[at] if at < len(before) else None
            new = after[at] if at < len(after) else None
            yield from _changes(f"{path}.{at}".lstrip("."), old, new)
    elif before != after or isinstance(before, bool) != isinstance(after, bool):
        yield Change(path=path, before=before, after=after)


def _only_in(side: Literal["before", "after"], these: Sequence[Step], those: Sequence[Step]) -> Iterator[StepChange]:
    others = {step.key for step in those}
    for step in {step.key: step for step in these}.values():
        if step.key not in others:
            yield StepChange(side=side, kind=kind_of(step.effect), what=describe(step.effect), key=step.key)
