"""What both sides of a gate answered, case by case, and what of it can be compared.

Knows nothing of how it was asked, nor of what it comes to.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from holdfast.evals.permutation import Stratum
from holdfast.evaluation import Case, CaseResult, ScoreValue
from holdfast.runtime.feature import at_most

PASSED = "passed"
"""The measure that decides where no other is named: whether a case passes."""

CLUSTER = "cluster:"
"""What the tag of a case begins with that names what it has in common with others: a document, a customer."""

Answers: TypeAlias = Mapping[str, tuple[CaseResult, ...]]
"""Answers by the id of their case."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Further answers of both sides to every case, asked in turn."""

    baseline: Answers
    candidate: Answers


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a gate asked. `fresh` and `recheck` are answers to cases that newly fail: of the candidate, and of the
    baseline. `stopped` says why not everything was asked that should have been."""

    cases: tuple[Case, ...]
    bank: Answers
    candidate: Answers
    fresh: Answers = field(default_factory=dict)
    recheck: Answers = field(default_factory=dict)
    batches: tuple[Batch, ...] = ()
    stopped: str | None = None

    def both(self, name: str) -> list[Pair]:
        """Every case on which the measure speaks of both sides, in order."""
        found = []
        for case in self.cases:
            pair = Pair.of(case, self.bank.get(case.id, ()), self.candidate.get(case.id, ()), name)
            if pair is not None:
                found.append(pair)
        return found


@dataclass(frozen=True, slots=True)
class Pair:
    """What a measure says of one case on both sides. `steady`: its answers read the same whenever a side is asked."""

    case: Case
    stratum: Stratum
    steady: bool

    @staticmethod
    def of(case: Case, bank: Sequence[CaseResult], candidate: Sequence[CaseResult], name: str) -> Pair | None:
        """None where the measure says nothing of one side."""
        sides = [[each for each in side if value_of(each, name) is not None] for side in (bank, candidate)]
        stratum = Stratum(*(tuple(value_of(each, name) or 0.0 for each in side) for side in sides))
        if not stratum.baseline or not stratum.candidate:
            return None
        return Pair(case, stratum, steady(sides, [stratum.baseline, stratum.candidate]))


def by_case(results: Iterable[CaseResult]) -> dict[str, tuple[CaseResult, ...]]:
    """Answers by their case, without those that a fault outside the release prevented."""
    found: defaultdict[str, list[CaseResult]] = defaultdict(list)
    for result in results:
        if result.fault is None:
            found[result.case].append(result)
    return {case: tuple(each) for case, each in found.items()}


def value_of(result: CaseResult, name: str) -> float | None:
    """What a measure says of an answer, in 0..1; a scorer that failed gives 0, a label and silence give None."""
    if name == PASSED:
        return float(result.passed)
    for score in result.scores:
        if score.scorer == name:
            if score.error is not None:
                return 0.0
            return _number(score.value)
    return None


def measures_of(results: Iterable[CaseResult]) -> tuple[str, ...]:
    """The names of all measures that are numbers and better the higher they are, in order of appearance."""
    found: dict[str, None] = {}
    for result in results:
        found.update((score.scorer, None) for score in result.scores if isinstance(score.value, bool | float))
    return tuple(name for name in found if not at_most(name))


def _number(value: ScoreValue | None) -> float | None:
    return None if isinstance(value, str) or value is None else min(1.0, max(0.0, float(value)))


def steady(sides: Sequence[Sequence[CaseResult]], values: Sequence[Sequence[float]]) -> bool:
    """Whether each side gave one and the same output, scored the same, as far as three answers or more can show.

    A side that was asked once shows it only where the other side's output was that one, too.
    """
    outputs = [{each.output_hash for each in side} for side in sides]
    if sum(map(len, sides)) < 3 or "" in set().union(*outputs):
        return False
    if any(len(each) > 1 for each in outputs) or any(len(set(each)) > 1 for each in values):
        return False
    return outputs[0] == outputs[-1] or all(len(side) > 1 for side in sides)


def share_passed(results: Sequence[CaseResult]) -> float:
    """The share of answers that pass; of no answers, 0."""
    return sum(result.passed for result in results) / len(results) if results else 0.0


def failed_in(results: Sequence[CaseResult]) -> int:
    return sum(not result.passed for result in results)


def cluster_of(case: Case) -> str:
    """What a case has in common with others by its tags; by itself, nothing."""
    return next((tag for tag in case.tags if tag.startswith(CLUSTER)), f"case:{case.id}")
