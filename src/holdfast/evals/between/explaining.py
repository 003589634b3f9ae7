"""The procedure: A and B asked the same questions; where B falls, each change both ways; then what no release holds.

Knows nothing of how a release or a range of time is typed, nor of the command line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

import msgspec

from holdfast.contracts import Progress, silent
from holdfast.errors import NotFound
from holdfast.evals.answered import text_in
from holdfast.evals.between import inputs, telling
from holdfast.evals.between.both_ways import BothWays, Worked
from holdfast.evals.between.cells import A, Asking, Cells, Question
from holdfast.evals.between.contrasts import ALPHA, Place, contrast, least_found, shares_apart
from holdfast.evals.between.drift import provider_drift, then_of
from holdfast.evals.between.periods import Heard, Period, Range, read
from holdfast.evals.between.sides import Ground, Named, Side, Way, of_range, of_release, questions, way
from holdfast.evals.between.telling import Measured
from holdfast.evals.budget import Budget
from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.verifying import voices_of
from holdfast.evals.permutation import Stratum, stratified
from holdfast.evals.power import detectable_drop
from holdfast.fall import Delta, Fall, InputDrift, Metric, Outside, ProviderDrift
from holdfast.identity import new_id
from holdfast.judgement import Interval
from holdfast.support import NOT_FOUND

MOST_QUESTIONS = 30
"""Questions of each range of time that are asked again, by lot."""
_FEW = 30
"""Cases below which each is asked three times, and else twice: once would not show how answers vary."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What is going to be asked: at most `calls` answers of A and B, and where B falls at most `each` more for every
    one of `changes`; and the least fall that is found 4 times of 5."""

    cases: int
    repeat: int
    calls: int
    each: int
    changes: int
    detectable: float


def _unheard(planned: Planned) -> None:
    """The listener of a plan that nobody waits for."""
    del planned


@dataclass(frozen=True, slots=True)
class Plan:
    """How far it goes: each case `repeat` times (None: as often as is needed), at most so much money."""

    repeat: int | None = None
    max_cost_usd: float | None = None
    concurrency: int = 4
    progress: Progress = silent
    planned: Callable[[Planned], None] = _unheard
    tenant: str = ""


async def explain(host: Host, feature: str, between: tuple[Named, Named] | tuple[Period, Period], plan: Plan) -> Fall:
    """Why a feature passes less often under B than under A, or in the second range of time than in the first.

    What is asked is kept as recordings under the fall's id, which no list of live requests shows; nothing live happens.
    Stopped halfway nothing else is kept, and it can be asked for again. Raises NotFound (HF200, HF203, HF204, HF207),
    Misconfigured (HF111), StoreFailed.
    """
    declared = host.feature(feature)
    voices = await voices_of(host, declared, plan.tenant)
    ground = Ground(host, declared, voices, plan.tenant, list(voices.notes))
    first, second = between
    if isinstance(first, Named) and isinstance(second, Named):
        a, b = of_release(ground, first), of_release(ground, second)
        return await _Explaining(ground, plan, (a, b), await questions(ground)).run()
    assert isinstance(first, Period)
    assert isinstance(second, Period)
    ranges = [await read(host, declared, each, ground.plain, place) for place, each in enumerate((first, second))]
    return await _between_ranges(ground, plan, ranges[0], ranges[1])


async def _between_ranges(ground: Ground, plan: Plan, first: Range, second: Range) -> Fall:
    """What was recorded comes first, and where it shows no fall nothing is asked."""
    a, b = await of_range(ground, first), await of_range(ground, second)
    heard = (*first.heard, *second.heard)
    for one in (first, second):
        if not one.heard:
            message = f"no request of {one.period.name} can be asked again: the feature does not take their inputs now"
            raise NotFound("HF203", message, "name another range, or two releases: --between A B")
    if unknown := sum(not each.known for each in heard):
        ground.notes.append(
            f"Of {unknown} of {len(heard)} recorded answers nothing says what a good one is: they pass where neither a"
            " person nor a scorer that needs no expected answer found them bad."
        )
    recorded, p = shares_apart([float(each.good) for each in first.heard], [float(each.good) for each in second.heard])
    asked = [each.question for one in (first, second) for each in one.heard[:MOST_QUESTIONS]]
    asked += [Question(case) for case in await ground.cases()]
    explaining = _Explaining(ground, plan, (a, b), tuple(asked))
    shown = p <= ALPHA and recorded.estimate < 0
    explaining.found = replace(explaining.found, recorded=recorded, recorded_shown=shown)
    explaining.ranges = (first, second)
    return await (explaining.run() if shown else explaining.told())


class _Explaining:
    """One fall under way."""

    def __init__(self, ground: Ground, plan: Plan, sides: tuple[Side, Side], asked: tuple[Question, ...]) -> None:
        self.id = new_id("fall")
        self.found = Measured(ground.feature.name, sides[0].said, sides[1].said)
        self.ranges: tuple[Range, Range] | None = None
        self._ground = ground
        self._plan = plan
        self._a, self._b = sides
        self._questions = asked
        self._repeat = plan.repeat or (3 if len(asked) < _FEW else 2)
        self._cells: Cells | None = None

    async def run(self) -> Fall:
        """Ask what has to be asked, in this order, and say what came of it."""
        between = await way(self._ground, self._a, self._b)
        asking = self._asking()
        cells = self._cells = Cells(asking, between.ends, Budget(self._plan.max_cost_usd))
        self._announce(between)
        whole = await cells.ask(A) and await cells.ask(between.ends.all)
        metric = self._metric(cells)
        self.found = replace(self.found, metric=metric, beyond=between.beyond, whole=whole)
        await self._look_outside(asking, cells)
        if metric is not None and metric.shown and whole and between.deltas:
            worked = await BothWays(cells, between.deltas, metric).all()
        else:
            worked = Worked(working=between.deltas, whole=whole)
        self.found = replace(
            self.found,
            working=worked.working,
            idle=worked.idle,
            interacting=worked.interacting,
            whole=worked.whole,
        )
        return await self.told()

    def _asking(self) -> Asking:
        plan, ground = self._plan, self._ground
        return Asking(
            id=self.id,
            host=ground.host,
            feature=ground.feature,
            questions=self._questions,
            verify=ground.voices.verify,
            repeat=self._repeat,
            concurrency=plan.concurrency,
            tenant=plan.tenant,
            progress=plan.progress,
        )

    def _announce(self, between: Way) -> None:
        answers, changes = len(self._questions) * self._repeat, len(between.deltas)
        self._plan.planned(
            Planned(
                cases=len(self._questions),
                repeat=self._repeat,
                calls=answers * (2 if changes else 1),
                each=2 * answers if changes > 1 else 0,
                changes=changes,
                detectable=least_found(len(self._questions), self._repeat),
            )
        )

    def _metric(self, cells: Cells) -> Metric | None:
        """How often A and B pass, on the questions that both answered; None where there are none."""
        values, every = cells.values(), cells.ends.all
        apart = contrast(values, {every: 1.0, A: -1.0})
        if apart is None or not every:
            return self._alone(values.get(A, {}))
        both = [place for place in values[A] if place in values[every]]
        by_case: dict[str, tuple[list[float], list[float]]] = {}
        for place in sorted(both):
            one, other = by_case.setdefault(place[0], ([], []))
            one.append(values[A][place])
            other.append(values[every][place])
        p = stratified([Stratum(tuple(one), tuple(other)) for one, other in by_case.values()], weighed=False)
        return Metric(
            a=fmean(values[A][place] for place in both),
            b=fmean(values[every][place] for place in both),
            difference=apart.interval,
            n=len(by_case),
            repeat=self._repeat,
            p=p,
            detectable=detectable_drop(apart.error, alpha=ALPHA),
            shown=p <= ALPHA and apart.interval.estimate < 0,
        )

    def _alone(self, values: Mapping[Place, float]) -> Metric | None:
        """The same where nothing differs between A and B that can be asked: they are one."""
        if not values:
            return None
        share = fmean(values.values())
        cases = len({case for case, _ in values})
        return Metric(
            a=share,
            b=share,
            difference=Interval(0.0, 0.0, 0.0),
            n=cases,
            repeat=self._repeat,
            p=1.0,
            detectable=least_found(cases, self._repeat),
        )

    # ------------------------------------------------------------ outside of any release

    async def _look_outside(self, asking: Asking, cells: Cells) -> None:
        """A beside what is stored of it, and what was asked in one range beside the other."""
        a, code = self._a, self._ground.feature.code_hash
        heard = () if self.ranges is None else self.ranges[0].heard
        today = cells.given.get(A, {})
        drift = provider_drift(await then_of(asking, a, code, heard), today)
        if drift is not None:
            drift = msgspec.structs.replace(drift, said=telling.of_drift(drift))
        elif a.code_hash in (None, code):
            self._ground.notes.append(
                "Too few stored answers of A to say whether A itself answers as it did: holdfast eval keeps them."
            )
        self.found = replace(self.found, drift=drift, inputs=self._inputs(cells))
        if a.code_hash is not None and a.code_hash != code:
            then = await then_of(asking, a, a.code_hash, heard)
            self.found = replace(self.found, code=self._of_code(provider_drift(then, today)))
        cells.pay(*asking.verify.bill.taken())

    def _of_code(self, drift: ProviderDrift | None) -> Delta:
        """The code that A was made with is not here: what is left when all its settings are."""
        said = "The code that A was made with is not here any more, so both sides are asked with the code of now"
        if drift is None:
            return Delta(part="code", slots=(), said=f"{said}; nothing stored of A tells what that changes.")
        now, then = f"{drift.today * 100:.0f} %", f"{drift.then * 100:.0f} %"
        told = f"{said}: with it A passes {now} of {drift.n} cases, and with its own it passed {then}."
        return Delta(part="code", slots=(), interval=drift.difference, said=told)

    def _inputs(self, cells: Cells) -> InputDrift | None:
        """What was asked in the two ranges, and how often A passes today on each."""
        if self.ranges is None:
            return None
        asked = [[each.question.case.input for each in one.heard] for one in self.ranges]
        silent_shares = [_silent(one.heard) for one in self.ranges]
        drift = inputs.drift(asked[0], asked[1], (silent_shares[0], silent_shares[1]))
        values = cells.values().get(A, {})
        places = {question.case.id: question.period for question in self._questions}
        sides: tuple[list[float], list[float]] = ([], [])
        for case in {case for case, _ in values}:
            period = places.get(case)
            if period is not None:
                sides[period].append(fmean(value for (name, _), value in values.items() if name == case))
        if all(sides):
            apart, p = shares_apart(*sides)
            accounts = drift.shown and p <= ALPHA and apart.estimate < 0
            drift = msgspec.structs.replace(drift, difference=apart, p_difference=p, accounts=accounts)
        return msgspec.structs.replace(drift, said=telling.of_inputs(drift))

    # ------------------------------------------------------------ saying it

    async def told(self) -> Fall:
        """The fall as far as it is known."""
        found, cells = self.found, self._cells
        verdict, parts = telling.verdict_of(found)
        deltas = (*found.working, *found.idle, *found.beyond, *([] if found.code is None else [found.code]))
        return Fall(
            id=self.id,
            feature=found.feature,
            a=found.a,
            b=found.b,
            verdict=verdict,
            said=telling.headline(found, verdict),
            parts=parts,
            metric=found.metric,
            deltas=deltas,
            outside=Outside(provider_drift=found.drift, input_drift=found.inputs),
            unexplained=_unexplained(found),
            because=telling.because(found, verdict),
            notes=(*self._ground.notes, *self._faults()),
            next=telling.next_steps(found, verdict, self._broken()),
            calls=0 if cells is None else cells.calls,
            spent_usd=0.0 if cells is None else cells.spent_usd,
            stopped=None if cells is None else cells.stopped,
        )

    def _faults(self) -> Sequence[str]:
        """What was prevented outside of the releases, of A and of B, and what cannot be asked again."""
        cells = self._cells
        if cells is None:
            return []
        told = []
        for name, chosen in (("A", A), ("B", cells.ends.all)):
            if codes := cells.faults(chosen):
                told.append(f"{len(codes)} answers of {name} could not be had ({', '.join(sorted(set(codes)))}).")
        if cases := cells.untold():
            told.append(
                f"{len(cases)} cases came to a side effect of which nobody knows what it gives, and say nothing: write"
                f" what it gives under `calls` of the case, as of `{cases[0]}`."
            )
        return told

    def _broken(self) -> str | None:
        """A recording of B that did not pass, where A passed the same question each time."""
        cells = self._cells
        if cells is None or cells.ends.all not in cells.given:
            return None
        passed, b = cells.values().get(A, {}), cells.given[cells.ends.all]
        wrong = (
            given.recording
            for place, given in sorted(b.items(), key=lambda each: each[0])
            if not given.passed and passed.get(place) == 1.0
        )
        return next((each for each in wrong if each is not None), None)


def _silent(heard: Sequence[Heard]) -> float:
    """The share of answers that say that nothing was found, or nothing at all."""
    texts = [text_in(each.recording.output) for each in heard if each.recording.outcome == "ok"]
    return round(fmean(not text.strip() or NOT_FOUND in text for text in texts), 3) if texts else 0.0


def _unexplained(found: Measured) -> float | None:
    """What is left of the whole difference; None where too little was measured to say."""
    metric, drift, moved = found.metric, found.drift, found.inputs
    if metric is None:
        return None
    if found.recorded is not None:
        left = found.recorded.estimate - metric.difference.estimate
        left -= 0.0 if drift is None else drift.difference.estimate
        left -= 0.0 if moved is None or moved.difference is None else moved.difference.estimate
        return round(left, 4)
    known = [each.interval.estimate for each in found.working if each.interval is not None]
    return round(metric.difference.estimate - sum(known), 4) if known or not found.working else None
