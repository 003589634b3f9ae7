"""Each change both ways: A with it, and B without it; and fair shares where the two do not agree.

Knows nothing of what is told of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev

from msgspec.structs import replace

from holdfast.evals.between import telling
from holdfast.evals.between.cells import A, Cells
from holdfast.evals.between.contrasts import contrast
from holdfast.evals.between.shapley import (
    EXACT,
    Chosen,
    Order,
    Weights,
    exact_weights,
    orders,
    sampled_weights,
    sets_of,
    steps,
)
from holdfast.fall import Delta, Metric
from holdfast.judgement import Interval

ALPHA = 0.05
"""How often all changes together may be said to disagree that do not."""
_SAMPLED = 8
"""Orders that are asked where there are too many changes for every set of them."""


@dataclass(frozen=True, slots=True)
class Worked:
    """The changes that do anything, those that do nothing, and whether they add up. `whole`: all of it was asked."""

    working: tuple[Delta, ...] = ()
    idle: tuple[Delta, ...] = ()
    interacting: bool = False
    whole: bool = True


@dataclass(frozen=True, slots=True)
class BothWays:
    """The changes of one fall, asked through its cells. `deltas` are in the order of the cells' own."""

    cells: Cells
    deltas: Sequence[Delta]
    metric: Metric

    async def all(self) -> Worked:
        """Every change both ways, and where the two disagree by more than chance, the shares of all of them."""
        every = self.cells.ends.all
        for one in sorted(every):
            whole = await self.cells.ask(frozenset({one})) and await self.cells.ask(every - {one})
            if not whole:
                return Worked(working=tuple(self.deltas), whole=False)
        idle = [one for one in sorted(every) if self._is_idle(one)]
        working = [one for one in sorted(every) if one not in idle]
        measured = {one: self._measured(one) for one in working}
        interacting = len(working) > 1 and self._interact(working)
        whole = True
        if interacting:
            whole = await self._shared_out(working, measured)
        largest_first = sorted(working, key=lambda one: _estimate(measured[one]))
        return Worked(
            working=tuple(self._said(one, measured[one]) for one in largest_first),
            idle=tuple(self.deltas[one] for one in idle),
            interacting=interacting,
            whole=whole,
        )

    def _is_idle(self, one: int) -> bool:
        """Whether a change changes nothing that the feature asks, on either side."""
        every = self.cells.ends.all
        return self.cells.same(A, frozenset({one})) and self.cells.same(every, every - {one})

    def _measured(self, one: int) -> Delta:
        values, every = self.cells.values(), self.cells.ends.all
        forward, backward = _step(A, frozenset({one})), _step(every - {one}, every)
        both = _mean(forward, backward)
        return replace(
            self.deltas[one],
            forward=self._interval(forward),
            backward=self._interval(backward),
            interval=self._interval(both),
            taken_back=_mean_of(list(values.get(every - {one}, {}).values())),
        )

    def _interact(self, working: Sequence[int]) -> bool:
        """Whether some change does other things to A than to B, or all of them together more or less than they add up
        to: by more than chance over all that is looked at."""
        every, looked_at = self.cells.ends.all, list[Weights]()
        left = _step(A, every)
        for one in working:
            forward, backward = _step(A, frozenset({one})), _step(every - {one}, every)
            looked_at.append(_added(backward, forward, -1.0))
            left = _added(left, _mean(forward, backward), -1.0)
        level = 1 - ALPHA / (len(working) + 1)
        found = [contrast(self.cells.values(), weights, level) for weights in (*looked_at, left)]
        return any(each is not None and not _holds(each.interval, 0.0) for each in found)

    async def _shared_out(self, working: Sequence[int], measured: dict[int, Delta]) -> bool:
        """Give every working change its fair share; whether all that takes was asked."""
        drawn: tuple[Order, ...] = () if len(working) <= EXACT else orders(working, _SAMPLED)
        shares = sampled_weights(working, drawn) if drawn else exact_weights(working)
        for chosen in sets_of(shares.values()):
            if not await self.cells.ask(chosen):
                return False
        for one, weights in shares.items():
            interval = self._interval(weights)
            error = self._sampling_error(one, drawn) if drawn else None
            measured[one] = replace(measured[one], shapley=interval, interval=interval, sampling_error=error)
        return True

    def _sampling_error(self, one: int, drawn: Sequence[Order]) -> float:
        """The standard error of a share over orders, each with its reverse taken as one draw."""
        added = []
        for order in drawn:
            before, after = next((b, a) for b, a, each in steps(order) if each == one)
            found = self._interval(_step(before, after))
            added.append(0.0 if found is None else found.estimate)
        pairs = [fmean(added[at : at + 2]) for at in range(0, len(added), 2)]
        return stdev(pairs) / math.sqrt(len(pairs))

    def _interval(self, weights: Weights) -> Interval | None:
        found = contrast(self.cells.values(), weights)
        return None if found is None else found.interval

    def _said(self, one: int, delta: Delta) -> Delta:
        a_with = _mean_of(list(self.cells.values().get(frozenset({one}), {}).values()))
        return replace(delta, said=telling.both_ways(delta, self.metric, a_with))


def _estimate(delta: Delta) -> float:
    return 0.0 if delta.interval is None else delta.interval.estimate


def _step(before: Chosen, after: Chosen) -> Weights:
    return {after: 1.0, before: -1.0}


def _added(one: Weights, other: Weights, times: float = 1.0) -> Weights:
    return {each: one.get(each, 0.0) + times * other.get(each, 0.0) for each in {*one, *other}}


def _mean(one: Weights, other: Weights) -> Weights:
    return {each: weight / 2 for each, weight in _added(one, other).items()}


def _mean_of(values: Sequence[float]) -> float:
    return fmean(values) if values else 0.0


def _holds(interval: Interval, value: float) -> bool:
    """Whether a value is within the interval."""
    return (interval.low is None or interval.low <= value) and (interval.high is None or value <= interval.high)
