"""Which substitution to make next, when enough is known, and what is then said.

Knows nothing of how a substitution is made, only of what it costs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from holdfast.diagnosis import Part, Substitution, Verdict
from holdfast.evals.diagnose.posterior import Beliefs, Counts, Hypothesis, chance_of, mended

SURE_AT = 0.9
"""A verdict that is less likely is not given (docs/decisions/0025-diagnosis.md)."""
AT_A_TIME = 2
MOST_OF_ONE = 8
"""Answers of one substitution at most: more of the same say little, since outcomes are overdispersed."""
LEAST_GAIN_BITS = 0.01
CONFIRMED_BY = 4


class Said(Struct, frozen=True):
    """The likeliest verdict, the parts it speaks of, and how likely it is."""

    verdict: Verdict
    parts: tuple[Part, ...]
    probability: float


class Option(Struct, frozen=True):
    """A substitution that can be made here, and how many calls of models one answer with it needs."""

    substitution: Substitution
    calls: float


def verdict_of(beliefs: Mapping[Hypothesis, float], sure_at: float = SURE_AT) -> Said:
    """What the posterior allows to be said; `unknown` where the likeliest is below `sure_at`.

    All pairs together are one verdict, `interaction`, and its parts are those of the likeliest pair.
    """
    said = by_verdict(beliefs)
    verdict = max(said, key=lambda each: said[each])
    if said[verdict] < sure_at:
        return Said("unknown", (), said[verdict])
    of_kind = [one for one in beliefs if _named(one) == verdict]
    likeliest = max(of_kind, key=lambda one: beliefs[one])
    parts = tuple(sorted(likeliest))
    return Said(verdict, parts, said[verdict])


def by_verdict(beliefs: Mapping[Hypothesis, float]) -> dict[Verdict, float]:
    """The probability of each verdict, the likeliest first."""
    said: dict[Verdict, float] = {}
    for one, chance in beliefs.items():
        said[_named(one)] = said.get(_named(one), 0.0) + chance
    return dict(sorted(said.items(), key=lambda item: -item[1]))


def confirming(
    beliefs: Beliefs, said: Said, tried: Mapping[Substitution, Counts], options: Sequence[Option]
) -> Option | None:
    """The substitution that mends the parts spoken of, while fewer than CONFIRMED_BY answers were asked for with it.

    A verdict names what would have helped, so it is not given before that was seen to help.
    """
    if said.verdict in ("unknown", "intermittent", "task", "verifier"):
        return None
    mending = [option for option in options if _alone(beliefs, option.substitution, said.parts) > 0.5]
    if not mending or any(_asked(tried, option) >= CONFIRMED_BY for option in mending):
        return None
    return max(mending, key=lambda option: (_asked(tried, option), _alone(beliefs, option.substitution, said.parts)))


def _asked(tried: Mapping[Substitution, Counts], option: Option) -> int:
    return tried.get(option.substitution, Counts(0, 0)).asked


def _alone(beliefs: Beliefs, substitution: Substitution, parts: Sequence[Part]) -> float:
    """How well a substitution mends these parts."""
    return mended(beliefs.effects[substitution], frozenset(parts))


def next_option(
    beliefs: Beliefs,
    now: Mapping[Hypothesis, float],
    tried: Mapping[Substitution, Counts],
    options: Sequence[Option],
) -> Option | None:
    """The substitution that is expected to tell most for each call it needs; None where none tells anything.

    What counts is how much less uncertain the verdict is expected to be (Lindley 1956), not the hypothesis.
    """
    best: tuple[float, Option] | None = None
    before = _bits(by_verdict(now).values())
    for option in options:
        counts = tried.get(option.substitution, Counts(0, 0))
        if counts.asked >= MOST_OF_ONE:
            continue
        gain = before - _expected_bits(beliefs, now, option.substitution, counts)
        worth = gain / max(option.calls, 0.2)
        if gain >= LEAST_GAIN_BITS and (best is None or worth > best[0]):
            best = worth, option
    return None if best is None else best[1]


def _expected_bits(
    beliefs: Beliefs, now: Mapping[Hypothesis, float], substitution: Substitution, counts: Counts
) -> float:
    """How uncertain the verdict will be, on average, after AT_A_TIME more answers."""
    found = 0.0
    for passed in range(AT_A_TIME + 1):
        joint = {
            one: chance * chance_of(beliefs, one, substitution, counts, passed, AT_A_TIME)
            for one, chance in now.items()
        }
        total = sum(joint.values())
        if total > 0:
            found += total * _bits(by_verdict({one: chance / total for one, chance in joint.items()}).values())
    return found


def _named(one: Hypothesis) -> Verdict:
    if not one:
        return "intermittent"
    return next(iter(one)) if len(one) == 1 else "interaction"


def _bits(chances: Iterable[float]) -> float:
    return -sum(chance * math.log2(chance) for chance in chances if chance > 0)
