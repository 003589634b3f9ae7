"""A release held against another by a project: begun, kept at every step, gone on with, asked for more.

Knows nothing of the command line or of HTTP. What a gate asks is kept as evaluations, so nothing is asked twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType

from msgspec.structs import replace

from holdfast.errors import Misconfigured, NotFound, Refused, ReplayDiverged, nearest
from holdfast.evals import evaluate
from holdfast.evals.answered import text_in
from holdfast.evals.bank import Account, code_known, stored
from holdfast.evals.evaluate import How, Plan, pins_of
from holdfast.evals.gating import Sides, Wanted, decide
from holdfast.evals.host import Host
from holdfast.evals.observed import PASSED
from holdfast.evals.rules import rules_of
from holdfast.evals.ruling import Terms, not_comparable
from holdfast.evals.sameness import scoring_hash
from holdfast.evals.scorers import scorers
from holdfast.evals.wear import note_decision
from holdfast.evals.word_diff import word_diff
from holdfast.evaluation import Case, CaseResult, Standing
from holdfast.gate import Gate, GatePart, GatePlan, GateVerdict
from holdfast.identity import canonical, new_id
from holdfast.release import LATEST, CorpusSlot, Release
from holdfast.runtime.feature import Feature
from holdfast.stores import EvaluationQuery

MARGIN = 0.05
"""By how much the share of passing cases may fall, where nothing else is said."""
_OUTPUT = 4_000
"""Characters of an output that a verdict holds."""


_SAID = MappingProxyType(
    {
        "control": "baseline, still the same?",
        "bank": "baseline",
        "candidate": "candidate",
        "confirm": "candidate, once more",
        "recheck": "baseline, once more",
        "more": "candidate, further",
        "more_baseline": "baseline, further",
    }
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a gate is asked: the candidate, the baseline and how it was named, and the terms.

    `code_hash` is the code that the baseline was made with, None where it has no name: then what it was last evaluated
    with. `slices` are tags that may decide, beside those that the feature's bar declares. `repeat` is how often each
    case is asked of the candidate, None: as often as is needed. `gate_id` is the id to keep it under.
    """

    against: str
    baseline: Release
    candidate: Release
    code_hash: str | None = None
    margin: float = MARGIN
    primary: str = PASSED
    slices: tuple[str, ...] = ()
    repeat: int | None = None
    strict: bool = False
    tenant: str = ""
    gate_id: str | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """A gate as far as it went, with its cases."""

    gate: Gate
    cases: tuple[Case, ...]


async def begin(host: Host, feature_name: str, asked: Asked, cases: Sequence[Case]) -> Gate:
    """A new gate, kept, with nothing asked yet.

    Raises Misconfigured (HF110) where the bar or `primary` names a scorer that is not there, or a slice has no case;
    (HF100) where the margin is none.
    """
    feature = host.feature(feature_name)
    evaluate.check_bar(host, feature)
    if not 0 < asked.margin < 1:
        raise Misconfigured("HF100", f"the margin {asked.margin:g} is none", "give a share, as in 0.05 for 5 points")
    known = [PASSED, *scorers(host.scorers, feature.name)]
    if asked.primary not in known:
        raise Misconfigured("HF110", f"there is no scorer '{asked.primary}'", nearest(asked.primary, known))
    declared = tuple(dict.fromkeys([*(() if feature.bar is None else feature.bar.slices), *asked.slices]))
    tags = {tag for case in cases for tag in case.tags}
    for tag in declared:
        if tag not in tags:
            raise Misconfigured("HF110", f"no case of '{feature.name}' has the tag '{tag}'", nearest(tag, tags))
    baseline, candidate = [host.completed(feature, each) for each in (asked.baseline, asked.candidate)]
    for release in (baseline, candidate):
        await host.keep(release)
    code = asked.code_hash or await code_known(host.store, feature.name, baseline.id, feature.code_hash, asked.tenant)
    gate = Gate(
        id=asked.gate_id or new_id("gate"),
        feature=feature.name,
        against=asked.against,
        baseline=baseline.id,
        candidate=candidate.id,
        baseline_code=code,
        code_hash=feature.code_hash,
        started_at=datetime.now(UTC),
        margin=asked.margin,
        pins={
            **pins_of(host.world(baseline), baseline),
            **pins_of(host.world(candidate), candidate),
        },
        primary=asked.primary,
        slices=declared,
        repeat=asked.repeat,
        strict=asked.strict,
        tenant=asked.tenant,
    )
    await host.store.gates.add(gate, cases)
    return gate


