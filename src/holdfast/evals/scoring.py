"""From an answered case to its result: every scorer's score, and what is wrong with it.

Knows nothing of how the case was asked.
"""

from __future__ import annotations

from msgspec import Struct

from holdfast.contracts import Answered, Scorer, Scorers
from holdfast.evals.facts import missing
from holdfast.evaluation import CaseResult, Score, ScoreValue
from holdfast.identity import canonical, digest
from holdfast.records import Failure, Recording, Step
from holdfast.runtime.feature import AT_MOST, Bar
from holdfast.runtime.world import ended

OUTSIDE = frozenset({"HF301", "HF302", "HF304", "HF305", "HF308"})
"""Failures of providers, deadlines and corpora, which say nothing of a release."""
_NOT_PASSED = ("facts",)
"""Scores that must be whole for a case to pass, whatever the bar says."""


class Judge(Struct, frozen=True):
    """Scores answered cases of one feature with these scorers, as its bar asks."""

    scorers: Scorers
    bar: Bar | None

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
            if (score := await _score(name, scorer, answered, outage=outage is not None)) is not None
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
            spent_usd=recording.cost_usd,
            scores=tuple(scores),
            wrong=tuple(wrong),
            output_hash=digest(canonical(recording.output), 16),
            fault=fault_of(recording),
        )

    def _wrong(self, answered: Answered, scores: list[Score]) -> list[str]:
        """Why a case that was answered does not pass, in words."""
        found = []
        blocked = answered.recording.blocked
        if blocked is not None and not answered.case.unanswerable:
            found.append(f"guard '{blocked.guard}' stopped the answer: {blocked.reason}")
        for score in scores:
            limit = None if self.bar is None or score.scorer in AT_MOST else self.bar.limits.get(score.scorer)
            if score.error is not None:
                found.append(f"scorer {score.scorer} failed: {score.error.message}")
            elif score.value is False:
                found.append(_said(score.scorer, answered))
            elif isinstance(score.value, float):
                if score.scorer in _NOT_PASSED and score.value < 1:
                    lost = "; ".join(missing(answered.text, answered.case.facts))
                    found.append(f"{score.scorer} {score.value:.2f}: does not say {lost}")
                elif limit is not None and score.value < limit:
                    found.append(f"{score.scorer} {score.value:.2f} is below the bar's {limit:g}")
        return found


async def _score(name: str, scorer: Scorer, answered: Answered, *, outage: bool) -> Score | None:
    async def asked() -> ScoreValue | None:
        return await scorer.score(answered)

    end = await ended(asked())
    value = end.value
    if end.error is None and (value is None or isinstance(value, bool | int | float | str)):
        if outage:
            value = _lowest(value)
        if value is None:
            return None
        return Score(scorer=name, value=value if isinstance(value, bool | str) else float(value))
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


def _said(scorer: str, answered: Answered) -> str:
    """An assertion that does not hold, in words."""
    case = answered.case
    if scorer == "answered":
        return "answered, but the sources do not" if case.unanswerable else "not answered"
    return f"{scorer}: no"


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
