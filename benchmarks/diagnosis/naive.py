"""Two naive methods: the first substitution that passes, and hard rules over five samples of each.

Know what any diagnoser may know, and nothing of how faults are planted.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from benchmarks.diagnosis.adapter import Fix, Nominal, Verdict, Verify
from benchmarks.diagnosis.substituting import Lab, Sample

from holdfast.app import Project
from holdfast.evaluation import Case

SAMPLES, DRAWS = 5, 2_000
LIFT, STRONG = 0.3, 0.95
REPRODUCED = 0.85


async def first_that_passes(
    project: Project, recording_id: str, case: Case, verify: Verify, nominal: Nominal
) -> Verdict:
    """The part whose substitution passes first, one sample each, in the order of `Lab.substitutions`."""
    lab = await Lab.of(project, recording_id, case, verify)
    for sample in await lab.substitutions():
        if not await lab.passes(sample):
            continue
        verdict = sample.verdict
        if verdict == "retrieval" and not await lab.gold_in_corpus():
            verdict = "data"
        fixes = (Fix(changes=sample.changes),) if sample.changes else ()
        return Verdict(verdict=verdict, parts=(verdict,), probability=1.0, fixes=fixes, calls=lab.calls)
    return Verdict(verdict="unknown", parts=(), probability=0.0, calls=lab.calls)


async def hard_rules(project: Project, recording_id: str, case: Case, verify: Verify, nominal: Nominal) -> Verdict:
    """A tree of rules. A substitution counts whose lift is above 0.3 with a probability of 0.95, by five samples."""
    lab = await Lab.of(project, recording_id, case, verify)
    control = [await lab.passes(Sample("control", "intermittent")) for _ in range(SAMPLES)]
    if _above(control, 0.5) > REPRODUCED:
        return Verdict(verdict="intermittent", parts=("intermittent",), probability=0.9, calls=lab.calls)
    strong: dict[str, Sample] = {}
    weak: set[str] = set()
    for sample in [*await lab.substitutions(), *lab.further()]:
        passed = [await lab.passes(sample) for _ in range(SAMPLES)]
        if _lifts(passed, control) > STRONG:
            strong[sample.name] = sample
        if _above(passed, 0.5) < 1 - REPRODUCED:
            weak.add(sample.name)
    verdict = await _ruled(lab, strong, weak)
    named = {"provider": "provider", "guard": "guard", "ranking": "more", "prompt": "prompt", "model": "model"}
    fix = strong.get(named.get(verdict, ""))
    fixes = (Fix(changes=fix.changes),) if fix is not None and fix.changes else ()
    parts = () if verdict == "unknown" else (verdict,)
    return Verdict(verdict=verdict, parts=parts, probability=0.9, fixes=fixes, calls=lab.calls)


async def _ruled(lab: Lab, strong: dict[str, Sample], weak: set[str]) -> str:
    """The first rule that holds."""
    gold = "gold" in strong
    if lab.provider_failed and "provider" in strong:
        return "provider"
    if lab.guard_failed and "guard" in strong:
        return "guard"
    if lab.gold is not None and not await lab.gold_in_corpus():
        return "data" if gold else "unknown"
    if lab.gold is not None and not lab.gold_in_context:
        among = await lab.gold_in_candidates()
        if among and ("more" in strong or gold):
            return "ranking"
        return "retrieval" if gold else "unknown"
    for name, verdict in (("prompt", "prompt"), ("model", "model")):
        if name in strong and not gold:
            return verdict
    if "gold_only" in strong and not gold:
        return "context_noise"
    return "task" if "ceiling" in weak else "unknown"


def _above(passed: Sequence[bool], least: float) -> float:
    """The probability that the rate of passing is above `least`, from a flat prior."""
    draw = random.Random(0)
    rates = [draw.betavariate(1 + sum(passed), 1 + len(passed) - sum(passed)) for _ in range(DRAWS)]
    return sum(rate > least for rate in rates) / DRAWS


def _lifts(passed: Sequence[bool], control: Sequence[bool]) -> float:
    """The probability that passing is likelier than in the control by more than `LIFT`, from flat priors."""
    draw = random.Random(1)
    above = 0
    for _ in range(DRAWS):
        one = draw.betavariate(1 + sum(passed), 1 + len(passed) - sum(passed))
        other = draw.betavariate(1 + sum(control), 1 + len(control) - sum(control))
        above += one - other > LIFT
    return above / DRAWS
