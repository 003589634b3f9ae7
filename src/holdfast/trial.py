"""A trial: a change tried on recordings, each of them paired with its replay.

Knows nothing of how a replay is made or judged.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

from holdfast.records import Failure, Json, Outcome

PairVerdict: TypeAlias = Literal["better", "worse", "same", "not_compared"]
Claim: TypeAlias = Literal["worse", "better", "no_worse", "undecided"]


class Pair(Struct, frozen=True, kw_only=True):
    """A recording and its replay under the change. `why` says what makes it better or worse, each in a few words.

    Costs are those of an answer, whether its steps were done or remembered; `spent_usd` is what this replay did cost.
    Times add up the steps, remembered ones as they were timed. Where there is no replay to compare, `error` says why.
    `code_changed`: the feature's code is not what was recorded.
    """

    recording: str
    verdict: PairVerdict
    replay: str | None = None
    asked: str | None = None
    why: tuple[str, ...] = ()
    outcome_before: Outcome
    outcome_after: Outcome | None = None
    changed: bool = False
    cost_usd_before: float | None = None
    cost_usd_after: float | None = None
    spent_usd: float | None = None
    ms_before: float = 0.0
    ms_after: float = 0.0
    remembered: int = 0
    redone: int = 0
    code_changed: bool = False
    error: Failure | None = None

    @property
    def diverged(self) -> bool:
        """Whether it could not be compared because the change led to a step that has no recorded result and may not be
        done: a side effect, or any with `strict`. Which way that went is not known."""
        return self.error is not None and (self.error.code == "HF307" or self.error.code.startswith("HF5"))


class Evidence(Struct, frozen=True, kw_only=True):
    """What the pairs allow to be said, at whatever moment one looks (evals/shadow.py).

    Each claim has an e-value; it is said from 1 / `alpha` on, and then wrongly at most so often. `no_worse` means: by
    less than `margin` of all requests. `low` and `high` bound the share made better less the share made worse, all the
    time with confidence 1 - `alpha`. `more` is about how many more recordings settle it at the rates seen, None where
    they do not.
    """

    says: Claim
    alpha: float
    margin: float
    e_worse: float
    e_better: float
    e_no_worse: float
    low: float
    high: float
    more: int | None = None
    heading_for: Claim | None = None


class Trial(Struct, frozen=True, kw_only=True):
    """`changes` (`slot.field` to value) tried on `chosen` of the `matching` recordings for which `where` holds.

    The recordings are chosen by the hash of their ids, so that the same expression gives the same ones. `recorded_usd`
    is what they cost when they were recorded, as far as that is known. The means are over the pairs of which both costs
    are known, and over all that were compared. `diverged` are those not compared because the change led to where
    nothing was recorded: they may have been made better or worse, and count against whatever is said. `finished_at` is
    None until all of them were looked at; `stopped` says why it went no further, as far as that is known.
    """

    id: str
    where: str
    changes: dict[str, Json]
    fresh: tuple[str, ...] = ()
    strict: bool = False
    limit: int
    margin: float
    started_at: datetime
    tenant: str = ""
    matching: int = 0
    chosen: int = 0
    recorded_usd: float = 0.0
    unpriced: int = 0
    done: int = 0
    better: int = 0
    worse: int = 0
    same: int = 0
    not_compared: int = 0
    diverged: int = 0
    changed: int = 0
    code_changed: int = 0
    remembered: int = 0
    redone: int = 0
    spent_usd: float | None = 0.0
    mean_usd_before: float | None = None
    mean_usd_after: float | None = None
    mean_ms_before: float | None = None
    mean_ms_after: float | None = None
    evidence: Evidence | None = None
    finished_at: datetime | None = None
    stopped: str | None = None
