"""A fall: what a metric lost between two releases or two ranges of time, and with which change taken back it is there
again.

Knows nothing of how any of it is measured.

The words are careful on purpose: with a change taken back it passes as often as before; nobody says that the change is
the one cause.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from holdfast.judgement import Interval
from holdfast.records import Json

DeltaPart: TypeAlias = Literal["prompt", "model", "retrieval", "data", "guard", "provider", "code"]
"""What of a slot differs. `model`: the ladder and how tokens are drawn; `retrieval`: how a corpus is searched; `data`:
its version; `provider`: how patiently models are asked; `code`: the feature's own."""

FallVerdict: TypeAlias = (
    DeltaPart
    | Literal["interaction", "several", "provider_drift", "input_drift", "unexplained", "undecided", "no_difference"]
)
"""`interaction`: two changes or more do together what none does alone; `several`: each does a part by itself;
`provider_drift`: the same models answer otherwise than they did; `input_drift`: something else is asked; `unexplained`:
it fell, and none of these accounts for it; `undecided`: it fell, and no single change is shown to."""


class Delta(Struct, frozen=True, kw_only=True):
    """One part of one slot that differs between A and B.

    `changes` takes it back in B, as a replay or an evaluation takes settings; empty where no setting does. `forward` is
    what A gains with this change alone, `backward` what B has by it: both are shares, and below 0 where it makes
    answers worse. `shapley` is its fair share where the two disagree, `sampling_error` that of a share which was
    sampled. `interval` is what it comes to. `taken_back` is how often B passes with it taken back. All are None where
    it cannot be replayed, or was not, and `said` says why or what was seen.
    """

    part: DeltaPart
    slots: tuple[str, ...]
    what: tuple[str, ...] = ()
    changes: dict[str, Json] = {}
    forward: Interval | None = None
    backward: Interval | None = None
    shapley: Interval | None = None
    sampling_error: float | None = None
    interval: Interval | None = None
    taken_back: float | None = None
    said: str = ""


class FallSide(Struct, frozen=True, kw_only=True):
    """A or B: a release as it was named, its id, and for a range of time from when until when, how many requests there
    were and what share of those looked at passed as they were answered then."""

    name: str
    release: str
    since: datetime | None = None
    until: datetime | None = None
    requests: int | None = None
    looked_at: int | None = None
    passed: Interval | None = None


class Metric(Struct, frozen=True, kw_only=True):
    """The share of answers that pass, of A and of B, asked now on the same `n` cases `repeat` times each.

    `difference` is B less A, with the interval for these cases. `p` is how often chance alone would look as bad.
    `detectable` is the least fall that is found 4 times of 5.
    """

    name: str = "passed"
    a: float
    b: float
    difference: Interval
    n: int
    repeat: int
    p: float
    detectable: float
    shown: bool = False


class Served(Struct, frozen=True, kw_only=True):
    """A model of the release, and what the vendor said answered in its place: then and now."""

    model: str
    before: tuple[str, ...]
    now: tuple[str, ...]


class ProviderDrift(Struct, frozen=True, kw_only=True):
    """A asked again today, beside what it answered to the same cases then. `difference` is today less then."""

    n: int
    then: float
    today: float
    difference: Interval
    p: float
    shown: bool
    served: tuple[Served, ...] = ()
    said: str = ""


class InputDrift(Struct, frozen=True, kw_only=True):
    """What was asked in the two ranges. `p` is how often two halves of the same questions would differ as much.

    `length` is in characters, `scripts` the share of letters in each, `unanswered` the share of questions that were
    told that nothing was found; each in A and in B. `more` and `fewer` are words that stand in more and in fewer of
    B's questions. `difference` is how much less often A passes today on what B was asked, of the questions that were
    asked again; `p_difference` as for the metric.
    """

    n: tuple[int, int]
    p: float
    shown: bool
    length: tuple[float, float]
    scripts: dict[str, tuple[float, float]] = {}
    unanswered: tuple[float, float] = (0.0, 0.0)
    more: tuple[str, ...] = ()
    fewer: tuple[str, ...] = ()
    difference: Interval | None = None
    p_difference: float | None = None
    accounts: bool = False
    said: str = ""


class Outside(Struct, frozen=True, kw_only=True):
    """What is not in any release. None: it could not be looked at, and `notes` of the fall say why."""

    provider_drift: ProviderDrift | None = None
    input_drift: InputDrift | None = None


class Fall(Struct, frozen=True, kw_only=True):
    """Why a metric fell between A and B. `parts` are those that have a part in it, the largest first.

    `metric` is None where nothing was asked, because what was recorded shows no fall. `unexplained` is what is left of
    the difference after all that was measured. `next` is what to type. `calls` are calls of models that were made.
    """

    id: str
    feature: str
    a: FallSide
    b: FallSide
    verdict: FallVerdict
    said: str
    parts: tuple[DeltaPart, ...] = ()
    metric: Metric | None = None
    deltas: tuple[Delta, ...] = ()
    outside: Outside = Outside()
    unexplained: float | None = None
    because: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    next: tuple[str, ...] = ()
    calls: int = 0
    spent_usd: float | None = 0.0
    stopped: str | None = None
