"""What several diagnoses of failures that show the same facts say together, and the fixes that suffice.

Knows nothing of how a failure was diagnosed, nor of which were chosen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from holdfast.diagnosis import Diagnosis, Part, Verdict
from holdfast.evals.shares import jeffreys
from holdfast.failures import ClusterFix
from holdfast.identity import canonical
from holdfast.judgement import Interval

_LEAST = 1e-4
"""The least a verdict is taken to be likely: a diagnosis keeps four places."""


class Agreed(Struct, frozen=True, kw_only=True):
    """The verdict that diagnoses agree upon, how likely it is, and what else is; `unknown` where they do not agree."""

    verdict: Verdict = "unknown"
    parts: tuple[Part, ...] = ()
    probability: float = 0.0
    probabilities: dict[str, float] = {}


def agreed(diagnoses: Sequence[Diagnosis]) -> Agreed:
    """What diagnoses say together.

    Those with a verdict have to name the same one; then the likelihoods of what was tried are multiplied, and the
    facts, which are the same in all of them, count once. That makes them no less sure than they are on average where
    all of them give the verdict. It is one that at least one of them gives. Where two give different ones it is
    `unknown`, and what is likely is the mean.
    """
    if not diagnoses:
        return Agreed()
    named = verdicts(diagnoses)
    chances = _mean(diagnoses)
    if len(named) < 2 and not _as_sure(chances, together := _together(diagnoses), diagnoses):
        chances = together
    likeliest = max(chances, key=lambda each: chances[each])
    rounded = {name: round(chance, 4) for name, chance in sorted(chances.items(), key=lambda item: -item[1])}
    sure = chances[likeliest] >= max(each.sure_at for each in diagnoses)
    said = next((each for each in diagnoses if each.verdict == likeliest), None)
    if len(named) > 1 or not sure or said is None:
        return Agreed(probability=rounded[likeliest], probabilities=rounded)
    return Agreed(verdict=said.verdict, parts=said.parts, probability=rounded[likeliest], probabilities=rounded)


def verdicts(diagnoses: Sequence[Diagnosis]) -> tuple[Verdict, ...]:
    """The different verdicts that they give, but for `unknown`."""
    return tuple(dict.fromkeys(each.verdict for each in diagnoses if each.verdict != "unknown"))


def _as_sure(mean: Mapping[str, float], together: Mapping[str, float], diagnoses: Sequence[Diagnosis]) -> bool:
    """Whether all give one verdict, of which the mean is surer than what they say together."""
    first = diagnoses[0].verdict
    return all(each.verdict == first != "unknown" for each in diagnoses) and mean[first] >= together[first]


def _together(diagnoses: Sequence[Diagnosis]) -> dict[str, float]:
    names = _names(diagnoses)
    weighed = dict.fromkeys(names, 0.0)
    for each in diagnoses:
        for name in names:
            told, before = each.probabilities.get(name, 0.0), each.by_facts.get(name, 0.0)
            weighed[name] += math.log(max(told, _LEAST)) - math.log(max(before, _LEAST)) * (1 - 1 / len(diagnoses))
    top = max(weighed.values())
    weights = {name: math.exp(each - top) for name, each in weighed.items()}
    total = sum(weights.values())
    return {name: weight / total for name, weight in weights.items()}


def _mean(diagnoses: Sequence[Diagnosis]) -> dict[str, float]:
    return {
        name: sum(each.probabilities.get(name, 0.0) for each in diagnoses) / len(diagnoses)
        for name in _names(diagnoses)
    }


def _names(diagnoses: Sequence[Diagnosis]) -> tuple[str, ...]:
    return tuple(sorted({name for each in diagnoses for name in each.probabilities}))


def fixes_among(diagnoses: Sequence[Diagnosis], verdict: Verdict) -> tuple[ClusterFix, ...]:
    """The fixes of those that give this verdict, the same change once: what suffices for most first, then the cheapest.

    Side effects are those that were looked at on the most good answers. A fix by hand stands behind every setting.
    """
    same: dict[bytes, list[ClusterFix]] = {}
    for diagnosis in diagnoses:
        if diagnosis.verdict == verdict:
            for number, fix in enumerate(diagnosis.fixes, start=1):
                key = canonical([fix.part, fix.changes or fix.advice])
                one = ClusterFix(fix=fix, suffices=1, diagnosis=diagnosis.id, number=number)
                same.setdefault(key, []).append(one)
    return tuple(sorted(map(_pooled, same.values()), key=_cheapest))


def _cheapest(each: ClusterFix) -> tuple[bool, int, bool, float]:
    fix = each.fix
    return not fix.changes, -each.suffices, fix.cost_usd is None, fix.cost_usd or 0.0


def _pooled(alike: Sequence[ClusterFix]) -> ClusterFix:
    fixes = [each.fix for each in alike]
    passed, asked = sum(fix.passed for fix in fixes), sum(fix.asked for fix in fixes)
    share = jeffreys(passed, asked)
    costs = [fix.cost_usd for fix in fixes if fix.cost_usd is not None]
    effects = [fix.side_effects for fix in fixes if fix.side_effects is not None]
    pooled = replace(
        fixes[0],
        passed=passed,
        asked=asked,
        share=Interval(0.0, None, None) if share is None else share,
        cost_usd=sum(costs) / len(costs) if len(costs) == len(fixes) else None,
        side_effects=max(effects, key=lambda each: each.asked, default=None),
    )
    return ClusterFix(fix=pooled, suffices=len(alike), diagnosis=alike[0].diagnosis, number=alike[0].number)
