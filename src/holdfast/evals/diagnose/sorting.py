"""Failures sorted into what failed and how often: each is looked at without asking a model, those of which the look
tells the same are put together, and a few typical ones of each kind are diagnosed.

Knows nothing of the command line, or of how a diagnosis comes to its verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from holdfast.contracts import Progress, silent
from holdfast.diagnosis import Verifier
from holdfast.errors import HoldfastError, Misconfigured, NotFound, Refused, ReplayDiverged
from holdfast.evals.diagnose.asking import Plan, begun, cases_of, kept, known_of
from holdfast.evals.diagnose.diagnosing import MOST_CALLS, Diagnosing
from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.gathering import LIMIT, Failing, Gathered, Window, gather
from holdfast.evals.diagnose.kinds import Kind, Seen, kinds_of
from holdfast.evals.diagnose.known import Known
from holdfast.evals.diagnose.looking import look
from holdfast.evals.diagnose.reporting import reported
from holdfast.evals.diagnose.signs import signature
from holdfast.evals.diagnose.substituting import Earlier
from holdfast.evals.diagnose.went_well import went_well
from holdfast.evaluation import Case
from holdfast.failures import Failures, LookedInto
from holdfast.records import Recording

MOST_CALLS_IN_ALL = 200
_LEAST_CALLS = 8
"""Calls of models below which a diagnosis is not worth beginning: it could not confirm what it suspects."""
_NOT_LOOKED_INTO = (Refused, NotFound, Misconfigured, ReplayDiverged)
"""What keeps one failure from being looked into, and says nothing of the others: a corpus version that is gone, too."""
_NOBODY = Verifier(name="nobody", sensitivity=0.5, specificity=0.5)


@dataclass(frozen=True, slots=True)
class Sorting:
    """Since when, of which feature (None: of each), how many failures of each are looked at, and how far diagnosing
    goes in all."""

    since: datetime
    feature: str | None = None
    limit: int = LIMIT
    max_calls: int = MOST_CALLS_IN_ALL
    max_cost_usd: float | None = None
    tenant: str = ""
    progress: Progress = silent


async def failures_of(host: Host, asked: Sorting) -> tuple[Failures, ...]:
    """What failed of each feature and how often, the feature with most failures first; none where nothing did.

    Looking asks no model, and the same failures are put together the same way. Each diagnosis is kept as it is made;
    stopped halfway, those that were made are there. Nothing live happens. Raises NotFound (HF200), StoreFailed.
    """
    if asked.feature is not None:
        host.feature(asked.feature)
    under = _Under(host, asked)
    await under.look()
    await under.diagnose()
    return under.told()


@dataclass(frozen=True, slots=True)
class _Bill:
    """What the diagnoses of a feature have taken, those that were refused halfway included."""

    calls: int = 0
    spent_usd: float | None = 0.0

    def and_also(self, other: _Bill | Diagnosing) -> _Bill:
        known = self.spent_usd is not None and other.spent_usd is not None
        spent_usd = (self.spent_usd or 0.0) + (other.spent_usd or 0.0) if known else None
        return _Bill(self.calls + other.calls, spent_usd)


class _Under:
    """Sorting under way."""

    def __init__(self, host: Host, asked: Sorting) -> None:
        self.host = host
        self.asked = asked
        self.started_at = datetime.now(UTC)
        self.gathered: tuple[Gathered, ...] = ()
        self.kinds: list[Kind] = []
        self.bills: dict[str, _Bill] = {}
        self.stopped: str | None = None

    async def look(self) -> None:
        """Look at every failure, and put together those of which the look tells the same."""
        asked = self.asked
        window = Window(asked.since, self.started_at, asked.feature, asked.limit, asked.tenant)
        self.gathered = await gather(self.host.store, window)
        total, done = sum(len(each.failing) for each in self.gathered), 0
        for gathered in self.gathered:
            seen: list[Seen] = []
            cases = await _cases(self.host, gathered.feature)
            for failing in gathered.failing:
                asked.progress(f"looking at {gathered.feature}", done, total)
                seen.append(await _seen(self.host, failing, cases))
                done += 1
            self.kinds += kinds_of(gathered.feature, seen)

    async def diagnose(self) -> None:
        """Diagnose typical failures of each kind, the biggest kind first: one of each, then a second, then a third
        where two do not agree. A kind whose diagnoses differ becomes several, where the facts tell them apart."""
        while (kind := self._next()) is not None:
            seen = kind.next_example()
            if seen is None or not self._may_go_on():
                return
            await self._diagnose(kind, seen)
            self.kinds = [part for each in self.kinds for part in (each.split() if each is kind else (each,))]

    @property
    def bill(self) -> _Bill:
        """What all of it has taken."""
        bill = _Bill()
        for each in self.bills.values():
            bill = bill.and_also(each)
        return bill

    def _next(self) -> Kind | None:
        open_ = [kind for kind in self.kinds if kind.next_example() is not None]
        return min(open_, key=lambda kind: (len(kind.looked_into), -kind.count), default=None)

    def _may_go_on(self) -> bool:
        asked, bill = self.asked, self.bill
        if asked.max_calls - bill.calls < min(_LEAST_CALLS, asked.max_calls):
            self.stopped = f"of {asked.max_calls} calls of models {bill.calls} were made: too few are left for another"
        elif asked.max_cost_usd is not None and (bill.spent_usd is None or bill.spent_usd >= asked.max_cost_usd):
            self.stopped = f"${asked.max_cost_usd:g} were spent, or a price is not known"
        return self.stopped is None

    async def _diagnose(self, kind: Kind, seen: Seen) -> None:
        asked, recording, bill = self.asked, seen.failing.recording, self.bill
        left = None if asked.max_cost_usd is None else asked.max_cost_usd - (bill.spent_usd or 0.0)

        def heard(stage: str, done: int, total: int | None) -> None:
            del total  # of this one diagnosis
            asked.progress(f"diagnosing {kind.feature}, {stage}", bill.calls + done, asked.max_calls)

        plan = Plan(max_calls=min(MOST_CALLS, asked.max_calls - bill.calls), max_cost_usd=left, progress=heard)
        asked.progress(f"diagnosing {kind.feature}", bill.calls, asked.max_calls)
        about: Diagnosing | None = None
        try:
            about = await begun(self.host, recording, plan)
            diagnosis = await kept(about)
        except _NOT_LOOKED_INTO as error:
            kind.looked_into.append(LookedInto(recording=recording.id, refused=_said(error)))
        else:
            kind.found.append((seen, diagnosis))
            one = LookedInto(
                recording=recording.id,
                diagnosis=diagnosis.id,
                verdict=diagnosis.verdict,
                probability=diagnosis.probability,
            )
            kind.looked_into.append(one)
        finally:
            if about is not None:
                self.bills[kind.feature] = self.bills.get(kind.feature, _Bill()).and_also(about)

    def told(self) -> tuple[Failures, ...]:
        """What came of it, for each feature."""
        return tuple(
            reported(
                gathered,
                [kind for kind in self.kinds if kind.feature == gathered.feature],
                Failures(
                    id="",
                    feature=gathered.feature,
                    tenant=self.asked.tenant,
                    since=self.asked.since,
                    started_at=self.started_at,
                    calls=self.bills.get(gathered.feature, _Bill()).calls,
                    spent_usd=self.bills.get(gathered.feature, _Bill()).spent_usd,
                    stopped=self.stopped,
                ),
            )
            for gathered in self.gathered
        )


async def _cases(host: Host, feature: str) -> Sequence[Case] | None:
    """The cases of a feature; None where they cannot be read, which is then said of each of its failures."""
    try:
        return await cases_of(host, host.feature(feature))
    except (NotFound, Misconfigured):
        return None


async def _seen(host: Host, failing: Failing, cases: Sequence[Case] | None) -> Seen:
    """A look at a failure. Where a diagnosis would be refused, what can be told without one is told all the same."""
    recording, passes = failing.recording, None
    refused: HoldfastError | None = None
    try:
        try:
            known = await known_of(host, recording, cases=cases, measured=False)
            if not known.bill.each:
                passes = await known.verify(recording, known.case)
        except Refused as error:
            refused, known = error, await _little_known(host, recording)
        looked = await look(host, recording, known)
    except _NOT_LOOKED_INTO as error:
        return Seen(failing, signature(recording, (), refused=error.code), _said(error))
    code = None if refused is None else refused.code
    signed = signature(recording, looked.facts, looked.located.grade, passes, code)
    return Seen(failing, signed, None if refused is None else _said(refused))


async def _little_known(host: Host, recording: Recording) -> Known:
    """What is known where nobody says what a good answer is: what went well before."""
    case = Case(id=recording.id, input=recording.input, recording=recording.id)
    well = await went_well(host, recording, case)
    return Known(case=case, verify=_not_asked, verifier=_NOBODY, earlier=Earlier(release=well.release))


async def _not_asked(recording: Recording, case: Case) -> bool:
    """Nobody can say whether this passes, and it is known to be bad."""
    del recording, case
    return False


def _said(error: HoldfastError) -> str:
    return f"{error.code}: {error.message}; {error.fix}"
