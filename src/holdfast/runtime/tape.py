"""The tape: for each effect, whether to do it or to remember it.

Knows nothing of how an effect is done.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import msgspec

from holdfast.errors import EffectFailed, Misconfigured, ReplayDiverged
from holdfast.records import Call, Cancelled, Effect, Json, Recording, Retrieve, Retrieved, Step

StillVisible: TypeAlias = Callable[[Retrieve, Collection[str]], frozenset[str]]
"""Of these documents, which an effect once found, those that there are now and that its principals may see now."""


def all_of_them(effect: Retrieve, documents: Collection[str]) -> frozenset[str]:
    """The `StillVisible` of a world without corpora of its own."""
    del effect
    return frozenset(documents)


KINDS = ("retrieve", "generate", "embed", "rerank", "check", "call", "clock", "chance")


@dataclass(frozen=True, slots=True)
class Tape:
    """What may be remembered, and what to do on a miss.

    `live` allows side effects (`Call`s that are not safe). `strict` makes a miss an error. `fresh` names kinds of
    effects that are done again although they stand on the tape; `fresh={"call"}` repeats side effects. `pins` says
    which version of a corpus `latest` meant. `calls` are answers of functions by the name they are called under, in
    the order in which a pass asks for them: a function that has any is never called itself, safe or not.
    """

    by_turn: Mapping[tuple[int, str], tuple[int, Step]] = field(default_factory=dict)
    by_key: Mapping[str, tuple[int, Step]] = field(default_factory=dict)
    own: Mapping[str, tuple[int, Step]] = field(default_factory=dict)
    live: bool = True
    strict: bool = False
    fresh: frozenset[str] = frozenset()
    pins: Mapping[str, str] = field(default_factory=dict)
    calls: Mapping[str, Sequence[Json]] = field(default_factory=dict)
    replay_of: str | None = None

    @classmethod
    def of(cls, recording: Recording, *, strict: bool = False, fresh: Collection[str] = ()) -> Tape:
        """The tape that remembers a recording. Raises Misconfigured (HF100) for an unknown kind in `fresh`."""
        check_kinds(fresh)
        pins: dict[str, str] = {}
        for step in recording.steps:
            if isinstance(step.effect, Retrieve):
                name, _, version = step.effect.corpus.partition("@")
                pins.setdefault(name, version)
        return cls(
            by_turn={(step.turn, step.key): (place, step) for place, step in enumerate(recording.steps)},
            by_key=_by_key(recording.steps, 0),
            live="call" in fresh,
            strict=strict,
            fresh=frozenset(fresh),
            pins=pins,
            replay_of=recording.id,
        )

    def with_own(self, steps: Sequence[Step]) -> Tape:
        """This tape, and what earlier passes of the same request did; that is never done again, `fresh` or not."""
        return replace(self, own=_by_key(steps, len(self.by_turn)))

    def without_pin(self, corpus: str) -> Tape:
        """This tape, letting `latest` mean the newest version of that corpus again."""
        return replace(self, pins={name: version for name, version in self.pins.items() if name != corpus})

    def find(self, turn: int, key: str, effect: Effect) -> tuple[int, Step] | None:
        """Where the effect stands on the tape, and what came of it; None when it is to be done.

        The same pass is looked at first, then any other. Raises ReplayDiverged (HF500) on a strict miss.
        """
        kind = kind_of(effect)
        if kind in self.fresh:
            return self.own.get(key)
        found = self.by_turn.get((turn, key)) or self.own.get(key) or self.by_key.get(key)
        if found is None and self.strict and not self.answers(effect):
            raise ReplayDiverged("HF500", f"{describe(effect)} is not on the tape", self._what_to_type(kind))
        return found

    def shown(self, found: tuple[int, Step], still_visible: StillVisible) -> tuple[int, Step]:
        """What was found on the tape, without passages that may not be seen any more: their documents are gone, or are
        for others now. What was made of those passages has another key then, and is asked anew.

        Raises ReplayDiverged (HF503), naming a document, where the tape is strict.
        """
        place, step = found
        withheld = hidden_in(step, still_visible)
        if not withheld:
            return found
        if self.strict:
            raise withheld_error(step.effect, withheld)
        assert isinstance(step.result, Retrieved)
        left = tuple(passage for passage in step.result.passages if passage.document not in withheld)
        return place, msgspec.structs.replace(step, result=msgspec.structs.replace(step.result, passages=left))

    def answers(self, effect: Effect) -> bool:
        """Whether an effect that is not remembered is answered from `calls` instead of being done."""
        return isinstance(effect, Call) and effect.name in self.calls

    def answer(self, call: Call, nth: int) -> Json:
        """What a pass is given the `nth` time (from 0) it calls a name of `calls`. Raises EffectFailed (HF307)."""
        given = self.calls[call.name]
        if nth < len(given):
            return given[nth]
        message = f"'{call.name}' was called {nth + 1} times in one pass, and the case has {len(given)} of its answers"
        raise EffectFailed("HF307", message, f"add what it gives to calls.{call.name} of the case")

    def _what_to_type(self, kind: str) -> str:
        nearest = [describe(step.effect) for _, step in self.by_key.values() if kind_of(step.effect) == kind]
        known = f"recorded of that kind: {'; '.join(nearest[:3])}. " if nearest else f"no {kind} was recorded. "
        return f"{known}Replay without --strict, or add --fresh {kind} to do it again"


BLANK = Tape()


def _by_key(steps: Sequence[Step], first: int) -> dict[str, tuple[int, Step]]:
    """Steps by key alone, each with its place; one that ended counts more than one that was cancelled."""
    found: dict[str, tuple[int, Step]] = {}
    for place, step in enumerate(steps, start=first):
        if step.key not in found or isinstance(found[step.key][1].result, Cancelled):
            found[step.key] = (place, step)
    return found


def hidden_in(step: Step, still_visible: StillVisible) -> frozenset[str]:
    """The documents of a step's passages that may not be seen any more."""
    if not isinstance(step.effect, Retrieve) or not isinstance(step.result, Retrieved):
        return frozenset()
    documents = frozenset(passage.document for passage in step.result.passages)
    return documents - still_visible(step.effect, documents) if documents else documents