async def newest(host: Host, feature: str, wanted: Callable[[Gate], bool], tenant: str = "") -> Gate:
    """The newest gate of a feature that is wanted. Raises NotFound (HF211)."""
    query = EvaluationQuery(feature=feature, tenant=tenant)
    while page := await host.store.gates.find(query):
        for gate in page:
            if wanted(gate):
                return gate
        query = replace(query, before=page[-1].id)
    raise NotFound("HF211", f"no such gate of '{feature}' is there", f"holdfast eval {feature} --against RELEASE")


async def extend(host: Host, gate: Gate) -> Gate:
    """The gate, to be asked one batch more. Raises Refused (HF711) where it is not inconclusive."""
    if gate.finished_at is None or gate.verdict is None or gate.verdict.ruling != "inconclusive":
        said = "not finished" if gate.finished_at is None or gate.verdict is None else gate.verdict.ruling
        fix = "only an inconclusive gate is asked for more; begin another: holdfast eval --against RELEASE"
        raise Refused("HF711", f"the gate {gate.id} is {said}", fix)
    more = replace(gate, batches=gate.batches + 1, finished_at=None)
    await host.store.gates.change(more)
    return more


async def go_on(host: Host, gate: Gate, how: How, planned: Callable[[GatePlan], None]) -> Held:
    """Ask what is still to be asked, and rule. Everything that was asked is kept as it comes.

    Stopped at any moment, calling it again goes on; a gate that is finished is given back as it is. `planned` hears
    what is going to be asked before it is. Raises StoreFailed, and ReplayDiverged (HF501) where the feature's code is
    not what it was when the gate began.
    """
    feature = host.feature(gate.feature)
    cases = await host.store.gates.cases(gate.id, gate.tenant)
    if gate.finished_at is not None:
        return Held(gate, cases)
    if feature.code_hash != gate.code_hash:
        message = f"the code of '{feature.name}' is not what it was when {gate.id} began"
        raise ReplayDiverged("HF501", message, f"holdfast eval {feature.name} --against {gate.against}")
    account, scored_alike = await _account(host, gate, feature)
    if not scored_alike:
        said = "the two releases ask their judges with other models or rubrics, so the scores do not compare"
        verdict = not_comparable(said, Terms(primary=gate.primary, margin=gate.margin))
        ended = replace(gate, verdict=verdict, finished_at=datetime.now(UTC))
        await host.store.gates.change(ended)
        return Held(ended, cases)
    asking = _Asking(host, gate, cases, how)
    sides = Sides(
        cases=cases,
        stored=await stored(host.store, account, cases),
        terms=Terms(primary=gate.primary, margin=gate.margin, slices=gate.slices, notes=_notes(gate)),
        can_ask=gate.baseline_code == gate.code_hash,
        repeat=gate.repeat,
        batches=gate.batches,
        seed=gate.id,
    )
    decided = await decide(sides, asking, planned)
    ended = replace(
        asking.gate,
        plan=decided.plan,
        drifted=decided.drifted,
        verdict=await _with_outputs(host, decided.verdict, gate.tenant),
        stopped=asking.stopped,
        finished_at=None if asking.stopped else datetime.now(UTC),
    )
    await host.store.gates.change(ended)
    if ended.finished_at is not None and decided.verdict.ruling != "not_comparable":
        await note_decision(host.store, gate.feature, cases, gate.id, tenant=gate.tenant)
    return Held(ended, cases)


async def _account(host: Host, gate: Gate, feature: Feature) -> tuple[Account, bool]:
    """Whose stored answers may be used, and whether the candidate's are scored as theirs are."""
    baseline, candidate = [await host.store.releases.get(name) for name in (gate.baseline, gate.candidate)]
    mine = scorers(host.scorers, feature.name)
    rules = rules_of(host.config.folder, feature.name)
    scored = scoring_hash(mine, feature.bar, baseline, rules)
    account = Account(
        feature=feature.name,
        release=gate.baseline,
        code_hash=gate.baseline_code,
        scoring_hash=scored,
        pins=_pins_in(gate, baseline),
        before=gate.started_at,
        gate=gate.id,
        tenant=gate.tenant,
    )
    return account, scored == scoring_hash(mine, feature.bar, candidate, rules)


