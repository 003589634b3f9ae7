"""Who says whether an answer passes: the feature's own scorers, as an evaluation asks them, and how often they err.

Knows nothing of substitutions. What a judge says here is counted and kept nowhere: it may be of an answer that a guard
has stopped.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from msgspec import Struct

from holdfast.contracts import Answered, Scorer, Scorers
from holdfast.diagnosis import Verifier
from holdfast.errors import HoldfastError, NotFound, ReplayDiverged
from holdfast.evals.agreement import Agreement
from holdfast.evals.answered import answered, text_in
from holdfast.evals.certifying import why_not
from holdfast.evals.diagnose.examined import Host
from holdfast.evals.diagnose.reading import calls_made
from holdfast.evals.judged import Preferred, judge_hash, judges
from holdfast.evals.lab import Bench, Lab
from holdfast.evals.rules import rules_of
from holdfast.evals.scorers import scorers
from holdfast.evals.scoring import Scoring
from holdfast.evaluation import Case, Evaluation
from holdfast.identity import canonical
from holdfast.judgement import Certificate
from holdfast.records import Json, Recording
from holdfast.release import Release
from holdfast.runtime.execute import execute
from holdfast.runtime.feature import Feature
from holdfast.runtime.tape import Tape
from holdfast.runtime.who import Who
from holdfast.stores import CertificateQuery, RecordingQuery
from holdfast.support import NOT_FOUND, RESTS, grounding
from holdfast.where import parse

NOMINAL = 0.95
"""How often scorers are taken to be right where nothing measured it: they compare words."""
SAME_WORDS = 0.8
"""The same for a correction in prose, which is weighed by its words: what `support.RESTS` was measured at."""
_PRIOR = 10
"""Answers that what is assumed counts for beside people's opinions."""
_LEAST_OPINIONS = 5
_LEAST, _MOST = 0.5, 0.99
_LOOKED_AT = 200


@dataclass(slots=True)
class Bill:
    """What asking judges has cost and was not taken yet. `each`: calls of models that one verification needs."""

    each: int = 0
    calls: int = 0
    spent_usd: float | None = 0.0

    def add(self, recording: Recording) -> None:
        self.calls += calls_made(recording)
        known = self.spent_usd is not None and recording.cost_usd is not None
        self.spent_usd = (self.spent_usd or 0.0) + (recording.cost_usd or 0.0) if known else None

    def taken(self) -> tuple[int, float | None]:
        """The calls and the dollars since this was last asked."""
        calls, spent = self.calls, self.spent_usd
        self.calls, self.spent_usd = 0, 0.0
        return calls, spent


class SaysTheSame(Struct, frozen=True):
    """Whether an answer says what a correction in prose says, and nothing that neither it nor the passages bear out."""

    async def score(self, answered: Answered) -> bool | None:
        expected = text_in(answered.case.expected)
        if not expected.strip() or answered.case.facts:
            return None
        if not answered.text.strip():
            return False
        sources = [expected, *(passage.text for passage in answered.passages)]
        said = grounding(expected, [answered.text]).least >= RESTS
        return said and grounding(answered.text, sources).least >= RESTS


@dataclass(frozen=True, slots=True)
class Verifying:
    """Whether an answer passes: an evaluation of the case would find nothing wrong with it."""

    host: Host
    feature: Feature
    scorers: Scorers
    release: Release
    tenant: str
    bill: Bill = field(default_factory=Bill)

    async def __call__(self, recording: Recording, case: Case) -> bool:
        if not _known(case) and not case.unanswerable and _says_nothing(recording.output):
            return False
        scoring = Scoring(self.scorers, self.feature.bar, bench=self._bench)
        result = await scoring.result(await answered(case, recording, self._text), 0)
        return result.passed

    def _bench(self, answered: Answered, scorer: str) -> Bench:
        evaluation = Evaluation(
            id="",
            feature=self.feature.name,
            release=self.release.id,
            code_hash=self.feature.code_hash,
            started_at=datetime.now(UTC),
            cases=1,
            tenant=self.tenant,
        )
        rules = rules_of(self.host.config.folder, self.feature.name)
        return _Unkept(self.host, evaluation, self.release, rules=rules, bill=self.bill).bench(answered, scorer)

    async def _text(self, corpus: str, document_id: str) -> str | None:
        name, _, version = corpus.partition("@")
        try:
            return (await self.host.corpora.document(name, version, document_id)).text
        except (NotFound, ReplayDiverged):
            return None


