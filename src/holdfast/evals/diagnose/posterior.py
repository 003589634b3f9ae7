"""How likely each part is at fault, given facts and how often answers passed with each substitution.

Knows nothing of how a fact is found or a substitution made.

A hypothesis is a set of parts that are at fault: none (it was chance), one, or two. A substitution mends a part or
does not; where it mends all of them and spoils nothing, answers pass at the rate of a sound feature, else at that of a
broken one. Both rates are drawn for each substitution anew (beta distributions), so that counts are overdispersed: five
equal outcomes of one substitution weigh less than one outcome each of five. What is counted is what the verifier says,
so its errors are inside the likelihood. Substitution outcomes as counterfactual evidence follow the replay attribution
literature (CausalFlow, CAR); a mixture over mended and not mended takes the place of fixed rates there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import combinations

from msgspec import Struct

from holdfast.diagnosis import Part, Substitution, Verifier
from holdfast.evals.diagnose.tables import EFFECTS, INTERMITTENT, PAIR, PRIOR, SIGNS, Effect, Sign

Hypothesis = frozenset[Part]
CHANCE: Hypothesis = frozenset()
"""No part is at fault: the same request passes more often than not."""

SOUND, BROKEN, WAVERING = (7.0, 1.2), (0.7, 6.0), (3.0, 2.0)
"""Beta distributions of the rate at which answers pass: of a feature without a fault, with one, and of one that fails
now and then, which is what chance means for a request that has failed."""
_GRID = 40
_BEYOND_MENDING: frozenset[Part] = frozenset({"task", "verifier"})
_PAIRED: tuple[Part, ...] = ("guard", "data", "retrieval", "ranking", "context_noise", "prompt", "model")


class Beliefs(Struct, frozen=True, kw_only=True):
    """The tables a posterior is computed with, who judges, and how far the passages that answer are believed to."""

    verifier: Verifier
    gold: float = 1.0
    effects: Mapping[Substitution, Effect] = EFFECTS
    signs: Mapping[str, Sign] = SIGNS
    prior: Mapping[Part, float] = PRIOR


class Counts(Struct, frozen=True):
    """Of the answers with one substitution, how many pass and how many were asked for."""

    passed: int
    asked: int


def hypotheses(possible: Iterable[Part]) -> tuple[Hypothesis, ...]:
    """Chance, each part, and each pair of parts that can be told apart from one of them."""
    parts = sorted(set(possible))
    pairs = [frozenset(pair) for pair in combinations([part for part in parts if part in _PAIRED], 2)]
    places: frozenset[Part] = frozenset({"data", "retrieval", "ranking", "context_noise"})
    return (CHANCE, *(frozenset({part}) for part in parts), *(pair for pair in pairs if not pair <= places))


def posterior(
    beliefs: Beliefs,
    among: Iterable[Hypothesis],
    facts: Mapping[str, bool],
    tried: Mapping[Substitution, Counts],
) -> dict[Hypothesis, float]:
    """The probability of each hypothesis; they add up to 1. Facts that no table knows say nothing."""
    scores = {one: _log_prior(beliefs, one) for one in among}
    for one in scores:
        scores[one] += sum(math.log(_fact(beliefs, one, name, holds)) for name, holds in facts.items())
        scores[one] += sum(_log_outcome(beliefs, one, name, counts) for name, counts in tried.items() if counts.asked)
    top = max(scores.values())
    weights = {one: math.exp(score - top) for one, score in scores.items()}
    total = sum(weights.values())
    return {one: weight / total for one, weight in weights.items()}


def chance_of(
    beliefs: Beliefs, one: Hypothesis, substitution: Substitution, before: Counts, passed: int, asked: int
) -> float:
    """The probability that of `asked` further answers with a substitution `passed` pass, where `one` is true."""
    after = Counts(before.passed + passed, before.asked + asked)
    ways = math.comb(asked, passed) / math.comb(after.asked, after.passed) * math.comb(before.asked, before.passed)
    return ways * math.exp(_log_outcome(beliefs, one, substitution, after)
                           - _log_outcome(beliefs, one, substitution, before))  # fmt: skip


def mended(effect: Effect, one: Hypothesis) -> float:
    """The chance that a substitution leaves nothing at fault."""
    chance = 1.0 - effect.spoils
    for part in one:
        chance *= effect.mends.get(part, 0.01)
    return chance


def _log_prior(beliefs: Beliefs, one: Hypothesis) -> float:
    if not one:
        return math.log(INTERMITTENT)
    weight = math.prod(beliefs.prior[part] for part in one)
    return math.log(weight * (PAIR if len(one) > 1 else 1.0))


def _fact(beliefs: Beliefs, one: Hypothesis, name: str, holds: bool) -> float:
    """The chance of a fact. Of several parts the one it speaks of most decides."""
    sign = beliefs.signs.get(name)
    if sign is None:
        return 1.0
    told = [sign.holds[part] for part in one if part in sign.holds]
    chance = max(told, key=lambda each: abs(each - sign.otherwise)) if told else sign.otherwise
    if name.startswith("gold_"):  # where other passages answer, it says nothing
        chance = beliefs.gold * chance + (1.0 - beliefs.gold) * 0.5
    return chance if holds else 1.0 - chance


def _log_outcome(beliefs: Beliefs, one: Hypothesis, substitution: Substitution, counts: Counts) -> float:
    """The log of the chance that so many answers pass with a substitution."""
    if not counts.asked:
        return 0.0
    seen = beliefs.verifier.sensitivity, beliefs.verifier.specificity, counts.passed, counts.asked
    if not one or one == {"verifier"}:
        rates = WAVERING if not one else SOUND
        kept = 1.0 - beliefs.effects[substitution].spoils
        return math.log(kept * _beta_binomial(*rates, *seen) + (1 - kept) * _beta_binomial(*BROKEN, *seen))
    share = 0.02 if one & _BEYOND_MENDING else mended(beliefs.effects[substitution], one)
    return math.log(share * _beta_binomial(*SOUND, *seen) + (1 - share) * _beta_binomial(*BROKEN, *seen))


@lru_cache(maxsize=20_000)
def _beta_binomial(a: float, b: float, sensitivity: float, specificity: float, passed: int, asked: int) -> float:
    """The chance of `passed` of `asked` where the true rate is Beta(a, b) and a verifier errs; by the midpoint rule."""
    rates = [(at + 0.5) / _GRID for at in range(_GRID)]
    weights: list[float] = [rate ** (a - 1) * (1 - rate) ** (b - 1) for rate in rates]
    found: float = 0.0
    for rate, weight in zip(rates, weights, strict=True):
        told = rate * sensitivity + (1 - rate) * (1 - specificity)
        found += weight * told**passed * (1 - told) ** (asked - passed)
    return math.comb(asked, passed) * found / sum(weights)
