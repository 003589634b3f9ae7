"""The figures of a gate in words. Knows nothing of how they are laid out."""

from __future__ import annotations

from types import MappingProxyType

from holdfast.cli import words
from holdfast.gate import Gate, GatePlan, GateVerdict, Measured, Ratio, Regression, Settling, Slice

RULINGS = MappingProxyType(
    {
        "pass": "PASS",
        "regressed": "REGRESSED",
        "inconclusive": "INCONCLUSIVE",
        "not_comparable": "NOT COMPARABLE",
    }
)
MEASURES = ("measure", "cases", "baseline", "candidate", "difference", "95 % interval", "")
_NOUGHT = 0.0005
_AS_SHARE = frozenset({"passed"})


def plan(planned: GatePlan) -> str:
    """What is going to be asked, and what it can find."""
    found = f"a fall of {points(planned.detectable)} is found 4 times in 5"
    if planned.detectable < _NOUGHT:
        found = "the baseline's answers read the same each time, so a single case that breaks is found"
    price = _about(planned.cost_usd)
    asked = "once" if planned.answers == 1 else f"{planned.answers} times"
    stored = words.counted(planned.stored, "stored answer")
    calls = words.counted(planned.calls, "answer")
    return (
        f"{words.counted(planned.cases, 'case')}, each asked {asked} of the candidate; {stored} of the baseline:"
        f" {calls} to ask, {price}, and {planned.calls_each} for each case that newly fails; {found}"
    )


def measures(verdict: GateVerdict) -> tuple[Measured, ...]:
    """Every measure of a verdict, the one that decides first; none where nothing could be compared."""
    return () if verdict.primary is None else (verdict.primary, *verdict.measures)


def measure(each: Measured) -> tuple[str, ...]:
    """A measure, in the order of `MEASURES`."""
    return (
        each.name,
        str(each.cases),
        _level(each.name, each.baseline),
        _level(each.name, each.candidate),
        points(each.difference, signed=True),
        f"{points(each.low, signed=True)} to {points(each.high, signed=True)}",
        each.state,
    )


def slice_(each: Slice) -> tuple[str, ...]:
    """A slice, in the order of `MEASURES`; one that was merely looked at shows what to believe of it."""
    if each.declared:
        state = f"{'worse' if each.worse else 'not shown to be worse'} (p {each.p_worse:.3g})"
    else:
        state = f"looked at only; drawn to all cases: {points(each.shrunk, signed=True)}"
    levels = (f"{each.baseline:.1%}", f"{each.candidate:.1%}")
    return (f"[{each.tag}]", str(each.cases), *levels, points(each.difference, signed=True), "", state)


def ratio(each: Ratio) -> tuple[str, ...]:
    """A ratio, in the order of `MEASURES`."""
    name = {"cost_usd": "cost of an answer", "ms": "time of an answer"}[each.name]
    return (name, str(each.cases), "", "", f"×{each.ratio:.3g}", f"×{each.low:.3g} to ×{each.high:.3g}", "")


def regression(each: Regression) -> str:
    """A regression, in a line."""
    marks = [f"[{tag}]" for tag in each.tags] + (["must pass"] if each.must_pass else [])
    named = f"{each.case} {' '.join(marks)}".strip()
    fresh, known = f"{each.fresh_failed} of {each.fresh}", f"{each.baseline_failed} of {each.baseline}"
    return f"{named}: {fresh} fresh answers failed, {known} of the baseline (p {each.p:.2g})"


def generalising(gate: Gate) -> str:
    """What the difference would be on cases like these; empty where nothing is known of that."""
    verdict = gate.verdict
    found = None if verdict is None else verdict.generalising
    if found is None or found.low is None or found.high is None:
        return ""
    return (
        f"On cases like these: {points(found.low, signed=True)} to {points(found.high, signed=True)}"
        f" ({found.method}, {words.counted(found.clusters, 'cluster')})"
    )


def settling(each: Settling) -> str:
    """What would settle it, with its price."""
    minutes = "" if each.minutes is None else f", about {max(1, round(each.minutes))} min"
    batches = "one more batch" if each.batches == 1 else f"{each.batches} more batches"
    answers, cases = words.counted(each.calls, "answer"), words.counted(each.cases, "more case")
    return f"to settle it: {batches}, {answers}, {_about(each.cost_usd)}{minutes}; or about {cases}"


def spent(gate: Gate) -> str:
    """What it took."""
    cost = "spent: not known (a price is missing)" if gate.spent_usd is None else _cost(gate.spent_usd)
    return f"{words.counted(gate.calls, 'answer')} asked · {cost}"


def origin(gate: Gate) -> str:
    """What was held against what."""
    against = gate.against if gate.against == gate.baseline else f"{gate.against} ({gate.baseline})"
    pins = ", ".join(f"{name}@{version}" for name, version in gate.pins.items())
    parts = (gate.feature, f"release {gate.candidate} against {against}", pins, f"gate {gate.id}")
    return " · ".join(part for part in parts if part)


def points(share: float, *, signed: bool = False) -> str:
    """A difference of shares, in points."""
    value = round(100 * share, 1) + 0.0  # no negative nought
    return (f"{value:+g}" if signed and value else f"{value:g}") + (" point" if abs(value) == 1 else " points")


def _about(cost_usd: float | None) -> str:
    if cost_usd is None:
        return "at a price that is not known"
    return f"about {words.usd(cost_usd)}" if cost_usd else "free"


def _level(name: str, value: float) -> str:
    return f"{value:.1%}" if name in _AS_SHARE else f"{value:.3f}"


def _cost(usd: float) -> str:
    return "nothing spent" if not usd else f"spent {words.usd(usd)}"
