"""The cells: every case answered under A with some of the changes that lead to B, what did not change remembered.

Knows nothing of what follows from the answers. Nothing live happens: side effects are answered from the case.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import msgspec

from holdfast.contracts import Progress, silent
from holdfast.evals.answered import passages_of
from holdfast.evals.between.contrasts import Place, Values
from holdfast.evals.between.deltas import Differing, between, patience
from holdfast.evals.between.shapley import Chosen
from holdfast.evals.budget import Budget
from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.reading import calls_made
from holdfast.evals.diagnose.verifying import SaysTheSame, Verifying
from holdfast.evals.scoring import fault_of, total_usd
from holdfast.evals.taking import at_once
from holdfast.evaluation import Case
from holdfast.identity import canonical, digest
from holdfast.records import (
    Call,
    Cancelled,
    Embed,
    Failed,
    Generate,
    Generated,
    Json,
    Recording,
    Rerank,
    Retrieve,
    Retrieved,
    Step,
)
from holdfast.release import Release
from holdfast.runtime.execute import execute
from holdfast.runtime.feature import Feature
from holdfast.runtime.tape import Tape

A: Chosen = frozenset()
"""The cell without any change: A itself."""
_SIDE_EFFECT = "HF307"


@dataclass(frozen=True, slots=True)
class Question:
    """A case that is asked, as whoever asked it first. `in_prose`: its answer is a correction, not words to repeat.
    `period` is 0 or 1 where it was asked in the first or the second range of time."""

    case: Case
    subject: str | None = None
    in_prose: bool = False
    period: int | None = None


@dataclass(frozen=True, slots=True)
class Given:
    """What came of a question in a cell. `new`: a model was asked for it. `asked` is a hash of what was found and of
    everything else that was asked for. `served` is what vendors say answered.

    `fault` is the code of what prevented it outside the release; `untold`: it came to a side effect of which nobody
    knows what it gives, so that it says nothing.
    """

    passed: bool
    output_hash: str
    asked: str
    new: bool
    recording: str | None = None
    fault: str | None = None
    untold: bool = False
    served: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class Asking:
    """What is asked of whom: a feature's questions, so often each, and who says whether an answer passes.

    `id` is what every recording is kept under.
    """

    id: str
    host: Host
    feature: Feature
    questions: tuple[Question, ...]
    verify: Verifying
    repeat: int = 1
    concurrency: int = 4
    tenant: str = ""
    progress: Progress = silent


@dataclass(frozen=True, slots=True)
class Ends:
    """A, B, and what leads from one to the other."""

    a: Release
    b: Release
    deltas: tuple[Differing, ...] = ()

    @property
    def all(self) -> Chosen:
        return frozenset(range(len(self.deltas)))

    def release(self, chosen: Chosen) -> Release:
        return between(self.a, self.b, [self.deltas[number] for number in sorted(chosen)])

    def secret(self, chosen: Chosen) -> bool:
        """Whether its guards may let through what those of A and of B each stop: then nothing of it is kept."""
        return any(each.part == "guard" for each in self.deltas) and chosen not in (A, self.all)


@dataclass(slots=True)
class _Known:
    """Steps of one case by their key, each with how patiently its slot was asked."""

    steps: dict[str, tuple[Step, tuple[Json, ...]]] = field(default_factory=dict)

    def add(self, step: Step, release: Release) -> None:
        self.steps.setdefault(step.key, (step, patience(release.slots.get(_slot_of(step)))))

    def for_(self, release: Release) -> Iterator[tuple[str, Step]]:
        """Those that this release would come to as well."""
        for key, (step, patient) in self.steps.items():
            if patience(release.slots.get(_slot_of(step))) == patient:
                yield key, step


class Cells:
    """Asks for cells, each once. What was asked before is remembered where the request is the same to the letter."""

    def __init__(self, asking: Asking, ends: Ends, budget: Budget) -> None:
        self.ends = ends
        self.given: dict[Chosen, dict[Place, Given]] = {}
        self.calls = 0
        self.spent_usd: float | None = 0.0
        self._asking = asking
        self._budget = budget
        self._of_case: defaultdict[str, _Known] = defaultdict(_Known)
        self._of_place: defaultdict[Place, _Known] = defaultdict(_Known)
        self._counts_faults = any(each.part in ("model", "provider") for each in ends.deltas)
        self._prose = replace(asking.verify, scorers={**asking.verify.scorers, "exact": SaysTheSame()})
        self._verdicts: dict[tuple[str, str], bool] = {}

    @property
    def stopped(self) -> str | None:
        """Why nothing more may be asked; None while it may."""
        return self._budget.stopped

    async def ask(self, chosen: Chosen) -> bool:
        """Have every question answered in this cell; whether all were. What execute raises ends all."""
        asking = self._asking
        if chosen not in self.given:
            given = self.given[chosen] = {}
            release = asking.host.completed(asking.feature, self.ends.release(chosen))
            places = [(question, repeat) for repeat in range(asking.repeat) for question in asking.questions]
            if not self.ends.secret(chosen):
                await asking.host.keep(release)

            async def one(place: tuple[Question, int]) -> float | None:
                question, repeat = place
                given[question.case.id, repeat], spent_usd = await self._one(question, repeat, release, chosen)
                asking.progress(f"{len(self.given)} of the ways between", len(given), len(places))
                return spent_usd

            await at_once(places, one, self._budget, asking.concurrency)
        return len(self.given[chosen]) == len(asking.questions) * asking.repeat

    def values(self) -> Values:
        """What each cell came to, as far as it tells anything.

        What a fault prevented counts as not passed where models, or how patiently they are asked, are among the
        changes, and else not at all.
        """
        return {
            chosen: {
                place: float(each.passed)
                for place, each in given.items()
                if not each.untold and (each.fault is None or self._counts_faults)
            }
            for chosen, given in self.given.items()
        }

    def same(self, one: Chosen, other: Chosen) -> bool:
        """Whether the same was asked for in two cells and came of it everywhere, and no model was for the second."""
        first, second = self.given[one], self.given[other]
        return first.keys() == second.keys() and all(
            not second[place].new
            and (each.asked, each.output_hash, each.passed)
            == (second[place].asked, second[place].output_hash, second[place].passed)
            for place, each in first.items()
        )

    def faults(self, chosen: Chosen) -> list[str]:
        """The codes of what prevented answers of a cell outside the release."""
        return [each.fault for each in self.given.get(chosen, {}).values() if each.fault is not None]

    def untold(self) -> list[str]:
        """The cases that came to a side effect of which nobody knows what it gives."""
        return sorted({case for given in self.given.values() for (case, _), each in given.items() if each.untold})

    def pay(self, calls: int, spent_usd: float | None) -> None:
        """Count what was asked, of models and of judges."""
        self.calls += calls
        self.spent_usd = total_usd([self.spent_usd, spent_usd])

    async def _one(
        self, question: Question, repeat: int, release: Release, chosen: Chosen
    ) -> tuple[Given, float | None]:
        """One answer, kept with the others unless it is secret, and what it cost."""
        asking, case = self._asking, question.case
        recording = await execute(
            asking.feature,
            case.input,
            release=release,
            world=asking.host.world(release),
            tape=self._tape(question, repeat, release),
            who=asking.host.who(question.subject, asking.tenant),
        )
        recording = msgspec.structs.replace(recording, evaluation=asking.id)
        self._remember(recording, (case.id, repeat), release)
        secret = self.ends.secret(chosen)
        if not secret:
            await asking.host.store.recordings.add(recording)
        passed = await self._passes(question, recording)
        calls, judging_usd = asking.verify.bill.taken()
        spent_usd = total_usd([recording.cost_usd, judging_usd])
        self.pay(calls + calls_made(recording), spent_usd)
        failure = recording.failure
        given = Given(
            passed=passed,
            output_hash=digest(canonical([recording.output, recording.outcome]), 16),
            asked=digest(canonical(sorted(map(_asked, recording.steps))), 16),
            new=any(isinstance(step.effect, Generate) and not step.replayed for step in recording.steps),
            recording=None if secret else recording.id,
            fault=fault_of(recording),
            untold=failure is not None and failure.code == _SIDE_EFFECT,
            served=served_in(recording),
        )
        return given, spent_usd

    async def _passes(self, question: Question, recording: Recording) -> bool:
        """Whether an answer passes. The same answer from the same passages is judged once."""
        shown = [[each.document, each.chunk, each.text] for each in passages_of(recording)]
        judged = digest(canonical([recording.output, recording.outcome, shown]), 16)
        if (question.case.id, judged) not in self._verdicts:
            verify = self._prose if question.in_prose else self._asking.verify
            self._verdicts[question.case.id, judged] = await verify(recording, question.case)
        return self._verdicts[question.case.id, judged]

    def _tape(self, question: Question, repeat: int, release: Release) -> Tape:
        """What earlier cells did for this case, and in this repeat of it."""
        case = question.case
        known = [*self._of_case[case.id].for_(release), *self._of_place[case.id, repeat].for_(release)]
        by_key = {key: (place, step) for place, (key, step) in enumerate(known)}
        return Tape(by_key=by_key, live=False, calls=case.calls)

    def _remember(self, recording: Recording, place: Place, release: Release) -> None:
        """Keep what was done: what a search gives for every repeat, what chance has a part in for this one.

        What failed is tried again, and what a lower rung wrote is no answer of the model under test.
        """
        for step in recording.steps:
            effect, result = step.effect, step.result
            lower = isinstance(effect, Generate) and isinstance(result, Generated) and result.rung > effect.first_rung
            if isinstance(result, Failed | Cancelled) or lower or (isinstance(effect, Call) and not effect.safe):
                continue
            same_for_all = isinstance(effect, Retrieve | Embed | Rerank)
            (self._of_case[place[0]] if same_for_all else self._of_place[place]).add(step, release)


def served_in(recording: Recording) -> frozenset[tuple[str, str]]:
    """Each model that answered in a recording, with what its vendor says that it was."""
    found = set()
    for step in recording.steps:
        effect, result = step.effect, step.result
        if isinstance(effect, Generate) and isinstance(result, Generated):
            detail = next((each.detail for each in reversed(step.attempts) if each.error is None), None)
            said = (result.model, None) if detail is None else (detail.served or result.model, detail.fingerprint)
            found.add((effect.models[result.rung - effect.first_rung], " ".join(part for part in said if part)))
    return frozenset(found)


def _asked(step: Step) -> str:
    """What makes a step the same: its key, and of a search what it found, wherever that stood."""
    if isinstance(step.result, Retrieved):
        return canonical([[each.document, each.chunk, each.text] for each in step.result.passages]).decode()
    return step.key


def _slot_of(step: Step) -> str:
    """The slot that a step was asked through; empty where it has none."""
    effect = step.effect
    return effect.slot if isinstance(effect, Generate | Rerank) else ""
