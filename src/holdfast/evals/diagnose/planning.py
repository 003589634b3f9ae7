"""Which substitution to make next, when enough is known, and what is then said.

Knows nothing of how a substitution is made, only of what it costs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from holdfast.diagnosis import Part, Verdict
from holdfast.evals.diagnose.posterior import NOTHING, Beliefs, Counts, Hypothesis, Key, Outlook, effect_of, mended

SURE_AT = 0.92
"""A verdict that is less likely is not given (docs/decisions/0025-diagnosis.md)."""
AT_A_TIME = 2
MOST_OF_ONE = 8
"""Answers of one substitution at most: more of the same say little, since outcomes are overdispersed."""
LEAST_GAIN_BITS = 0.008
LEAST_LIKELY = 0.003
"""A hypothesis that is less likely is left out of what is planned."""
CONFIRMED_BY = 4


class Said(Struct, frozen=True):
    """The likeliest verdict, the parts it speaks of, and how likely it is."""

    verdict: Verdict
    parts: tuple[Part, ...]
    probability: float


class Option(Struct, frozen=True):
    """A substitution that can be made here, or two together, and how many calls of models one answer with it needs."""

    key: Key
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


def confirming(beliefs: Beliefs, said: Said, tried: Mapping[Key, Counts], options: Sequence[Option]) -> Option | None:
    """The substitution to ask for next that mends the parts spoken of, until one was seen to help.

    A verdict names what would have helped, so it is not given before CONFIRMED_BY answers with that were asked for.
    """
    mending = _mending(beliefs, said, [option.key for option in options])
    if confirmed(beliefs, said, tried, [option.key for option in options]):
        return None
    left = [option for option in options if option.key in mending and _asked(tried, option) < CONFIRMED_BY]
    hopeful = [option for option in left if _passing(tried, option.key) or not _asked(tried, option)] or left
    return max(
        hopeful,
        key=lambda option: (_asked(tried, option), _mends(beliefs, option.key, said.parts), -option.calls),
        default=None,
    )


def given(
    beliefs: Beliefs,
    now: Mapping[Hypothesis, float],
    tried: Mapping[Key, Counts],
    keys: Sequence[Key],
    sure_at: float = SURE_AT,
) -> Said:
    """The verdict, which is not given where what mends its parts, of all `keys` that can be made, did not help."""
    said = verdict_of(now, sure_at)
    return said if confirmed(beliefs, said, tried, keys) else Said("unknown", (), said.probability)


def confirmed(beliefs: Beliefs, said: Said, tried: Mapping[Key, Counts], keys: Sequence[Key]) -> bool:
    """Whether what mends the parts spoken of was seen to help. What nothing can mend here cannot be: there the facts
    are enough."""
    if said.verdict in ("unknown", "intermittent", "task", "verifier") or set(said.parts) <= set(beliefs.beyond):
        return True
    mending = _mending(beliefs, said, keys)
    return any(tried[key].asked >= CONFIRMED_BY and _passing(tried, key) for key in mending if key in tried)


def _mending(beliefs: Beliefs, said: Said, keys: Sequence[Key]) -> list[Key]:
    """What mends the parts spoken of; all at its best at once shows none of them alone."""
    alone = [key for key in keys if len(key) == len(said.parts) and key != ("ceiling",)]
    return [key for key in alone if _mends(beliefs, key, said.parts) > 0.5]


def _passing(tried: Mapping[Key, Counts], key: Key) -> bool:
    """Whether at least half of the answers pass, or say what was expected; more where two parts are mended."""
    counts, least = tried.get(key, NOTHING), 0.5 if len(key) == 1 else 0.6
    return counts.asked > 0 and max(counts.passed, counts.said or 0) >= least * counts.asked


def best_for(beliefs: Beliefs, part: Part, keys: Iterable[Key]) -> list[Key]:
    """The single substitutions that likely mend a part, of those that can be made, the best first."""
    single = [key for key in keys if len(key) == 1 and key != ("ceiling",) and _mends(beliefs, key, [part]) > 0.5]
    return sorted(single, key=lambda key: -_mends(beliefs, key, [part]))


def _asked(tried: Mapping[Key, Counts], option: Option) -> int:
    return tried.get(option.key, NOTHING).asked


def _mends(beliefs: Beliefs, key: Key, parts: Sequence[Part]) -> float:
    """How well a substitution mends these parts."""
    return mended(effect_of(beliefs, key), frozenset(parts))


def next_option(
    beliefs: Beliefs,
    now: Mapping[Hypothesis, float],
    tried: Mapping[Key, Counts],
    options: Sequence[Option],
) -> Option | None:
    """The substitution that is expected to tell most for each call it needs; None where none tells anything.

    What counts is how much less uncertain the verdict is expected to be (Lindley 1956), not the hypothesis.
    """
    best: tuple[float, Option] | None = None
    before = _bits(by_verdict(now).values())
    likely = {one: chance for one, chance in now.items() if chance >= LEAST_LIKELY}
    outlooks = {one: Outlook(beliefs, one, tried) for one in likely}
    for option in options:
        if _asked(tried, option) >= MOST_OF_ONE:
            continue
        gain = before - _expected_bits(likely, outlooks, option.key)
        worth = gain / max(option.calls, 0.2)
        if gain >= LEAST_GAIN_BITS and (best is None or worth > best[0]):
            best = worth, option
    return None if best is None else best[1]


def _expected_bits(now: Mapping[Hypothesis, float], outlooks: Mapping[Hypothesis, Outlook], key: Key) -> float:
    """How uncertain the verdict will be, on average, after AT_A_TIME more answers."""
    chances = {one: outlooks[one].chances(key, AT_A_TIME) for one in now}
    found = 0.0
    for passed in range(AT_A_TIME + 1):
        joint = {one: chance * chances[one][passed] for one, chance in now.items()}
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
