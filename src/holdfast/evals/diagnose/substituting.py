"""The substitutions: one step of the recording or one slot of its release replaced, and the rest remembered.

Knows nothing of what follows from an outcome. Nothing live happens: side effects are answered from the recording.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from holdfast.contracts import Rearrange
from holdfast.diagnosis import Substitution
from holdfast.evals.diagnose.examined import Examined, Host
from holdfast.evals.diagnose.gold import name_of
from holdfast.evals.diagnose.reading import acting_guards, answers, calls, failed, found, last_pass, searches
from holdfast.identity import digest
from holdfast.records import Generate, Generated, Json, Passage, Recording, Retrieve, Retrieved
from holdfast.release import CorpusSlot, GuardSlot, ModelSlot, Prompt, Release
from holdfast.runtime.prompts import DEFAULT
from holdfast.runtime.tape import Tape

WIDER, NARROWER = 5, 3
MOST_WIDE = 60
"""Passages of a wider search at most: beyond it a prompt is too long for many a model, and tells nothing of ranking."""
MINIMAL = Prompt(
    path="(minimal)",
    hash=digest(b"minimal 2", 16),
    text="{% block system %}Do what is asked with what is given, only from the passages where there are any. Be "
    "precise: give exact names, numbers and dates. Where the passages do not say it, say so.{% endblock %}"
    + DEFAULT.text,
)
"""A prompt that asks for nothing but the task: what fails with the feature's own and passes with this one fails by the
prompt."""
SEARCH = ("k", "mode", "weight", "max_per_document", "reranker", "rerank_k", "rerank_weight", "where",
          "min_confidence")  # fmt: skip
"""What a search is set by."""
_PATIENT_MS = 120_000
_ROOM_TOKENS = 1_024


@dataclass(frozen=True, slots=True)
class Earlier:
    """What a substitution may go back to or on to: the release of the last good answer, a stronger model, and the same
    models at another provider, by what is asked first.

    `answer` is that last good answer where it was one to the same input, and passes still. `unlike` is an older answer
    to it that nobody complained of, and that does not pass.
    """

    release: Release | None = None
    stronger: str | None = None
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    answer: Recording | None = None
    unlike: Recording | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A substitution ready to be run: a release, a tape that remembers the rest, and what it is called.

    `changes` is what the same comes to as a change of settings, empty where it is none. `calls` is how many calls of
    models an answer needs. What a `secret` one gives is never kept: it is what a guard has stopped. `rearrange` is what
    it does to passages.
    """

    substitution: Substitution
    release: Release
    tape: Tape
    said: str
    changes: dict[str, Json] = field(default_factory=dict)
    calls: int = 1
    secret: bool = False
    rearrange: Rearrange | None = None


