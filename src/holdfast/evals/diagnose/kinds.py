"""Failures that were looked at, put together by what the look tells, and which of them are worth a diagnosis.

Knows nothing of what a diagnosis costs or says until it is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from holdfast.diagnosis import Diagnosis, Verdict
from holdfast.evals.diagnose.agreeing import agreed, verdicts
from holdfast.evals.diagnose.clustering import clusters, typical
from holdfast.evals.diagnose.gathering import Failing
from holdfast.evals.diagnose.signs import Signature, distance
from holdfast.failures import LookedInto

WITHIN = 0.3
"""How far two failures of one cluster may be apart: what their facts make likely differs by less than a third."""
MOST_DIAGNOSED = 3
_ENOUGH = 2
"""Diagnoses that suffice where they agree."""
_MOST_REFUSED = 2


@dataclass(frozen=True, slots=True)
class Seen:
    """A failure, and what a look at it tells. `refused`: why it could not be looked into as a diagnosis would."""

    failing: Failing
    signature: Signature
    refused: str | None = None


@dataclass(slots=True)
class Kind:
    """A cluster under way: its failures, and what was found out of those that were looked into."""

    feature: str
    seen: tuple[Seen, ...]
    looked_into: list[LookedInto] = field(default_factory=list)
    found: list[tuple[Seen, Diagnosis]] = field(default_factory=list)

    @property
    def count(self) -> int:
        return sum(each.failing.count for each in self.seen)

    @property
    def diagnoses(self) -> tuple[Diagnosis, ...]:
        return tuple(diagnosis for _, diagnosis in self.found)

    def weights(self) -> dict[Signature, int]:
        """How many recordings have each signature."""
        return _weights(self.seen)

    def examples(self, most: int) -> tuple[Seen, ...]:
        """The most typical and yet distinct of its failures; of one signature the most frequent first."""
        waiting: dict[Signature, Iterator[Seen]] = {
            one: iter([each for each in self.seen if each.signature == one]) for one in self.weights()
        }
        distinct = {one: sum(each.signature == one for each in self.seen) for one in waiting}
        return tuple(next(waiting[one]) for one in typical(distinct, distance, most))

    def next_example(self) -> Seen | None:
        """The failure to diagnose next; None where enough is known, or no other can be diagnosed."""
        refused = len(self.looked_into) - len(self.found)
        if refused > _MOST_REFUSED or len(self.found) >= MOST_DIAGNOSED or len(verdicts(self.diagnoses)) > 1:
            return None
        if len(self.found) >= _ENOUGH and agreed(self.diagnoses).verdict != "unknown":
            return None
        done = {each.recording for each in self.looked_into}
        left = [
            each
            for each in self.examples(MOST_DIAGNOSED + _MOST_REFUSED + 1)
            if each.failing.recording.id not in done and each.refused is None
        ]
        return left[0] if left else None

    def split(self) -> tuple[Kind, ...]:
        """A kind for each verdict of its diagnoses, with the failures that are nearest to those that were given it; the
        kind itself where they agree, or where the facts do not tell them apart."""
        named = verdicts(self.diagnoses)
        at: dict[Signature, Verdict] = {}
        for seen, diagnosis in self.found:
            if diagnosis.verdict != "unknown" and at.setdefault(seen.signature, diagnosis.verdict) != diagnosis.verdict:
                return (self,)
        if len(named) < 2:
            return (self,)
        nearest = {one: at[min(at, key=lambda each: (distance(one, each), repr(each)))] for one in self.weights()}
        return tuple(self._of({one for one, verdict in nearest.items() if verdict == name}) for name in named)

    def _of(self, signatures: set[Signature]) -> Kind:
        seen = tuple(each for each in self.seen if each.signature in signatures)
        ids = {each.failing.recording.id for each in seen}
        return Kind(
            feature=self.feature,
            seen=seen,
            looked_into=[each for each in self.looked_into if each.recording in ids],
            found=[(each, diagnosis) for each, diagnosis in self.found if each.signature in signatures],
        )


def kinds_of(feature: str, seen: Sequence[Seen]) -> list[Kind]:
    """The failures of a feature by what the look at them tells, the biggest kind first."""
    return [
        Kind(feature, tuple(each for each in seen if each.signature in group))
        for group in map(frozenset, clusters(_weights(seen), distance, WITHIN))
    ]


def _weights(seen: Sequence[Seen]) -> dict[Signature, int]:
    weights: dict[Signature, int] = {}
    for each in seen:
        weights[each.signature] = weights.get(each.signature, 0) + each.failing.count
    return weights


def effective(seen: Sequence[Seen]) -> float:
    """How many independent failures as much is known from as from these (Kish 1965): one that was asked for ten times
    is not ten."""
    counts: Mapping[int, int] = {at: each.failing.count for at, each in enumerate(seen)}
    return sum(counts.values()) ** 2 / sum(count**2 for count in counts.values()) if counts else 0.0