def rests_on_hidden(
    recording: Recording, principals: Sequence[str], still_visible: StillVisible
) -> Iterator[ReplayDiverged]:
    """For each step with passages that somebody with those principals may not see now, the error that says so."""
    for step in recording.steps:
        if isinstance(step.effect, Retrieve):
            asked = msgspec.structs.replace(step.effect, principals=tuple(principals))
            if withheld := hidden_in(msgspec.structs.replace(step, effect=asked), still_visible):
                yield withheld_error(step.effect, withheld)


def withheld_error(effect: Effect, withheld: Collection[str]) -> ReplayDiverged:
    """The ReplayDiverged (HF503) for passages that may not be shown again."""
    named = ", ".join(f"'{document}'" for document in sorted(withheld))
    message = f"{describe(effect)} found {named}, which is gone from the corpus or not for this subject any more"
    return ReplayDiverged("HF503", message, "replay without --strict: it is left out, and what rests on it asked anew")


def check_kinds(kinds: Collection[str]) -> None:
    """Raises Misconfigured (HF100) for an unknown kind of effect."""
    for kind in kinds:
        if kind not in KINDS:
            raise Misconfigured("HF100", f"there is no kind of effect '{kind}'", f"kinds are: {', '.join(KINDS)}")


def kind_of(effect: Effect) -> str:
    """The effect's tag, as in its JSON."""
    return str(effect.__struct_config__.tag)


def describe(effect: Effect) -> str:
    """An effect in a few words, for a person."""
    for name in ("corpus", "slot", "guard", "name", "encoder", "reranker"):
        if (what := getattr(effect, name, None)) is not None:
            detail = getattr(effect, "query", "") or getattr(effect, "question", "")
            detail = " ".join(str(detail).split())
            return f"{kind_of(effect)} {what}" + (
                f' "{detail[:60]}{"…" if len(detail) > 60 else ""}"' if detail else ""
            )
    return kind_of(effect)
