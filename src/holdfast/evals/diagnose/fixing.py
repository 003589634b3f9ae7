"""The fixes of a diagnosis: every change with which the answer was seen to pass, and what it does to good answers.

Knows nothing of how a verdict was come to.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from holdfast.diagnosis import Fix, Part, SideEffects, Substitution, Tried
from holdfast.errors import HoldfastError
from holdfast.evals.diagnose.finding_facts import held
from holdfast.evals.diagnose.planning import CONFIRMED_BY, Said
from holdfast.evals.diagnose.posterior import Key, effect_of, mended
from holdfast.evals.diagnose.reading import calls
from holdfast.evals.diagnose.substituting import Made
from holdfast.evals.pairing import paired
from holdfast.evals.scorers import scorers
from holdfast.evals.scoring import answer_cost_usd
from holdfast.evals.shares import jeffreys
from holdfast.judgement import Interval
from holdfast.records import Json, Recording
from holdfast.release import Release
from holdfast.runtime.again import Again
from holdfast.runtime.execute import execute

if TYPE_CHECKING:
    from holdfast.evals.diagnose.diagnosing import Diagnosing

SUFFICES = 0.6
"""The share of answers that pass from which on a change counts as a fix: below it half of them would still be bad."""

OF_PART: Mapping[Part, tuple[Substitution, ...]] = MappingProxyType(
    {
        "provider": ("provider_healthy", "second_endpoint"),
        "guard": ("guard_off",),
        "retrieval": ("previous_search", "plain_search", "wider"),
        "ranking": ("previous_search", "wider", "plain_search"),
        "context_noise": ("previous_search", "narrower", "stronger_model"),
        "prompt": ("previous_prompt",),
        "model": ("previous_model", "stronger_model"),
    }
)
"""The substitutions that are settings, by the part they are a fix of."""

_ADVICE: Mapping[Part, str] = MappingProxyType(
    {
        "provider": "give the model more time, tries and room for its answer",
        "guard": "look at the guard: lower its threshold, or let it only flag",
        "data": "add what was expected to the sources, or mend the document that should say it",
        "retrieval": "the document is there and not found: mend its title and words, or search it differently",
        "ranking": "more passages, or a reranker, bring in the one that answers",
        "context_noise": "fewer passages: the one that answers is lost among the others",
        "prompt": "mend the prompt: with another one it passes",
        "model": "ask another model for this",
        "task": "decide what the right answer is: the question below asks for it",
        "verifier": "look at whoever judges: it errs on this answer",
    }
)
_SET_UP = "set up the model that is asked first, or put one that is set up first: holdfast doctor says what is missing"
_SHOWN_BY: Mapping[Part, tuple[Substitution, ...]] = MappingProxyType(
    {
        "data": ("gold_added", "gold_only"),
        "retrieval": ("gold_query", "gold_added", "gold_only"),
        "ranking": ("gold_added", "gold_only"),
        "context_noise": ("gold_only",),
        "prompt": ("minimal_prompt",),
    }
)
"""What shows that a part can be mended where no setting mends it."""


async def fixes_of(about: Diagnosing, said: Said) -> tuple[Fix, ...]:
    """What suffices, the cheapest first: settings that mend the parts spoken of, each tried as often as a verdict is
    confirmed; where no setting does, what to do by hand, with the substitution that showed it."""
    found: list[Fix] = []
    if len(said.parts) > 1:
        found += [fix for key in _mending(about, said) if (fix := await _setting(about, said.parts, key)) is not None]
    for part in said.parts if not found else ():
        each = [await _setting(about, (part,), (name,)) for name in OF_PART.get(part, ())]
        settings = [fix for fix in each if fix is not None]
        found += settings or [_by_hand(about, part)]
    return tuple(sorted(found, key=_cheapest))


def _cheapest(fix: Fix) -> tuple[bool, bool, float, bool, float]:
    """The order of fixes: settings first, then the cheaper one, then what was so when it went well, then the one with
    which more answers pass."""
    return not fix.changes, fix.cost_usd is None, round(fix.cost_usd or 0.0, 6), not fix.restores, -fix.share.estimate


def _mending(about: Diagnosing, said: Said) -> list[Key]:
    """The two substitutions together that were seen to mend both parts."""
    return [key for key in about.tried if len(key) > 1 and _mends(about, key, said.parts) > 0.5]


def _mends(about: Diagnosing, key: Key, parts: Sequence[Part]) -> float:
    return mended(effect_of(about.beliefs, key), frozenset(parts))


async def _setting(about: Diagnosing, parts: Sequence[Part], key: Key) -> Fix | None:
    """A substitution as a fix; None where it cannot be made, or does not suffice."""
    made = about.made.get(key)
    if made is None or not made.changes:
        return None
    tried = about.tried.get(key)
    if tried is None or tried.asked < CONFIRMED_BY:
        await about.answer(key, CONFIRMED_BY - (tried.asked if tried else 0))
        tried = about.tried.get(key)
    if tried is None or tried.passed < SUFFICES * tried.asked:
        return None
    side_effects = await _side_effects(about, made)
    settings = ", ".join(f"{name}={value}" for name, value in made.changes.items())
    return Fix(
        part=parts[0],
        also=parts[1] if len(parts) > 1 else None,
        advice=f"{'; and '.join(_ADVICE[part] for part in parts)}: {settings}",
        passed=tried.passed,
        asked=tried.asked,
        share=_share(tried.passed, tried.asked),
        changes=made.changes,
        restores=all(name.startswith("previous_") for name in key),
        cost_usd=_dearer(about, tried),
        side_effects=side_effects,
    )


def _by_hand(about: Diagnosing, part: Part) -> Fix:
    """What to do, and how often the answer passes where it is done in the lab; nothing was tried for some parts."""
    tried = [about.tried[name,] for name in _SHOWN_BY.get(part, ()) if (name,) in about.tried]
    best = max(tried, key=lambda each: each.passed / each.asked, default=None)
    passed, asked = (best.passed, best.asked) if best is not None else (0, 0)
    unset = part == "provider" and held(about.facts).get("provider_not_set_up", False)
    return Fix(
        part=part,
        advice=_SET_UP if unset else _ADVICE[part],
        passed=passed,
        asked=asked,
        share=_share(passed, asked),
    )


async def _side_effects(about: Diagnosing, made: Made) -> SideEffects | None:
    """The change on answers that were good, as far as may be spent: how many are worse with it. None without any.

    What is said with a guard off is not kept here either.
    """
    asked, broken, kept = 0, 0, list[str]()
    for before in about.known.good[: about.limits.side_effects]:
        if about.calls >= about.limits.calls + about.limits.side_effects or about.is_spent():
            break
        try:
            after, release = await _with(about, before, made.changes)
        except HoldfastError:
            continue  # what cannot be replayed says nothing of the change
        pair = await paired(before, after, scorers(about.host.scorers, before.feature), about.examined.feature.bar)
        if pair.verdict == "not_compared":
            continue
        asked += 1
        broken += pair.verdict == "worse"
        if not made.secret:
            kept.append((await about.kept(after, release)).id)
    return (
        SideEffects(asked=asked, broken=broken, share=_share(broken, asked), recordings=tuple(kept)) if asked else None
    )


async def _with(about: Diagnosing, before: Recording, changes: Mapping[str, Json]) -> tuple[Recording, Release]:
    host, again = about.host, Again(dict(changes))
    release = await host.changed(await host.store.releases.get(before.release), dict(changes))
    after = await execute(
        host.feature(before.feature),
        before.input,
        release=release,
        world=host.world(release),
        tape=replace(again.tape(before), calls=calls(before)),
        who=host.who(before.subject, before.tenant),
    )
    about.pay(after)
    return after, release


def _dearer(about: Diagnosing, tried: Tried) -> float | None:
    """What an answer costs more with it; None where a price is not known."""
    before = answer_cost_usd(about.recording.steps)
    if before is None or tried.spent_usd is None or not tried.asked:
        return None
    return round(max(0.0, tried.spent_usd / tried.asked - before), 9)


def _share(count: int, asked: int) -> Interval:
    found = jeffreys(count, asked)
    return Interval(0.0, None, None) if found is None else Interval(found.estimate, found.low, found.high)
