"""Wear: how often a set of cases has decided a gate, and so how far its results may flatter what was fitted to it.

Knows nothing of how a gate decides.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from msgspec import Struct

from holdfast.evaluation import Case
from holdfast.identity import canonical, digest
from holdfast.stores import Store

WORN = 30
"""Decisions from which on a set counts as worn. A convention, not a theorem: `Wear.most_optimism` is what is proved,
and far more than what is usually seen."""


class Wear(Struct, frozen=True, kw_only=True):
    """How worn a set of `cases` cases of a feature is.

    `decisions` is the mean number of gate decisions that a case of it has taken part in, so that fresh cases make a set
    less worn; `most` is that of the most used one.
    """

    feature: str
    cases: int
    decisions: float = 0.0
    most: int = 0

    @property
    def worn(self) -> bool:
        """Whether the set has decided so often that changes may have been fitted to it."""
        return self.decisions >= WORN

    @property
    def most_optimism(self) -> float:
        """By how much a share may at worst look too good because changes were chosen by these decisions, in 0..1.

        Each decision tells one bit, so after k of them 2**k changes may have been chosen among, and Hoeffding's bound
        over all of them widens by sqrt(k ln 2 / 2n) (the argument of Dwork et al., "The reusable holdout", 2015).
        """
        if not self.cases:
            return 0.0
        return min(1.0, math.sqrt(self.decisions * math.log(2) / (2 * self.cases)))


def case_key(case: Case) -> str:
    """What wear is counted by: the case's input. One that is renamed or labelled anew is as worn as before."""
    return digest(canonical(case.input))


async def note_decision(
    store: Store, feature: str, cases: Sequence[Case], decision_id: str, *, tenant: str = ""
) -> None:
    """Count one gate decision on each of these cases. The same decision again changes nothing, so that a gate which is
    stopped halfway may simply say it again. Raises StoreFailed."""
    await store.wear.add(decision_id, feature, [case_key(case) for case in cases], tenant)


async def wear_of(store: Store, feature: str, cases: Sequence[Case], *, tenant: str = "") -> Wear:
    """How worn these cases are, whichever of them a decision was made on. Raises StoreFailed."""
    known = await store.wear.of(feature, tenant)
    counts = [known.get(case_key(case), 0) for case in cases]
    if not counts:
        return Wear(feature=feature, cases=0)
    return Wear(feature=feature, cases=len(counts), decisions=sum(counts) / len(counts), most=max(counts))


def warning(wear: Wear) -> str | None:
    """What to tell whoever relies on a worn set; None where it is not worn."""
    if not wear.worn:
        return None
    return (
        f"these {wear.cases} cases of '{wear.feature}' have decided {wear.decisions:.0f} gates each: what passes them "
        "may be fitted to them. Add fresh cases, and look at the audit split: holdfast eval --audit"
    )
