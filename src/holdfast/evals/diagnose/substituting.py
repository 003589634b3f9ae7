"""The substitutions: one step of the recording or one slot of its release replaced, and the rest remembered.

Knows nothing of what follows from an outcome. Nothing live happens: side effects are answered from the recording.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import msgspec

from holdfast.contracts import Rearrange
from holdfast.diagnosis import Substitution
from holdfast.evals.diagnose.examined import Examined, Host
from holdfast.evals.diagnose.gold import name_of
from holdfast.evals.diagnose.reading import acting_guards, answers, calls, failed, found, searches
from holdfast.identity import digest
from holdfast.records import Generate, Generated, Json, Passage, Recording, Retrieve, Retrieved
from holdfast.release import ModelSlot, Prompt, Release
from holdfast.runtime.prompts import DEFAULT
from holdfast.runtime.tape import Tape

WIDER, NARROWER = 5, 3
MOST_WIDE = 60
"""Passages of a wider search at most: beyond it a prompt is too long for many a model, and tells nothing of ranking."""
MINIMAL = Prompt(
    path="(minimal)",
    hash=digest(b"minimal 1", 16),
    text="{% block system %}Do what is asked with what is given, from the passages alone where there are any. Say it "
    "plainly and completely. Where they do not say it, say so.{% endblock %}" + DEFAULT.text,
)
"""A prompt that asks for nothing but the task: what fails with the feature's own and passes with this one fails by the
prompt."""
_PATIENT_MS = 120_000
_ROOM_TOKENS = 4


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a substitution may go back to or on to: the release of the last good answer, and a stronger model."""

    release: Release | None = None
    stronger: str | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A substitution ready to be run: a release, a tape that remembers the rest, and what it is called.

    `changes` is what the same comes to as a change of settings, empty where it is none. `calls` is how many calls of
    models an answer needs. What a `secret` one gives is never kept: it is what a guard has stopped.
    """

    substitution: Substitution
    release: Release
    tape: Tape
    said: str
    changes: dict[str, Json] = field(default_factory=dict)
    calls: int = 1
    secret: bool = False


class Substitutions:
    """The substitutions of one recording. The same one is always the same.

    A side effect that the recording did not come to gives what it gave in a `good` one.
    """

    def __init__(self, host: Host, examined: Examined, earlier: Earlier, good: Sequence[Recording] = ()) -> None:
        self._host = host
        self._examined = examined
        self._earlier = earlier
        recording = examined.recording
        self._slots = tuple(dict.fromkeys(s.effect.slot for s in answers(recording) if isinstance(s.effect, Generate)))
        if not self._slots:  # it failed before a model was asked
            self._slots = tuple(n for n, s in examined.release.slots.items() if isinstance(s, ModelSlot) and s.prompt)
        asked = (step.effect for step in searches(recording))
        self._corpora = tuple(dict.fromkeys(name_of(effect) for effect in asked if isinstance(effect, Retrieve)))
        known = [calls(each) for each in (*reversed(good), recording)]  # its own count most
        self._given = {name: given for each in (*known, examined.case.calls) for name, given in each.items()}
        self._calls = max(len(answers(recording)), 1 if self._slots else 0)

    async def make(self, name: Substitution) -> Made | None:
        """The substitution; None where this recording has nothing to put it in the place of."""
        if name == "again":
            return self._made(name, self._examined.release, "asked again, nothing replaced")
        if name == "placebo":
            return self._rearranged(name, _reordered(self._examined), "passages that do not answer in another order")
        if name in ("guard_off", "provider_healthy"):
            return self._guards_off(name) if name == "guard_off" else await self._healthy(name)
        if name in ("gold_added", "gold_only", "gold_removed"):
            return self._with_gold(name)
        if name in ("wider", "narrower", "plain_search"):
            return await self._searched(name)
        if name == "gold_query":
            return await self._asked_well(name)
        if name in ("previous_prompt", "previous_model"):
            return await self._gone_back(name)
        return await self._exchanged(name)

    # ------------------------------------------------------------ one step replaced

    def _tape(self, rearrange: Rearrange | None = None) -> Tape:
        """What is remembered: all but what wrote the answer and what failed; passages as `rearrange` has them."""
        examined = self._examined
        anew = {step.key for step in answers(examined.recording)}
        steps = [step for step in examined.recording.steps if step.key not in anew and not failed(step)]
        if rearrange is not None:
            steps = [
                msgspec.structs.replace(step, result=_rearranged(step.result, rearrange))
                if isinstance(step.result, Retrieved)
                else step
                for step in steps
            ]
        tape = Tape.of(msgspec.structs.replace(examined.recording, steps=tuple(steps)))
        return replace(tape, live=False, calls=self._given)

    def _made(self, name: Substitution, release: Release, said: str, rearrange: Rearrange | None = None) -> Made:
        return Made(name, release, self._tape(rearrange), said, calls=self._calls)

    def _rearranged(self, name: Substitution, rearrange: Rearrange | None, said: str) -> Made | None:
        if rearrange is None or not self._corpora:
            return None
        return self._made(name, self._examined.release, said, rearrange)

    def _with_gold(self, name: Substitution) -> Made | None:
        examined = self._examined
        gold, shown = examined.gold, found(searches(examined.recording))
        if not gold or not self._corpora:
            return None
        there = any(examined.is_gold(passage) for passage in shown)
        if name == "gold_added":
            return (
                None if there else self._rearranged(name, _added(gold), "with the passage that answers put among them")
            )
        if name == "gold_only":
            return self._rearranged(name, lambda _: gold, "with the passage that answers alone")
        if name == "gold_removed":
            return self._rearranged(name, _removed(examined), "without the passage that answers") if there else None
        return None

    # ------------------------------------------------------------ one slot replaced

    def _guards_off(self, name: Substitution) -> Made | None:
        """Without the guards that objected: what would have been said. It leaves no recording."""
        release, guards = self._examined.release, acting_guards(self._examined.recording)
        changes: dict[str, Json] = {f"{guard}.on_fail": "flag" for guard in guards if guard in release.slots}
        if not changes:
            return None
        for guard in guards:
            release = release.with_(guard, on_fail="flag")
        first = self._first_answer()
        tape = replace(Tape.of(self._examined.recording), calls=self._given) if first else self._tape()
        said = f"without guard {', '.join(guards)}"
        return Made(name, release, replace(tape, live=False), said, changes, 0 if first else self._calls, secret=True)

    def _first_answer(self) -> bool:
        """Whether what the guard judged stands in the recording, so that no model need be asked."""
        return any(isinstance(step.result, Generated) for step in answers(self._examined.recording))

    async def _healthy(self, name: Substitution) -> Made | None:
        """The first rung with more time, more tries and more room for its answer."""
        if not self._slots:
            return None
        changes: dict[str, Json] = {}
        for slot in self._slots:
            choice = self._examined.release.models(slot)
            changes[f"{slot}.deadline_ms"] = max(_PATIENT_MS, choice.deadline_ms)
            changes[f"{slot}.first_token_ms"] = max(_PATIENT_MS, choice.first_token_ms)
            changes[f"{slot}.retries"] = max(5, choice.retries)
            if choice.max_tokens is not None:
                changes[f"{slot}.max_tokens"] = choice.max_tokens * _ROOM_TOKENS
        return await self._changed(name, changes, "with more time, tries and room for the model")

    async def _searched(self, name: Substitution) -> Made | None:
        release, changes = self._examined.release, dict[str, Json]()
        for corpus in self._corpora:
            slot = release.corpus(corpus)
            if name == "wider":
                changes[f"{corpus}.k"] = min(MOST_WIDE, slot.k * WIDER)
                changes[f"{corpus}.max_per_document"] = max(slot.max_per_document, WIDER)
            elif name == "narrower":
                changes[f"{corpus}.k"] = max(1, slot.k // NARROWER)
            elif slot.mode != "hybrid":
                changes[f"{corpus}.mode"] = "hybrid"
            else:
                changes[f"{corpus}.mode"] = "lexical"
            if slot.reranker is not None and name != "narrower":
                changes[f"{corpus}.reranker"] = "none"
        if not changes:
            return None
        said = {"wider": "with more passages", "narrower": "with fewer passages",
                "plain_search": "searched in the plain way"}[name]  # fmt: skip
        return await self._changed(name, changes, said)

    async def _asked_well(self, name: Substitution) -> Made | None:
        """The search with the words of the answer, which is what a perfect question would find."""
        examined = self._examined
        if not examined.gold or not self._corpora:
            return None
        query = " ".join(passage.text for passage in examined.gold)[:2000]
        better: dict[tuple[Passage, ...], tuple[Passage, ...]] = {}
        for step in searches(examined.recording):
            if isinstance(step.effect, Retrieve) and isinstance(step.result, Retrieved):
                asked = msgspec.structs.replace(step.effect, query=query)
                better[step.result.passages] = await self._host.corpora.search(asked)
        return self._rearranged(
            name, lambda passages: better.get(passages, passages), "searched with the answer's words"
        )

    async def _gone_back(self, name: Substitution) -> Made | None:
        """The prompt, or the models, of the last good answer, where they were others."""
        before = self._earlier.release
        if before is None:
            return None
        release, changes = self._examined.release, dict[str, Json]()
        for slot in self._slots:
            old, new = before.slots.get(slot), release.models(slot)
            if not isinstance(old, ModelSlot):
                continue
            if name == "previous_prompt" and old.prompt is not None and old.prompt != new.prompt:
                number = await self._host.store.prompts.note(old.prompt)
                changes[f"{slot}.prompt"] = f"{old.prompt.path}@{number}"
            if name == "previous_model" and old.models != new.models:
                changes[f"{slot}.models"] = list(old.models)
        what = "prompt" if name == "previous_prompt" else "models"
        return await self._changed(name, changes, f"with the {what} of the last good answer") if changes else None

    async def _exchanged(self, name: Substitution) -> Made | None:
        """A minimal prompt, a stronger model, or both with the passage that answers alone (`ceiling`)."""
        examined, release = self._examined, self._examined.release
        stronger = self._earlier.stronger
        if not self._slots or (name == "stronger_model" and stronger is None):
            return None
        changes: dict[str, Json] = {}
        if name in ("stronger_model", "ceiling") and stronger is not None:
            changes = {f"{slot}.models": [stronger] for slot in self._slots}
            release = await self._host.changed(release, changes)
        if name in ("minimal_prompt", "ceiling"):
            for slot in self._slots:
                release = release.with_(slot, prompt=MINIMAL)
        only: Rearrange | None = None
        if name == "ceiling" and examined.gold and self._corpora:
            only = _only(examined.gold)
        said = {"stronger_model": f"with {stronger}", "minimal_prompt": "with a prompt that only states the task",
                "ceiling": "with everything at its best at once"}[name]  # fmt: skip
        kept = changes if name == "stronger_model" else {}
        return replace(self._made(name, release, said, only), changes=kept)

    async def _changed(self, name: Substitution, changes: dict[str, Json], said: str) -> Made:
        release = await self._host.changed(self._examined.release, changes)
        return replace(self._made(name, release, said), changes=changes)


def _rearranged(found: Retrieved, rearrange: Rearrange) -> Retrieved:
    """Other passages in place of those that were found. How sure a search was is known of what it found alone."""
    passages = rearrange(found.passages)
    alike = len(passages) == len(found.passages) and set(passages) == set(found.passages)
    return Retrieved(passages=passages, confidence=found.confidence if alike else None)


def _added(gold: Sequence[Passage]) -> Rearrange:
    """The passages that answer in the middle, where a reader looks last."""

    def rearrange(passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        middle = len(passages) // 2
        return (*passages[:middle], *gold, *passages[middle:])

    return rearrange


def _only(gold: tuple[Passage, ...]) -> Rearrange:
    return lambda _: gold


def _removed(examined: Examined) -> Rearrange:
    return lambda passages: tuple(passage for passage in passages if not examined.is_gold(passage))


def _reordered(examined: Examined) -> Rearrange | None:
    """The passages that do not answer the other way round, those that do in their place; None where that changes
    nothing."""

    def rearrange(passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        others = [passage for passage in passages if not examined.is_gold(passage)][::-1]
        return tuple(passage if examined.is_gold(passage) else others.pop(0) for passage in passages)

    shown = found(searches(examined.recording))
    return rearrange if rearrange(shown) != shown else None
