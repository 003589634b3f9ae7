"""What planted faults teach: how often a substitution mends or spoils, and how often a fact holds.

Knows nothing of how a fault is planted. Counts move what the tables say as far as there are many of them: the tables
count as TRUST faults, so that a few change little, and very many are believed. Every probability stays inside (0, 1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from holdfast.diagnosis import Diagnosis, Grade, Part, Planted, Substitution, Verdict, Verifier
from holdfast.evals.diagnose.planning import SURE_AT, given
from holdfast.evals.diagnose.posterior import (
    UNMENDED,
    Beliefs,
    Counts,
    Key,
    beyond,
    counts_of,
    hypotheses,
    key_of,
    posterior,
)
from holdfast.evals.diagnose.tables import EFFECTS, SIGNS, TRUSTED, Effect, Sign

TRUST = 12.0
"""How many planted faults a number of the tables counts as."""
WRONG_COSTS = 9.0
"""What a wrong verdict weighs against a right one: a verdict given at SURE_AT is then worth giving."""
_PARTS: tuple[Part, ...] = (
    "provider", "guard", "data", "retrieval", "ranking", "context_noise", "prompt", "model", "task", "verifier",
)  # fmt: skip
_CHANGED = ("prompt", "model", "query", "search", "corpus", "guard")
_CHOSEN_SIGNS = frozenset(
    {f"{what}_changed{since}" for what in _CHANGED for since in ("", "_since")} | {"never_passed"}
)
"""Facts of which whoever plants decides how often they hold, and no feature does."""
_CHOSEN_HOLDS = frozenset({"labels_conflict", "prompt_incomplete", "verifier_unstable"})
"""Likewise where the part is at fault that they speak of; where it is not, the feature decides."""
_CHOSEN_EFFECTS: frozenset[tuple[Substitution, Part]] = frozenset(
    {
        ("gold_query", "retrieval"), ("plain_search", "retrieval"), ("wider", "retrieval"),
        ("gold_query", "ranking"), ("plain_search", "ranking"),
    }
)  # fmt: skip
"""Likewise of substitutions: how a fault of the search is planted decides what gets around it. So it is with what
mends a provider, how long it fails being up to whoever plants."""


class Outcome(Struct, frozen=True):
    """What was counted with a substitution, or with two together."""

    key: Key
    counts: Counts


class Sample(Struct, frozen=True, kw_only=True):
    """A fault that took, and what came of looking into it. `parts` are empty where answers are bad by chance.

    `possible` are the parts the feature has. `said` is the verdict by the tables alone.
    """

    case: str
    fault: str
    planted: Verdict
    parts: tuple[Part, ...] = ()
    said: Verdict = "unknown"
    possible: tuple[Part, ...] = ()
    facts: dict[str, bool] = {}
    tried: tuple[Outcome, ...] = ()
    grade: Grade = "none"
    calls: int = 0


class Spoiled(Struct, frozen=True, kw_only=True):
    """Whether a good answer was bad with a substitution that had nothing to mend."""

    case: str
    substitution: Substitution
    bad: bool


class Share(Struct, frozen=True):
    """So many of so many; halves are of what was neither."""

    of: float = 0.0
    all: float = 0.0

    def plus(self, of: float) -> Share:
        return Share(self.of + of, self.all + 1.0)


class Tally(Struct, frozen=True, kw_only=True):
    """What was counted: by substitution and part how often it mended, by substitution how often it spoiled, by fact and
    part how often it held. Faults of two parts count nowhere, for nobody knows which of them a substitution mended.

    Under `signs`, the part `""` is that answers are bad by chance.
    """

    mends: dict[str, dict[str, Share]] = {}
    spoils: dict[str, Share] = {}
    signs: dict[str, dict[str, Share]] = {}


def sample_of(case: str, fault: str, planted: Verdict, parts: Iterable[Part], diagnosis: Diagnosis) -> Sample:
    """What is kept of a diagnosis of a planted fault."""
    return Sample(
        case=case,
        fault=fault,
        planted=planted,
        parts=tuple(sorted(parts)),
        said=diagnosis.verdict,
        possible=tuple(part for part in _PARTS if part in diagnosis.probabilities),
        facts={fact.name: fact.holds for fact in diagnosis.facts if fact.holds is not None},
        tried=tuple(Outcome(key_of(each), counts_of(each)) for each in diagnosis.tried if each.asked),
        grade=diagnosis.grade,
        calls=diagnosis.calls,
    )


def tally(samples: Iterable[Sample], spoiled: Iterable[Spoiled] = ()) -> Tally:
    """The counts of these samples."""
    mends: dict[str, dict[str, Share]] = {}
    signs: dict[str, dict[str, Share]] = {}
    spoils: dict[str, Share] = {}
    for one in samples:
        if len(one.parts) > 1:
            continue
        part = one.parts[0] if one.parts else ""
        for fact, holds in one.facts.items():
            shares = signs.setdefault(fact, {})
            shares[part] = shares.get(part, Share()).plus(float(holds))
        if part in ("", "task", "verifier"):
            continue  # nothing mends them
        for each in one.tried:
            if len(each.key) == 1:
                shares = mends.setdefault(each.key[0], {})
                shares[part] = shares.get(part, Share()).plus(_mended(each.counts.passed, each.counts.asked))
    for made in spoiled:
        spoils[made.substitution] = spoils.get(made.substitution, Share()).plus(float(made.bad))
    return Tally(mends=mends, spoils=spoils, signs=signs)


def learned(counted: Tally, verifier: Verifier) -> Beliefs:
    """The beliefs of the tables, moved by what was counted; without counts they are the tables."""
    effects = {name: _effect(counted, name, effect, verifier) for name, effect in EFFECTS.items()}
    return Beliefs(
        verifier=verifier, effects=effects, signs={name: _sign(counted, name, sign) for name, sign in SIGNS.items()}
    )


def _effect(counted: Tally, name: Substitution, effect: Effect, verifier: Verifier) -> Effect:
    spoils = effect.spoils
    if name in counted.spoils and effect.spoils > 0:
        bad = counted.spoils[name]
        erred = bad.all * (1 - verifier.sensitivity)  # so many good answers would be found bad anyway
        spoils = moved(effect.spoils, Share(max(0.0, bad.of - erred), bad.all))
    mends = dict(effect.mends)
    for part in _PARTS:
        share = counted.mends.get(name, {}).get(part)
        if share is None or part == "provider" or (name, part) in _CHOSEN_EFFECTS:
            continue
        kept = Share(min(share.all, share.of / (1 - spoils)), share.all)  # what it mended and did not spoil passes
        before = effect.mends.get(part, UNMENDED)
        after = moved(before, kept)
        if part in effect.mends or after > before:
            mends[part] = after
    return Effect(mends, spoils)


def _sign(counted: Tally, name: str, sign: Sign) -> Sign:
    if name in _CHOSEN_SIGNS:
        return sign
    shares = counted.signs.get(name, {})
    holds = {
        part: chance if name in _CHOSEN_HOLDS or part not in shares else moved(chance, shares[part])
        for part, chance in sign.holds.items()
    }
    others = [share for part, share in shares.items() if part not in sign.holds]
    rest = Share(sum(share.of for share in others), sum(share.all for share in others))
    return Sign(holds, moved(sign.otherwise, rest))


def moved(before: float, share: Share) -> float:
    """The mean of what is believed of a share, a beta distribution that counted as TRUST before."""
    return (TRUST * before + share.of) / (TRUST + share.all) if share.all else before


def _mended(passed: int, asked: int) -> float:
    return 1.0 if 2 * passed > asked else 0.5 if 2 * passed == asked else 0.0


# ---------------------------------------------------------------- what would have been said


def said_of(sample: Sample, beliefs: Beliefs) -> Verdict:
    """The verdict on what came of looking into a planted fault."""
    beliefs = replace(beliefs, gold=TRUSTED[sample.grade], beyond=beyond(sample.facts))
    tried = {each.key: each.counts for each in sample.tried if set(each.key) <= set(EFFECTS)}
    now = posterior(beliefs, hypotheses(sample.possible, beliefs.beyond), sample.facts, tried)
    return given(beliefs, now, tried, list(tried), SURE_AT).verdict


def crossed(samples: Sequence[Sample], spoiled: Sequence[Spoiled], verifier: Verifier) -> tuple[Verdict, ...]:
    """What is said of each sample by what the samples of other cases taught: never by its own."""
    by_case: dict[str, Beliefs] = {}
    for case in {sample.case for sample in samples}:
        others = tally((each for each in samples if each.case != case), (each for each in spoiled if each.case != case))
        by_case[case] = learned(others, verifier)
    return tuple(said_of(sample, by_case[sample.case]) for sample in samples)


def matrix(samples: Sequence[Sample], said: Sequence[Verdict]) -> tuple[Planted, ...]:
    """How often each verdict was given of each kind of planted fault."""
    counts: dict[tuple[Verdict, Verdict], int] = {}
    for sample, verdict in zip(samples, said, strict=True):
        counts[sample.planted, verdict] = counts.get((sample.planted, verdict), 0) + 1
    return tuple(Planted(planted=one, said=other, count=count) for (one, other), count in sorted(counts.items()))


def worth(planted: Iterable[Planted]) -> float:
    """What verdicts are worth: the right ones less the wrong ones, which weigh more; `unknown` is worth nothing."""
    right, wrong = right_and_wrong(planted)
    return right - WRONG_COSTS * wrong


def right_and_wrong(planted: Iterable[Planted]) -> tuple[int, int]:
    """How many verdicts were right and how many wrong; `unknown` is neither."""
    right = wrong = 0
    for each in planted:
        if each.said == each.planted:
            right += each.count
        elif each.said != "unknown":
            wrong += each.count
    return right, wrong


def farthest(beliefs: Beliefs, most: int = 6) -> tuple[tuple[str, float, float], ...]:
    """What was learned that differs most from the tables: what it is of, what the tables say, and what was learned."""
    found: list[tuple[str, float, float]] = []
    for name, effect in EFFECTS.items():
        after = beliefs.effects[name]
        found.append((f"{name} spoils", effect.spoils, after.spoils))
        found += [
            (f"{name} mends {part}", effect.mends.get(part, UNMENDED), chance) for part, chance in after.mends.items()
        ]
    for fact, sign in SIGNS.items():
        now: Mapping[Part, float] = beliefs.signs[fact].holds
        found += [(f"{fact} with {part} at fault", before, now[part]) for part, before in sign.holds.items()]
        found.append((f"{fact} otherwise", sign.otherwise, beliefs.signs[fact].otherwise))
    differing = [each for each in found if abs(each[1] - each[2]) >= 0.05]
    return tuple(sorted(differing, key=lambda each: -abs(each[1] - each[2]))[:most])
