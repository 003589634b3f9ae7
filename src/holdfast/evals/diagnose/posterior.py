"""How likely each part is at fault, given facts and how often answers passed with each substitution.

Knows nothing of how a fact is found or a substitution made.

A hypothesis is a set of parts that are at fault: none (it was chance), one, or two. A substitution mends a part or
does not; where it mends all of them and spoils nothing, answers pass at the rate of a sound feature, else at that of a
broken one. Both rates belong to the feature and are unknown (beta distributions), and each substitution has one near
them, so that counts are overdispersed: five equal outcomes of one substitution weigh less than one outcome each of
five, and a substitution is held against what the others leave as it is. What is counted is what the verifier says,
so its errors are inside the likelihood; where what was expected can be looked for in the answer's words, that is a
second opinion with errors of its own, and both together are counted (Dawid and Skene 1979). A verifier that is itself
at fault differs from the words; an expectation that is wrong agrees with them. Substitution outcomes as counterfactual
evidence follow the replay attribution literature (CausalFlow, CAR); a mixture over mended and not mended takes the
place of fixed rates there.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import combinations
from typing import TypeAlias

import numpy as np
from msgspec import Struct
from msgspec.structs import replace

from holdfast.diagnosis import Part, Substitution, Tried, Verifier
from holdfast.evals.diagnose.tables import (
    EFFECTS,
    INTERMITTENT,
    PAIR,
    PRIOR,
    SIGNS,
    WELL_AGAIN,
    WORDS,
    Effect,
    Sign,
    Words,
)

Hypothesis = frozenset[Part]
CHANCE: Hypothesis = frozenset()
"""No part is at fault: the same request passes more often than not."""

Key: TypeAlias = tuple[Substitution, ...]
"""One substitution, or two that are made together."""

SOUND, BROKEN, WAVERING = (8.0, 1.2), (0.8, 5.0), (4.0, 2.6)
"""Beta distributions of the rate at which answers pass: of a feature without a fault, with one, and of one that fails
now and then, which is what chance means for a request that has failed."""
NEVER = (0.3, 12.0)
TASK = (0.55, 0.33, 0.12)
"""Of an expectation that is wrong: the shares of those that are hardly ever met, met as by a broken feature, and met by
chance, where sources differ and either is said."""
ALIKE = 8.0
"""How near the rate of one substitution is to the feature's: the concentration of a beta distribution around it."""
ERRING = 0.08
"""The share of good answers to this very question that a verifier finds good which is itself at fault."""
UNMENDED = 0.01
"""The chance that a substitution mends a part that it has nothing to do with."""
_GRID, _MEANS = 40, 14
_ALONE: frozenset[Part] = frozenset({"task", "verifier"})
_PLACES: frozenset[Part] = frozenset({"data", "retrieval", "ranking", "context_noise"})


class Beliefs(Struct, frozen=True, kw_only=True):
    """The tables a posterior is computed with, who judges, and how far the passages that answer are believed to.

    `beyond`: the parts that no substitution can mend here, since what would is not for whoever asked, or not set up.
    """

    verifier: Verifier
    gold: float = 1.0
    effects: Mapping[Substitution, Effect] = EFFECTS
    signs: Mapping[str, Sign] = SIGNS
    prior: Mapping[Part, float] = PRIOR
    words: Words = WORDS
    beyond: tuple[Part, ...] = ()


class Counts(Struct, frozen=True):
    """Of the answers with one substitution, how many pass and how many were asked for.

    `said` of them say what was expected by their words, and `both` say it and pass; None where the words cannot tell.
    """

    passed: int
    asked: int
    said: int | None = None
    both: int = 0

    def cells(self) -> tuple[int, ...]:
        """Passed and said, passed alone, said alone, neither; without words: passed, not passed."""
        if self.said is None:
            return self.passed, self.asked - self.passed
        alone = self.passed - self.both
        return self.both, alone, self.said - self.both, self.asked - self.said - alone


NOTHING = Counts(0, 0)


def key_of(tried: Tried) -> Key:
    """What was made, as a posterior counts it."""
    return (tried.substitution,) if tried.beside is None else (tried.substitution, tried.beside)


def counts_of(tried: Tried) -> Counts:
    """What came of it, as a posterior counts it."""
    return Counts(tried.passed, tried.asked, tried.in_words, tried.both)