@dataclass(frozen=True, slots=True)
class _Unkept(Lab):
    """A lab that keeps nothing of what it asks, and bills it."""

    bill: Bill = field(default_factory=Bill)

    async def run(
        self, feature: Feature, input: Json, tape: Tape, subject: str | None = None, made_up: Collection[str] = ()
    ) -> Recording:
        who = Who(subject=subject, tenant=self.evaluation.tenant)
        world = self.host.world(self.release).showing(made_up)
        recording = await execute(feature, input, release=self.release, world=world, tape=tape, who=who)
        self.bill.add(recording)
        return recording


@dataclass(frozen=True, slots=True)
class Judged:
    """Who verifies, and what is said of them: how often they err, and who was left out."""

    verify: Verifying
    verifier: Verifier
    notes: tuple[str, ...] = ()
    by_judge: bool = False


@dataclass(frozen=True, slots=True)
class Voices:
    """Who has a say in whether an answer of a feature passes: scorers that ask nothing (`plain`), judges whose
    certificate lets them gate, and in words who was left out."""

    verify: Verifying
    plain: Scorers
    certified: Mapping[str, Certificate]
    notes: tuple[str, ...]


async def voices_of(host: Host, feature: Feature, tenant: str = "", *, in_prose: bool = False) -> Voices:
    """Who has a say in a feature's answers, `in_prose` where what was expected is a correction in prose.

    A judge has a part in it where its certificate lets it gate; else it only informs, and is not asked. Other probes
    ask the feature many times over and are left out.
    """
    release, every = host.release(), scorers(host.scorers, feature.name)
    plain = {name: each for name, each in every.items() if isinstance(each, Scorer)}
    if in_prose:
        plain["exact"] = SaysTheSame()
    certified, notes = await _certified(host, feature, release, every, tenant)
    asked: Scorers = {**plain, **{name: every[name] for name in certified}}
    each = sum(2 if isinstance(every[name], Preferred) else 1 for name in certified)
    probes = [n for n, one in every.items() if not isinstance(one, Scorer) and n not in judges(every)]
    if probes:
        notes.append(f"{_listed(probes)} would ask the feature again and again, and had no part in it.")
    return Voices(Verifying(host, feature, asked, release, tenant, Bill(each)), plain, certified, tuple(notes))


async def judged_by(
    host: Host, feature: Feature, case: Case, cases: Sequence[Case], of: Recording, *, measured: bool = True
) -> Judged:
    """Who says of this case whether an answer passes.

    `cases` are those of the feature's file, by which people's opinions of its answers are held against the scorers', if
    it is to be `measured`.
    """
    in_prose = bool(case.recording) and isinstance(case.expected, str) and case.id not in {each.id for each in cases}
    voices = await voices_of(host, feature, of.tenant, in_prose=in_prose)
    release, notes = host.release(), list(voices.notes)
    agreed = await _agreement(
        host, Verifying(host, feature, voices.plain, release, of.tenant), cases if measured else ()
    )
    assumed = SAME_WORDS if in_prose and not case.facts else NOMINAL
    verifier = _verifier(feature, voices.certified, agreed, assumed)
    if agreed.n >= _LEAST_OPINIONS:
        other = agreed.good_failed + agreed.bad_passed
        notes.append(f"People thought otherwise than the scorers of {other} of {agreed.n} answers.")
    return Judged(voices.verify, verifier, tuple(notes), by_judge=bool(voices.certified))


