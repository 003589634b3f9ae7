"""An evaluation: the cases a release was asked, what came of each, and how it stands against the bar.

Knows nothing of how a case is asked or scored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from holdfast.records import Failure, Json, Outcome

UNANSWERABLE = "unanswerable"
"""The tag of a case that the sources do not answer: saying so is right."""

ScoreValue: TypeAlias = bool | float | str
"""True or False asserts, a number scores, a text labels."""


class Gold(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A document that a good answer cites; `span` is what the cited passage then says, literally."""

    document: str
    span: str | None = None


class Case(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One input, and what is known of a good answer to it. `facts` are what it must say, each in a few words."""

    id: str
    input: Json
    expected: Json = None
    facts: tuple[str, ...] = ()
    gold: tuple[Gold, ...] = ()
    tags: tuple[str, ...] = ()
    must_pass: bool = False

    @property
    def unanswerable(self) -> bool:
        return UNANSWERABLE in self.tags


class Score(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a scorer said of an answer; `error` is set, and `value` None, where the scorer itself failed."""

    scorer: str
    value: ScoreValue | None = None
    error: Failure | None = None


class CaseResult(Struct, frozen=True, kw_only=True):
    """What came of one case, asked the `repeat`th time (from 0). `wrong` says why it did not pass, empty where it did.

    `ms` is None where a step was remembered, and so not timed. `cost_usd` is what an answer costs, remembered or not;
    `spent_usd` what this one did. Either is None where a price is not known. `output_hash` is the same for equal
    outputs. `fault` is the code of what prevented the answer outside the release: a provider, a deadline; it says
    nothing of the release.
    """

    case: str
    repeat: int
    recording: str
    outcome: Outcome
    ms: float | None
    cost_usd: float | None
    spent_usd: float | None
    scores: tuple[Score, ...] = ()
    wrong: tuple[str, ...] = ()
    output_hash: str = ""
    fault: str | None = None

    @property
    def passed(self) -> bool:
        return not self.wrong


class Standing(Struct, frozen=True, kw_only=True):
    """How one measure stands: its estimate over `n` cases, the 95 % interval, and the bar's limit for it.

    `low` and `high` are None where the cases do not bound them. `verdict` is None where the bar says nothing of it, and
    `unmeasured` where nothing, or not enough, was measured to say.
    """

    name: str
    measure: Literal["share", "mean", "quantile"]
    n: int
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    at_most: bool = False
    verdict: Literal["met", "missed", "unmeasured"] | None = None


class Evaluation(Struct, frozen=True, kw_only=True):
    """One release of a feature, asked `cases` cases `repeat` times each.

    `finished_at` is None until every one of them has a result; `stopped` then says why it went no further, as far as
    that is known. `pins` are the corpus versions that `latest` meant. `failed` counts results that did not pass,
    `must_pass_failed` names the cases among them that must. `scoring_hash` is over the scorers' code and the bar:
    answers that were scored otherwise are not compared. `gate` is the id of the gate that asked; None: somebody did.
    """

    id: str
    feature: str
    release: str
    code_hash: str
    started_at: datetime
    cases: int
    repeat: int = 1
    pins: dict[str, str] = {}
    cached: bool = False
    strict: bool = False
    finished_at: datetime | None = None
    stopped: str | None = None
    done: int = 0
    failed: int = 0
    must_pass_failed: tuple[str, ...] = ()
    spent_usd: float | None = 0.0
    standings: tuple[Standing, ...] = ()
    scoring_hash: str = ""
    gate: str | None = None
    tenant: str = ""
