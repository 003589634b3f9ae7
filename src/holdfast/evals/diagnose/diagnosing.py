"""The procedure: facts first, then the same again, then the substitution that is expected to tell most, until one
verdict is likely enough and was seen to hold, or what may be spent is spent.

Knows nothing of the words a diagnosis is told in, nor of where it is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import msgspec

from holdfast.contracts import Progress, silent
from holdfast.diagnosis import Diagnosis, Fact, NextTest, Part, Tried
from holdfast.errors import Refused
from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.finding_facts import held
from holdfast.evals.diagnose.fixing import fixes_of
from holdfast.evals.diagnose.gold import EXPECTED
from holdfast.evals.diagnose.in_words import said_in_words
from holdfast.evals.diagnose.known import Known
from holdfast.evals.diagnose.looking import look
from holdfast.evals.diagnose.planning import (
    AT_A_TIME,
    CONFIRMED_BY,
    SURE_AT,
    Option,
    Said,
    best_for,
    by_verdict,
    confirmed,
    confirming,
    given,
    next_option,
    verdict_of,
)
from holdfast.evals.diagnose.posterior import Beliefs, Counts, Hypothesis, Key, beyond, counts_of, hypotheses, posterior
from holdfast.evals.diagnose.reading import calls_made, searches
from holdfast.evals.diagnose.substituting import Made, Substitutions
from holdfast.evals.diagnose.tables import BY_WORDS, EFFECTS, TRUSTED, without_search
from holdfast.evals.diagnose.telling import because, next_test, on_planted, readings_of
from holdfast.evaluation import Case
from holdfast.identity import new_id
from holdfast.records import Failure, Recording
from holdfast.release import GuardSlot, ModelSlot, Release
from holdfast.runtime.execute import execute

MOST_CALLS = 48
PAIR_FROM, PAIRS_AT_ONCE = 0.02, 5
"""How likely a pair of parts must be for both to be mended at once, and how many pairs at a time."""
GUARDS: Key = ("guard_off",)
LEAST_TRIED = 2
"""Substitutions besides the same again before anything is said: one outcome convinces nobody."""
_JUDGED_AGAIN = 3
_SIDE_EFFECT = "HF307"


@dataclass(frozen=True, slots=True)
class Limits:
    """How far it goes: at most so many calls of models and so much money, and how sure a verdict must be.

    Without `fixes` none are looked for once there is a verdict. `diagnosis_id` is the id to keep it under, None for a
    new one.
    """

    calls: int = MOST_CALLS
    cost_usd: float | None = None
    sure_at: float = SURE_AT
    side_effects: int = 6
    fixes: bool = True
    progress: Progress = silent
    diagnosis_id: str | None = None


async def diagnose(host: Host, recording: Recording, known: Known, limits: Limits) -> Diagnosis:
    """What is known of why an answer is not good. Nothing live happens, and what a guard stopped is not kept.

    Stopped halfway, what was asked is kept, and asking again starts anew. Raises Refused: HF741 where the answer
    passes, HF740 where it cannot be asked again; NotFound and Misconfigured where its feature or release is gone.
    """
    return await Diagnosing(host, recording, known, limits).run()


class Diagnosing:
    """One diagnosis under way."""

    def __init__(self, host: Host, recording: Recording, known: Known, limits: Limits) -> None:
        self.id = limits.diagnosis_id or new_id("dg")
        self.host = host
        self.recording = recording
        self.known = known
        self.limits = limits
        self.beliefs = known.beliefs or Beliefs(verifier=known.verifier)
        if known.by_words:
            prior = {**self.beliefs.prior, "verifier": self.beliefs.prior["verifier"] * BY_WORDS}
            self.beliefs = msgspec.structs.replace(self.beliefs, prior=prior)
        self.started_at = datetime.now(UTC)
        self.calls = 0
        self.spent_usd: float | None = 0.0
        self.stopped: str | None = None
        self.tried: dict[Key, Tried] = {}
        self.facts: tuple[Fact, ...] = ()
        self.apart: set[Key] = set()
        """What cannot be made together."""

    async def run(self) -> Diagnosis:
        host, recording, case = self.host, self.recording, self.known.case
        opinions = [await self._passes(recording, case) for _ in range(_JUDGED_AGAIN) if self._may_judge()]
        if opinions and all(opinions):
            message = f"the answer of {recording.id} passes: {self.known.verifier.name} finds nothing wrong with it"
            raise Refused("HF741", message, "say what is wrong with it: POST /v1/feedback with a correction, or a case")
        looked = await look(host, recording, self.known, opinions)
        self.examined, self.located, self.facts = looked.examined, looked.located, looked.facts
        self.beliefs = msgspec.structs.replace(
            self.beliefs, gold=TRUSTED[looked.located.grade], beyond=beyond(held(self.facts))
        )
        if not searches(recording):
            self.beliefs = msgspec.structs.replace(self.beliefs, effects=without_search(self.beliefs.effects))
        same = [each for each in (self.known.later, self.known.earlier.answer) if each is not None]
        self.substitutions = Substitutions(host, self.examined, self.known.earlier, [*self.known.good, *same])
        self.facts = (*self.facts, *await self._of_what_was_stopped())
        self.made = await self._makeable()
        now = await self._find_out()
        return await self._told(now)

    # ------------------------------------------------------------ finding out

    async def _of_what_was_stopped(self) -> list[Fact]:
        """Whether the answer that a guard stopped passes. It is judged and not kept."""
        made = self.substitutions.stopped()
        if made is None or not self._may_judge():
            return []
        recording = await self._run(made)
        if recording.failure is not None:
            return []
        passes = await self._passes(recording, self.examined.case)
        said = None if self.known.by_words else said_in_words(self.examined.case, recording.output)
        holds = passes if said is None or said == passes else None
        return [
            Fact(
                name="stopped_passes",
                holds=holds,
                said=f"what the guard stopped {'passes' if passes else 'does not pass'}",
            )
        ]

    def _may_judge(self) -> bool:
        """Whether a verdict on an answer may still be paid for, where it costs anything."""
        each = self.known.bill.each
        return not each or (not self.is_spent() and self.calls + each <= self.limits.calls)

    async def _makeable(self) -> dict[Key, Made]:
        """The substitutions that this recording has a place for."""
        made: dict[Key, Made] = {}
        for name in EFFECTS:
            one = await self.substitutions.make(name)
            if one is not None:
                made[name,] = one
        return made

    async def _find_out(self) -> dict[Hypothesis, float]:
        now = self._posterior()
        while self.stopped is None:
            await self._pair_up(now)
            option = self._next(now, self._options())
            if option is None:
                break
            await self.answer(option.key, AT_A_TIME)
            now = self._posterior()
            said = verdict_of(now, self.limits.sure_at)
            self.limits.progress(f"{said.verdict} {said.probability:.0%}", self.calls, self.limits.calls)
        return now

    async def _pair_up(self, now: dict[Hypothesis, float]) -> None:
        """Make what would mend the likeliest pairs of parts, where neither of the two mends the other's."""
        likely = [one for one in sorted(now, key=lambda one: -now[one]) if len(one) > 1 and now[one] >= PAIR_FROM]
        for pair in likely[:PAIRS_AT_ONCE]:
            await self._pair_of(*sorted(pair))

    async def _pair_of(self, one: Part, other: Part) -> None:
        """Make the best of what mends both, unless there is one already or none can be. Guards are switched off last,
        since with something else mended another one may object."""
        order = [*EFFECTS, *GUARDS]
        for first, then in ((a, b) for a in self._best_for(one) for b in self._best_for(other)):
            key = tuple(sorted((*first, *then), key=lambda name: (name in GUARDS, order.index(name))))
            if key in self.made:
                return
            if key not in self.apart and len(set(key)) > 1:
                made = await self.substitutions.together(self.made[key[:1]], key[1])
                if made is not None:
                    self.made[key] = made
                    return
                self.apart.add(key)

    def _best_for(self, part: Part) -> list[Key]:
        """What mends a part best; of guards all at once."""
        return [GUARDS] if part == "guard" else best_for(self.beliefs, part, list(self.made))

    def _options(self) -> list[Option]:
        return [Option(key, made.calls) for key, made in self.made.items()]

    def _next(self, now: dict[Hypothesis, float], options: Sequence[Option]) -> Option | None:
        again: Key = ("again",)
        asked = self.tried[again].asked if again in self.tried else 0
        if again in self.made and not asked:
            return Option(again, self.made[again].calls)
        counts = self.counts()
        said = verdict_of(now, self.limits.sure_at)
        if said.verdict != "unknown" and again in self.made and asked < CONFIRMED_BY:
            return Option(again, self.made[again].calls)
        if confirm := confirming(self.beliefs, said, counts, options):
            return confirm
        enough = len(self.tried) > min(LEAST_TRIED, len(self.made) - 1)
        if said.verdict != "unknown" and enough and confirmed(self.beliefs, said, counts, list(self.made)):
            return None
        return next_option(self.beliefs, now, counts, options)

    def _posterior(self, tried: dict[Key, Counts] | None = None) -> dict[Hypothesis, float]:
        counts = self.counts() if tried is None else tried
        return posterior(self.beliefs, hypotheses(self._possible(), self.beliefs.beyond), held(self.facts), counts)

    def counts(self) -> dict[Key, Counts]:
        return {key: counts_of(one) for key, one in self.tried.items()}

    def _possible(self) -> list[Part]:
        """The parts that this feature has."""
        release = self.examined.release
        parts: list[Part] = ["task", "verifier"]
        if any(isinstance(slot, ModelSlot) for slot in release.slots.values()):
            parts += ["provider", "prompt", "model"]
        if searches(self.recording):
            parts += ["data", "retrieval", "ranking", "context_noise"]
        if self.examined.feature.facts.guards and any(isinstance(s, GuardSlot) for s in release.slots.values()):
            parts.append("guard")
        return parts

    async def answer(self, key: Key, count: int) -> None:
        """So many answers with a substitution, verified and counted, as far as may be spent."""
        made = self.made[key]
        for _ in range(count):
            if self.calls + made.calls + self.known.bill.each > self.limits.calls:
                self.stopped = f"{self.limits.calls} calls of models were made"
                return
            if self.is_spent():
                self.stopped = f"${self.limits.cost_usd:g} were spent, or a price is not known"
                return
            recording = await self._run(made)
            if recording.failure is not None and recording.failure.code == _SIDE_EFFECT:
                self._left(key, recording.failure)
                return
            passed, said = await self._judged(recording)
            before = self.tried.get(key) or _untried(key, made, said)
            kept = () if made.secret else (recording.id,)
            self.tried[key] = msgspec.structs.replace(
                before,
                passed=before.passed + passed,
                asked=before.asked + 1,
                in_words=None if said is None else (before.in_words or 0) + said,
                both=before.both + (passed and bool(said)),
                recordings=(*before.recordings, *kept),
                spent_usd=_sum(before.spent_usd, recording.cost_usd),
            )

    def _left(self, key: Key, failure: Failure) -> None:
        """Leave out a substitution that comes to a side effect of which nobody knows what it gives: that it does not
        pass says nothing. Raises Refused (HF740) where nothing replaced already comes to one."""
        if key == ("again",):
            fix = "write what it gives under `calls` of a case (holdfast cases add), or ask until it went well once"
            raise Refused("HF740", f"{self.recording.id} cannot be asked again: {failure.message}", fix)
        del self.made[key]
        self.apart.add(key)

    async def _judged(self, recording: Recording) -> tuple[bool, bool | None]:
        """Whether an answer passes, and whether it says what was expected by its words.

        What a lower rung answered is no answer of the model under test, unless that one was never set up.
        """
        passed = await self._passes(recording, self.examined.case)
        said = None if self.known.by_words else said_in_words(self.examined.case, recording.output)
        if recording.outcome == "degraded" and not held(self.facts).get("provider_not_set_up"):
            return False, None if said is None else False
        return passed, said

    async def _passes(self, recording: Recording, case: Case) -> bool:
        """Whether an answer passes; what it costs to say so is counted."""
        passed = await self.known.verify(recording, case)
        calls, spent_usd = self.known.bill.taken()
        self.calls += calls
        self.spent_usd = _sum(self.spent_usd, spent_usd)
        return passed

    async def _run(self, made: Made) -> Recording:
        """One answer. It is kept with the diagnosis, unless a guard would have stopped it."""
        before, host = self.recording, self.host
        recording = await execute(
            self.examined.feature,
            before.input,
            release=made.release,
            world=host.world(made.release).showing({EXPECTED}),
            tape=made.tape,
            who=host.who(before.subject, before.tenant),
        )
        self.pay(recording)
        return recording if made.secret else await self.kept(recording, made.release)

    def pay(self, recording: Recording) -> None:
        """Count what an answer took."""
        self.calls += calls_made(recording)
        self.spent_usd = _sum(self.spent_usd, recording.cost_usd)

    def is_spent(self) -> bool:
        """Whether no further call may be paid for; where a price is not known, nobody can tell that one may."""
        limit = self.limits.cost_usd
        return limit is not None and (self.spent_usd is None or self.spent_usd >= limit)

    async def kept(self, recording: Recording, release: Release) -> Recording:
        """A recording made here, kept with the diagnosis so that no list of live requests has it."""
        recording = msgspec.structs.replace(recording, evaluation=self.id)
        await self.host.keep(release)
        await self.host.store.recordings.add(recording)
        return recording

    # ------------------------------------------------------------ saying it

    async def _told(self, now: dict[Hypothesis, float]) -> Diagnosis:
        said = given(self.beliefs, now, self.counts(), list(self.made), self.limits.sure_at)
        fixes = await fixes_of(self, said) if self.limits.fixes else ()
        readings, question = readings_of(self.examined, self.located) if said.verdict == "task" else ((), None)
        return Diagnosis(
            id=self.id,
            recording=self.recording.id,
            feature=self.recording.feature,
            tenant=self.recording.tenant,
            started_at=self.started_at,
            finished_at=datetime.now(UTC),
            verdict=said.verdict,
            parts=said.parts,
            probability=round(said.probability, 4),
            probabilities=_chances(now),
            by_facts=_chances(self._posterior({})),
            sure_at=self.limits.sure_at,
            because=(
                *because(said, self.facts, tuple(self.tried.values()), self.known.verifier),
                *on_planted(said.verdict, self.known.planted),
            ),
            facts=self.facts,
            tried=tuple(self.tried.values()),
            fixes=fixes,
            gold=self.examined.gold,
            grade=self.examined.grade,
            verifier=self.known.verifier,
            next_test=self._next_test(now, said),
            readings=readings,
            question=question,
            planted=self.known.planted,
            known=self.known.notes,
            calls=self.calls,
            spent_usd=self.spent_usd,
            stopped=self.stopped,
        )

    def _next_test(self, now: dict[Hypothesis, float], said: Said) -> NextTest | None:
        if said.verdict != "unknown":
            return None
        option = next_option(self.beliefs, now, self.counts(), self._options())
        spent = [t.spent_usd / t.asked for t in self.tried.values() if t.spent_usd is not None and t.asked]
        each = max(spent, default=None)
        unset = held(self.facts).get("provider_not_set_up", False)
        return next_test(option, self.examined, self.made, AT_A_TIME, each, unset=unset)


def _untried(key: Key, made: Made, said: bool | None) -> Tried:
    beside = key[1] if len(key) > 1 else None
    in_words = None if said is None else 0
    return Tried(
        substitution=key[0], beside=beside, passed=0, asked=0, in_words=in_words, said=made.said, changes=made.changes
    )


def _chances(now: dict[Hypothesis, float]) -> dict[str, float]:
    return {verdict: round(chance, 4) for verdict, chance in by_verdict(now).items()}


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else round(one + other, 9)
