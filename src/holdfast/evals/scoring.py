"""From an answered case to its result: every scorer's score, and what is wrong with it.

Knows nothing of how the case was asked.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

from msgspec import Struct
from msgspec.structs import replace

from holdfast.contracts import Answered, Probe, Scorer, Scorers
from holdfast.evals.facts import missing
from holdfast.evals.judged import judges
from holdfast.evals.lab import Bench
from holdfast.evaluation import CaseResult, Score, Scored, ScoreValue
from holdfast.identity import canonical, digest
from holdfast.records import Failure, Recording, Step
from holdfast.runtime.feature import AT_MOST, Bar
from holdfast.runtime.world import Ended, ended

OUTSIDE = frozenset({"HF301", "HF302", "HF304", "HF305", "HF308", "HF311"})
"""Failures of providers, deadlines and corpora, which say nothing of a release."""
_NOT_PASSED = ("facts",)
"""Scores that must be whole for a case to pass, whatever the bar says."""


class Scoring(Struct, frozen=True):
    """Scores answered cases of one feature with these scorers, as its bar asks.

    `informing` names scorers whose word fails no case. `bench` gives a probe the place to find out; without one, probes
    are left out.
    """

    scorers: Scorers
    bar: Bar | None
    informing: frozenset[str] = frozenset()
    bench: Callable[[Answered, str], Bench] | None = None

    async def result(self, answered: Answered, repeat: int) -> CaseResult:
        """The result of a case. What a scorer raises is kept as its failure, and the case does not pass.

        Where the model under test gave no answer (failed, or a lower rung answered), every scorer that would have had a
        part in it scores lowest.
        """
        recording = answered.recording
        outage = _outage(recording)
        scores = [
            score
            for name, scorer in self.scorers.items()
            if (score := await self.score(name, scorer, answered, outage=outage is not None)) is not None
        ]
        wrong = [outage] if outage is not None else self._wrong(answered, scores)
        remembered = any(step.replayed for step in recording.steps)
        return CaseResult(
            case=answered.case.id,
            repeat=repeat,
            recording=recording.id,
            outcome=recording.outcome,
            ms=None if remembered else recording.ms,
            cost_usd=answer_cost_usd(recording.steps),
            spent_usd=total_usd([recording.cost_usd, *(score.spent_usd for score in scores)]),
            scores=tuple(scores),
            wrong=tuple(wrong),
            output_hash=digest(canonical(recording.output), 16),
            fault=fault_of(recording),
        )

    async def score(self, name: str, scorer: Scorer | Probe, answered: Answered, *, outage: bool) -> Score | None:
        """One scorer's score; None where it has no part in the case. What it raises is kept as its failure."""
        if isinstance(scorer, Scorer):
            return _score(name, await ended(_asked(scorer, answered)), outage=outage)
        if outage:
            return Score(scorer=name, value=getattr(scorer, "lowest", 0.0))
        if self.bench is None:
            return None
        bench = self.bench(answered, name)
        score = _score(name, await ended(_probed(scorer, answered, bench)), outage=False)
        if score is None and bench.recordings:
            failure = Failure(code="HF309", message="it asked, and gave no score", fix="give a score where it asks")
            score = Score(scorer=name, error=failure)
        return score and replace(score, recordings=tuple(bench.recordings), spent_usd=bench.spent_usd)

    def _wrong(self, answered: Answered, scores: list[Score]) -> list[str]:
        """Why a case that was answered does not pass, in words."""
        found = []
        blocked = answered.recording.blocked
        if blocked is not None and not answered.case.unanswerable:
            found.append(f"guard '{blocked.guard}' stopped the answer: {blocked.reason}")
        for score in scores:
            if score.scorer in self.informing or (score.error is not None and score.scorer in judges(self.scorers)):
                continue  # a judge that gives no verdict abstains; how often it may is for its standing to say
            limit = None if self.bar is None or score.scorer in AT_MOST else self.bar.limits.get(score.scorer)
            if score.error is not None:
                found.append(f"scorer {score.scorer} failed: {score.error.message}")
            elif score.value is False:
                found.append(_said(score, answered))
            elif isinstance(score.value, float):
                if score.scorer in _NOT_PASSED and score.value < 1:
                    lost = "; ".join(missing(answered.text, answered.case.facts))
                    found.append(f"{score.scorer} {score.value:.2f}: does not say {lost}")
                elif limit is not None and score.value < limit:
                    why = f": {score.reason}" if score.reason else ""
                    found.append(f"{score.scorer} {score.value:.2f} is below the bar's {limit:g}{why}")
        return found


