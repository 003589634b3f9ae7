"""What an evaluation comes to, in one word. Knows nothing of exit codes."""

from __future__ import annotations

from typing import Literal, TypeAlias

from holdfast.evaluation import Evaluation

Verdict: TypeAlias = Literal["met", "missed", "inconclusive"]


def verdict_of(evaluation: Evaluation) -> Verdict:
    """`missed` where a limit of the bar is, or a case that must pass did not; `inconclusive` where it is strict and
    cases were left out or a limit could not be measured; else `met`."""
    if evaluation.must_pass_failed or any(standing.verdict == "missed" for standing in evaluation.standings):
        return "missed"
    unmeasured = any(standing.verdict == "unmeasured" for standing in evaluation.standings)
    if evaluation.strict and (unmeasured or evaluation.finished_at is None):
        return "inconclusive"
    return "met"
