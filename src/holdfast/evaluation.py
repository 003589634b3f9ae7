"""An evaluation: the cases a release was asked, what came of each, and how it stands against the bar.

Knows nothing of how a case is asked or scored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from holdfast.judgement import Detail, Judging, Measure
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
    """One input, and what is known of a good answer to it. `facts` are what it must say, each in a few words.

    `calls` are what a function named to `ctx.call` gives, in the order in which a pass asks for it: it is not called.
    `recording` is the one that the case was made of. `rule` is what whoever owns the feature decided where two answers
    could both be defended.
    """

    id: str
    input: Json
    expected: Json = None
    facts: tuple[str, ...] = ()
    gold: tuple[Gold, ...] = ()
    tags: tuple[str, ...] = ()
    must_pass: bool = False
    calls: dict[str, tuple[Json, ...]] = {}
    recording: str | None = None
    rule: str | None = None

    @property
    def unanswerable(self) -> bool:
        return UNANSWERABLE in self.tags


class Scored(Struct, frozen=True, kw_only=True):
    """A score with what it rests on: why in words, and details."""

    value: ScoreValue
    reason: str = ""
    detail: Detail | None = None


class Score(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a scorer said of an answer; `error` is set, and `value` None, where the scorer itself failed.

    `recordings` are those of what it had asked to find out, and `spent_usd` is what they cost; null where a price is
    not known.
    """

    scorer: str
    value: ScoreValue | None = None
    error: Failure | None = None
    reason: str = ""
    detail: Detail | None = None
    recordings: tuple[str, ...] = ()
    spent_usd: float | None = 0.0


class CaseResult(Struct, frozen=True, kw_only=True):
    """What came of one case, asked the `repeat`th time (from 0). `wrong` says why it did not pass, empty where it did.

    `ms` is None where a step was remembered, and so not timed. `cost_usd` is what an answer costs, remembered or not;
    `spent_usd` what this one did, and its scorers. Either is None where a price is not known. `output_hash` is the same
    for equal outputs. `fault` is the code of what prevented the answer outside the release: a provider, a deadline; it
    says nothing of the release.
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

    `low` and `high` are None where the cases do not bound them. `verdict` is None where the bar says nothing of it,
    `unmeasured` where nothing, or not enough, was measured to say, and `informs` where whoever judges is not certified
    to gate. `raw` is what a judge alone says, where the estimate is corrected by what people say of its verdicts:
    by `ppi` where they labelled answers of this release such as these, else by the judge's `error_rates`.
    """

    name: str
    measure: Measure
    n: int
    estimate: float | None = None
    low: float | None = None
    high: float | None = None
    limit: float | None = None
    at_most: bool = False
    verdict: Literal["met", "missed", "unmeasured", "informs"] | None = None
    raw: float | None = None
    corrected: Literal["ppi", "error_rates"] | None = None


class Confusion(Struct, frozen=True):
    """How often a class was right (`expected`) while another, or the same, was given (`got`), over all answers."""

    scorer: str
    expected: str
    got: str
    count: int


class Evaluation(Struct, frozen=True, kw_only=True):
    """One release of a feature, asked `cases` cases `repeat` times each.

    `finished_at` is None until every one of them has a result; `stopped` then says why it went no further, as far as
    that is known. `pins` are the corpus versions that `latest` meant. `failed` counts results that did not pass,
    `must_pass_failed` names the cases among them that must. `spent_usd` includes what scorers and certificates cost.
    `scoring_hash` is over the scorers' code and the bar: answers that were scored otherwise are not compared. `gate` is
    the id of the gate that asked; None: somebody did.
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
    confusions: tuple[Confusion, ...] = ()
    judging: tuple[Judging, ...] = ()
    tenant: str = ""