async def _asked(scorer: Scorer, answered: Answered) -> ScoreValue | Scored | None:
    return await scorer.score(answered)


async def _probed(probe: Probe, answered: Answered, bench: Bench) -> ScoreValue | Scored | None:
    return await probe.probe(answered, bench)


def _score(name: str, end: Ended, *, outage: bool) -> Score | None:
    """A score from how a scorer ended."""
    said = end.value if isinstance(end.value, Scored) else None
    value = end.value if said is None else said.value
    if end.error is None and (value is None or isinstance(value, bool | int | float | str)):
        if outage:
            value = _lowest(value)
        if value is None:
            return None
        plain = value if isinstance(value, bool | str) else float(value)
        if said is None or outage:
            return Score(scorer=name, value=plain)
        return Score(scorer=name, value=plain, reason=said.reason, detail=said.detail)
    if outage:
        return Score(scorer=name, value=0.0)
    what = f"it gave a {type(value).__name__}" if end.error is None else f"{type(end.error).__name__}: {end.error}"
    fix = "a scorer gives True or False, a number, a text or None"
    return Score(scorer=name, error=Failure(code="HF309", message=what, fix=fix))


def _lowest(value: ScoreValue | None) -> ScoreValue | None:
    """What a scorer's value is where nothing was answered; a label is not given then."""
    if isinstance(value, bool):
        return False
    return None if value is None or isinstance(value, str) else 0.0


def _outage(recording: Recording) -> str | None:
    """Why the model under test gave no answer; None where it did."""
    if recording.failure is not None:
        return f"failed: {recording.failure.code}: {recording.failure.message}"
    if recording.degraded is not None:
        degraded = recording.degraded
        return f"degraded: rung {degraded.rung + 1} of '{degraded.slot}' ({degraded.model}) answered: {degraded.reason}"
    return None


def fault_of(recording: Recording) -> str | None:
    """The code of what prevented the answer outside the release; None where nothing did, or the release itself failed.

    That a lower rung answered because a guard asked for it is the release's own doing, and so is a rung without a model
    that had nothing to answer from.
    """
    asked = [attempt.error for step in recording.steps for attempt in step.attempts if attempt.error is not None]
    own = all(error.startswith("passed_over") for error in asked)
    if recording.failure is not None:
        code = recording.failure.code
        return code if code in OUTSIDE and not (code == "HF301" and own) else None
    return None if recording.degraded is None or own else "HF301"


def _said(score: Score, answered: Answered) -> str:
    """An assertion that does not hold, in words."""
    case = answered.case
    if score.scorer == "answered":
        return "answered, but the sources do not" if case.unanswerable else "not answered"
    return f"{score.scorer}: {score.reason or 'no'}"


def answer_cost_usd(steps: tuple[Step, ...]) -> float | None:
    """What the generations and other steps of an answer cost, whether done or remembered; None where any is unknown."""
    total = 0.0
    for step in steps:
        for attempt in step.attempts:
            if attempt.usage is None and attempt.cost_usd is None:
                continue
            if attempt.cost_usd is None:
                return None
            total += attempt.cost_usd
    return total


def total_usd(costs: Iterable[float | None]) -> float | None:
    """What several things cost together, to a billionth; None where the price of any is not known."""
    known = list(costs)
    return None if None in known else round(math.fsum(cost for cost in known if cost is not None), 9)