def beyond(facts: Mapping[str, bool]) -> tuple[Part, ...]:
    """The parts that no substitution can mend, by what is known: what whoever asked may not see is not shown to find
    out, and a model without a key cannot be asked."""
    unknown = facts.get("gold_withheld", False) and "gold_in_context" not in facts  # nothing can stand in for it
    withheld: tuple[Part, ...] = ("retrieval",) if unknown else ()
    return (*withheld, "provider") if facts.get("provider_not_set_up") else withheld


Rates: TypeAlias = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def hypotheses(possible: Iterable[Part], beyond_mending: Iterable[Part] = ()) -> tuple[Hypothesis, ...]:
    """Chance, each part, and each pair of parts that can be told apart from one of them: beside what nothing can mend
    nothing else shows."""
    parts, alone = sorted(set(possible)), _ALONE | set(beyond_mending)
    pairs = [frozenset(pair) for pair in combinations([part for part in parts if part not in alone], 2)]
    return (CHANCE, *(frozenset({part}) for part in parts), *(pair for pair in pairs if not pair <= _PLACES))


def posterior(
    beliefs: Beliefs,
    among: Iterable[Hypothesis],
    facts: Mapping[str, bool],
    tried: Mapping[Key, Counts],
) -> dict[Hypothesis, float]:
    """The probability of each hypothesis; they add up to 1. Facts that no table knows say nothing."""
    scores = {one: _log_prior(beliefs, one) for one in among}
    for one in scores:
        scores[one] += sum(math.log(_fact(beliefs, one, name, holds)) for name, holds in facts.items())
        modes = _modes(beliefs, one)
        scores[one] += math.log(sum(float(_mixed(mode, one, tried).sum()) for mode in modes) / len(modes))
    top = max(scores.values())
    weights = {one: math.exp(score - top) for one, score in scores.items()}
    total = sum(weights.values())
    return {one: weight / total for one, weight in weights.items()}


class Outlook:
    """What further answers are expected to be, where one hypothesis is true, after what was seen so far."""

    def __init__(self, beliefs: Beliefs, one: Hypothesis, tried: Mapping[Key, Counts]) -> None:
        self._one = one
        self._tried = tried
        self._modes = [(mode, _mixed(mode, one, tried)) for mode in _modes(beliefs, one)]
        self._words = any(counts.said is not None for counts in tried.values())

    def chances(self, key: Key, asked: int) -> list[float]:
        """The probability that of `asked` further answers with a substitution none, one, ... all pass.

        That the words and the verifier differ about them is left aside: what is planned by this is only what to ask
        next.
        """
        base = self._tried.get(key) or Counts(0, 0, 0 if self._words else None)
        others = [
            (mode, mixed / _factor(mode, self._one, key, base, self._tried) if base.asked else mixed)
            for mode, mixed in self._modes
        ]
        found = []
        for passed in range(asked + 1):
            said = None if base.said is None else base.said + passed
            both = 0 if said is None else base.both + passed
            after = Counts(base.passed + passed, base.asked + asked, said, both)
            chance = sum(
                float((mixed * _factor(mode, self._one, key, after, self._tried)).sum()) for mode, mixed in others
            )
            found.append(math.comb(asked, passed) * chance)
        total = sum(found)
        return [chance / total for chance in found]


def effect_of(beliefs: Beliefs, key: Key) -> Effect:
    """What substitutions do that are made together: each mends and spoils what it does alone."""
    effects = [_possible(beliefs.effects[name], beliefs.beyond) for name in key]
    if len(effects) == 1:
        return effects[0]
    parts = {part for effect in effects for part in effect.mends}
    mends: dict[Part, float] = {
        part: 1.0 - math.prod(1.0 - effect.mends.get(part, 0.0) for effect in effects) for part in parts
    }
    return Effect(mends, 1.0 - math.prod(1.0 - effect.spoils for effect in effects))


def _possible(effect: Effect, beyond: tuple[Part, ...]) -> Effect:
    if not beyond:
        return effect
    return Effect({part: chance for part, chance in effect.mends.items() if part not in beyond}, effect.spoils)


def mended(effect: Effect, one: Hypothesis) -> float:
    """The chance that a substitution leaves nothing at fault."""
    chance = 1.0 - effect.spoils
    for part in one:
        chance *= effect.mends.get(part, UNMENDED)
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


def _modes(beliefs: Beliefs, one: Hypothesis) -> tuple[Beliefs, ...]:
    """The beliefs under each way in which a hypothesis may be true, all of them alike likely: a provider failed for a
    while, and is well again whatever is asked, or stays unwell."""
    if "provider" not in one or "provider" in beliefs.beyond:
        return (beliefs,)
    again = {name: Effect({**effect.mends, "provider": WELL_AGAIN}, effect.spoils)
             for name, effect in beliefs.effects.items()}  # fmt: skip
    return (replace(beliefs, effects=again), beliefs)


