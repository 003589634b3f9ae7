"""A and B: from a release or a range of time to what is asked, and to the questions that both are asked.

Knows nothing of what comes of asking.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from holdfast.errors import NotFound
from holdfast.evals.between.cells import Ends, Question
from holdfast.evals.between.deltas import Differing, deltas_of, in_words, only_in_one, taking_back
from holdfast.evals.between.periods import Range, corrected
from holdfast.evals.cases import FIRST_CASE, cases_file, read_cases
from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.verifying import Verifying, Voices
from holdfast.evals.evaluate import pins_of
from holdfast.evals.statistics import mean_score
from holdfast.evaluation import Case
from holdfast.fall import Delta, FallSide
from holdfast.records import Json
from holdfast.release import LATEST, CorpusSlot, Prompt, Release
from holdfast.runtime.feature import Feature

MOST_CORRECTED = 50
"""Questions of corrected recordings that are asked beside the cases, the newest."""


@dataclass(frozen=True, slots=True)
class Named:
    """A release by the name it was given, and the code it was made with, None where that is not known."""

    name: str
    release: Release
    code_hash: str | None = None


@dataclass(slots=True)
class Ground:
    """What it all stands on: a project's feature, who judges, and what is to be told beside the verdict."""

    host: Host
    feature: Feature
    voices: Voices
    tenant: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def plain(self) -> Verifying:
        """The scorers that ask nothing: what was recorded is not judged again."""
        release = self.voices.verify.release
        return Verifying(self.host, self.feature, self.voices.plain, release, self.tenant)

    async def cases(self) -> tuple[Case, ...]:
        """Those of the feature's file. Raises Misconfigured (HF111)."""
        file = cases_file(self.host.config.folder, self.feature.name)
        return await asyncio.to_thread(read_cases, file, self.feature.parse)


@dataclass(frozen=True, slots=True)
class Side:
    """A or B: the release as it is known, and as it is asked, with every corpus at a version."""

    said: FallSide
    release: Release
    asked: Release
    code_hash: str | None


def of_release(ground: Ground, named: Named) -> Side:
    """A release as a side."""
    release = ground.host.completed(ground.feature, named.release)
    pins = pins_of(ground.host.world(release), release)
    return Side(FallSide(name=named.name, release=release.id), release, pinned(release, pins), named.code_hash)


async def of_range(ground: Ground, one: Range) -> Side:
    """The release that answered most in a range of time, with its corpora as they were then.

    Raises NotFound (HF204).
    """
    host, name = ground.host, one.period.name
    release = host.completed(ground.feature, await host.store.releases.get(one.release))
    named = {each.release.id: each.name for each in await host.store.releases.named()}
    if one.others:
        ground.notes.append(
            f"In {name}, {one.others} of {one.looked_at} answers were of other releases or other code than most, which"
            f" {named.get(release.id, release.id)} gave."
        )
    said = FallSide(
        name=name,
        release=named.get(release.id, release.id),
        since=one.period.since,
        until=one.period.until,
        requests=one.requests,
        looked_at=len(one.heard),
        passed=mean_score([float(each.good) for each in one.heard]) if one.heard else None,
    )
    pins = pins_of(host.world(release), release)
    return Side(said, release, pinned(release, {**pins, **one.pins}), one.code_hash)


async def questions(ground: Ground) -> tuple[Question, ...]:
    """The cases of the feature's file, then what people corrected lately.

    Raises NotFound (HF207) where there are none.
    """
    cases = await ground.cases()
    more = await corrected(ground.host, ground.feature, ground.plain, MOST_CORRECTED)
    if not cases and not more:
        file = cases_file(ground.host.config.folder, ground.feature.name)
        raise NotFound("HF207", f"there are no cases in {file}, and nobody corrected an answer", FIRST_CASE)
    if more:
        ground.notes.append(f"{len(more)} of the questions are of recordings that somebody corrected.")
    return (*(Question(case) for case in cases), *more)


@dataclass(frozen=True, slots=True)
class Way:
    """The way from A to B: both ends as they can be asked, every change as it is told, in the order of `ends.deltas`,
    and those that cannot be asked."""

    ends: Ends
    deltas: tuple[Delta, ...]
    beyond: tuple[Delta, ...]


async def way(ground: Ground, a: Side, b: Side) -> Way:
    """What lies between two sides. What cannot be asked any more, or is there on one side only, is on both sides as it
    can be, and told."""
    asked, beyond = _kept(ground, a.asked, b.asked)
    for name in only_in_one(*asked):
        where = a.said.name if name in asked[0].slots else b.said.name
        one_sided = name not in asked[0].slots or name not in asked[1].slots
        what = f"Only {where} has the slot `{name}`" if one_sided else f"The slot `{name}` is another kind in each"
        beyond.append(Delta(part="code", slots=(name,), said=f"{what}: both sides are asked with it."))
    ends = Ends(*asked, deltas_of(*asked))
    told = [
        Delta(
            part=each.part,
            slots=(each.slot,),
            what=in_words(each, *asked),
            changes=await _back(ground.host, each, ends),
        )
        for each in ends.deltas
    ]
    return Way(ends, tuple(told), tuple(beyond))


def _kept(ground: Ground, a: Release, b: Release) -> tuple[tuple[Release, Release], list[Delta]]:
    """Both releases, where one asks for a corpus version that is not kept any more, with the other one's."""
    sides = [dict(a.slots), dict(b.slots)]
    beyond = []
    for name, slot in a.slots.items():
        other = b.slots.get(name)
        if not isinstance(slot, CorpusSlot) or not isinstance(other, CorpusSlot) or slot.version == other.version:
            continue
        there = {each.name for each in ground.host.corpora.versions(name)}
        gone = [each for each in (slot.version, other.version) if each not in there]
        if gone:
            left = next((each for each in (other.version, slot.version) if each in there), None)
            version = left or ground.host.corpora.current(name)
            sides[0][name] = msgspec.structs.replace(slot, version=version)
            sides[1][name] = msgspec.structs.replace(other, version=version)
            said = f"{name} {' and '.join(gone)} is not kept any more: both sides are asked with {version}."
            what = (f"{name}.version: {slot.version} -> {other.version}",)
            beyond.append(Delta(part="data", slots=(name,), what=what, said=said))
    return (Release(slots=sides[0]), Release(slots=sides[1])), beyond


async def _back(host: Host, delta: Differing, ends: Ends) -> dict[str, Json]:
    """The settings that take a change back; a prompt as the Nth text used under its path."""
    changes: dict[str, Json] = {}
    for name, value in taking_back(delta, ends.a, ends.b).items():
        if isinstance(value, Prompt):
            changes[name] = f"{value.path}@{await host.store.prompts.note(value)}"
        else:
            changes[name] = value
    return changes


def pinned(release: Release, pins: Mapping[str, str]) -> Release:
    """The release with every corpus that stays at its newest version at the one that this means."""
    slots = dict(release.slots)
    for name, slot in slots.items():
        if isinstance(slot, CorpusSlot) and slot.version == LATEST and name in pins:
            slots[name] = msgspec.structs.replace(slot, version=pins[name])
    return Release(slots=slots)
