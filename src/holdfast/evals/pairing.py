"""A recording and its replay: which of the two is better, and why.

Knows nothing of where they come from. Judged is what can be judged without knowing the right answer: the outcome, the
verdicts of guards, whether anything was answered, and the scores of scorers that need no case. One thing that is worse
makes the pair worse, whatever else is better.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct

from holdfast.contracts import Scorer, Scorers
from holdfast.evals.answered import answered, text_in
from holdfast.evals.scoring import answer_cost_usd
from holdfast.evaluation import Case, Scored, ScoreValue
from holdfast.records import Checked, Failure, Outcome, Recording, Retrieve, Verdict
from holdfast.runtime.compare import compare
from holdfast.runtime.feature import AT_MOST, Bar
from holdfast.runtime.world import ended
from holdfast.store.preview import preview
from holdfast.support import NOT_FOUND
from holdfast.trial import Pair, PairVerdict

NOTICEABLE = 0.1
"""How far a score moves that no bar limits before the answer counts as better or worse."""

_SIDE_EFFECT, _SET_UP = "HF307", "HF1"

_RANK: Mapping[Outcome, int] = MappingProxyType({"ok": 4, "degraded": 3, "blocked": 2, "failed": 1, "cancelled": 0})
_Scores: TypeAlias = dict[str, ScoreValue]


class Change(Struct, frozen=True):
    """One thing that is better or worse, in a few words."""

    better: bool
    why: str


async def paired(before: Recording, after: Recording, scorers: Scorers, bar: Bar | None) -> Pair:
    """The pair of a recording and its replay. What a scorer raises counts as no score.

    A replay that failed because this machine is not set up for it, or because it came to a side effect that was never
    recorded, says nothing of the change: it is not compared.
    """
    if after.failure is not None and (after.failure.code == _SIDE_EFFECT or after.failure.code.startswith(_SET_UP)):
        return not_compared(before, after.failure, after)
    diff = compare(before, after)
    changes = [*_outcome(before, after), *_guards(before, after), *_silence(before, after)]
    if not (diff.same and _found_the_same(after)):
        limits = {} if bar is None else {name: at for name, at in bar.limits.items() if name not in AT_MOST}
        scores = [await _scores(each, scorers) for each in (before, after)]
        changes += _scored(scores[0], scores[1], limits)
    remembered = sum(step.replayed for step in after.steps)
    return Pair(
        recording=before.id,
        verdict=_verdict(changes),
        replay=after.id,
        asked=preview(before.input),
        why=tuple(change.why for change in sorted(changes, key=lambda change: change.better)),
        outcome_before=before.outcome,
        outcome_after=after.outcome,
        changed=not diff.same,
        cost_usd_before=answer_cost_usd(before.steps),
        cost_usd_after=answer_cost_usd(after.steps),
        spent_usd=after.cost_usd,
        ms_before=sum(step.ms for step in before.steps),
        ms_after=sum(step.ms for step in after.steps),
        remembered=remembered,
        redone=len(after.steps) - remembered,
    )


def not_compared(before: Recording, error: Failure, after: Recording | None = None) -> Pair:
    """The pair of a recording of which nothing can be said, and why."""
    return Pair(
        recording=before.id,
        verdict="not_compared",
        replay=None if after is None else after.id,
        asked=preview(before.input),
        outcome_before=before.outcome,
        outcome_after=None if after is None else after.outcome,
        spent_usd=0.0 if after is None else after.cost_usd,
        error=error,
    )


def _verdict(changes: list[Change]) -> PairVerdict:
    if any(not change.better for change in changes):
        return "worse"
    return "better" if changes else "same"


def _found_the_same(after: Recording) -> bool:
    return all(step.replayed for step in after.steps if isinstance(step.effect, Retrieve))


def _outcome(before: Recording, after: Recording) -> Iterator[Change]:
    if before.outcome != after.outcome:
        why = f"outcome: {before.outcome}, then {after.outcome}{_reason(after)}"
        yield Change(_RANK[after.outcome] > _RANK[before.outcome], why)


def _reason(recording: Recording) -> str:
    if recording.failure is not None:
        return f" ({recording.failure.code}: {recording.failure.message})"
    if recording.blocked is not None:
        return f" (guard {recording.blocked.guard}: {recording.blocked.reason})"
    return f" ({recording.degraded.reason})" if recording.degraded is not None else ""


def _guards(before: Recording, after: Recording) -> Iterator[Change]:
    """Guards that judged both answers, and not alike: by the last verdict of each."""
    old, new = _verdicts(before), _verdicts(after)
    for name in old.keys() & new.keys():
        if old[name].passed != new[name].passed:
            words = ("passed", "failed") if old[name].passed else ("failed", "passed")
            reason = new[name].reason if not new[name].passed and new[name].reason else ""
            yield Change(new[name].passed, f"guard {name}: {words[0]}, then {words[1]}{reason and f' ({reason})'}")


def _silence(before: Recording, after: Recording) -> Iterator[Change]:
    """Whether one of two answers says that it found nothing, or says nothing. Whether that is right nobody knows here;
    that a request which was answered is not any more is worse until somebody has looked."""
    texts = [text_in(each.output) for each in (before, after)]
    answers = [bool(text.strip()) and NOT_FOUND not in text for text in texts]
    if answers[0] != answers[1] and before.outcome == after.outcome:
        yield Change(answers[1], f"answered: {'yes' if answers[0] else 'no'}, then {'yes' if answers[1] else 'no'}")


def _verdicts(recording: Recording) -> dict[str, Verdict]:
    return {s.result.verdict.guard: s.result.verdict for s in recording.steps if isinstance(s.result, Checked)}


async def _scores(recording: Recording, scorers: Scorers) -> _Scores:
    """What the scorers say of an answer of which nothing else is known."""
    case = Case(id=recording.id, input=recording.input)
    one = await answered(case, recording, _no_text)
    found: _Scores = {}
    # A probe would ask more of the model than the two answers that are compared.
    left = {name: each for name, each in scorers.items() if isinstance(each, Scorer)}

    async def score() -> None:
        for name in list(left):
            value = await left.pop(name).score(one)
            if isinstance(value, Scored):
                value = value.value
            if isinstance(value, bool | int | float | str):
                found[name] = value

    while left:  # once, and once more for each scorer that raises
        await ended(score())
    return found


async def _no_text(corpus: str, document_id: str) -> None:
    del corpus, document_id


def _scored(before: _Scores, after: _Scores, limits: Mapping[str, float]) -> Iterator[Change]:
    """Scores that both answers have: past the bar's limit where there is one, else by a noticeable step."""
    for name in before.keys() & after.keys():
        old, new = before[name], after[name]
        if isinstance(old, str) or isinstance(new, str):
            continue  # a label is neither better nor worse
        if isinstance(old, bool) or isinstance(new, bool):
            if bool(old) != bool(new):
                yield Change(bool(new), f"{name}: {'yes' if old else 'no'}, then {'yes' if new else 'no'}")
        elif (limit := limits.get(name)) is not None:
            if (old >= limit) != (new >= limit):
                yield Change(new >= limit, f"{name}: {old:.2f}, then {new:.2f} (the bar: {limit:g})")
        elif abs(new - old) >= NOTICEABLE:
            yield Change(new > old, f"{name}: {old:.2f}, then {new:.2f}")
