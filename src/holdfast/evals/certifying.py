"""Certificates of an evaluation's judges: found where one holds, else made from people's labels.

Knows nothing of cases' results.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations

from msgspec import Struct
from msgspec.structs import replace

from holdfast.contracts import Progress, silent
from holdfast.evals import agreement
from holdfast.evals.agreement import Agreement
from holdfast.evals.budget import Budget
from holdfast.evals.judged import FEEDBACK, AnyJudge, judge_hash, judges
from holdfast.evals.lab import Lab
from holdfast.evals.labels import Item, Labelled, given_as_feedback, labelled, read_labels
from holdfast.evals.scorers import scorers
from holdfast.evals.scoring import Scoring, total_usd
from holdfast.evals.shares import jeffreys
from holdfast.evals.taking import at_once
from holdfast.evaluation import Case, Score
from holdfast.identity import new_id
from holdfast.judgement import Certificate, Disagreement, Interval, Judging
from holdfast.stores import CertificateQuery

HOLDS = timedelta(days=60)
"""How long a certificate holds, and how old a labelled recording may be: models and traffic change."""

BAR = 0.75
"""What the lower end of balanced accuracy must reach for a judge to gate. Guessing has 0.5."""

_DISAGREEMENTS = 50
_REASON_CHARS = 400


class Trust(Struct, frozen=True):
    """What a judge's scores are worth in an evaluation: how it agrees with people, where that was measured.

    `stopped` says why nothing more may be spent, where making its certificate came to that.
    """

    judging: Judging
    stopped: str | None = None

    @property
    def counts(self) -> Agreement | None:
        """The counts that a share of its verdicts is corrected by; None where it may not gate."""
        certificate = self.judging.certificate
        return counts_of(certificate) if certificate is not None and self.judging.gates else None

    def of_release(self, release: str) -> bool:
        """Whether the labelled answers are all of this release."""
        return self.judging.certificate is not None and self.judging.certificate.release == release


@dataclass(frozen=True, slots=True)
class Certifying:
    """How certificates are made: with cases by id, for at most so much money, so many answers at a time."""

    lab: Lab
    cases: Mapping[str, Case]
    max_cost_usd: float | None = None
    concurrency: int = 4
    progress: Progress = silent

    async def all(self, before: Sequence[Judging] = ()) -> dict[str, Trust]:
        """What each judge of the project is worth now, by name. Certificates that are made here are kept.

        `before` is what was found when this evaluation went on earlier: what it spent then stays on the bill. Raises
        NotFound (HF201) and Misconfigured (HF109 to HF111) for a judge or labels that cannot work.
        """
        earlier = {judging.scorer: judging for judging in before}
        spent = total_usd(judging.certifying_usd for judging in before)
        found = {}
        for name, judge in judges(scorers(self.lab.host.scorers, self.lab.evaluation.feature)).items():
            trust = await self._one(name, judge, Budget.less(self.max_cost_usd, spent))
            spent = total_usd([spent, trust.judging.certifying_usd])
            if name in earlier:
                usd = total_usd([earlier[name].certifying_usd, trust.judging.certifying_usd])
                trust = replace(trust, judging=replace(trust.judging, certifying_usd=usd))
            found[name] = trust
        return found

    async def _one(self, name: str, judge: AnyJudge, budget: Budget) -> Trust:
        what = judge_hash(judge, self.lab.release, self.lab.rules)
        judging = Judging(scorer=name, judge=what, gates=False)
        if not judge.labels:
            return Trust(replace(judging, why="no certificate: it has no labels by people"))
        evaluation, now = self.lab.evaluation, datetime.now(UTC)
        if judge.labels == FEEDBACK:
            given = await given_as_feedback(self.lab.host, evaluation.feature, evaluation.tenant)
        else:
            given = read_labels(self.lab.host.config.folder / judge.labels)
        labels = await labelled(self.lab.host, given, self.cases, evaluation, now - HOLDS)
        if not labels.items:
            stale = f": {labels.stale} are of another version of the feature, or too old" if labels.stale else ""
            return Trust(replace(judging, why=f"no certificate: no label counts{stale}"))
        certificate = await self._holding(name, what, labels.hash, now)
        usd: float | None = 0.0
        if certificate is None:
            certificate, usd = await self._made(judging, judge, labels, budget)
        if certificate is None:
            judging = replace(judging, certifying_usd=usd, why=f"no certificate: {budget.stopped}")
            return Trust(judging, stopped=budget.stopped)
        why = _below(certificate)
        shown = replace(certificate, disagreements=())
        return Trust(replace(judging, certificate=shown, gates=not why, why=why, certifying_usd=usd))

    async def _holding(self, name: str, judge: str, labels: str, now: datetime) -> Certificate | None:
        """The newest certificate of this judge, these labels and this version of the feature that has not expired."""
        evaluation = self.lab.evaluation
        query = CertificateQuery(feature=evaluation.feature, scorer=name, tenant=evaluation.tenant)
        for each in await self.lab.host.store.certificates.find(query):
            same = (each.judge, each.labels, each.code_hash) == (judge, labels, evaluation.code_hash)
            if same and each.expires_at > now:
                return each
        return None

    async def _made(
        self, judging: Judging, judge: AnyJudge, labels: Labelled, budget: Budget
    ) -> tuple[Certificate | None, float | None]:
        """A certificate from every labelled answer, kept, and what it cost; none where the budget ended before."""
        scoring = Scoring({judging.scorer: judge}, None, bench=self.lab.bench)
        scores: dict[str, Score | None] = {}

        async def ask(item: Item) -> float | None:
            score = await scoring.score(judging.scorer, judge, item.answered, outage=False)
            scores[item.name] = score
            self.progress(f"certifying {judging.scorer}", len(scores), len(labels.items))
            return 0.0 if score is None else score.spent_usd

        await at_once(labels.items, ask, budget, self.concurrency)
        usd = total_usd(0.0 if score is None else score.spent_usd for score in scores.values())
        if len(scores) < len(labels.items):
            return None, usd
        evaluation, now = self.lab.evaluation, datetime.now(UTC)
        certificate = replace(
            certificate_of([(item, scores[item.name]) for item in labels.items]),
            feature=evaluation.feature,
            scorer=judging.scorer,
            judge=judging.judge,
            code_hash=evaluation.code_hash,
            labels=labels.hash,
            made_at=now,
            expires_at=now + HOLDS,
            stale=labels.stale,
            spent_usd=usd,
            tenant=evaluation.tenant,
        )
        await self.lab.host.store.certificates.add(certificate)
        return certificate, usd


def certificate_of(judged: Sequence[tuple[Item, Score | None]]) -> Certificate:
    """What a judge's scores of labelled answers come to, before it is said of whom and when.

    An answer that people are divided on, and one the judge gave no verdict on, is in no count.
    """
    cells: Counter[tuple[bool, bool]] = Counter()
    disagreements, unjudged = [], 0
    for item, score in judged:
        passed = _passed(score)
        if passed is None:
            unjudged += 1
        elif item.good is not None:
            cells[item.good, passed] += 1
            if item.good != passed:
                assert score is not None
                disagreements.append(_disagreement(item, score, item.good, passed))
    counts = Agreement(cells[True, True], cells[True, False], cells[False, True], cells[False, False])
    people, overlap = between_people([item for item, _ in judged])
    now = datetime.now(UTC)
    releases = {item.answered.recording.release for item, _ in judged}
    return Certificate(
        id=new_id("cert"), feature="", scorer="", judge="", code_hash="", labels="", made_at=now, expires_at=now,
        good_passed=cells[True, True],
        good_failed=cells[True, False],
        bad_passed=cells[False, True],
        bad_failed=cells[False, False],
        kappa=agreement.kappa_interval(counts),
        sensitivity=jeffreys(counts.good_passed, counts.good_passed + counts.good_failed),
        specificity=jeffreys(counts.bad_failed, counts.bad_passed + counts.bad_failed),
        balanced=agreement.balanced(counts),
        release=(releases.pop() or None) if len(releases) == 1 else None,
        people=people,
        overlap=overlap,
        unjudged=unjudged,
        disagreements=tuple(disagreements[:_DISAGREEMENTS]),
    )  # fmt: skip


def _disagreement(item: Item, score: Score, people: bool, judge: bool) -> Disagreement:
    subject = item.answered.recording.subject
    return Disagreement(
        item=item.name,
        people=people,
        judge=judge,
        said=next(iter(score.recordings), ""),
        reason=score.reason[:_REASON_CHARS] if subject is None else "",
    )


def between_people(items: Sequence[Item]) -> tuple[Interval | None, int]:
    """Kappa between every two people who labelled one answer, pooled, and how many answers have two labels."""
    cells: Counter[tuple[bool, bool]] = Counter()
    overlap = 0
    for item in items:
        said = [label for _, label in sorted(item.labels.items())]
        overlap += len(said) > 1
        cells.update(combinations(said, 2))
    counts = Agreement(cells[True, True], cells[True, False], cells[False, True], cells[False, False])
    return agreement.kappa_interval(counts), overlap


def counts_of(certificate: Certificate) -> Agreement:
    """A certificate's counts."""
    return Agreement(certificate.good_passed, certificate.good_failed, certificate.bad_passed, certificate.bad_failed)


def _passed(score: Score | None) -> bool | None:
    if score is None or isinstance(score.value, bool) or score.value is None:
        return None if score is None or score.value is None else bool(score.value)
    return None if score.value == 0.5 or isinstance(score.value, str) else score.value > 0.5


def why_not(certificate: Certificate, at: datetime) -> str:
    """Why a certificate lets nobody gate at that time; empty where it does."""
    if certificate.expires_at <= at:
        return f"it expired on {certificate.expires_at:%Y-%m-%d}"
    return _below(certificate)


def _below(certificate: Certificate) -> str:
    """Why a judge with this certificate may not gate; empty where it may."""
    low = certificate.balanced.low
    if low is not None and low >= BAR:
        return ""
    return (
        f"its certificate does not reach {BAR:g}: balanced accuracy {certificate.balanced.estimate:.2f}, "
        f"at least {low or 0.0:.2f} on {certificate.n} labels"
    )
