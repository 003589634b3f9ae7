"""What went wrong of features over a while: a sample of it that the same question gives again, same failures together.

Knows nothing of why anything did.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from msgspec import Struct

from holdfast.evals.choosing import matching_recordings, place
from holdfast.evals.diagnose.reading import acting_guards
from holdfast.evals.diagnose.went_wrong import WRONG
from holdfast.evaluation import CaseResult, Evaluation
from holdfast.identity import canonical
from holdfast.records import Recording
from holdfast.stores import EvaluationQuery, Store
from holdfast.where import Is, joined, parse

LIMIT = 500
"""Failures of a feature that are looked at: enough for a share to be known to about 4 points."""
_PAGE = 50
_TOGETHER = 64


@dataclass(frozen=True, slots=True)
class Window:
    """Since when, until when, of which feature (None: of all), and how many of each are looked at."""

    since: datetime
    until: datetime
    feature: str | None = None
    limit: int = LIMIT
    tenant: str = ""


class Failing(Struct, frozen=True, kw_only=True):
    """A failure, and how many recordings are of it: the same input, release, outcome, guards and error. `recording` is
    the newest of them that was looked at."""

    recording: Recording
    count: int = 1


@dataclass(frozen=True, slots=True)
class Gathered:
    """What went wrong of one feature: so many of people's requests and of cases, of which so many were taken."""

    feature: str
    live: int
    evaluated: int
    looked_at: int
    failing: tuple[Failing, ...]


@dataclass(slots=True)
class _Found:
    """What was found of one feature so far, by id."""

    live: list[str] = field(default_factory=list)
    evaluated: list[str] = field(default_factory=list)


async def gather(store: Store, window: Window) -> tuple[Gathered, ...]:
    """Each feature of which anything went wrong, the one with most first.

    Of people's requests: those that failed, were blocked or degraded, or that somebody found bad. Of cases: those that
    did not pass when they were last evaluated, each once. Which are taken where there are more than the limit is chance
    that needs no seed: asked again, the same are. Raises StoreFailed.
    """
    found: dict[str, _Found] = {}
    where = joined(
        parse(WRONG),
        Is("since", "=", window.since),
        None if window.feature is None else Is("feature", "=", window.feature),
    )
    assert where is not None
    async for summary in matching_recordings(store, where, window.until, window.tenant):
        found.setdefault(summary.feature, _Found()).live.append(summary.id)
    for feature, ids in (await _missed(store, window)).items():
        found.setdefault(feature, _Found()).evaluated.extend(ids)
    gathered = [await _taken(store, window, feature, each) for feature, each in found.items()]
    return tuple(sorted((each for each in gathered if each.looked_at), key=_most_first))


def _most_first(gathered: Gathered) -> tuple[int, str]:
    return -(gathered.live + gathered.evaluated), gathered.feature


async def _missed(store: Store, window: Window) -> dict[str, list[str]]:
    """Recordings of the cases that did not pass in their newest evaluation, by feature."""
    seen: set[tuple[str, str]] = set()
    missed: dict[str, list[str]] = {}
    async for evaluation in _evaluations(store, window):
        by_case: dict[str, CaseResult] = {}
        for result in await store.evaluations.results(evaluation.id, window.tenant):
            if result.case not in by_case or not result.passed:
                by_case[result.case] = result
        for case, result in by_case.items():
            if (evaluation.feature, case) not in seen:
                seen.add((evaluation.feature, case))
                if not result.passed:
                    missed.setdefault(evaluation.feature, []).append(result.recording)
    return missed


async def _evaluations(store: Store, window: Window) -> AsyncIterator[Evaluation]:
    before = None
    while True:
        query = EvaluationQuery(feature=window.feature, tenant=window.tenant, before=before, limit=_PAGE)
        page = await store.evaluations.find(query)
        for evaluation in page:
            if evaluation.started_at < window.since:
                return
            if evaluation.started_at < window.until:
                yield evaluation
        if len(page) < _PAGE:
            return
        before = page[-1].id


async def _taken(store: Store, window: Window, feature: str, found: _Found) -> Gathered:
    """At most the limit of what was found, read and put together. What was erased meanwhile is left out."""
    ids = sorted({*found.live, *found.evaluated}, key=lambda each: (place(each), each))[: window.limit]
    same: dict[bytes, list[Recording]] = {}
    for first in range(0, len(ids), _TOGETHER):
        for recording in await store.recordings.whole(ids[first : first + _TOGETHER], window.tenant):
            if recording.outcome != "cancelled":
                same.setdefault(_key(recording), []).append(recording)
    return Gathered(
        feature=feature,
        live=len(found.live),
        evaluated=len(found.evaluated),
        looked_at=sum(map(len, same.values())),
        failing=_failing(same),
    )


def _failing(same: Mapping[bytes, Sequence[Recording]]) -> tuple[Failing, ...]:
    """One of each, the most frequent first."""
    newest = [
        Failing(recording=max(each, key=lambda one: (one.started_at, one.id)), count=len(each))
        for each in same.values()
    ]
    return tuple(sorted(newest, key=lambda each: (-each.count, each.recording.id)))


def _key(recording: Recording) -> bytes:
    failure = None if recording.failure is None else recording.failure.code
    how = [recording.release, recording.outcome, failure, list(acting_guards(recording))]
    return canonical([*how, recording.input])
