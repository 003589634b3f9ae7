"""Where what is found out about answers is kept, as contracts: evaluations, certificates of judges, wear, trials,
diagnoses, findings.

Knows nothing of any database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from holdfast.diagnosis import Decided, Diagnosis, Verdict
from holdfast.evaluation import Case, CaseResult, Evaluation
from holdfast.finding import Stock, Totals
from holdfast.gate import Gate
from holdfast.judgement import Certificate
from holdfast.records import Json
from holdfast.trial import Pair, PairVerdict, Trial


class Evaluations(Protocol):
    """Evaluations by id, with their cases and what came of each. Each result is kept as soon as there is one."""

    async def add(self, evaluation: Evaluation, cases: Sequence[Case]) -> None:
        """Keep an evaluation that begins. The same id again changes nothing."""
        ...

    async def change(self, evaluation: Evaluation) -> None:
        """Replace what is kept of an evaluation, but not its cases and results. Raises NotFound (HF208)."""
        ...

    async def add_result(self, evaluation_id: str, result: CaseResult, tenant: str = "") -> None:
        """Keep what came of a case; a second result of the same case and repeat changes nothing.

        Raises NotFound (HF208).
        """
        ...

    async def get(self, evaluation_id: str, tenant: str = "") -> Evaluation:
        """Raises NotFound (HF208)."""
        ...

    async def cases(self, evaluation_id: str, tenant: str = "") -> tuple[Case, ...]:
        """The cases as they were when it began. Raises NotFound (HF208)."""
        ...

    async def results(self, evaluation_id: str, tenant: str = "") -> tuple[CaseResult, ...]:
        """What came of the cases, in order of arrival. Raises NotFound (HF208)."""
        ...

    async def find(self, query: EvaluationQuery) -> tuple[Evaluation, ...]:
        """Newest first by id. Raises NotFound (HF208) when `before` names no evaluation of the tenant."""
        ...


class EvaluationQuery(Struct, frozen=True, kw_only=True):
    """Which evaluations, or gates: newest first, at most `limit`, older than the one named by `before`."""

    feature: str | None = None
    tenant: str = ""
    before: str | None = None
    limit: int = 50


class Gates(Protocol):
    """Gates by id. What was asked for one is kept as evaluations."""

    async def add(self, gate: Gate, cases: Sequence[Case]) -> None:
        """Keep a gate that begins. The same id again changes nothing."""
        ...

    async def change(self, gate: Gate) -> None:
        """Replace what is kept of a gate. Raises NotFound (HF211)."""
        ...

    async def get(self, gate_id: str, tenant: str = "") -> Gate:
        """Raises NotFound (HF211)."""
        ...

    async def cases(self, gate_id: str, tenant: str = "") -> tuple[Case, ...]:
        """The cases as they were when it began. Raises NotFound (HF211)."""
        ...

    async def find(self, query: EvaluationQuery) -> tuple[Gate, ...]:
        """Newest first by id. Raises NotFound (HF211) when `before` names no gate of the tenant."""
        ...


class Certificates(Protocol):
    """Certificates of judges by id; once kept, none changes."""

    async def add(self, certificate: Certificate) -> None:
        """Keep a certificate. The same id again changes nothing."""
        ...

    async def get(self, certificate_id: str, tenant: str = "") -> Certificate:
        """Raises NotFound (HF213)."""
        ...

    async def find(self, query: CertificateQuery) -> tuple[Certificate, ...]:
        """Newest first by id. Raises NotFound (HF213) when `before` names no certificate of the tenant."""
        ...


class CertificateQuery(Struct, frozen=True, kw_only=True):
    """Which certificates: newest first, at most `limit`, older than the one named by `before`."""

    feature: str | None = None
    scorer: str | None = None
    tenant: str = ""
    before: str | None = None
    limit: int = 50


class PairQuery(Struct, frozen=True, kw_only=True):
    """Which pairs of a trial: in order of arrival, at most `limit`, after the one of the recording named by `after`."""

    trial: str
    tenant: str = ""
    verdict: PairVerdict | None = None
    after: str | None = None
    limit: int = 50


class TrialQuery(Struct, frozen=True, kw_only=True):
    """Which trials: newest first, at most `limit`, older than the one named by `before`."""

    tenant: str = ""
    before: str | None = None
    limit: int = 50


class CaseWear(Protocol):
    """How many gate decisions each case has taken part in; a case by the hash of its input."""

    async def add(self, decision_id: str, feature: str, cases: Sequence[str], tenant: str = "") -> None:
        """Count a decision on each of these cases. The same decision again changes nothing."""
        ...

    async def of(self, feature: str, tenant: str = "") -> Mapping[str, int]:
        """Every case of the feature that took part in any, and in how many."""
        ...


class Trials(Protocol):
    """Trials by id, with what came of each recording. Erasing a subject erases its pairs, and trials that name it."""

    async def add(self, trial: Trial, subjects: Sequence[str] = ()) -> None:
        """Keep a trial that begins; `subjects` are those its expression names. The same id again changes nothing."""
        ...

    async def change(self, trial: Trial) -> None:
        """Replace what is kept of a trial, but not its pairs. Raises NotFound (HF210)."""
        ...

    async def get(self, trial_id: str, tenant: str = "") -> Trial:
        """Raises NotFound (HF210)."""
        ...

    async def find(self, query: TrialQuery) -> tuple[Trial, ...]:
        """Newest first by id. Raises NotFound (HF210) when `before` names no trial of the tenant."""
        ...

    async def add_pairs(self, trial_id: str, pairs: Sequence[Pair], tenant: str = "") -> None:
        """Keep what came of recordings, all of it together. A second pair of a recording changes nothing, and one of a
        recording that is not there any more is not kept. Raises NotFound (HF210)."""
        ...

    async def pairs(self, query: PairQuery) -> tuple[Pair, ...]:
        """What came of recordings, in order of arrival. Raises NotFound: HF210; HF203 when `after` names no pair."""
        ...


class DiagnosisQuery(Struct, frozen=True, kw_only=True):
    """Which diagnoses: newest first, at most `limit`, begun `since` then, older than the one named by `before`."""

    feature: str | None = None
    recording: str | None = None
    verdict: Verdict | None = None
    since: datetime | None = None
    tenant: str = ""
    before: str | None = None
    limit: int = 50


class Diagnoses(Protocol):
    """Diagnoses by id, and what planted faults taught of a feature. Erasing a subject erases those of its answers."""

    async def add(self, diagnosis: Diagnosis) -> None:
        """Keep a diagnosis. The same id again changes nothing. Raises NotFound (HF203) where its recording is gone."""
        ...

    async def get(self, diagnosis_id: str, tenant: str = "") -> Diagnosis:
        """Raises NotFound (HF214)."""
        ...

    async def decide(self, diagnosis_id: str, decided: Decided, tenant: str = "") -> Diagnosis:
        """Note what was decided, in place of what was before, and give the diagnosis. Raises NotFound (HF214)."""
        ...

    async def find(self, query: DiagnosisQuery) -> tuple[Diagnosis, ...]:
        """Newest first by id. Raises NotFound (HF214) when `before` names no diagnosis of the tenant."""
        ...

    async def counts(
        self, feature: str | None = None, since: datetime | None = None, tenant: str = ""
    ) -> Mapping[Verdict, int]:
        """How many diagnoses, of a feature or of all, came to each verdict; one that none came to is not among them."""
        ...

    async def keep_learned(self, feature: str, code_hash: str, learned: Json, tenant: str = "") -> None:
        """Keep what was learned of this version of a feature, in place of what was kept of it before."""
        ...

    async def learned(self, feature: str, code_hash: str, tenant: str = "") -> Json:
        """What was learned of this version of a feature; None where nothing was."""
        ...


class StockQuery(Struct, frozen=True, kw_only=True):
    """Which live recordings a look takes in: of a feature, from `since` on, before `until`; neither replays nor what
    an evaluation asked for. Those slower or dearer than a limit are counted."""

    feature: str
    since: datetime
    until: datetime
    tenant: str = ""
    slower_than_ms: float = 1e300
    dearer_than_usd: float = 1e300


class Findings(Protocol):
    """What looks at features found, by code, feature or corpus, and slot. Erasing a subject erases its recordings from
    the examples."""

    async def totals(self, query: StockQuery) -> Totals:
        """Every recording that it takes in, counted without reading any whole."""
        ...

    async def spread(self, query: StockQuery, most: int, of: int) -> tuple[str, ...]:
        """The ids of about `most` and never more of them, newest first, spread evenly over the `of` that there are; all
        where they are no more than `most`. Asked again, mostly the same ones."""
        ...

    async def keep(self, stock: Stock, tenant: str = "") -> Stock:
        """Keep what a look found, and give what there is now: first the findings of this look, each since it was first
        seen, then those of earlier looks, which are past. The same look again changes nothing. A look that is older
        than the last one changes nothing either."""
        ...

    async def kept(self, feature: str, tenant: str = "") -> Stock | None:
        """What there is since the last look; None before the first."""
        ...
