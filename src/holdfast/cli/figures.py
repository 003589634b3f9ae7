"""The figures of an evaluation in words. Knows nothing of how they are laid out."""

from __future__ import annotations

from holdfast.cli import words
from holdfast.evals.verdict import verdict_of
from holdfast.evaluation import CaseResult, Evaluation, Standing

HEADINGS = ("measure", "cases", "estimate", "95 % interval", "bar", "verdict")


def row(standing: Standing) -> tuple[str, str, str, str, str, str]:
    """A standing, in the order of `HEADINGS`."""
    return (
        standing.name,
        str(standing.n),
        "not measured" if standing.estimate is None else _figure(standing.name, standing.estimate),
        _interval(standing),
        ""
        if standing.limit is None
        else f"{'≤' if standing.at_most else '≥'} {_figure(standing.name, standing.limit)}",
        standing.verdict or "",
    )


def headline(evaluation: Evaluation) -> str:
    """What came of it, in a line."""
    asked = evaluation.cases * evaluation.repeat
    parts = [f"{evaluation.done - evaluation.failed} of {words.counted(evaluation.done, 'answer')} passed"]
    if evaluation.done < asked:
        parts.append(
            f"{asked - evaluation.done} not asked" + (f" ({evaluation.stopped})" if evaluation.stopped else "")
        )
    if evaluation.must_pass_failed:
        parts.append(f"must pass and did not: {', '.join(evaluation.must_pass_failed)}")
    spent = "spent: not known (a price is missing)" if evaluation.spent_usd is None else _spent(evaluation.spent_usd)
    return " · ".join([*parts, spent])


def origin(evaluation: Evaluation) -> str:
    """What was evaluated."""
    pins = ", ".join(f"{name}@{version}" for name, version in evaluation.pins.items())
    parts = (evaluation.feature, f"release {evaluation.release}", pins, f"evaluation {evaluation.id}")
    return " · ".join(part for part in parts if part)


def conclusion(evaluation: Evaluation) -> str:
    """The verdict, in words."""
    match verdict_of(evaluation):
        case "missed":
            return "the bar was missed"
        case "inconclusive":
            return "inconclusive: not enough was measured to say"
        case "met":
            barred = any(standing.limit is not None for standing in evaluation.standings)
            return "the bar was met" if barred else "no bar was missed: the feature has none"


def name_of(result: CaseResult) -> str:
    """A case, and which repeat of it where there are several."""
    return result.case if not result.repeat else f"{result.case} (repeat {result.repeat + 1})"


def replay_of(result: CaseResult) -> str:
    return f"holdfast replay {result.recording}"


def _figure(name: str, value: float) -> str:
    if name.endswith("_ms"):
        return words.duration(value)
    if name.endswith("_usd"):
        return words.usd(value)
    return f"{value:.3f}"


def _interval(standing: Standing) -> str:
    if standing.low == standing.high:  # neither bound is known, or nothing varies
        return ""
    low, high = ("?" if each is None else _figure(standing.name, each) for each in (standing.low, standing.high))
    return f"{low} to {high}"


def _spent(usd: float) -> str:
    return "nothing spent" if not usd else f"spent {words.usd(usd)}"
