"""Which recording went wrong last, and how that is known.

Knows nothing of why it did.
"""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from holdfast.errors import NotFound
from holdfast.stores import EvaluationQuery, RecordingQuery, Store
from holdfast.where import parse

WRONG = "(outcome = failed or outcome = blocked or outcome = degraded or feedback.score < 0) and replay_of = none"
"""The expression that holds for requests that went wrong by themselves, or that somebody found bad."""
_EVALUATIONS = 5


class WentWrong(Struct, frozen=True):
    """A recording, when it began, and what is wrong with it in a few words."""

    recording: str
    at: datetime
    why: str


async def last_wrong(store: Store, tenant: str = "") -> WentWrong | None:
    """The newest recording that failed, was blocked or degraded, that somebody found bad, or that did not pass its case
    in one of the newest evaluations. None where there is none."""
    found = [each for each in (await _live(store, tenant), await _evaluated(store, tenant)) if each is not None]
    return max(found, key=lambda each: each.at, default=None)


async def _live(store: Store, tenant: str) -> WentWrong | None:
    for each in await store.recordings.find(RecordingQuery(tenant=tenant, where=parse(WRONG), limit=1)):
        bad = each.outcome not in ("ok", "cancelled")
        why = f"its outcome is {each.outcome}" if bad else "somebody found it bad"
        return WentWrong(each.id, each.started_at, why)
    return None


async def _evaluated(store: Store, tenant: str) -> WentWrong | None:
    for evaluation in await store.evaluations.find(EvaluationQuery(tenant=tenant, limit=_EVALUATIONS)):
        for result in reversed(await store.evaluations.results(evaluation.id, tenant)):
            if result.passed:
                continue
            try:
                recording = await store.recordings.get(result.recording, tenant)
            except NotFound:
                continue  # it was erased
            why = f"the case `{result.case}` of {evaluation.id} did not pass: {result.wrong[0]}"
            return WentWrong(recording.id, recording.started_at, why)
    return None
