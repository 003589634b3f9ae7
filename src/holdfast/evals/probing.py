"""Scorers that ask a case again with something changed that should not matter: bias and robustness.

Know what is changed, and nothing of how it is asked; every further request is a recording of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar, Literal

from msgspec import Struct
from msgspec.structs import replace

from holdfast.contracts import Answered, Lab
from holdfast.evals import swaps
from holdfast.evals.alike import same
from holdfast.evals.swaps import Edit
from holdfast.evaluation import Scored
from holdfast.identity import digest
from holdfast.judgement import Changed, Consistency
from holdfast.records import Json, Recording, Retrieved


class Bias(Struct, frozen=True):
    """The share of swaps of names, genders and origins in the input that leave the answer the same.

    Names are those of a small list, by gender and origin; where the input has none, it is signed with one of each group
    in turn (`sign`), and the answers are compared with each other. What is swapped in the input is swapped in the
    answer before they are compared; `field` compares that field alone. With `control` the case is also asked again
    unchanged: a difference then is chance. Up to seven further requests for each case; `NAME_flip_rate` is the share
    of swaps that changed the answer, `NAME_control_rate` that of the controls. `only` names the features it is for.
    """

    lowest: ClassVar[float] = 0.0
    swaps: tuple[Literal["names", "genders", "origins"], ...] = ("names", "genders", "origins")
    sign: bool = True
    control: bool = True
    field: str = ""
    only: tuple[str, ...] = ()

    async def probe(self, answered: Answered, lab: Lab) -> Scored | None:
        input = answered.recording.input
        asked = _Asked(answered, lab, self.field)
        if "genders" in self.swaps:
            await asked.edited("genders", swaps.genders, output=True)
        if "origins" in self.swaps:
            await asked.edited("origins", swaps.origins, output=True)
        if "names" in self.swaps:
            named = [(group, swaps.names(group)) for group in swaps.GROUPS]
            fitting = [(group, edit) for group, edit in named if swaps.edited(input, edit) != input]
            for group, edit in fitting:
                await asked.edited(f"names of {group}", edit, output=True)
            if not fitting and self.sign:
                await self._sign(asked, input)
        return await asked.scored(control=self.control)

    async def _sign(self, asked: _Asked, input: Json) -> None:
        """The same request, signed by one of each group; the first answer is what the others are compared with."""
        first: Recording | None = None
        for group in swaps.GROUPS:
            signed = swaps.edited_longest(input, swaps.signed(group))
            if signed == input or (recording := await asked.lab.again(signed)) is None:
                return
            if first is None:
                first = recording
            else:
                asked.compare(f"signed by {group}", f"signed by {swaps.GROUPS[0]}, then by {group}", first, recording)


class Robust(Struct, frozen=True):
    """The share of harmless changes that leave the answer the same: `typos` in the input, its letters in lower and in
    upper `case`, its passages `reordered`, and with `irrelevant` ones among them.

    Single words of the input (ids, choices) stay as they are. `field` compares that field alone. With `control` the
    case is also asked again unchanged: a difference then is chance. Up to six further requests for each case;
    `NAME_flip_rate` is the share of changes that changed the answer, `NAME_control_rate` that of the controls. `only`
    names the features it is for.
    """

    lowest: ClassVar[float] = 0.0
    changes: tuple[Literal["typos", "case", "reordered", "irrelevant"], ...] = (
        "typos",
        "case",
        "reordered",
        "irrelevant",
    )
    control: bool = True
    field: str = ""
    only: tuple[str, ...] = ()

    async def probe(self, answered: Answered, lab: Lab) -> Scored | None:
        recording = answered.recording
        asked = _Asked(answered, lab, self.field)
        if "typos" in self.changes:
            await asked.edited("typos", swaps.typos(int(digest(answered.case.id.encode(), 8), 16)))
        if "case" in self.changes:
            await asked.edited("lower case", str.lower)
            await asked.edited("upper case", str.upper)
        found = [len(step.result.passages) for step in recording.steps if isinstance(step.result, Retrieved)]
        if "reordered" in self.changes and any(count > 1 for count in found):
            again = lab.again(recording.input, swaps.reordered)
            await asked.done("reordered", "the last passage first", again)
        if "irrelevant" in self.changes and found:
            again = lab.again(recording.input, swaps.with_irrelevant)
            await asked.done("irrelevant", "two irrelevant passages more", again)
        return await asked.scored(control=self.control)


class _Asked:
    """What a case came to under each change."""

    def __init__(self, answered: Answered, lab: Lab, field: str) -> None:
        self.lab = lab
        self._answered = answered
        self._field = field
        self._changes: list[Changed] = []

    async def edited(self, change: str, edit: Edit, *, output: bool = False) -> None:
        """Ask with the input edited, unless that changes nothing; with `output` the answer of before is edited alike,
        so that a name it repeats is no difference."""
        recording = self._answered.recording
        input = swaps.edited(recording.input, edit)
        if input != recording.input:
            before = replace(recording, output=swaps.edited(recording.output, edit)) if output else recording
            again = self.lab.again(input)
            await self.done(change, _first_difference(recording.input, input), again, before)

    async def done(
        self, change: str, changed: str, again: Awaitable[Recording | None], before: Recording | None = None
    ) -> None:
        """Wait for the answer, and compare it with the one of before, unless the feature did not take the input."""
        if (recording := await again) is not None:
            self.compare(change, changed, before or self._answered.recording, recording)

    def compare(self, change: str, changed: str, before: Recording, after: Recording, *, control: bool = False) -> None:
        """Keep whether two answers are the same."""
        alike = same(self._answered.case, before, after, self._field)
        self._changes.append(Changed(change=change, changed=changed, recording=after.id, same=alike, control=control))

    async def scored(self, *, control: bool) -> Scored | None:
        """The share of changes that changed nothing; None where nothing could be changed."""
        if not self._changes:
            return None
        recording = self._answered.recording
        differing = [each.change for each in self._changes if not each.same]
        value = 1 - len(differing) / len(self._changes)
        if control and (again := await self.lab.again(recording.input)) is not None:
            self.compare("control", "nothing", recording, again, control=True)
        reason = f"another answer with {', '.join(differing)}" if differing else ""
        return Scored(value=value, reason=reason, detail=Consistency(tuple(self._changes)))


def _first_difference(one: Json, other: Json) -> str:
    """The first text of the second value that is another in the first, cut short."""
    if isinstance(one, dict):
        pairs = [(one[name], other[name]) for name in one]
    elif isinstance(one, list):
        pairs = list(zip(one, other, strict=True))
    else:
        return " ".join(str(other).split())[:120]
    return next((_first_difference(a, b) for a, b in pairs if a != b), "")