class Substitutions:
    """The substitutions of one recording. The same one is always the same.

    A side effect that the recording did not come to gives what it gave in a `good` one.
    """

    def __init__(self, host: Host, examined: Examined, earlier: Earlier, good: Sequence[Recording] = ()) -> None:
        self._host = host
        self._examined = examined
        self._earlier = earlier
        self._good = good
        recording = examined.recording
        self._slots = tuple(dict.fromkeys(s.effect.slot for s in answers(recording) if isinstance(s.effect, Generate)))
        if not self._slots:  # it failed before a model was asked
            self._slots = tuple(n for n, s in examined.release.slots.items() if isinstance(s, ModelSlot) and s.prompt)
        every = (step.effect.slot for step in last_pass(recording) if isinstance(step.effect, Generate))
        self._asking = tuple(slot for slot in dict.fromkeys(every) if slot not in self._slots)
        asked = (step.effect for step in searches(recording))
        self._corpora = tuple(dict.fromkeys(name_of(effect) for effect in asked if isinstance(effect, Retrieve)))
        known = [calls(each) for each in (*reversed(good), recording)]  # its own count most
        self._given = {name: given for each in (*known, examined.case.calls) for name, given in each.items()}
        self._calls = max(len(answers(recording)), 1 if self._slots else 0)

    async def make(self, name: Substitution) -> Made | None:
        """The substitution; None where this recording has nothing to put it in the place of."""
        if name == "again":
            return self._again(name)
        if name == "placebo":
            return self._rearranged(name, _reordered(self._examined), "passages that do not answer in another order")
        if name == "guard_off":
            return self._guards_off(name, acting_guards(self._examined.recording))
        if name in ("provider_healthy", "second_endpoint"):
            return await (self._healthy(name) if name == "provider_healthy" else self._elsewhere(name))
        if name in ("gold_added", "gold_only", "gold_removed"):
            return self._with_gold(name)
        if name in ("wider", "narrower", "plain_search"):
            return await self._searched(name)
        if name in ("previous_search", "gold_query"):
            return await (self._asked_well(name) if name == "gold_query" else self._searched_before(name))
        if name in ("previous_prompt", "previous_model"):
            return await self._gone_back(name)
        return await self._exchanged(name)

    async def together(self, one: Made, other: Substitution) -> Made | None:
        """Another substitution on top of one; None where it has no place there, or would undo the first."""
        examined = replace(self._examined, release=one.release)
        onto = Substitutions(self._host, examined, self._earlier, self._good)
        made = onto._guards_off(other, self.every_guard()) if other == "guard_off" else await onto.make(other)
        if made is None or (one.rearrange and made.rearrange) or set(one.changes) & set(made.changes):
            return None
        said = f"{one.said}, and {made.said}"
        rearrange = one.rearrange or made.rearrange
        changes = {**one.changes, **made.changes} if not rearrange else {}
        return Made(
            other, made.release, self._tape(rearrange), said, changes, self._calls, one.secret or made.secret, rearrange
        )

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

    def _again(self, name: Substitution) -> Made:
        """The same request once more. Where a model puts the question in other words, that is done again too: what is
        found is then chance as well."""
        made = self._made(name, self._examined.release, "asked again, nothing replaced")
        if not self._asking:
            return made
        recording = self._examined.recording
        anew = {step.key for step in recording.steps if isinstance(step.effect, Generate | Retrieve) or failed(step)}
        steps = tuple(step for step in recording.steps if step.key not in anew)
        tape = replace(Tape.of(msgspec.structs.replace(recording, steps=steps)), live=False, calls=self._given)
        return replace(made, tape=tape, calls=self._calls + len(self._asking))

    def _made(self, name: Substitution, release: Release, said: str, rearrange: Rearrange | None = None) -> Made:
        return Made(name, release, self._tape(rearrange), said, calls=self._calls, rearrange=rearrange)

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

    def _guards_off(self, name: Substitution, guards: Sequence[str]) -> Made | None:
        """Without these guards: what would have been said. It leaves no recording."""
        release = self._examined.release
        changes: dict[str, Json] = {f"{guard}.on_fail": "flag" for guard in guards if guard in release.slots}
        if not changes:
            return None
        for guard in guards:
            release = release.with_(guard, on_fail="flag")
        said = f"without guard {', '.join(guards)}"
        return replace(self._made(name, release, said), changes=changes, secret=True)

    def every_guard(self) -> tuple[str, ...]:
        """The guards that may change or stop an answer."""
        slots = self._examined.release.slots
        return tuple(name for name, slot in slots.items() if isinstance(slot, GuardSlot) and slot.on_fail != "flag")

    def stopped(self) -> Made | None:
        """The answer that a guard stopped, as it stands in the recording: no model is asked. None where none did."""
        recording = self._examined.recording
        if not any(isinstance(step.result, Generated) for step in answers(recording)):
            return None
        made = self._guards_off("guard_off", acting_guards(recording))
        if made is None:
            return None
        return replace(made, tape=replace(Tape.of(recording), calls=self._given, live=False), calls=0)

    async def _healthy(self, name: Substitution) -> Made | None:
        """The first rung with more time, more tries and more room for its answer."""
        changes = self._patient()
        return await self._changed(name, changes, "with more time, tries and room for the model") if changes else None

    def _patient(self) -> dict[str, Json]:
        changes: dict[str, Json] = {}
        for slot in self._slots:
            choice = self._examined.release.models(slot)
            changes[f"{slot}.deadline_ms"] = max(_PATIENT_MS, choice.deadline_ms)
            changes[f"{slot}.first_token_ms"] = max(_PATIENT_MS, choice.first_token_ms)
            changes[f"{slot}.retries"] = max(5, choice.retries)
            if choice.max_tokens is not None:
                changes[f"{slot}.max_tokens"] = max(choice.max_tokens * 2, _ROOM_TOKENS)
        return changes

    async def _elsewhere(self, name: Substitution) -> Made | None:
        """The same model at another provider first, as patiently, with the rungs below it as they are."""
        changes: dict[str, Json] = {}
        for slot in self._slots:
            models = self._examined.release.models(slot).models
            if models and models[0] in self._earlier.elsewhere:
                there = self._earlier.elsewhere[models[0]]
                changes[f"{slot}.models"] = [there, *(model for model in models[1:] if model != there)]
        if not changes:
            return None
        named = ", ".join(str(value[0]) for value in changes.values() if isinstance(value, list))
        said = f"with the same model at another provider ({named}), and more time, tries and room"
        return await self._changed(name, {**changes, **self._patient()}, said)

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

    async def _searched_before(self, name: Substitution) -> Made | None:
        """Searched as at the last good answer: the settings of the search, and whatever puts the question in other
        words."""
        before, release = self._earlier.release, self._examined.release
        if before is None or not self._corpora:
            return None
        changes: dict[str, Json] = {}
        for corpus in self._corpora:
            old, new = before.slots.get(corpus), release.corpus(corpus)
            if isinstance(old, CorpusSlot):
                changes |= {f"{corpus}.{f}": getattr(old, f) for f in SEARCH if getattr(old, f) != getattr(new, f)}
        for slot in self._asking:
            was, is_now = before.slots.get(slot), release.models(slot)
            if isinstance(was, ModelSlot) and was.prompt is not None and was.prompt != is_now.prompt:
                number = await self._host.store.prompts.note(was.prompt)
                changes[f"{slot}.prompt"] = f"{was.prompt.path}@{number}"
            if isinstance(was, ModelSlot) and was.models != is_now.models:
                changes[f"{slot}.models"] = list(was.models)
        return await self._changed(name, changes, "searched as at the last good answer") if changes else None

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
    """The passages that answer in the middle, where a reader looks last, in place of what their documents say else."""
    documents = {passage.document for passage in gold}

    def rearrange(passages: tuple[Passage, ...]) -> tuple[Passage, ...]:
        others = tuple(passage for passage in passages if passage.document not in documents)
        middle = len(others) // 2
        return (*others[:middle], *gold, *others[middle:])

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
