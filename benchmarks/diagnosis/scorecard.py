"""The figures of many faults: how often a diagnoser is right, whom it blames, what it costs, and whether its fixes fix.

Knows outcomes alone. Every share comes with its 95 % interval.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from benchmarks.diagnosis.adapter import INTERACTION, INTERMITTENT, UNKNOWN, VERDICTS
from benchmarks.diagnosis.running import Mended, Outcome, Said
from msgspec import Struct

from holdfast.evals.statistics import share

Pair = tuple[Outcome, Said]


class Share(Struct, frozen=True):
    """`count` of `n`, and the interval of the share; no interval where there is nothing."""

    count: int
    n: int
    low: float | None
    high: float | None

    def __str__(self) -> str:
        if not self.n or self.low is None or self.high is None:
            return "none"
        return f"{self.count / self.n:.3f} [{self.low:.3f}, {self.high:.3f}] ({self.count} of {self.n})"


class Card(Struct, frozen=True, kw_only=True):
    """What one diagnoser reached."""

    diagnoser: str
    faults: int
    answered: Share
    precision: Share
    precision_single: Share
    untouched_blamed: Share
    pairs_right: Share
    pairs_one_part: Share
    calls_median: float
    calls_p90: float
    calls_differ: int
    seconds_median: float
    fixes: Share
    fixes_when_right: Share
    fixes_given: Share
    side_effects_held: Share
    side_effects_inside: Share
    brier: float
    errors: int
    by_fault: dict[str, dict[str, int]]
    confusion: dict[str, dict[str, int]]


def right(outcome: Outcome, said: Said) -> bool:
    """Whether the verdict is the planted one; of a pair, an interaction of both parts."""
    if outcome.verdict == INTERACTION:
        return said.verdict == INTERACTION and set(said.parts) == set(outcome.touched)
    return said.verdict == outcome.verdict


def blames_untouched(outcome: Outcome, said: Said) -> bool:
    """Whether a part is blamed that nothing was done to. To call a failure chance blames no part."""
    return bool(set(said.parts) - {*outcome.touched, INTERMITTENT, INTERACTION})


def _share(of: Iterable[bool]) -> Share:
    row = list(of)
    found = share(sum(row), len(row)) if row else None
    return Share(sum(row), len(row), None if found is None else found.low, None if found is None else found.high)


def card(name: str, outcomes: Sequence[Outcome]) -> Card:
    """The figures of one diagnoser over the faults that took."""
    every: list[Pair] = [(one, one.said[name]) for one in outcomes if one.name]
    answers = [(one, said) for one, said in every if said.verdict != UNKNOWN]
    pairs = [(one, said) for one, said in answers if one.verdict == INTERACTION]
    fixed = [(one, said, said.mended) for one, said in every if said.mended is not None]
    sides = [mended for _, _, mended in fixed if mended.low is not None and mended.high is not None and mended.asked]
    calls = sorted(said.asked for _, said in every) or [0]
    return Card(
        diagnoser=name,
        faults=len(every),
        answered=_share(said.verdict != UNKNOWN for _, said in every),
        precision=_share(right(*one) for one in answers),
        precision_single=_share(right(*one) for one in answers if one[0].verdict != INTERACTION),
        untouched_blamed=_share(blames_untouched(*one) for one in every),
        pairs_right=_share(right(*one) for one in pairs),
        pairs_one_part=_share(said.verdict in one.touched for one, said in pairs),
        calls_median=statistics.median(calls),
        calls_p90=calls[min(len(calls) - 1, int(0.9 * len(calls)))],
        calls_differ=sum(said.asked != said.said_calls for _, said in every),
        seconds_median=statistics.median([said.seconds for _, said in every] or [0.0]),
        fixes=_share(mended.mends for _, _, mended in fixed),
        fixes_when_right=_share(mended.mends for one, said, mended in fixed if right(one, said)),
        fixes_given=_share(said.mended is not None for _, said in answers),
        side_effects_held=_share(_overlaps(one.low, one.high, one.broken, one.asked) for one in sides),
        side_effects_inside=_share(_holds(one) for one in sides),
        brier=round(
            statistics.fmean([(said.probability - right(one, said)) ** 2 for one, said in answers] or [0.0]), 4
        ),
        errors=sum(bool(said.error) for _, said in every),
        by_fault=_by(every, lambda one: one.name if one.verdict != INTERACTION else "pair"),
        confusion=_by(every, lambda one: one.verdict, right_only=False),
    )


def _overlaps(low: float | None, high: float | None, broken: int, asked: int) -> bool:
    """Whether the interval that was stated and the interval of what was measured have a value in common."""
    measured = share(broken, asked)
    if low is None or high is None or measured.low is None or measured.high is None:
        return False
    return low <= measured.high and measured.low <= high


def _holds(one: Mended) -> bool:
    """Whether the interval that was stated holds the rate that was measured."""
    return one.low is not None and one.high is not None and one.low <= one.broken / one.asked <= one.high


def _by(every: Sequence[Pair], key: Callable[[Outcome], str], *, right_only: bool = True) -> dict[str, dict[str, int]]:
    """Counts by a key of the outcome: of right, wrong and unknown, or of each verdict that was given."""
    found: dict[str, Counter[str]] = {}
    for outcome, said in every:
        word = said.verdict
        if right_only and word != UNKNOWN:
            word = "right" if right(outcome, said) else "wrong"
        found.setdefault(key(outcome), Counter())[word] += 1
    return {name: dict(counts) for name, counts in sorted(found.items())}


def shown(found: Card) -> str:
    """The figures as a text."""
    lines = [
        f"\n== {found.diagnoser}: {found.faults} faults",
        f"precision when it answers   {found.precision}; single faults {found.precision_single}",
        f"share answered              {found.answered}",
        f"blames an untouched part    {found.untouched_blamed}",
        f"pairs: both parts           {found.pairs_right}; one of them {found.pairs_one_part}",
        f"calls of models             median {found.calls_median:g}, p90 {found.calls_p90:g}"
        f"; {found.calls_differ} counted otherwise by itself; {found.seconds_median:.3f} s",
        f"first fix with changes      mends {found.fixes}; after a right verdict {found.fixes_when_right}"
        f"; given in {found.fixes_given}",
        f"side effects                held {found.side_effects_held}; estimate inside {found.side_effects_inside}",
        f"Brier of its probability    {found.brier:.3f}; errors {found.errors}",
    ]
    return "\n".join([*lines, "", _matrix(found.confusion), "", _kinds(found.by_fault)])


def _matrix(confusion: dict[str, dict[str, int]]) -> str:
    """Planted down, said across."""
    head = " " * 15 + "".join(f"{word[:8]:>9}" for word in VERDICTS)
    rows = [
        f"{planted:15}" + "".join(f"{confusion[planted].get(word, 0) or '.':>9}" for word in VERDICTS)
        for planted in VERDICTS
        if planted in confusion
    ]
    return "\n".join([head, *rows])


def _kinds(by_fault: dict[str, dict[str, int]]) -> str:
    head = f"{'fault':18}{'right':>7}{'wrong':>7}{'unknown':>9}   right of all"
    rows = []
    for name, counts in by_fault.items():
        given = [counts.get(word, 0) for word in ("right", "wrong", "unknown")]
        found = share(given[0], sum(given))
        interval = "" if found.low is None or found.high is None else f"[{found.low:.2f}, {found.high:.2f}]"
        rows.append(f"{name:18}{given[0]:7}{given[1]:7}{given[2]:9}   {given[0] / sum(given):.2f} {interval}")
    return "\n".join([head, *rows])
