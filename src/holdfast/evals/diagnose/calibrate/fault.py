"""A planted fault: what is not as it should be, as functions over a release, a search, an effect, a case, a verifier.

Knows nothing of which faults there are. Nothing that a project keeps is touched: a fault lives in what is handed on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from holdfast.diagnosis import Part, Verdict
from holdfast.evals.diagnose.examined import Examined
from holdfast.evals.diagnose.known import Verify
from holdfast.evals.diagnose.reading import answers, searches
from holdfast.evaluation import Case
from holdfast.records import Check, Document, Done, Effect, Generate, Passage, Recording, Retrieve
from holdfast.release import GuardSlot, Release

Inner: TypeAlias = Callable[[Effect], Awaitable[Done]]
"""Does an effect as it is done without the fault."""
Act: TypeAlias = Callable[[Effect, Release, Inner], Awaitable[Done]]
"""Does an effect under a release with the fault."""
Find: TypeAlias = Callable[[Retrieve, tuple[Passage, ...]], tuple[Passage, ...]]
"""What a search gives in place of what it found, which may be cut to what was asked for afterwards."""
Read: TypeAlias = Callable[[Document], Document | None]
"""A document as the fault has it; None where it is gone."""


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """Something that is not as it should be. `parts` are at fault, none where an answer is bad by chance.

    `until_failed`: it is over once an answer has failed of it. `sometimes`: answers fail of it now and then.
    """

    name: str
    parts: frozenset[Part]
    release: Callable[[Release], Release] | None = None
    find: Find | None = None
    read: Read | None = None
    act: Act | None = None
    case: Callable[[Case], Case] | None = None
    verify: Callable[[Verify], Verify] | None = None
    until_failed: bool = False
    sometimes: bool = False

    @property
    def verdict(self) -> Verdict:
        """What is rightly said of it."""
        if not self.parts:
            return "intermittent"
        return next(iter(self.parts)) if len(self.parts) == 1 else "interaction"

    @property
    def as_found(self) -> PlantedFault:
        """The fault as it is when somebody looks into the answer that failed."""
        return replace(self, act=None) if self.until_failed else self

    def in_release(self, release: Release) -> Release:
        return release if self.release is None else self.release(release)

    def in_case(self, case: Case) -> Case:
        return case if self.case is None else self.case(case)

    def in_verifier(self, verify: Verify) -> Verify:
        return verify if self.verify is None else self.verify(verify)


def both(one: PlantedFault, other: PlantedFault) -> PlantedFault:
    """Two faults at once, of different parts."""
    return PlantedFault(
        name=f"{one.name}+{other.name}",
        parts=one.parts | other.parts,
        release=lambda release: other.in_release(one.in_release(release)),
        find=one.find if other.find is None else other.find if one.find is None else _found(one.find, other.find),
        read=one.read or other.read,
        act=one.act if other.act is None else other.act if one.act is None else _acted(one.act, other.act),
    )


def _found(one: Find, other: Find) -> Find:
    return lambda effect, passages: other(effect, one(effect, passages))


def _acted(one: Act, other: Act) -> Act:
    async def act(effect: Effect, release: Release, inner: Inner) -> Done:
        return await other(effect, release, lambda asked: one(asked, release, inner))

    return act


@dataclass(frozen=True, slots=True)
class Ground:
    """A case that passes: what a fault is planted in. `other` is another such case, and the answer to it.

    `weaker` is a model that is weaker than the one that answers, None where none is known.
    """

    examined: Examined
    other: tuple[Case, Recording] | None = None
    weaker: str | None = None

    @property
    def case(self) -> Case:
        return self.examined.case

    @property
    def release(self) -> Release:
        return self.examined.release

    @property
    def slots(self) -> tuple[str, ...]:
        """The slots whose models wrote the answer."""
        asked = (step.effect for step in answers(self.examined.recording))
        return tuple(dict.fromkeys(effect.slot for effect in asked if isinstance(effect, Generate)))

    @property
    def searched(self) -> tuple[Retrieve, ...]:
        """The searches of the answer."""
        return tuple(step.effect for step in searches(self.examined.recording) if isinstance(step.effect, Retrieve))

    @property
    def guards(self) -> tuple[str, ...]:
        """The guards that were asked, and that the release can set."""
        asked = (step.effect for step in self.examined.recording.steps)
        names = dict.fromkeys(effect.guard for effect in asked if isinstance(effect, Check))
        return tuple(name for name in names if isinstance(self.release.slots.get(name), GuardSlot))

    def has_words_of_the_answer(self, query: str) -> bool:
        """Whether a search asks with the words of a passage that answers, as nobody does who does not know them."""
        return any(gold.text[:100] and gold.text[:100] in query for gold in self.examined.gold)
