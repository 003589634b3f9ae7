"""Whether A itself answers otherwise than it did: asked again today, beside what is stored of it.

Knows nothing of B, nor of what else may have changed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from holdfast.evals.bank import Account, stored
from holdfast.evals.between.cells import Asking, Given, Question, served_in
from holdfast.evals.between.contrasts import Place, answers_apart
from holdfast.evals.between.periods import Heard
from holdfast.evals.between.sides import Side, pinned
from holdfast.evals.diagnose.verifying import SaysTheSame
from holdfast.evals.scoring import fault_of
from holdfast.fall import ProviderDrift, Served
from holdfast.records import Recording
from holdfast.stores import EvaluationQuery

ALPHA = 0.01
"""How often A may be said to answer otherwise that does not: as a gate says it of its baseline."""
LEAST = 5
"""Cases with stored answers below which nothing is said."""
_LOOKED_AT = 200
"""Evaluations of the feature that are looked at, the newest."""
_EACH = 5
"""Stored answers to a case that are looked at, the newest."""


@dataclass(frozen=True, slots=True)
class Then:
    """What is stored of A: how each case was answered then, and what vendors said answered."""

    passed: Mapping[str, tuple[float, ...]]
    served: frozenset[tuple[str, str]] = frozenset()


async def then_of(asking: Asking, side: Side, code_hash: str, heard: Sequence[Heard]) -> Then:
    """What is stored of a side's answers to these questions with that code: recorded live (`heard`), or by evaluations.

    Each is judged by whoever judges today's; one that a fault outside the release prevented, or that is kept no more,
    is left out.
    """
    recorded: defaultdict[str, list[Recording]] = defaultdict(list)
    mine = {question.case.id: question for question in asking.questions}
    gave = (side.release.id, code_hash)
    for each in heard:
        if each.question.case.id in mine and (each.recording.release, each.recording.code_hash) == gave:
            recorded[each.question.case.id].append(each.recording)
    for account in await _accounts(asking, side, code_hash):
        for case, banked in (await _banked(asking, account)).items():
            recorded[case] += banked
    passed: dict[str, tuple[float, ...]] = {}
    served: set[tuple[str, str]] = set()
    for case, recordings in recorded.items():
        found = [each for each in recordings if fault_of(each) is None][-_EACH:]
        passed[case] = tuple([float(await _passes(asking, mine[case], each)) for each in found])
        served |= {one for each in found for one in served_in(each)}
    return Then({case: each for case, each in passed.items() if each}, frozenset(served))


async def _accounts(asking: Asking, side: Side, code_hash: str) -> list[Account]:
    """Every release that was evaluated with that code and chose what the side does, whatever it is called: one that is
    frozen chooses what the working tree did before, with its corpora at the version that they had."""
    host, feature = asking.host, asking.feature
    query = EvaluationQuery(feature=feature.name, tenant=asking.tenant, limit=_LOOKED_AT)
    found: dict[tuple[str, str, str], Account] = {}
    for evaluation in await host.store.evaluations.find(query):
        if evaluation.code_hash != code_hash or evaluation.cached:
            continue
        release = await host.store.releases.get(evaluation.release)
        if pinned(release, evaluation.pins).slots != side.asked.slots:
            continue
        found[evaluation.release, repr(sorted(evaluation.pins.items())), evaluation.scoring_hash] = Account(
            feature=feature.name,
            release=evaluation.release,
            code_hash=code_hash,
            scoring_hash=evaluation.scoring_hash,
            pins=evaluation.pins,
            before=datetime.now(UTC),
            gate=asking.id,
            tenant=asking.tenant,
        )
    return list(found.values())


async def _banked(asking: Asking, account: Account) -> dict[str, tuple[Recording, ...]]:
    """The recordings of a release's answers in evaluations of these cases, as far as they are kept."""
    store = asking.host.store
    banked = await stored(store, account, [question.case for question in asking.questions])
    found = {}
    for case, results in banked.items():
        ids = [each.recording for each in results[-_EACH:] if each.recording]
        found[case] = await store.recordings.whole(ids, asking.tenant)
    return found


async def _passes(asking: Asking, question: Question, recording: Recording) -> bool:
    verify = asking.verify
    if question.in_prose:
        verify = replace(verify, scorers={**verify.scorers, "exact": SaysTheSame()})
    return await verify(recording, question.case)


def provider_drift(then: Then, today: Mapping[Place, Given]) -> ProviderDrift | None:
    """A today beside A then, over the cases that are known of both; None where those are too few."""
    now: defaultdict[str, list[float]] = defaultdict(list)
    served: set[tuple[str, str]] = set()
    for (case, _), given in sorted(today.items(), key=lambda each: each[0]):
        if not given.untold and given.fault is None:
            now[case].append(float(given.passed))
            served |= given.served
    pairs = [(then.passed[case], now[case]) for case in then.passed if now.get(case)]
    if len(pairs) < LEAST:
        return None
    difference, p = answers_apart(pairs)
    means = [sum(sum(each[side]) / len(each[side]) for each in pairs) / len(pairs) for side in (0, 1)]
    return ProviderDrift(
        n=len(pairs),
        then=means[0],
        today=means[1],
        difference=difference,
        p=p,
        shown=p <= ALPHA and difference.estimate < 0,
        served=_changed(then.served, frozenset(served)),
    )


def _changed(before: frozenset[tuple[str, str]], now: frozenset[tuple[str, str]]) -> tuple[Served, ...]:
    """The models of which vendors say that something else answers now."""
    found = []
    for model in sorted({name for name, _ in before} & {name for name, _ in now}):
        old = tuple(sorted(said for name, said in before if name == model))
        new = tuple(sorted(said for name, said in now if name == model))
        if old != new:
            found.append(Served(model=model, before=old, now=new))
    return tuple(found)
