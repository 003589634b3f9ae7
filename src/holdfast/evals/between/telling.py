"""What was measured of a fall, as a verdict and in sentences.

Knows nothing of how it was measured. Values in, words out: "with X taken back it passes as often as
before", and never more than that.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType

import msgspec

from holdfast.fall import Delta, DeltaPart, FallSide, FallVerdict, InputDrift, Metric, ProviderDrift
from holdfast.judgement import Interval
from holdfast.records import Json

MOST_OF_IT = 0.75
"""The share of a fall from which on a change accounts for it: less, and something else has a part in it."""
_HEADLINES = MappingProxyType(
    {
        "interaction": "two changes or more do it together",
        "several": "more than one change has a part in it, each by itself",
        "provider_drift": "A itself passes less often than it did: the same models answer otherwise now",
        "input_drift": "something else is asked: A too passes less often on what is asked now",
        "unexplained": "it fell, and neither a change of the release nor of what is asked is shown to account for it",
        "undecided": "it fell, and no single change is shown to account for it",
        "code": "with all of A's settings back it still passes less often: the code is not what it was",
    }
)


@dataclass(frozen=True, slots=True)
class Measured:
    """All that was measured of a fall. `working` are the changes that do anything, `idle` those that do nothing.

    `recorded` is the difference between two ranges of time as they were answered, and whether it is shown; None for
    releases. `interacting`: the changes do not add up. `whole`: all that was to be asked was.
    """

    feature: str
    a: FallSide
    b: FallSide
    metric: Metric | None = None
    working: tuple[Delta, ...] = ()
    idle: tuple[Delta, ...] = ()
    beyond: tuple[Delta, ...] = ()
    interacting: bool = False
    whole: bool = True
    drift: ProviderDrift | None = None
    code: Delta | None = None
    inputs: InputDrift | None = None
    recorded: Interval | None = None
    recorded_shown: bool = False


def verdict_of(found: Measured) -> tuple[FallVerdict, tuple[DeltaPart, ...]]:
    """What most of the fall goes with, and the parts of the release that have a share in it, the largest first."""
    falls: list[tuple[float, FallVerdict, tuple[DeltaPart, ...]]] = []
    metric, drift, inputs, code = found.metric, found.drift, found.inputs, found.code
    if metric is not None and metric.shown:
        falls.append((metric.difference.estimate, *_of_release(found, metric.difference.estimate)))
    if drift is not None and drift.shown:
        falls.append((drift.difference.estimate, "provider_drift", ()))
    elif code is not None and code.interval is not None and _below(code.interval):
        falls.append((code.interval.estimate, "code", ("code",)))
    if inputs is not None and inputs.accounts and inputs.difference is not None:
        falls.append((inputs.difference.estimate, "input_drift", ()))
    if falls:
        _, verdict, parts = min(falls, key=lambda each: each[0])
        return verdict, parts
    if not found.whole or (metric is None and found.recorded is None):
        return "undecided", ()
    return ("unexplained" if found.recorded_shown else "no_difference"), ()


def _of_release(found: Measured, total: float) -> tuple[FallVerdict, tuple[DeltaPart, ...]]:
    """The verdict on a fall that changes of the release account for."""
    known = [each for each in found.working if each.interval is not None]
    known.sort(key=lambda each: 0.0 if each.interval is None else each.interval.estimate)
    shown = [each for each in known if each.interval is not None and _below(each.interval)]
    parts = tuple(dict.fromkeys(each.part for each in shown))
    alone = [each for each in known if _both_ways(each, total)]
    if not found.whole or not known:
        return "undecided", parts
    if len(alone) == 1:
        return alone[0].part, (alone[0].part,)
    if found.interacting:
        return "interaction", parts or tuple(dict.fromkeys(each.part for each in known[:2]))
    if not shown:
        return "undecided", ()
    return (shown[0].part, parts) if len(shown) == 1 else ("several", parts)


def _both_ways(delta: Delta, total: float) -> bool:
    """Whether a change brings most of the fall to A by itself, and B is mended by most of it without."""
    return all(each is not None and each.estimate <= MOST_OF_IT * total for each in (delta.forward, delta.backward))


def _below(interval: Interval) -> bool:
    return interval.high is not None and interval.high < 0


# ---------------------------------------------------------------- in words


def headline(found: Measured, verdict: FallVerdict) -> str:
    """The verdict in a line."""
    if verdict == "no_difference":
        rose = found.metric is not None and found.metric.difference.estimate > 0
        return f"No difference shown{': B does not pass less often than A' if rose else ''}"
    if found.metric is None and verdict == "undecided":
        return "Undecided: neither A nor B could be asked"
    blamed = _blamed(found, verdict)
    if verdict in _HEADLINES or not blamed or found.metric is None or blamed[0].taken_back is None:
        return f"{_title(verdict)}: {_HEADLINES.get(verdict, ', '.join(map(named, blamed)))}"
    back, metric = blamed[0].taken_back, found.metric
    how = "passes as often as before" if _mended(back, metric) else "passes more often, though not as often as before"
    return f"{_title(verdict)}: with {named(blamed[0])} taken back it {how} ({_percent(back)})"


def because(found: Measured, verdict: FallVerdict) -> tuple[str, ...]:
    """Everything that was seen, in sentences."""
    said = [_of_range(side) for side in (found.a, found.b) if side.passed is not None]
    if found.recorded is not None:
        shown = "" if found.recorded_shown else ", which chance may bring about"
        said.append(f"As they were answered then, B passes {_points(found.recorded)} A{shown}.")
    if found.metric is not None:
        said.append(_of_metric(found.metric))
    said += [delta.said for delta in found.working if delta.said]
    if found.interacting:
        said.append(_together(found))
    if found.idle:
        which = ", ".join(named(each) for each in found.idle)
        said.append(f"What else differs changes nothing of what this feature asks: {which}.")
    said += [delta.said for delta in found.beyond if delta.said]
    said += [each.said for each in (found.code, found.drift, found.inputs) if each is not None and each.said]
    if found.metric is not None and verdict == "no_difference":
        said.append(f"A fall of {found.metric.detectable * 100:.0f} points or more is found 4 times of 5.")
    return tuple(said)


def next_steps(found: Measured, verdict: FallVerdict, broken: str | None) -> tuple[str, ...]:
    """What to type: the changes taken back, tried, held against A, frozen; or how to look further."""
    feature, steps = found.feature, list[str]()
    changes: dict[str, Json] = {}
    for each in _blamed(found, verdict):
        changes |= each.changes
    if changes and all(value is not None for value in changes.values()):
        settings = " ".join(f"--set {shlex.quote(f'{name}={_toml(value)}')}" for name, value in changes.items())
        where = shlex.quote(f"feature={feature} and release={found.b.release}")
        steps += [
            f"holdfast replay --where {where} {settings}",
            f"holdfast eval {feature} --against {shlex.quote(found.a.release)} {settings}",
            f"holdfast release create {settings}",
        ]
    if verdict == "provider_drift":
        steps.append(f"holdfast eval {feature} --against {shlex.quote(found.a.release)}")
    if verdict == "input_drift" and found.b.since is not None and found.b.until is not None:
        span = f"since={found.b.since:%Y-%m-%d} and until={found.b.until:%Y-%m-%d}"
        steps.append(f"holdfast recordings list --where {shlex.quote(f'feature={feature} and {span}')}")
    if verdict == "code":
        steps.append(f"at the code that A was made with: holdfast eval {feature} --repeat 3")
    if verdict == "no_difference" and found.metric is not None and found.metric.repeat < 5:
        steps.append(f"holdfast diagnose --between {_typed(found)} --repeat 5")
    if broken is not None:
        steps.append(f"holdfast diagnose {broken}")
    return tuple(steps)


def named(delta: Delta) -> str:
    """A change by its settings."""
    if delta.part == "code":
        return "the code"
    return ", ".join(f"`{each.partition(':')[0]}`" for each in delta.what) or f"{delta.part} of {delta.slots[0]}"


def both_ways(delta: Delta, metric: Metric, a_with: float) -> str:
    """What was seen of one change, in a sentence."""
    back, share = delta.taken_back or 0.0, delta.interval
    if share is None or not (_below(share) or _below(Interval(-share.estimate, None, -(share.low or 0.0)))):
        seen = f"A with it passes {_percent(a_with)}, B without it {_percent(back)}"
        return f"{named(delta)} is not shown to change how often it passes: {seen}."
    how = "as often as before" if _mended(back, metric) else f"where B passes {_percent(metric.b)}"
    said = f"With {named(delta)} taken back, it passes {_percent(back)}, {how}; A with it passes {_percent(a_with)}"
    return f"{said}: {_signed(share)} of the {metric.difference.estimate * 100:+.0f} points."


def of_drift(drift: ProviderDrift) -> str:
    """What A answers today beside what it answered then."""
    changed = "; ".join(
        f"{each.model} was answered by {', '.join(each.before)} and is by {', '.join(each.now)}"
        for each in drift.served
    )
    told = f" ({changed})" if changed else ""
    if drift.shown:
        return (
            f"A, asked again today, passes {_percent(drift.today)} of {drift.n} cases; then it passed"
            f" {_percent(drift.then)}: {_signed(drift.difference)} points{told}."
        )
    return (
        f"A, asked again today, still answers as it did: {_percent(drift.today)} now, {_percent(drift.then)} then, on"
        f" {drift.n} cases{told}."
    )


def of_inputs(inputs: InputDrift) -> str:
    """How what is asked has changed, and what that comes to."""
    if not inputs.shown:
        return f"What is asked reads as before (chance would look as different in {_chance(inputs.p)})."
    seen = [f"{inputs.length[0]:.0f} characters, then {inputs.length[1]:.0f}"]
    moved = {name: each for name, each in inputs.scripts.items() if abs(each[0] - each[1]) >= 0.02}
    seen += [f"{name} letters {_percent(one)}, then {_percent(other)}" for name, (one, other) in moved.items()]
    if inputs.more:
        seen.append(f"more often: {', '.join(inputs.more)}")
    if inputs.fewer:
        seen.append(f"less often: {', '.join(inputs.fewer)}")
    if inputs.unanswered[0] != inputs.unanswered[1]:
        one, other = (_percent(each) for each in inputs.unanswered)
        seen.append(f"without an answer {one}, then {other}")
    told = f"Something else is asked (chance would look as different in {_chance(inputs.p)}): {'; '.join(seen)}."
    if inputs.difference is None:
        return told
    shown = "" if inputs.accounts else ", which chance may bring about"
    return f"{told} Today, on what B was asked, A passes {_points(inputs.difference)} on what A was asked{shown}."


def _of_metric(metric: Metric) -> str:
    if metric.difference.low == metric.difference.high:
        return (
            f"Nothing differs between A and B that can be asked: on {metric.n} cases, {metric.repeat} times each, both"
            f" pass {_percent(metric.a)} now."
        )
    shown = "" if metric.shown else ", which chance may bring about"
    return (
        f"On {metric.n} cases, each asked {metric.repeat} {'time' if metric.repeat == 1 else 'times'} now: A passes"
        f" {_percent(metric.a)}, B {_percent(metric.b)} ({_signed(metric.difference)} points{shown})."
    )


def _of_range(side: FallSide) -> str:
    passed = side.passed or Interval(0.0, None, None)
    return (
        f"{side.name}: {side.requests} requests, most of them answered by {side.release};"
        f" of {side.looked_at} looked at, {_percent(passed.estimate)} passed."
    )


def _together(found: Measured) -> str:
    """How changes that do not add up work together."""
    metric = found.metric
    if metric is None:
        return ""
    total = metric.difference.estimate
    known = [each for each in found.working if each.forward is not None and each.backward is not None]
    either = [e for e in known if e.backward is not None and e.backward.estimate <= MOST_OF_IT * total]
    alone = [e for e in known if e.forward is not None and e.forward.estimate <= MOST_OF_IT * total]
    if len(either) > 1:
        return f"They do not add up: it takes them together, and taking back any of {_listed(either)} is enough."
    if len(alone) > 1:
        return f"They do not add up: each of {_listed(alone)} is enough by itself, so take back all of them."
    return "They do not add up: what one does depends on the others, and each is given its fair share."


def _blamed(found: Measured, verdict: FallVerdict) -> list[Delta]:
    """The changes to take back: the one that the verdict names, else all that have a shown share; of changes that do it
    only together, the one that mends most."""
    known = [each for each in found.working if each.interval is not None]
    known.sort(key=lambda each: 0.0 if each.interval is None else each.interval.estimate)
    shown = [each for each in known if each.interval is not None and _below(each.interval)]
    if verdict == "interaction" and found.metric is not None:
        total = found.metric.difference.estimate
        enough = [e for e in shown if e.backward is not None and e.backward.estimate <= MOST_OF_IT * total]
        return enough[:1] or shown
    if verdict == "several":
        return shown
    return [each for each in known if each.part == verdict][:1]


def _mended(back: float, metric: Metric) -> bool:
    """Whether most of the fall is gone."""
    return back >= metric.a - (1 - MOST_OF_IT) * (metric.a - metric.b)


def _typed(found: Measured) -> str:
    return f"{shlex.quote(found.a.name)} {shlex.quote(found.b.name)}"


def _title(verdict: FallVerdict) -> str:
    return verdict.replace("_", " ").capitalize()


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"


def _signed(interval: Interval) -> str:
    """Points with their interval, as in `-35 (-42 to -28)`."""
    if interval.low is None or interval.high is None:
        return f"{interval.estimate * 100:+.0f}"
    return f"{interval.estimate * 100:+.0f} ({interval.low * 100:+.0f} to {interval.high * 100:+.0f})"


def _points(interval: Interval) -> str:
    """How much more or less often, as in `21 points (95 % interval -30 to -12) less often than`."""
    size, (low, high) = abs(interval.estimate) * 100, (interval.low, interval.high)
    way = "less" if interval.estimate < 0 else "more"
    told = "" if low is None or high is None else f" (95 % interval {low * 100:+.0f} to {high * 100:+.0f})"
    return f"as often{told} as" if round(size) == 0 else f"{size:.0f} points{told} {way} often than"


def _chance(p: float) -> str:
    return "fewer than 1 of 1000 draws" if p < 0.001 else f"{p * 100:.1f} % of draws"


def _listed(deltas: Sequence[Delta]) -> str:
    return ", ".join(named(each) for each in deltas)


def _toml(value: Json) -> str:
    return msgspec.json.encode(value).decode()
