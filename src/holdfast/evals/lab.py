"""The lab of an evaluation: what is asked to find out how good an answer is, by the one function that runs everything.

Knows nothing of scorers, nor of what is asked for.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace

import msgspec

from holdfast.contracts import Answered, Rearrange, deaf
from holdfast.errors import Refused, from_code
from holdfast.evals.host import Host
from holdfast.evaluation import Case, Evaluation, Score
from holdfast.identity import digest
from holdfast.records import Embed, Embedded, Failed, Generate, Generated, Json, Passage, Recording, Retrieved, Step
from holdfast.release import Release
from holdfast.runtime.execute import execute
from holdfast.runtime.feature import Feature
from holdfast.runtime.tape import Tape
from holdfast.runtime.who import Who

_TWICE = 10
"""One answer in so many is judged a second time."""


@dataclass(frozen=True, slots=True)
class Lab:
    """Asks for one evaluation: nothing live, corpus versions pinned, recordings kept with it."""

    host: Host
    evaluation: Evaluation
    release: Release
    twice: frozenset[str] = frozenset()
    """Cases whose answers are judged twice."""
    rules: tuple[str, ...] = ()
    """What whoever owns the feature has decided, which judges are given."""

    async def run(
        self, feature: Feature, input: Json, tape: Tape, subject: str | None = None, made_up: Collection[str] = ()
    ) -> Recording:
        """A feature's recording, kept when this returns. Raises Refused (HF701), StoreFailed.

        `subject` is whose answer is looked at: what is said of it is erased with everything else of theirs. `made_up`
        are documents on the tape that no corpus has.
        """
        recording = await execute(
            feature,
            input,
            release=self.release,
            world=self.host.world(self.release).showing(made_up),
            tape=replace(tape, live=False, pins={**tape.pins, **self.evaluation.pins}),
            who=Who(subject=subject, tenant=self.evaluation.tenant),
        )
        recording = msgspec.structs.replace(recording, evaluation=self.evaluation.id)
        await self.host.store.recordings.add(recording)
        return recording

    async def remembering(self, recording_id: str | None) -> Tape:
        """A tape with the generations of an earlier recording; a blank one without."""
        if recording_id is None:
            return Tape(live=False)
        before = await self.host.store.recordings.get(recording_id, self.evaluation.tenant)
        # What a lower rung wrote while the first one was out is no generation of the model under test.
        steps = tuple(
            step
            for step in before.steps
            if isinstance(step.effect, Generate)
            and isinstance(step.result, Generated)
            and step.result.rung == step.effect.first_rung
        )
        return Tape.of(msgspec.structs.replace(before, steps=steps))

    def bench(self, answered: Answered, scorer: str, earlier: Sequence[Score] = ()) -> Bench:
        """Where one scorer finds out about one answer; `earlier` are the scores whose recordings are remembered."""
        remembered = next((score.recordings for score in earlier if score.scorer == scorer), ())
        return Bench(self, answered, remembered, answered.case.id in self.twice)


@dataclass(slots=True)
class Bench:
    """A scorer's `Lab`, for one answer: what it has asked so far, and what that has cost."""

    lab: Lab
    answered: Answered
    remembered: tuple[str, ...] = ()
    twice: bool = False
    recordings: list[str] = field(default_factory=list)
    spent_usd: float | None = 0.0

    @property
    def rules(self) -> tuple[str, ...]:
        """See `contracts.Lab`."""
        return self.lab.rules

    async def ask(self, feature: str, input: Json) -> Recording:
        """See `contracts.Lab`. What was asked in the same place before is remembered where it says so."""
        tape = await self.lab.remembering(self._next())
        subject = self.answered.recording.subject
        return self._kept(await self.lab.run(self.lab.host.feature(feature), input, tape, subject))

    async def again(self, input: Json, passages: Rearrange | None = None) -> Recording | None:
        """See `contracts.Lab`."""
        recording = self.answered.recording
        tape, made_up = await self.lab.remembering(self._next()), frozenset[str]()
        if passages is not None:
            found = tuple(
                _with(step, passages(step.result.passages))
                for step in recording.steps
                if isinstance(step.result, Retrieved)
            )
            made_up = _documents(found) - _documents(recording.steps)
            shown = Tape.of(msgspec.structs.replace(recording, steps=found))
            tape = replace(
                tape,
                by_turn={**tape.by_turn, **shown.by_turn},
                by_key={**tape.by_key, **shown.by_key},
                pins=shown.pins,
                replay_of=shown.replay_of,
            )
        try:
            feature = self.lab.host.feature(recording.feature)
            calls = self.answered.case.calls
            tape = replace(tape, calls=calls)
            return self._kept(await self.lab.run(feature, input, tape, recording.subject, made_up))
        except Refused:
            return None

    async def embed(self, texts: Sequence[str]) -> Sequence[Sequence[float]]:
        """See `contracts.Lab`. Done as every effect is, and not recorded: the same texts give the same."""
        world = self.lab.host.world(self.lab.release)
        done = await world.perform(Embed(encoder=world.encoder, texts=tuple(texts)), deaf)
        if isinstance(done.result, Failed):
            raise from_code(done.result.code, done.result.message, done.result.fix)
        assert isinstance(done.result, Embedded)
        return done.result.vectors

    def _next(self) -> str | None:
        place = len(self.recordings)
        return self.remembered[place] if place < len(self.remembered) else None

    def _kept(self, recording: Recording) -> Recording:
        self.recordings.append(recording.id)
        known = self.spent_usd is not None and recording.cost_usd is not None
        self.spent_usd = round((self.spent_usd or 0.0) + (recording.cost_usd or 0.0), 9) if known else None
        return recording


def _with(step: Step, passages: tuple[Passage, ...]) -> Step:
    """The search with other passages, as sure as it was."""
    return msgspec.structs.replace(step, result=msgspec.structs.replace(step.result, passages=passages))


def _documents(steps: Sequence[Step]) -> frozenset[str]:
    found = (step.result.passages for step in steps if isinstance(step.result, Retrieved))
    return frozenset(passage.document for passages in found for passage in passages)


def judged_twice(cases: Collection[Case]) -> frozenset[str]:
    """The tenth of the cases, one at least, whose answers are judged twice: by the hash of their ids, so always the
    same."""
    ordered = sorted((case.id for case in cases), key=lambda name: digest(name.encode()))
    return frozenset(ordered[: math.ceil(len(ordered) / _TWICE)])