def _mixed(beliefs: Beliefs, one: Hypothesis, tried: Mapping[Key, Counts]) -> Rates:
    """The chance of all counts, each order of them counted as one, over the feature's two rates: sound down, broken
    across."""
    broken = _weights(BROKEN)
    if "task" in one:
        broken = TASK[0] * _weights(NEVER) + TASK[1] * broken + TASK[2] * _weights(WAVERING)
    mixed = _weights(WAVERING if not one else SOUND)[:, None] * broken[None, :]
    for key, counts in tried.items():
        if counts.asked:
            mixed = mixed * _factor(beliefs, one, key, counts, tried)
    return mixed


def _factor(beliefs: Beliefs, one: Hypothesis, key: Key, counts: Counts, tried: Mapping[Key, Counts]) -> Rates:
    """The chance of the counts with a substitution, over the feature's two rates.

    Of two together each mends a single part as likely as it was seen to alone: one that did not mend it alone does not
    mend it beside another one.
    """
    verifier = beliefs.verifier
    good = ERRING if one == {"verifier"} else verifier.sensitivity
    told = (good, 1.0 - verifier.specificity, beliefs.words.good, beliefs.words.bad)
    chances = _chances(told, counts.cells())
    effect = effect_of(beliefs, key)
    if not one or one == {"verifier"}:
        share = 1.0 - effect.spoils
    elif len(key) > 1 and len(one) == 1:
        (part,) = one
        failing = math.prod(1.0 - _seen_to_mend(beliefs, name, part, told, tried.get((name,))) for name in key)
        share = (1.0 - effect.spoils) * max(UNMENDED, 1.0 - failing)
    else:
        share = mended(effect, one)
    return share * chances[:, None] + (1.0 - share) * chances[None, :]


def _seen_to_mend(
    beliefs: Beliefs, name: Substitution, part: Part, told: tuple[float, float, float, float], alone: Counts | None
) -> float:
    """The chance that a substitution mends a part, after what came of it alone."""
    before = effect_of(beliefs, (name,)).mends.get(part, UNMENDED)
    if alone is None or not alone.asked:
        return before
    cells = alone.cells()
    sound, broken = before * _chance(SOUND, told, cells), (1.0 - before) * _chance(BROKEN, told, cells)
    return sound / (sound + broken)


@lru_cache(maxsize=64)
def _weights(rates: tuple[float, float]) -> Rates:
    """How likely each of the means is that a rate may have, by the midpoint rule."""
    means = (np.arange(_MEANS) + 0.5) / _MEANS
    found = means ** (rates[0] - 1) * (1 - means) ** (rates[1] - 1)
    return np.asarray(found / found.sum())


@lru_cache(maxsize=50_000)
def _chances(told: tuple[float, float, float, float], cells: tuple[int, ...]) -> Rates:
    """The chance of the cells in one order, for each mean of the rate."""
    means = [(at + 0.5) / _MEANS for at in range(_MEANS)]
    return np.array([_chance((mean * ALIKE, (1 - mean) * ALIKE), told, cells) for mean in means])


@lru_cache(maxsize=50_000)
def _chance(rates: tuple[float, float], told: tuple[float, float, float, float], cells: tuple[int, ...]) -> float:
    """The chance of the cells in one order where the true rate is Beta(rates), by the midpoint rule.

    `told`: the chances that a good and a bad answer pass, and that a good and a bad one says what was expected.
    """
    a, b = rates
    good, bad, said_good, said_bad = told
    of_good: tuple[float, ...] = (good, 1 - good)
    of_bad: tuple[float, ...] = (bad, 1 - bad)
    if len(cells) > len(of_good):
        of_good, of_bad = _crossed(good, said_good), _crossed(bad, said_bad)
    found = weights = 0.0
    for at in range(_GRID):
        rate = (at + 0.5) / _GRID
        weight = rate ** (a - 1) * (1 - rate) ** (b - 1)
        weights += weight
        found += weight * math.prod(
            (rate * one + (1 - rate) * other) ** count
            for one, other, count in zip(of_good, of_bad, cells, strict=True)
            if count
        )
    return found / weights


def _crossed(passes: float, said: float) -> tuple[float, float, float, float]:
    """The chances of the four cells, where words and verifier err independently."""
    return passes * said, passes * (1 - said), (1 - passes) * said, (1 - passes) * (1 - said)
