"""What recordings show of slots, passages, citations and attempts, counted.

Knows nothing of what is worth a finding.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from holdfast.evals.answered import citations_of, text_in
from holdfast.evals.bounds import refuses
from holdfast.evals.diagnose.gold import name_of
from holdfast.evals.diagnose.reading import answers, found, searches
from holdfast.evals.findings.seen import Share
from holdfast.records import Attempt, Check, Generate, Message, Passage, Recording, Retrieve, Retrieved, Step
from holdfast.support import NOT_FOUND

OWN = "holdfast"
"""The provider of the rung that needs no model."""


def slot_of(step: Step) -> str:
    """The slot that a step's effect belongs to; empty where it has none."""
    effect = step.effect
    if isinstance(effect, Generate):
        return effect.slot
    if isinstance(effect, Check):
        return effect.guard
    return name_of(effect) if isinstance(effect, Retrieve) else ""


def shares(
    recordings: Iterable[Recording], could: Callable[[Step], bool], shows: Callable[[Step], bool]
) -> Mapping[str, Share]:
    """By slot, the recordings with a step that shows something, of those with a step that could."""
    found: dict[str, Share] = defaultdict(Share)
    for recording in recordings:
        by_slot: dict[str, bool] = {}
        for step in recording.steps:
            if could(step):
                slot = slot_of(step)
                by_slot[slot] = by_slot.get(slot, False) or shows(step)
        for slot, showing in by_slot.items():
            found[slot].add(recording, showing)
    return found


def mended(recordings: Iterable[Recording]) -> Mapping[str, Share]:
    """By slot, the recordings in which a reply did not match its type: an attempt broke the schema or a tool's
    parameters, or the same pass asks again with the reply, and what is wrong with it, behind the messages."""
    found: dict[str, Share] = defaultdict(Share)
    for recording in recordings:
        again: dict[str, bool] = {}
        asked: set[tuple[int, str, tuple[Message, ...]]] = set()
        for step in recording.steps:
            if isinstance(effect := step.effect, Generate):
                broke = not {"schema_violation", "bad_tool_arguments"}.isdisjoint(kinds(step))
                mends = (step.turn, effect.slot, effect.messages[:-2]) in asked
                again[effect.slot] = again.get(effect.slot, False) or broke or mends
                asked.add((step.turn, effect.slot, effect.messages))
        for slot, showing in again.items():
            found[slot].add(recording, showing)
    return found


def generated(step: Step) -> bool:
    """Whether the step asked a model."""
    return isinstance(step.effect, Generate)


def retrieved(step: Step) -> bool:
    """Whether the step searched, and the search was done."""
    return isinstance(step.result, Retrieved)


def checked(step: Step) -> bool:
    """Whether the step asked a guard."""
    return isinstance(step.effect, Check)


def attempts(step: Step) -> tuple[Attempt, ...]:
    """The tries of models of a vendor."""
    return tuple(each for each in step.attempts if each.provider != OWN)


def kinds(step: Step) -> tuple[str, ...]:
    """What kinds of faults its attempts met, without what the vendor said."""
    return tuple(each.error.partition(":")[0] for each in step.attempts if each.error)


def given(recording: Recording) -> tuple[Passage, ...]:
    """The passages that whatever wrote the answer was given; what was found, where it was handed none."""
    sources = [p for s in answers(recording) if isinstance(s.effect, Generate) for p in s.effect.sources]
    passages = {(each.document, each.chunk): each for each in sources or found(searches(recording))}
    return tuple(passages.values())


def found_by(step: Step) -> tuple[Passage, ...]:
    """The passages that a search gave; none of any other step."""
    return step.result.passages if isinstance(step.result, Retrieved) else ()


def by_corpus(recording: Recording) -> Mapping[str, frozenset[str]]:
    """The documents of the passages that were found, by the corpus that has them."""
    documents: dict[str, set[str]] = defaultdict(set)
    for step in searches(recording):
        if isinstance(step.result, Retrieved):
            documents[slot_of(step)].update(each.document for each in step.result.passages)
    return {name: frozenset(each) for name, each in documents.items()}


def cited(recording: Recording) -> frozenset[str]:
    """The documents that the answer cites."""
    return frozenset(each.document for each in citations_of(recording.output))


def declines(recording: Recording) -> bool:
    """Whether the answer says that there is none, by its words."""
    text = text_in(recording.output)
    return NOT_FOUND in text or refuses(text)


def came_to_nothing(recording: Recording) -> bool:
    """Whether whoever asked has no answer: it was declined, blocked, or there is none."""
    return recording.outcome in ("failed", "blocked") or declines(recording)


def most(counted: Iterable[str], listed: int = 2) -> str:
    """The most frequent of them in words, as in `silent (12), quota (3)`."""
    ordered = sorted(Counter(counted).items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} ({count})" for name, count in ordered[:listed])


def passes_of(recording: Recording, guard: str) -> Iterator[bool]:
    """What a guard said of each pass that it was asked in, in order: whether all that it was shown passed."""
    by_turn: dict[int, bool] = {}
    for step in recording.steps:
        if isinstance(step.effect, Check) and step.effect.guard == guard:
            verdict = getattr(step.result, "verdict", None)
            if verdict is not None:
                by_turn[step.turn] = by_turn.get(step.turn, True) and verdict.passed
    yield from (by_turn[turn] for turn in sorted(by_turn))
