"""The verifier: says whether an answer is right, and errs at random, each time alike on the same text.

Knows the case alone, as whoever reviews answers does.
"""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, field

from benchmarks.diagnosis.adapter import Nominal
from benchmarks.diagnosis.wording import says

from holdfast.evaluation import Case
from holdfast.records import Recording


def said(recording: Recording) -> str:
    """Everything that the output says, as one text; empty where there is none."""
    return json.dumps(recording.output, ensure_ascii=False, sort_keys=True) if recording.output is not None else ""


def right(recording: Recording, case: Case) -> bool:
    """Whether an answer is right by what the case expects: the label, or every fact."""
    output = recording.output
    if recording.outcome not in ("ok", "degraded") or not isinstance(output, dict):
        return False
    if isinstance(case.expected, str) and "label" in output:
        return str(output["label"]) == case.expected
    text = str(output.get("value") or output.get("text") or "")
    return bool(case.facts) and all(says(text, fact) for fact in case.facts)


@dataclass(slots=True)
class Verifier:
    """`wrong_on` names cases whose right answers it nearly always fails."""

    seed: str
    nominal: Nominal
    wrong_on: set[str] = field(default_factory=set)

    async def __call__(self, recording: Recording, case: Case) -> bool:
        """The verdict on an answer; the same for the same text."""
        draw = random.Random(f"{self.seed}|{case.id}|{said(recording)}").random()
        if right(recording, case):
            return draw < (0.05 if case.id in self.wrong_on else self.nominal.sensitivity)
        return draw >= self.nominal.specificity


def drawn(draw: random.Random, seed: str) -> Verifier:
    """A verifier that errs 5 to 10 % both ways."""
    return Verifier(seed, Nominal(round(draw.uniform(0.90, 0.95), 3), round(draw.uniform(0.90, 0.95), 3)))
