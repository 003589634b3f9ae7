"""Planting: a fault in a case that passes, seen to take, and looked into as any answer that is not good.

Knows nothing of which faults there are, nor of what is learned. A fault counts only where the case passed before and
fails after.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from holdfast.diagnosis import Diagnosis, Verifier
from holdfast.errors import HoldfastError
from holdfast.evals.diagnose.asking import second_endpoints, stronger_model
from holdfast.evals.diagnose.calibrate.fault import Ground, PlantedFault
from holdfast.evals.diagnose.calibrate.learning import Sample, Spoiled, sample_of
from holdfast.evals.diagnose.calibrate.planted_host import PlantedHost
from holdfast.evals.diagnose.diagnosing import Diagnosing, Limits
from holdfast.evals.diagnose.examined import Examined, Host
from holdfast.evals.diagnose.gold import EXPECTED, locate
from holdfast.evals.diagnose.known import Known
from holdfast.evals.diagnose.reading import calls_made
from holdfast.evals.diagnose.substituting import Earlier, Substitutions
from holdfast.evals.diagnose.tables import EFFECTS
from holdfast.evals.diagnose.verifying import Bill, Judged, Verifying, judged_by
from holdfast.evaluation import Case
from holdfast.records import Recording
from holdfast.release import Release
from holdfast.runtime.execute import execute
from holdfast.runtime.feature import Feature
from holdfast.runtime.tape import Tape

PASSES, FAILS = 3, 3
"""How often a case is asked before, and again with the fault: all must pass, and then none."""
_WAVERS = 8
_KNOWN_BEFORE = 0.7
"""How often it is known which release gave the last good answer."""


@dataclass(slots=True)
class Spent:
    """What calibrating has cost so far, and how far it may go. `usd` is None where a price is not known."""

    most_usd: float | None = None
    calls: int = 0
    usd: float | None = 0.0
    answers: int = 0
    ms: float = 0.0

    def add(self, recording: Recording) -> None:
        self.more(calls_made(recording), recording.cost_usd)
        self.answers += 1
        self.ms += recording.ms

    def more(self, calls: int, usd: float | None) -> None:
        self.calls += calls
        self.usd = None if self.usd is None or usd is None else self.usd + usd

    @property
    def is_over(self) -> bool:
        """Whether no more may be spent; where a price is not known, nobody can tell that more may."""
        return self.most_usd is not None and (self.usd is None or self.usd >= self.most_usd)

    @property
    def left_usd(self) -> float | None:
        """What may still be spent; None where there is no end to it."""
        return None if self.most_usd is None else max(0.0, self.most_usd - (self.usd or 0.0))


@dataclass(frozen=True, slots=True)
class Field:
    """A feature under the release that answers, its cases, and what is spent on them."""

    host: Host
    feature: Feature
    release: Release
    cases: Sequence[Case]
    tenant: str = ""
    spent: Spent = field(default_factory=Spent)
    judges: dict[str, Judged] = field(default_factory=dict)

    async def judged(self, case: Case, of: Recording) -> Judged:
        """Who judges an answer to this case, with a bill of its own; the same whatever is planted in the case."""
        if case.id not in self.judges:
            self.judges[case.id] = await judged_by(self.host, self.feature, case, self.cases, of)
        judged = self.judges[case.id]
        return replace(judged, verify=replace(judged.verify, bill=Bill(judged.verify.bill.each)))

    async def asked(self, host: Host, case: Case, release: Release) -> Recording:
        """One answer, kept nowhere. Nothing live happens."""
        recording = await execute(
            self.feature,
            case.input,
            release=release,
            world=host.world(release).showing({EXPECTED}),
            tape=Tape(live=False, calls=case.calls),
            who=host.who(None, self.tenant),
        )
        self.spent.add(recording)
        return recording

    async def passes(self, verify: Verifying, recording: Recording, case: Case) -> bool:
        """Whether an answer passes; what it costs to say so is counted."""
        passed = await verify(recording, case)
        self.spent.more(*verify.bill.taken())
        return passed

    async def ground(self, case: Case) -> Ground | None:
        """The case where it passes every time it is asked; None where it does not."""
        recording: Recording | None = None
        host = PlantedHost(self.host, PlantedFault("nothing", frozenset()))
        for _ in range(PASSES):
            recording = await self.asked(host, case, self.release)
            judged = await self.judged(case, recording)
            if not await self.passes(judged.verify, recording, case):
                return None
        assert recording is not None
        located = await locate(self.host, recording, case)
        passages = located.passages if located.in_corpus else ()
        return Ground(Examined(recording, self.feature, self.release, case, passages, located.grade))

    # ------------------------------------------------------------ one fault

    async def sample(self, ground: Ground, faults: Iterable[PlantedFault], draw: random.Random) -> Sample | None:
        """The first of these faults that takes, looked into; None where none does."""
        for fault in faults:
            if (failed := await self.failed(ground, fault)) is None:
                continue
            if (diagnosis := await self._diagnosed(ground, fault, failed, draw)) is not None:
                return sample_of(ground.case.id, fault.name, fault.verdict, fault.parts, diagnosis)
        return None

    async def failed(self, ground: Ground, fault: PlantedFault) -> Recording | None:
        """An answer that failed of the fault; None where it does not take."""
        host, case, release = PlantedHost(self.host, fault), fault.in_case(ground.case), fault.in_release(self.release)
        judged = await self.judged(case, ground.examined.recording)
        found: Recording | None = None
        for _ in range(_WAVERS if fault.sometimes else FAILS):
            if self.spent.is_over:
                return None
            recording = await self.asked(host, case, release)
            passed = await fault.in_verifier(judged.verify)(recording, case)
            self.spent.more(*judged.verify.bill.taken())
            if passed and not fault.sometimes:
                return None
            found = found or (None if passed else recording)
            if found is not None and fault.sometimes:
                return found
        return found

    async def _diagnosed(
        self, ground: Ground, fault: PlantedFault, failed: Recording, draw: random.Random
    ) -> Diagnosis | None:
        """What is said of the failed answer by the tables alone; None where there is nothing to be said."""
        host, case = PlantedHost(self.host, fault.as_found), fault.in_case(ground.case)
        planted = fault.in_release(self.release)
        await host.keep(planted)
        judged = await self.judged(case, failed)
        stronger, _ = await stronger_model(host, failed, planted)
        before = self.release if draw.random() < _KNOWN_BEFORE else None
        known = Known(
            case=case,
            verify=fault.in_verifier(judged.verify),
            verifier=judged.verifier,
            earlier=Earlier(release=before, stronger=stronger, elsewhere=await second_endpoints(host, planted)),
            by_words=not judged.by_judge,
            bill=judged.verify.bill,
        )
        about = Diagnosing(host, failed, known, Limits(cost_usd=self.spent.left_usd, fixes=False))
        try:
            diagnosis = await about.run()
        except HoldfastError as error:
            if error.code not in ("HF740", "HF741"):
                raise
            return None  # it cannot be looked into, and so it teaches nothing
        finally:
            self.spent.more(about.calls, about.spent_usd)
        if self.spent.is_over and diagnosis.stopped is not None:
            return None  # it was broken off for its price, and what it would have said is not known
        return diagnosis

    # ------------------------------------------------------------ no fault

    async def spoiled(self, ground: Ground) -> tuple[Spoiled, ...]:
        """Every substitution once where there is nothing to mend: whether the answer is still good."""
        host = PlantedHost(self.host, PlantedFault("nothing", frozenset()))
        recording, case = ground.examined.recording, ground.case
        judged = await self.judged(case, recording)
        stronger, _ = await stronger_model(host, recording, self.release)
        substitutions = Substitutions(host, ground.examined, Earlier(stronger=stronger))
        found: list[Spoiled] = []
        for name in EFFECTS:
            made = await substitutions.make(name)
            if made is None or name == "again" or self.spent.is_over:
                continue
            after = await execute(
                self.feature,
                case.input,
                release=made.release,
                world=host.world(made.release).showing({EXPECTED}),
                tape=made.tape,
                who=host.who(None, self.tenant),
            )
            self.spent.add(after)
            found.append(
                Spoiled(case=case.id, substitution=name, bad=not await self.passes(judged.verify, after, case))
            )
        return tuple(found)

    async def verifier(self, ground: Ground) -> Verifier:
        """Who judges, and how often they err."""
        return (await self.judged(ground.case, ground.examined.recording)).verifier


def with_other(ground: Ground, grounds: Sequence[Ground], weaker: str | None, draw: random.Random) -> Ground:
    """The ground with another passing case, whose answer is another."""
    output = ground.examined.recording.output
    others = [g for g in grounds if g is not ground and g.examined.recording.output != output]
    other = draw.choice(others) if others else None
    pair = None if other is None else (other.case, other.examined.recording)
    return replace(ground, other=pair, weaker=weaker)
