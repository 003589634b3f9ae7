"""What a trial comes to so far, pair by pair. Knows nothing of replays or of stores."""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from holdfast.evals.shadow import Counts, evidence
from holdfast.trial import Evidence, Pair, PairVerdict, Trial


class Tally:
    """Counts pairs and adds up their figures; keeps none of them."""

    def __init__(self, trial: Trial) -> None:
        self._trial = trial
        self._by_verdict: dict[PairVerdict, int] = {"better": 0, "worse": 0, "same": 0, "not_compared": 0}
        self._changed = self._code_changed = self._remembered = self._redone = self._priced = self._diverged = 0
        self._spent_usd: float | None = 0.0
        self._usd_before = self._usd_after = self._ms_before = self._ms_after = 0.0

    @property
    def done(self) -> int:
        """How many pairs there are."""
        return sum(self._by_verdict.values())

    def count(self, pair: Pair) -> None:
        """One more pair."""
        self._by_verdict[pair.verdict] += 1
        self._spent_usd = (
            None if self._spent_usd is None or pair.spent_usd is None else self._spent_usd + pair.spent_usd
        )
        if pair.verdict == "not_compared":
            self._diverged += pair.diverged
            return
        self._changed += pair.changed
        self._code_changed += pair.code_changed
        self._remembered += pair.remembered
        self._redone += pair.redone
        if pair.cost_usd_before is not None and pair.cost_usd_after is not None:
            self._priced += 1
            self._usd_before += pair.cost_usd_before
            self._usd_after += pair.cost_usd_after
        self._ms_before += pair.ms_before
        self._ms_after += pair.ms_after

    def trial(self, *, finished_at: datetime | None = None, stopped: str | None = None) -> Trial:
        """The trial with what it comes to so far."""
        better, worse, same = (self._by_verdict[verdict] for verdict in ("better", "worse", "same"))
        compared, priced = better + worse + same, self._priced
        return replace(
            self._trial,
            done=self.done,
            better=better,
            worse=worse,
            same=same,
            not_compared=self._by_verdict["not_compared"],
            diverged=self._diverged,
            changed=self._changed,
            code_changed=self._code_changed,
            remembered=self._remembered,
            redone=self._redone,
            spent_usd=self._spent_usd,
            mean_usd_before=self._usd_before / priced if priced else None,
            mean_usd_after=self._usd_after / priced if priced else None,
            mean_ms_before=self._ms_before / compared if compared else None,
            mean_ms_after=self._ms_after / compared if compared else None,
            evidence=self._evidence(Counts(better, worse, same)) if compared else None,
            finished_at=finished_at,
            stopped=stopped,
        )

    def _evidence(self, counts: Counts) -> Evidence:
        return evidence(counts, margin=self._trial.margin, unknown=self._diverged)