def _verifier(feature: Feature, certified: Mapping[str, Certificate], agreed: Agreement, assumed: float) -> Verifier:
    """How often an answer is judged rightly: by certificates where there are any, else by people's opinions of the
    feature's answers beside what is assumed, else as assumed."""
    name = f"the scorers of `{feature.name}`"
    if certified:
        figures = [(each.sensitivity, each.specificity) for each in certified.values()]
        sensitivity = min([assumed, *(one.estimate for one, _ in figures if one is not None)])
        specificity = min([assumed, *(other.estimate for _, other in figures if other is not None)])
        measured = min(each.n for each in certified.values())
        return _bounded(f"{name} and judge {_listed(list(certified))}", sensitivity, specificity, round(measured))
    if agreed.n < _LEAST_OPINIONS:
        return _bounded(name, assumed, assumed, 0)
    good, bad = agreed.good_passed + agreed.good_failed, agreed.bad_passed + agreed.bad_failed
    sensitivity = (agreed.good_passed + assumed * _PRIOR) / (good + _PRIOR)
    specificity = (agreed.bad_failed + assumed * _PRIOR) / (bad + _PRIOR)
    return _bounded(name, sensitivity, specificity, round(agreed.n))


def _bounded(name: str, sensitivity: float, specificity: float, measured_on: int) -> Verifier:
    bounded = [round(min(_MOST, max(_LEAST, each)), 4) for each in (sensitivity, specificity)]
    return Verifier(name=name, sensitivity=bounded[0], specificity=bounded[1], measured_on=measured_on)


async def _certified(
    host: Host, feature: Feature, release: Release, every: Scorers, tenant: str
) -> tuple[dict[str, Certificate], list[str]]:
    """The judges whose certificate lets them gate, and why the others only inform."""
    found: dict[str, Certificate] = {}
    notes: list[str] = []
    rules = rules_of(host.config.folder, feature.name)
    for name, judge in judges(every).items():
        try:
            what = judge_hash(judge, release, rules)
        except HoldfastError as error:
            notes.append(f"Judge `{name}` was not asked: {error.message}.")
            continue
        query = CertificateQuery(feature=feature.name, scorer=name, tenant=tenant)
        mine = [
            each
            for each in await host.store.certificates.find(query)
            if (each.judge, each.code_hash) == (what, feature.code_hash)
        ]
        why = why_not(mine[0], datetime.now(UTC)) if mine else "it has no certificate"
        if why:
            notes.append(f"Judge `{name}` informs only and was not asked: {why}.")
        else:
            found[name] = mine[0]
    return found, notes


async def _agreement(host: Host, verify: Verifying, cases: Sequence[Case]) -> Agreement:
    """How often the scorers say of an answer to one of the cases what people said of it, over the newest of them."""
    by_input = {canonical(case.input): case for case in cases}
    counts = {(good, passed): 0 for good in (True, False) for passed in (True, False)}
    if by_input:
        for good, sign in ((True, ">"), (False, "<")):
            where = parse(f"feedback.score {sign} 0")
            query = RecordingQuery(feature=verify.feature.name, tenant=verify.tenant, where=where, limit=_LOOKED_AT)
            ids = [summary.id for summary in await host.store.recordings.find(query)]
            for recording in await host.store.recordings.whole(ids, verify.tenant):
                case = by_input.get(canonical(recording.input))
                if case is not None:
                    counts[good, await verify(recording, case)] += 1
    return Agreement(counts[True, True], counts[True, False], counts[False, True], counts[False, False])


def _known(case: Case) -> bool:
    return bool(case.facts or case.gold or case.expected is not None)


def _says_nothing(output: Json) -> bool:
    """Whether an output is no answer to anything, whatever was asked."""
    text = text_in(output)
    has_text = isinstance(output, str) or (isinstance(output, dict) and isinstance(output.get("text"), str))
    return not output or (has_text and (not text.strip() or NOT_FOUND in text))


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