class _Asking:
    """Has answers asked for as evaluations of one gate, each begun once."""

    def __init__(self, host: Host, gate: Gate, cases: Sequence[Case], how: How) -> None:
        self._host = host
        self._cases = {case.id: case for case in cases}
        self._how = how
        self._standings: tuple[Standing, ...] = ()
        self._informing: tuple[str, ...] = ()
        self._spent: dict[str, float | None] = {}
        self._calls: dict[str, int] = {}
        self.gate = gate
        self.stopped: str | None = None

    def standings(self) -> tuple[Standing, ...]:
        return self._standings

    def informing(self) -> tuple[str, ...]:
        return self._informing

    async def ask(self, wanted: Wanted) -> tuple[CaseResult, ...]:
        """The answers, of an evaluation that is gone on with where there is one already."""
        if self.stopped is not None:
            return ()
        evaluation = await self._host.store.evaluations.get(await self._part(wanted), self.gate.tenant)
        if evaluation.finished_at is not None:
            results = await self._host.store.evaluations.results(evaluation.id, self.gate.tenant)
        else:
            how = self._how_of(wanted, evaluation.id)
            done = await evaluate.go_on(self._host, evaluation, how)
            evaluation, results = done.evaluation, done.results
        self._spent[evaluation.id], self._calls[evaluation.id] = evaluation.spent_usd, evaluation.done
        if wanted.role == "candidate":
            self._standings = evaluation.standings
            self._informing = tuple(each.scorer for each in evaluation.judging if not each.gates)
        if evaluation.finished_at is None:
            self.stopped = self._why(evaluation.stopped)
        await self._keep(replace(self.gate, calls=sum(self._calls.values()), spent_usd=self._total()))
        return results

    async def _part(self, wanted: Wanted) -> str:
        """The id of the evaluation that asks for this, begun where it is not yet."""
        place = (wanted.role, wanted.batch, wanted.repeat)
        for part in self.gate.parts:
            if (part.role, part.batch, part.repeat) == place:
                return part.evaluation
        gate = self.gate
        release = await self._host.store.releases.get(gate.baseline if wanted.side == "baseline" else gate.candidate)
        plan = Plan(
            cases=tuple(self._cases[case] for case in wanted.cases),
            repeat=wanted.repeat,
            strict=gate.strict,
            tenant=gate.tenant,
            gate=gate.id,
            pins=_pins_in(gate, release),
        )
        begun = await evaluate.begin(self._host, self._host.feature(gate.feature), release, plan)
        part = GatePart(
            role=wanted.role,
            side=wanted.side,
            evaluation=begun.id,
            cases=len(wanted.cases),
            repeat=wanted.repeat,
            batch=wanted.batch,
        )
        await self._keep(replace(gate, parts=(*gate.parts, part)))
        return begun.id

    def _how_of(self, wanted: Wanted, evaluation_id: str) -> How:
        """How this evaluation goes: with what the others have left of the money, saying what is asked."""
        others = math.fsum(cost or 0.0 for name, cost in self._spent.items() if name != evaluation_id)
        most = self._how.max_cost_usd

        def progress(stage: str, done: int, total: int | None) -> None:
            self._how.progress(f"{_SAID[wanted.role]} {stage}", done, total)

        return How(self._how.concurrency, None if most is None else max(0.0, most - others), progress)

    def _total(self) -> float | None:
        costs = list(self._spent.values())
        return None if None in costs else round(math.fsum(cost or 0.0 for cost in costs), 9)

    def _why(self, said: str | None) -> str:
        """Why it goes no further, with the money of the whole gate."""
        most, spent = self._how.max_cost_usd, self._total()
        if said is None or most is None or spent is None:
            return said or "it was stopped"
        return f"another answer could exceed ${most:g}; ${spent:.6f} is spent"

    async def _keep(self, gate: Gate) -> None:
        if gate != self.gate:
            self.gate = gate
            await self._host.store.gates.change(gate)


def _notes(gate: Gate) -> tuple[str, ...]:
    """What to know beside the verdict, whatever it is."""
    if gate.baseline_code != gate.code_hash:
        return ("the baseline's code is not here any more: its stored answers were not checked for drift",)
    if gate.baseline == gate.candidate:
        return ("both sides are the same release and code: what differs is chance",)
    return ()


def _pins_in(gate: Gate, release: Release) -> dict[str, str]:
    """What `latest` means in this release."""
    latest = {name for name, slot in release.slots.items() if isinstance(slot, CorpusSlot) and slot.version == LATEST}
    return {name: version for name, version in gate.pins.items() if name in latest}


async def _with_outputs(host: Host, verdict: GateVerdict, tenant: str) -> GateVerdict:
    """The verdict with what both sides said where something broke, as far as it is still kept."""

    async def said(recording_id: str) -> str:
        if not recording_id:
            return ""
        try:
            output = (await host.store.recordings.get(recording_id, tenant)).output
        except NotFound:
            return ""
        text = text_in(output) or ("" if output is None else canonical(output).decode())
        return text if len(text) <= _OUTPUT else text[: _OUTPUT - 1] + "…"

    shown = [
        replace(each, diff=word_diff(await said(each.baseline_recording), await said(each.recording)))
        for each in verdict.regressions
    ]
    return replace(verdict, regressions=tuple(shown))
