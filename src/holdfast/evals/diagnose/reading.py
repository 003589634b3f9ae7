"""What a recording shows of how its answer came about: what was found, what wrote the answer, what judged it.

Knows nothing of other recordings.
"""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.records import (
    Call,
    Called,
    Check,
    Checked,
    Failed,
    Generate,
    Json,
    Passage,
    Recording,
    Retrieve,
    Retrieved,
    Step,
)
from holdfast.runtime.shape import EXTRACTIVE

_NOT_ASKED = ("no_key", "no_provider", "no_model", "passed_over", "resting")
"""Faults of a rung that was passed over before anything was sent to it."""


def last_pass(recording: Recording) -> tuple[Step, ...]:
    """The steps of the pass that gave the answer."""
    last = max((step.turn for step in recording.steps), default=0)
    return tuple(step for step in recording.steps if step.turn == last)


def answers(recording: Recording) -> tuple[Step, ...]:
    """The generations that wrote the answer: those after the last search of the last pass, all of them without one.

    What stands before a search (a question put in other words) is part of finding.
    """
    steps = last_pass(recording)
    searched = max((at for at, step in enumerate(steps) if isinstance(step.effect, Retrieve)), default=-1)
    return tuple(step for step in steps[searched + 1 :] if isinstance(step.effect, Generate))


def searches(recording: Recording) -> tuple[Step, ...]:
    """The searches of the last pass."""
    return tuple(step for step in last_pass(recording) if isinstance(step.effect, Retrieve))


def found(steps: Iterable[Step]) -> tuple[Passage, ...]:
    """What these searches found, each chunk once."""
    passages = {
        (passage.document, passage.chunk): passage
        for step in steps
        if isinstance(step.result, Retrieved)
        for passage in step.result.passages
    }
    return tuple(passages.values())


def stopping(recording: Recording) -> tuple[Step, ...]:
    """The verdicts that did not pass, of every pass."""
    return tuple(
        step for step in recording.steps if isinstance(step.result, Checked) and not step.result.verdict.passed
    )


def acting_guards(recording: Recording) -> tuple[str, ...]:
    """The guards that changed or stopped the answer, by name: whose verdict did not pass, and not only flagged."""
    names = {step.effect.guard for step in stopping(recording) if isinstance(step.effect, Check)}
    if recording.blocked is not None:
        names.add(recording.blocked.guard)
    return tuple(sorted(names))


def calls(recording: Recording) -> dict[str, tuple[Json, ...]]:
    """What side effects gave, by their name, in order: another answer calls them in other words and gets the same."""
    given: dict[str, tuple[Json, ...]] = {}
    for step in last_pass(recording):
        if isinstance(step.effect, Call) and isinstance(step.result, Called) and not step.effect.safe:
            given[step.effect.name] = (*given.get(step.effect.name, ()), step.result.value)
    return given


def calls_made(recording: Recording) -> int:
    """How many calls of models an answer took, failed ones included: not rungs that were passed over without asking
    anybody, nor the one that needs no model."""
    return sum(
        attempt.model != EXTRACTIVE and not (attempt.error or "").startswith(_NOT_ASKED)
        for step in recording.steps
        if not step.replayed
        for attempt in step.attempts
    )


def failed(step: Step) -> bool:
    return isinstance(step.result, Failed)


def said_to_models(recording: Recording) -> str:
    """Every text that the models which wrote the answer were sent."""
    return "\n".join(
        message.text
        for step in answers(recording)
        if isinstance(step.effect, Generate)
        for message in step.effect.messages
    )
