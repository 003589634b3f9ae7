"""The gate: what came of one release beside another on the same cases, and what is kept of how that was found.

Knows nothing of how a case is asked, nor of statistics.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from holdfast.evaluation import Standing

Ruling: TypeAlias = Literal["pass", "regressed", "inconclusive", "not_comparable"]
Side: TypeAlias = Literal["baseline", "candidate"]
Role: TypeAlias = Literal["control", "bank", "candidate", "confirm", "recheck", "more", "more_baseline"]
"""What answers were asked for: to see whether the baseline still answers as it did, to know it better, to know the
candidate; then, of cases that newly fail, to reproduce that and to know the baseline better; and further batches."""


class GatePart(Struct, frozen=True, kw_only=True):
    """Answers that were asked for in one go, kept as an evaluation. `batch` counts what is asked in batches, from 1."""

    role: Role
    side: Side
    evaluation: str
    cases: int
    repeat: int
    batch: int = 0


class GatePlan(Struct, frozen=True, kw_only=True):
    """What is going to be asked, said before anything is spent.

    `answers` is how many of the candidate to each case, `bank` how many of the baseline each case has at least by then,
    `stored` how many answers of the baseline are kept already. `detectable` is the least drop of the mean that is found
    4 times in 5, in 0..1. `calls` does not count what cases that newly fail need to be confirmed: `calls_each` for each
    of them. `cost_usd` is None where no price is known.
    """

    cases: int
    answers: int
    bank: int
    stored: int
    detectable: float
    calls: int
    calls_each: int
    cost_usd: float | None = None


class Words(Struct, frozen=True, kw_only=True):
    """Words of two texts side by side, in order."""

    kind: Literal["same", "removed", "added"]
    text: str


class Regression(Struct, frozen=True, kw_only=True):
    """A case that newly fails, reproduced: so many of fresh answers failed, and so few of the baseline's.

    `p` is adjusted for all cases that were asked again. `diff` is an output of each side, word by word: the baseline's
    is what stayed and was removed, the candidate's what stayed and was added.
    """

    case: str
    fresh_failed: int
    fresh: int
    baseline_failed: int
    baseline: int
    p: float
    must_pass: bool = False
    tags: tuple[str, ...] = ()
    wrong: str = ""
    recording: str = ""
    baseline_recording: str = ""
    diff: tuple[Words, ...] = ()

    @property
    def before(self) -> str:
        """The baseline's output."""
        return "".join(each.text for each in self.diff if each.kind != "added")

    @property
    def after(self) -> str:
        """The candidate's output."""
        return "".join(each.text for each in self.diff if each.kind != "removed")


class Flaky(Struct, frozen=True, kw_only=True):
    """A case that passed at times: `baseline_passed` of so many answers of the baseline, and so on for the candidate.

    It is no regression. `recording` is an answer that failed, of the candidate where one did.
    """

    case: str
    baseline_passed: int
    baseline: int
    candidate_passed: int
    candidate: int
    must_pass: bool = False
    tags: tuple[str, ...] = ()
    recording: str = ""


class Measured(Struct, frozen=True, kw_only=True):
    """A measure of both sides. `difference` is the mean of the cases' differences, candidate less baseline; `low` and
    `high` bound it on these cases. `p_worse` is adjusted for all measures that are guarded alike."""

    name: str
    cases: int
    baseline: float
    candidate: float
    difference: float
    low: float
    high: float
    p_worse: float
    state: Literal["not worse", "worse", "unclear"]


class Slice(Struct, frozen=True, kw_only=True):
    """The cases with a tag. Only one that was declared before may decide, by `p_worse`, adjusted for all of them.

    `low` and `high` bound the difference on these cases, taken by itself; null in a verdict of before they were kept.
    `shrunk` is the difference drawn towards that of all cases: what to believe of a slice that was merely looked at.
    """

    tag: str
    cases: int
    baseline: float
    candidate: float
    difference: float
    shrunk: float
    declared: bool
    p_worse: float | None = None
    worse: bool = False
    low: float | None = None
    high: float | None = None


class Ratio(Struct, frozen=True, kw_only=True):
    """How many times as much an answer of the candidate takes, case by case, with its interval. It informs; a bar
    decides."""

    name: Literal["cost_usd", "ms"]
    cases: int
    ratio: float
    low: float
    high: float


class Settling(Struct, frozen=True, kw_only=True):
    """What would probably settle an inconclusive gate: so many further batches, or so many cases more."""

    batches: int
    calls: int
    cases: int
    minutes: float | None = None
    cost_usd: float | None = None


class Generalising(Struct, frozen=True, kw_only=True):
    """Between which bounds the difference would lie on cases like these, how that was found, over how many clusters."""

    low: float | None
    high: float | None
    method: str
    clusters: int


class GateVerdict(Struct, frozen=True, kw_only=True):
    """What a gate comes to. `reasons` say why, the weightiest first.

    `primary` is the measure that decides, with `generalising` beside it. `regressions` are all reproduced ones.
    `newly_failing` counts the cases that failed where the baseline passes, and `asked_again` those of them that were
    asked again; `shared` is a tag that the regressions share. `flaky` are the cases whose answers of one side passed at
    times, the least steady first. `e_worse` and `e_not_worse` are what further batches have shown. `bar` is how the
    candidate stands, `bar_missed` names what it misses, cases that must pass included.
    """

    ruling: Ruling
    reasons: tuple[str, ...]
    margin: float
    primary: Measured | None = None
    generalising: Generalising | None = None
    regressions: tuple[Regression, ...] = ()
    newly_failing: int = 0
    asked_again: int = 0
    shared: str | None = None
    flaky: tuple[Flaky, ...] = ()
    slices: tuple[Slice, ...] = ()
    measures: tuple[Measured, ...] = ()
    ratios: tuple[Ratio, ...] = ()
    bar: tuple[Standing, ...] = ()
    bar_missed: tuple[str, ...] = ()
    settling: Settling | None = None
    e_worse: float = 1.0
    e_not_worse: float = 1.0
    notes: tuple[str, ...] = ()


class Gate(Struct, frozen=True, kw_only=True):
    """One release of a feature, held against another.

    `against` is how the baseline was named; `baseline` and `candidate` are ids of releases, `pins` the corpus versions
    that `latest` means in either. `drifted` says that the
    baseline no longer answered as it had, so that older answers of it are not used any more. `verdict` is None until
    everything was asked; `stopped` then says why it went no further. `calls` counts answers, each once.
    """

    id: str
    feature: str
    against: str
    baseline: str
    candidate: str
    baseline_code: str
    code_hash: str
    started_at: datetime
    margin: float
    pins: dict[str, str] = {}
    primary: str = "passed"
    slices: tuple[str, ...] = ()
    repeat: int | None = None
    strict: bool = False
    batches: int = 0
    parts: tuple[GatePart, ...] = ()
    plan: GatePlan | None = None
    drifted: bool = False
    verdict: GateVerdict | None = None
    finished_at: datetime | None = None
    stopped: str | None = None
    calls: int = 0
    spent_usd: float | None = 0.0
    tenant: str = ""
